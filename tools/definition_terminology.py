"""CodeSystems and ValueSets without their prose: codes, displays, hierarchy, properties, compositions.

They stay FHIR's own JSON (https://hl7.org/fhir/R4/codesystem.html, valueset.html), so that those of core, of
HL7 Terminology and of any package are read by the same code. Definitions of codes and comments are left out,
and the properties that only say where a code came from.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Record = dict[str, Any]

_HEAD = ("resourceType", "id", "url", "version", "name", "title", "status", "experimental", "immutable")
_CODE_SYSTEM_KEYS = (*_HEAD, "caseSensitive", "hierarchyMeaning", "compositional", "content", "supplements")
_STANDARDS_STATUS = "http://hl7.org/fhir/StructureDefinition/structuredefinition-standards-status"
# What HL7's version 2 and 3 models note for their own publication.
_EDITORIAL = (
    "v2-",
    "contextBinding",
    "Name:",
    "HL7usageNotes",
    "internalId",
    "OID",
    "source",
    "steward",
    "vocab-domain",
)
_EDITORIAL_EXACT = frozenset(
    {"synonymCode", "ConceptualSpaceForClassCode", "inverseRelationship", "comment", "comments"}
)
_LONGEST_TEXT = 60
# Their owners license the terms; the value sets need the identifiers alone.
_CODES_ONLY = frozenset({"http://snomed.info/sct", "http://loinc.org"})


def code_system_records(definitions: Iterable[Record]) -> dict[str, Record]:
    """By url, sorted; :class:`ValueError` where two have one url."""
    return _by_url(definitions, _code_system)


def value_set_records(definitions: Iterable[Record]) -> dict[str, Record]:
    """By url, sorted; :class:`ValueError` where two have one url."""
    return _by_url(definitions, _value_set)


def _by_url(definitions: Iterable[Record], make: Any) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for definition in definitions:
        if definition["url"] in found:
            raise ValueError(f"two definitions have the url {definition['url']}")
        found[definition["url"]] = make(definition)
    return dict(sorted(found.items()))


def _kept(definition: Record, keys: Iterable[str]) -> Record:
    record = {key: definition[key] for key in keys if key in definition}
    if record.get("experimental") is False:
        del record["experimental"]
    status = [one for one in definition.get("extension", ()) if one["url"] == _STANDARDS_STATUS]
    return record | ({"extension": status} if status else {})


def _code_system(definition: Record) -> Record:
    record = _kept(definition, _CODE_SYSTEM_KEYS)
    concepts = [*_concepts(definition.get("concept", ()))]
    used = {item["code"] for concept in _all(concepts) for item in concept.get("property", ())}
    properties = [
        {key: one[key] for key in ("code", "uri", "type") if key in one}
        for one in definition.get("property", ())
        if one["code"] in used
    ]
    if properties:
        record["property"] = properties
    if concepts:
        record["concept"] = concepts
    return record


def _all(concepts: Iterable[Record]) -> Iterable[Record]:
    for concept in concepts:
        yield concept
        yield from _all(concept.get("concept", ()))


def _concepts(concepts: Iterable[Record]) -> Iterable[Record]:
    for concept in concepts:
        record = {key: concept[key] for key in ("code", "display") if key in concept}
        if names := _designations(concept):
            record["designation"] = names
        if properties := [item for item in concept.get("property", ()) if _is_kept(item)]:
            record["property"] = [
                {key: value for key, value in p.items() if key != "extension"} for p in properties
            ]
        if children := [*_concepts(concept.get("concept", ()))]:
            record["concept"] = children
        yield record


def _designations(concept: Record) -> list[Record]:
    return [
        {key: one[key] for key in ("language", "value") if key in one}
        for one in concept.get("designation", ())
    ]


def _is_kept(item: Record) -> bool:
    code = item["code"]
    if code.startswith(_EDITORIAL) or code in _EDITORIAL_EXACT:
        return False
    return len(item.get("valueString", "")) <= _LONGEST_TEXT


def _value_set(definition: Record) -> Record:
    record = _kept(definition, _HEAD)
    form = "compose" if "compose" in definition else "expansion"
    if "compose" in definition:
        compose = definition["compose"]
        record["compose"] = {
            key: [_clause(clause) for clause in value] if key in ("include", "exclude") else value
            for key, value in compose.items()
        }
    elif "expansion" in definition:
        record[form] = {"contains": [*_contains(definition["expansion"].get("contains", ()))]}
    return record


def _clause(clause: Record) -> Record:
    record = {key: value for key, value in clause.items() if key not in ("concept", "extension")}
    if "concept" in clause:
        keys = ("code",) if clause["system"] in _CODES_ONLY else ("code", "display")
        record["concept"] = [{key: one[key] for key in keys if key in one} for one in clause["concept"]]
    return record


def _contains(entries: Iterable[Record]) -> Iterable[Record]:
    for entry in entries:
        record = {
            key: entry[key] for key in ("system", "code", "display", "abstract", "inactive") if key in entry
        }
        if children := [*_contains(entry.get("contains", ()))]:
            record["contains"] = children
        yield record
