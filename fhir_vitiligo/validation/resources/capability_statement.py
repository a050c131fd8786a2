"""A CapabilityStatement says of a search parameter what its definition says (https://hl7.org/fhir/R4/capabilitystatement.html)."""

from __future__ import annotations

from collections.abc import Iterator

from fhir_vitiligo.fhir.definition_types import SEARCH_PARAMETER_URL
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered


def check(statement: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``CapabilityStatement``."""
    for i, rest in numbered(statement.get("rest")):
        for j, resource in numbered(rest.get("resource")):
            for k, parameter in numbered(resource.get("searchParam")):
                kind = _defined(parameter.get("definition"), context)
                if kind is not None and parameter.get("type") != kind:
                    text = f"The type is {shown(parameter.get('type'))}; the definition of the parameter says {kind}."
                    yield Fault(
                        "search-parameter",
                        "invalid",
                        text,
                        steps=[f"searchParam[{k}]", f"resource[{j}]", f"rest[{i}]"],
                    )


def _defined(canonical: object, context: Context) -> str | None:
    """The type of the search parameter at an address."""
    if not isinstance(canonical, str):
        return None
    url = canonical.partition("|")[0]
    core = context.definitions.all_search_parameters.get(url.removeprefix(SEARCH_PARAMETER_URL))
    if core is not None and url.startswith(SEARCH_PARAMETER_URL):
        return core.type
    found = context.library.resolve(canonical, "SearchParameter")
    return str(found.get("type")) if found is not None else None
