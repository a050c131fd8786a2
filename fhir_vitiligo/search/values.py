"""What a search parameter selects of a resource, as a function: the one place that says which engine does it.

:mod:`fhir_vitiligo.fhir.paths` does all expressions of core, many times faster than FHIRPath; what it refuses
(in SearchParameters of others) is done by :mod:`fhir_vitiligo.fhir.fhirpath`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.paths import Path, compile_path
from fhir_vitiligo.fhir.references import parse_restful
from fhir_vitiligo.fhir.release import Release

_RESOURCE = "%resource."
_BUDGET = 200_000  # steps of one expression over one resource


def values_of(
    expression: str, resource_type: str, type_names: Iterable[str], release: Release
) -> Path | None:
    """The values ``expression`` selects of resources of this type; None where no branch starts at it.

    :class:`InputError` when neither engine can do it. The function never raises: what the expression has no
    answer for has no values.
    """
    try:
        return compile_path(expression, resource_type, type_names)
    except InputError:
        return _by_fhirpath(expression, resource_type, release)


def nothing(_: Json) -> list[Any]:
    """What a parameter selects that has no rows of its own."""
    return []


def composite_values(
    expression: str,
    components: Iterable[str],
    resource_type: str,
    type_names: Iterable[str],
    release: Release,
) -> Path | None:
    """For every element ``expression`` selects that has all components: a tuple of their lists of values."""
    elements = values_of(expression, resource_type, type_names, release) if expression else None
    if elements is None:
        return None
    parts = [_component(text, resource_type, tuple(type_names)) for text in components]

    def values(resource: Json) -> list[Any]:
        found = []
        for element in elements(resource):
            row = tuple(part(element, resource) for part in parts)
            if all(row):
                found.append(row)
        return found

    return values


def _component(
    text: str, resource_type: str, type_names: tuple[str, ...]
) -> Callable[[Any, Json], list[Any]]:
    from_resource = text.strip().startswith(_RESOURCE)
    # Names of types are the start of every path: here it stands for the element.
    branches = [f"{resource_type}.{branch.strip().removeprefix(_RESOURCE)}" for branch in text.split("|")]
    path = compile_path(" | ".join(branches), resource_type, type_names)
    assert path is not None
    if from_resource:
        return lambda element, resource: path(resource)
    return lambda element, resource: path(element) if isinstance(element, dict) else []


def _by_fhirpath(expression: str, resource_type: str, release: Release) -> Path:
    # Imported when it is needed: a server with core's parameters and our own starts without it.
    from fhir_vitiligo.fhir.fhirpath import Environment, FHIRPathError, Node, compile_expression, root

    try:
        compiled = compile_expression(expression, release)
    except FHIRPathError as error:
        raise InputError(error.issues[0].text, code="not-supported") from None

    def evaluated(resource: Json) -> list[Any]:
        try:
            node = root(resource, release)
            environment = Environment(resource=node, root_resource=node, resolve=_stub, budget=_BUDGET)
            found = compiled.evaluate(node, environment)
        except (FHIRPathError, KeyError, TypeError, ValueError):  # any JSON may claim to be the resource
            return []
        values = [item.value if isinstance(item, Node) else _json(item) for item in found]
        return [value for value in values if value is not None]

    return evaluated


def _json(item: Any) -> Any:
    return item if isinstance(item, (bool, int, float, str)) else str(item)


def _stub(reference: str, _: object) -> Json | None:
    """Nothing is fetched to index: a reference tells the type of its target, and no more."""
    target = parse_restful(reference)
    return None if target is None else {"resourceType": target.type, "id": target.id}
