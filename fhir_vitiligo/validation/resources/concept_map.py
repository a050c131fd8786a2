"""A ConceptMap's own rules beside its invariants (https://hl7.org/fhir/R4/conceptmap.html): what it maps from and to
are codes of the systems, and of the value set, that it names.
"""

from __future__ import annotations

from collections.abc import Iterator

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered

# What a map is from and to, by release.
_FROM = ("sourceUri", "sourceCanonical", "sourceScopeUri", "sourceScopeCanonical")
_TO = ("targetUri", "targetCanonical", "targetScopeUri", "targetScopeCanonical")


def check(concept_map: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``ConceptMap``."""
    source_set, target_set = _stated(concept_map, _FROM), _stated(concept_map, _TO)
    for index, group in numbered(concept_map.get("group")):
        source, target = group.get("source"), group.get("target")
        for number, element in numbered(group.get("element")):
            above = [f"element[{number}]", f"group[{index}]"]
            yield from _code(element, source, source_set, "from", above, context)
            for place, one in numbered(element.get("target")):
                yield from _code(one, target, target_set, "to", [f"target[{place}]", *above], context)


def _stated(concept_map: Json, names: tuple[str, ...]) -> str | None:
    return next((found for name in names if isinstance(found := concept_map.get(name), str)), None)


def _code(
    mapped: Json, system: object, value_set: str | None, way: str, above: list[str], context: Context
) -> Iterator[Fault]:
    code = mapped.get("code")
    if not isinstance(code, str) or not isinstance(system, str):
        return
    if context.library.check_code(system, code).kind == "unknown-code":
        text = f"`code` is {shown(code)}, mapped {way} {system}, which has no such code."
        yield Fault("concept-map-code", "code-invalid", text, steps=["code", *above])
    elif (
        value_set is not None
        and context.library.terminology.validate(value_set, system, code).kind == "not-in"
    ):
        text = f"`code` is {shown(code)}, mapped {way} {value_set}, which does not hold it."
        yield Fault("concept-map-code", "code-invalid", text, steps=["code", *above])
