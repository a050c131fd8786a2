"""StructureDefinitions that are no types themselves (profiles, datatype profiles, extensions) without their prose.

They stay FHIR's own JSON, so that a profile of core, of the extension pack and of any package is read by the
same code (https://hl7.org/fhir/R4/structuredefinition.html, elementdefinition.html). What only a reader wants
is left out, and the differential wherever a snapshot says it all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Record = dict[str, Any]

_STRUCTURE = "http://hl7.org/fhir/StructureDefinition/"
# Extensions that change what an instance may be, or what is said of it; the others are for editors and pages.
_MEANT = frozenset(
    _STRUCTURE + name
    for name in (
        "structuredefinition-standards-status",
        "structuredefinition-imposeProfile",
        "structuredefinition-compliesWithProfile",
        "structuredefinition-fhir-type",
        "structuredefinition-hierarchy",
        "regex",
        "elementdefinition-maxValueSet",
        "elementdefinition-minValueSet",
        "elementdefinition-bestpractice",
        "elementdefinition-identifier",
        "elementdefinition-pattern",
        "version-specific-use",
        "startFhirVersion",
        "endFhirVersion",
        "version-specific-value",
    )
) | {"http://hl7.org/fhir/tools/StructureDefinition/additional-binding"}
_DEFINITION_KEYS = (
    *("resourceType", "id", "url", "version", "name", "status", "experimental", "fhirVersion", "kind"),
    *("abstract", "type", "baseDefinition", "derivation", "extension", "context", "contextInvariant"),
)
_PROSE = frozenset(
    (
        *("short", "definition", "comment", "requirements", "alias", "example", "mapping", "base", "label"),
        *("code", "condition", "orderMeaning", "meaningWhenMissing", "isModifierReason"),
    )
)


def profile_records(definitions: Iterable[Record], types: Mapping[str, Any]) -> dict[str, Record]:
    """By canonical url, sorted; ``types`` are the names that are described as types elsewhere."""
    found = {
        definition["url"]: _definition(definition)
        for definition in definitions
        if definition["kind"] != "logical" and not _is_type(definition, types)
    }
    return dict(sorted(found.items()))


def _is_type(definition: Record, types: Mapping[str, Any]) -> bool:
    return definition["id"] in types and definition.get("derivation") != "constraint"


def _definition(definition: Record) -> Record:
    record = {key: definition[key] for key in _DEFINITION_KEYS if key in definition}
    form = "snapshot" if "snapshot" in definition else "differential"
    record[form] = {"element": [_element(element) for element in definition[form]["element"]]}
    kept: Record = _without_reading_matter(record)
    return kept


def _element(element: Record) -> Record:
    kept = {key: value for key, value in element.items() if key not in _PROSE}
    for key, empty in (("isModifier", False), ("isSummary", False), ("mustSupport", False)):
        if kept.get(key) == empty:
            del kept[key]
    if "slicing" in kept:
        kept["slicing"] = {key: value for key, value in kept["slicing"].items() if key != "description"}
    if "constraint" in kept:
        words = ("xpath", "requirements")
        kept["constraint"] = [
            {
                key: value.strip() if key == "human" else value
                for key, value in rule.items()
                if key not in words
            }
            for rule in kept["constraint"]
        ]
    if "binding" in kept:
        kept["binding"] = {key: value for key, value in kept["binding"].items() if key != "description"}
    return kept


def _without_reading_matter(value: Any) -> Any:
    """The same without the extensions, primitives' companions among them, that nobody here acts on."""
    if isinstance(value, list):
        return [_without_reading_matter(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept: Record = {}
    for key, item in value.items():
        if key == "extension":
            made: Any = [extension for extension in item if extension["url"] in _MEANT]
        elif key == "documentation":
            continue
        else:
            made = _without_reading_matter(item)
        if made or not isinstance(made, (list, dict)):
            kept[key] = made
    return kept
