"""A ConceptMap's own rules beside its invariants (https://hl7.org/fhir/R4/conceptmap.html): what it maps from and to
are codes of the systems, and of the value set, that it names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_vitiligo.errors import Severity
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.terminology.systems import LOINC, SNOMED_CT
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered, objects
from fhir_vitiligo.validation.resources.questionnaire_enablement import value_of

# What a map is from and to, by release.
_FROM = ("sourceUri", "sourceCanonical", "sourceScopeUri", "sourceScopeCanonical")
_TO = ("targetUri", "targetCanonical", "targetScopeUri", "targetScopeCanonical")


def check(concept_map: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``ConceptMap``."""
    for names in (_FROM, _TO):
        step = (
            next((name for name in names if name in concept_map), "")
            .removesuffix("Uri")
            .removesuffix("Canonical")
        )
        canonical = _stated(concept_map, names)
        kinds = context.library.kinds(canonical) if canonical is not None else frozenset()
        if kinds and "ValueSet" not in kinds:
            text = f"{shown(canonical)} is a {' and a '.join(sorted(kinds))}: what a map is from and to is a value set."
            yield Fault("concept-map-code", "invalid", text, steps=[step])
    yield from _said_of_targets(concept_map)
    source_set, target_set = _stated(concept_map, _FROM), _stated(concept_map, _TO)
    for index, group in numbered(concept_map.get("group")):
        source, target = group.get("source"), group.get("target")
        for number, element in numbered(group.get("element")):
            above = [f"element[{number}]", f"group[{index}]"]
            yield from _code(element, source, source_set, "from", above, context)
            for place, one in numbered(element.get("target")):
                yield from _code(one, target, target_set, "to", [f"target[{place}]", *above], context)


def _said_of_targets(concept_map: Json) -> Iterator[Fault]:
    """R5: the properties and attributes of a target are those that the map defines, with values of their types."""
    properties = {str(one.get("code")): one.get("type") for one in objects(concept_map.get("property"))}
    attributes = {str(one.get("code")): None for one in objects(concept_map.get("additionalAttribute"))}
    for i, group in numbered(concept_map.get("group")):
        for j, element in numbered(group.get("element")):
            for k, target in numbered(element.get("target")):
                for name, key, known in (
                    ("property", "code", properties),
                    ("dependsOn", "attribute", attributes),
                    ("product", "attribute", attributes),
                ):
                    for number, one in numbered(target.get(name)):
                        if (fault := _property(one, key, known)) is not None:
                            fault.steps += [
                                f"{name}[{number}]",
                                f"target[{k}]",
                                f"element[{j}]",
                                f"group[{i}]",
                            ]
                            yield fault


def _property(one: Json, key: str, known: Mapping[str, Any]) -> Fault | None:
    code, found = one.get(key), value_of(one)
    if not isinstance(code, str):
        return None
    if code not in known:
        text = f"{shown(code)} is not defined by the map: it has {', '.join(sorted(known)) or 'none'}."
        return Fault("concept-map-property", "required", text, steps=[key])
    kind = known[code]
    if isinstance(kind, str) and found is not None and found[0] != kind[:1].upper() + kind[1:]:
        step = found[0] if found[0] == "Coding" else found[0][:1].lower() + found[0][1:]
        text = f"{shown(code)} is of the type {kind}."
        return Fault("concept-map-property", "required", text, steps=[f"value.ofType({step})"])
    return None


def _stated(concept_map: Json, names: tuple[str, ...]) -> str | None:
    return next((found for name in names if isinstance(found := concept_map.get(name), str)), None)


def _code(
    mapped: Json, system: object, value_set: str | None, way: str, above: list[str], context: Context
) -> Iterator[Fault]:
    code = mapped.get("code")
    if not isinstance(code, str) or not isinstance(system, str):
        return
    kind = context.library.check_code(system, code).kind
    # A wrong check digit, or a system that nobody here knows, is likely a slip, and not surely one.
    is_sure = kind != "cannot-tell" and system not in (SNOMED_CT, LOINC)
    severity: Severity = "error" if is_sure else "warning"
    if kind == "unknown-code":
        text = f"`code` is {shown(code)}, mapped {way} {system}, which has no such code."
        yield Fault("concept-map-code", "code-invalid", text, severity, ["code", *above])
    elif (
        value_set is not None
        and context.library.terminology.validate(value_set, system, code).kind == "not-in"
    ):
        text = f"`code` is {shown(code)}, mapped {way} {value_set}, which does not hold it."
        yield Fault("concept-map-code", "code-invalid", text, severity, ["code", *above])
