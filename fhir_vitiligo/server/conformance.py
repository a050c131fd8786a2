"""The CapabilityStatement, made from the route table and the search parameters in use, so that it tells the
truth.

https://hl7.org/fhir/R4/capabilitystatement.html. Made once, kept as text; only the base is put in for each
client.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from operator import itemgetter
from typing import Any

import fhir_vitiligo
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.conversion import CONVERTED
from fhir_vitiligo.fhir.definition_types import SEARCH_PARAMETER_URL
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.not_served import MODIFIERS, PARAMETERS
from fhir_vitiligo.search.parameters import Parameter, Parameters
from fhir_vitiligo.search.types.reference import REFERENCE
from fhir_vitiligo.server import routes
from fhir_vitiligo.server.call import Service
from fhir_vitiligo.server.content import FORMATS, XML_FORMATS
from fhir_vitiligo.server.operations import table
from fhir_vitiligo.server.spoken import SPOKEN
from fhir_vitiligo.storage.patch import MEDIA_TYPES

_COMPARTMENT_URL = "http://hl7.org/fhir/CompartmentDefinition/"
_ANY = 100  # types to which what is no reference to any type never refers
_BASE = "{base}"  # stands for the base in the kept text; no base can contain it
_DOCUMENTATION = """\
A misspelled search parameter is refused by name; `Prefer: handling=lenient` leaves it out and says so. Searches understand
comma and repetition, every modifier and prefix of their type but those listed here, chains, `_has`, `_list`, `_type`,
`_include`, `_revinclude`, `_sort`, `_count`, `_total`, `_summary`, `_elements`; pages are followed by their next link.
A token may name the system that the binding of a code implies. A search has up to 100 parameters with 400 alternatives each.
Chains lead to resources of this server and into those that a resource contains.
`_revinclude` takes, besides those listed with each type, every search parameter that may refer to any type. Histories
understand `_count`, `_since` and `_at`. The search parameters that every resource type has stand here, once; with each type
stand its own.

Defined by FHIR, not done here, and refused by name:

"""
_RELEASES = """

Resources are stored in FHIR {own}. With the media type parameter `fhirVersion` these are read and written in
FHIR {other}, too: {types}. Search parameters are those of FHIR {own} in either."""


def capability_text(service: Service, base: str, release: Release) -> bytes:
    """The statement for a client that knows this server as ``base``, as a resource of the release."""
    return _text_for(service, service.parameters, base, release)


@lru_cache(maxsize=8)
def _text_for(service: Service, parameters: Parameters, base: str, release: Release) -> bytes:
    """``parameters`` are others when users' own have come in."""
    return json.dumps(capability_statement(service, release)).replace(_BASE.encode(), base.encode())


def capability_statement(service: Service, release: Release) -> Json:
    """The statement with a placeholder for the base. R4 and R5 have the same elements for all that is told here; in a release
    that is not the stored one only the types are told that can be told in it.
    """
    types = service.parameters.resource_types
    is_stored = release is service.release
    if not is_stored:
        types = types & CONVERTED
    system = [code for route in routes.ROUTES if route.level == "system" for code in route.codes]
    reverse = _reverse_includes(service.parameters, types)
    resources = [_resource(service, name, release, reverse[name]) for name in sorted(types)]
    searched = _taken_out_of_all(resources, "searchParam")
    compartments = definitions_of(release).compartments
    operations = [
        {"name": code, "definition": one.definition.url}
        for code, some in table.served(service.release).items()
        for one in some
        if one.is_on("system", "")
    ]
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
        "fhirVersion": release.version,
        "format": [*FORMATS, *XML_FORMATS],
        # A FHIRPath Patch is a resource, and is read as any other.
        **({"patchFormat": [*MEDIA_TYPES, XML_FORMATS[0]]} if is_stored else {}),
        "rest": [
            {
                "mode": "server",
                "documentation": _documentation(service),
                "resource": resources,
                "interaction": [{"code": code} for code in system],
                "searchParam": searched,
                "operation": sorted(operations, key=itemgetter("name")),
                "compartment": [
                    _COMPARTMENT_URL + name[0].lower() + name[1:]
                    for name in sorted(compartments)
                    if name in types
                ],
            }
        ],
    }


def _taken_out_of_all(resources: Sequence[Json], member: str) -> list[Json]:
    """What every resource type has: it is said once, of the server, not of 146 types."""
    first, *others = [resource.get(member, ()) for resource in resources]
    common = [one for one in first if all(one in other for other in others)]
    for resource in resources:
        if member in resource:
            resource[member] = [one for one in resource[member] if one not in common]
            if not resource[member]:
                del resource[member]
    return common


def _defined(parameter: Parameter, release: Release) -> Json:
    """Where it is defined, as the release has it: under the same address another one may define another type, or nothing."""
    core = definitions_of(release).all_search_parameters.get(parameter.url.removeprefix(SEARCH_PARAMETER_URL))
    if parameter.url.startswith(SEARCH_PARAMETER_URL) and (
        core is None or core.type != parameter.definition.type
    ):
        return {}
    return {"definition": parameter.url}


def _documentation(service: Service) -> str:
    told = [f"- `{code}`: {reason}" for code, reason in sorted(PARAMETERS.items())]
    told += [
        f"- `:{modifier}` of a {kind} parameter: {reason}"
        for kind, modifiers in MODIFIERS.items()
        for modifier, reason in modifiers.items()
    ]
    own = service.release.short_version
    others = [one.short_version for one in SPOKEN if one is not service.release]
    types = ", ".join(sorted(CONVERTED & service.parameters.resource_types))
    return (
        _DOCUMENTATION + "\n".join(told) + _RELEASES.format(own=own, other=" and ".join(others), types=types)
    )


def _reference_policy(service: Service) -> list[str]:
    enforced = service.settings.check_targets and service.settings.check_referrers
    return ["literal", "logical", "local", *(["enforced"] if enforced else [])]


def _reverse_includes(parameters: Parameters, types: AbstractSet[str]) -> Mapping[str, list[str]]:
    """By type, the parameters by which others refer to it; those that may refer to any are too many to be told with each."""
    found: dict[str, list[str]] = {name: [] for name in types}
    for referring in sorted(types):
        for code, parameter in sorted(parameters.of(referring).items()):
            if parameter.type is REFERENCE and len(parameter.targets) < _ANY:
                for target in types & frozenset(parameter.targets):
                    found[target].append(f"{referring}:{code}")
    return found


def _resource(service: Service, resource_type: str, release: Release, reverse: Sequence[str]) -> Json:
    on_type = [code for route in routes.ROUTES if route.level == "type" for code in route.codes]
    parameters = service.parameters.of(resource_type)
    left_out = service.parameters.left_out(resource_type)
    own = [
        f"`{code}` ({PARAMETERS.get(code, left_out[code])})" for code in sorted(left_out) if code[0] != "_"
    ]
    found: dict[str, Any] = {
        "type": resource_type,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{resource_type}",
        # A patch is written in the words of the release that is stored.
        "interaction": [{"code": code} for code in on_type if code != "patch" or release is service.release],
        "versioning": "versioned",
        "readHistory": "vread" in on_type,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": _reference_policy(service),
        "searchParam": [
            {"name": code, **_defined(parameter, release), "type": parameter.definition.type}
            for code, parameter in sorted(parameters.items())
        ],
    }
    references = [code for code, parameter in sorted(parameters.items()) if parameter.type is REFERENCE]
    if references:
        found["searchInclude"] = ["*", *(f"{resource_type}:{code}" for code in references)]
    found["searchRevInclude"] = ["*", *reverse]
    operations = [
        {"name": code, "definition": one.definition.url}
        for code, some in table.served(service.release).items()
        for one in some
        if any(one.is_on(level, resource_type) for level in ("type", "instance"))
    ]
    if operations:
        found["operation"] = operations
    if own:
        found["documentation"] = f"Defined and not searched here: {', '.join(own)}."
    return found
