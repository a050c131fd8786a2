"""A SearchParameter's own rules beside its invariants (https://hl7.org/fhir/R4/searchparameter.html): its expression
can be read and asked of its types, and it fits the one that it is derived from.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.fhir.definition_types import SEARCH_PARAMETER_URL
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.expressions import misfit
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import objects

# The parameters of these are those of every type.
_OF_ALL = frozenset(("Resource", "DomainResource"))


def check(parameter: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``SearchParameter``."""
    expression = parameter.get("expression")
    bases = [one for one in _list(parameter.get("base")) if isinstance(one, str)]
    if isinstance(expression, str) and bases:
        alone = bases[0] if len(bases) == 1 else None
        if (problem := misfit(expression, bases, context, alone)) is not None:
            yield Fault("search-parameter", "invalid", problem, steps=["expression"])
    if parameter.get("type") == "composite" and len(objects(parameter.get("component"))) < 2:
        text = "A composite parameter has two components at least: what it searches for together."
        yield Fault("search-parameter", "business-rule", text)
    yield from _derived(parameter, context)


def _derived(parameter: Json, context: Context) -> Iterator[Fault]:
    told = parameter.get("derivedFrom")
    found = _origin(told, context) if isinstance(told, str) else None
    if found is None:
        return
    kind, bases = found
    if isinstance(parameter.get("type"), str) and parameter["type"] != kind:
        text = f"The type is {shown(parameter['type'])}; that of {told}, which it is derived from, is {kind}."
        yield Fault("search-parameter", "business-rule", text)
    for base in _list(parameter.get("base")):
        if isinstance(base, str) and _OF_ALL.isdisjoint(bases) and base not in bases:
            text = f"{base} is none of the types of {told}, which it is derived from."
            yield Fault("search-parameter", "business-rule", text)


def _origin(canonical: str, context: Context) -> tuple[str, frozenset[str]] | None:
    """The type and the bases of a search parameter, of core or of a package."""
    url = canonical.partition("|")[0]
    core = context.definitions.all_search_parameters.get(url.removeprefix(SEARCH_PARAMETER_URL))
    if core is not None and url.startswith(SEARCH_PARAMETER_URL):
        return core.type, frozenset(core.base)
    found = context.library.resolve(canonical, "SearchParameter")
    if found is None:
        return None
    return str(found.get("type")), frozenset(map(str, _list(found.get("base"))))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
