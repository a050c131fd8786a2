"""The CapabilityStatement, made from the route table and the search parameters in use, so that it tells the
truth.

https://hl7.org/fhir/R4/capabilitystatement.html. Made once, kept as text; only the base is put in for each
client.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import fhir_vitiligo
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.search.types.reference import REFERENCE
from fhir_vitiligo.server import routes
from fhir_vitiligo.server.call import Service
from fhir_vitiligo.server.content import FORMATS, XML_FORMATS
from fhir_vitiligo.server.operations import table
from fhir_vitiligo.storage.patch import MEDIA_TYPES

_BASE = "{base}"  # stands for the base in the kept text; no base can contain it
_DOCUMENTATION = """\
A misspelled search parameter is refused by name; `Prefer: handling=lenient` leaves it out and says so. Searches understand
comma and repetition, every modifier and prefix of their type, chains, `_has`, `_include`, `_revinclude`, `_sort`, `_count`,
`_total`, `_summary`, `_elements`; pages are followed by their next link. What is defined and not searched is told at each
type. Histories understand `_count`, `_since` and `_at`."""


def capability_text(service: Service, base: str) -> bytes:
    """The statement for a client that knows this server as ``base``."""
    return _text_for(service, service.parameters, base)


@lru_cache(maxsize=8)
def _text_for(service: Service, parameters: Parameters, base: str) -> bytes:
    """``parameters`` are others when users' own have come in."""
    return json.dumps(capability_statement(service)).replace(_BASE.encode(), base.encode())


def capability_statement(service: Service) -> Json:
    """The statement with a placeholder for the base."""
    system = [code for route in routes.ROUTES if route.level == "system" for code in route.codes]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": service.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "kind": "instance",
        "software": {"name": "fhir-vitiligo", "version": fhir_vitiligo.__version__},
        "implementation": {
            "description": "FHIR server of fhir-vitiligo on an embedded SQLite file",
            "url": _BASE,
        },
        "fhirVersion": service.release.version,
        "format": [*FORMATS, *XML_FORMATS],
        "patchFormat": list(MEDIA_TYPES),
        "rest": [
            {
                "mode": "server",
                "documentation": _DOCUMENTATION,
                "resource": [_resource(service, name) for name in sorted(service.parameters.resource_types)],
                "interaction": [{"code": code} for code in system],
                "operation": [
                    {"name": code, "definition": one.definition.url}
                    for code, some in table.served(service.release).items()
                    for one in some
                    if one.is_on("system", "")
                ],
            }
        ],
    }


def _reference_policy(service: Service) -> list[str]:
    enforced = service.settings.check_targets and service.settings.check_referrers
    return ["literal", "logical", "local", *(["enforced"] if enforced else [])]


def _resource(service: Service, resource_type: str) -> Json:
    on_type = [code for route in routes.ROUTES if route.level == "type" for code in route.codes]
    parameters = service.parameters.of(resource_type)
    left_out = sorted(code for code in service.parameters.left_out(resource_type) if not code.startswith("_"))
    found: dict[str, Any] = {
        "type": resource_type,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{resource_type}",
        "interaction": [{"code": code} for code in on_type],
        "versioning": "versioned",
        "readHistory": "vread" in on_type,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": _reference_policy(service),
        "searchParam": [
            {"name": code, "definition": parameter.url, "type": parameter.definition.type}
            for code, parameter in sorted(parameters.items())
        ],
    }
    references = [code for code, parameter in sorted(parameters.items()) if parameter.type is REFERENCE]
    if references:
        found["searchInclude"] = ["*", *(f"{resource_type}:{code}" for code in references)]
    operations = [
        {"name": code, "definition": one.definition.url}
        for code, some in table.served(service.release).items()
        for one in some
        if any(one.is_on(level, resource_type) for level in ("type", "instance"))
    ]
    if operations:
        found["operation"] = operations
    if left_out:
        found["documentation"] = f"Defined by FHIR and not searched here: {', '.join(left_out)}."
    return found
