"""StructureDefinitions to compact records: types and their elements.

An element is ``[path below the type, min, max, types, rest]``; ``rest`` is left out when empty and has FHIR's
own names. What a type inherits whole (its parent's invariants) is not repeated: the reader walks the ``base``
chain.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Record = dict[str, Any]

CORE = "http://hl7.org/fhir/StructureDefinition/"
_FHIRPATH_SYSTEM = "http://hl7.org/fhirpath/System."
_FHIR_TYPE = CORE + "structuredefinition-fhir-type"
_REGEX = CORE + "regex"
_MAX_VALUE_SET = CORE + "elementdefinition-maxValueSet"
# Quantity's two constrained forms are named as the profile of an element's type all over core.
_CONSTRAINED_TYPES = frozenset({"SimpleQuantity", "MoneyQuantity"})
_BEST_PRACTICE = CORE + "elementdefinition-bestpractice"
_IDS = {"Resource.id": "id", "Element.id": "string"}


def is_type(definition: Record) -> bool:
    """Whether this defines a resource type or datatype: no profile, no extension, no logical model."""
    if definition["kind"] == "logical" or "snapshot" not in definition:
        return False
    return definition.get("derivation") != "constraint" or definition["id"] in _CONSTRAINED_TYPES


def type_records(definitions: Iterable[Record]) -> dict[str, Record]:
    """By name: ``{url, kind, base, abstract, derivation, elements, invariants}``."""
    return {definition["id"]: _type_record(definition) for definition in definitions if is_type(definition)}


def _type_record(definition: Record) -> Record:
    name = definition["id"]
    record: Record = {"url": definition["url"], "kind": definition["kind"]}
    if base := definition.get("baseDefinition"):
        record["base"] = base.removeprefix(CORE)
    for key in ("abstract", "derivation"):
        if definition.get(key):
            record[key] = definition[key]
    invariants: dict[str, list[Any]] = {}
    elements = definition["snapshot"]["element"]
    record["elements"] = [_element(element, definition["url"], invariants) for element in elements]
    if invariants:
        record["invariants"] = invariants
    if definition["kind"] == "primitive-type" and (regex := _regex(elements)):
        record["regex"] = regex
    if not all(element["path"].split(".")[0] == definition["type"] for element in elements):
        raise ValueError(f"{name} has an element outside its own type {definition['type']}")
    return record


def _regex(elements: Iterable[Record]) -> str | None:
    for element in elements:
        if element["path"].endswith(".value"):
            for extension in element["type"][0].get("extension", ()):
                if extension["url"] == _REGEX:
                    return str(extension["valueString"])
    return None


def _element(element: Record, own_url: str, invariants: dict[str, list[Any]]) -> list[Any]:
    path = element["path"].partition(".")[2]
    highest = element["max"]
    record: list[Any] = [
        path,
        element["min"],
        highest if highest == "*" else int(highest),
        [_type(kind, element) for kind in element.get("type", ())],
    ]
    rest: Record = {}
    if binding := _binding(element):
        rest["binding"] = binding
    if reference := element.get("contentReference"):
        rest["contentReference"] = reference.rpartition("#")[2]
    for key, value in element.items():
        for prefix in ("fixed", "pattern", "minValue", "maxValue"):
            if key.startswith(prefix):
                rest[prefix] = value
    if "maxLength" in element:
        rest["maxLength"] = element["maxLength"]
    for flag in ("isModifier", "isSummary"):
        if element.get(flag):
            rest[flag] = True
    if representation := element.get("representation"):
        rest["representation"] = representation
    own = [c for c in element.get("constraint", ()) if c.get("source", own_url) == own_url]
    for constraint in own:
        told = [constraint["severity"], constraint.get("expression", ""), constraint["human"].strip()]
        if any(extra["url"] == _BEST_PRACTICE for extra in constraint.get("extension", ())):
            told.append(True)
        # R4B words ele-1 in two ways inside Element; the type's own statement comes first and is the one
        # meant.
        invariants.setdefault(constraint["key"], told)
    if own:
        rest["invariants"] = [constraint["key"] for constraint in own]
    return [*record, rest] if rest else record


def _type(kind: Record, element: Record) -> Any:
    """A code, or ``[code, target profiles, profiles]`` with core's own address prefix left away."""
    code = kind["code"]
    if code.startswith(_FHIRPATH_SYSTEM):
        named = [
            extension.get("valueUrl") or extension.get("valueUri")
            for extension in kind.get("extension", ())
            if extension["url"] == _FHIR_TYPE
        ]
        code = named[0] if named else code.removeprefix(_FHIRPATH_SYSTEM).lower()
        # R4 calls a resource's id a string, R4B and R5 call some elements' ids an id. The pages of
        # all three say id for a resource and string for an element.
        code = _IDS.get(element.get("base", {}).get("path", ""), code)
    targets = [target.removeprefix(CORE) for target in kind.get("targetProfile", ())]
    profiles = [profile.removeprefix(CORE) for profile in kind.get("profile", ())]
    if profiles:
        return [code, targets, profiles]
    return [code, targets] if targets else code


def _binding(element: Record) -> list[str] | None:
    """``[strength, value set, maximum value set]``; the maximum is left out where there is none."""
    binding = element.get("binding", {})
    value_set = binding.get("valueSet", "")
    maximum = [
        extension["valueCanonical"]
        for extension in binding.get("extension", ())
        if extension["url"] == _MAX_VALUE_SET
    ] + [extra["valueSet"] for extra in binding.get("additional", ()) if extra["purpose"] == "maximum"]
    if not value_set:
        return None
    return [binding["strength"], value_set, *maximum[:1]]
