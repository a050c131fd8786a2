"""What is left of an object where some of its members are not written as their type
(https://hl7.org/fhir/R4/json.html).

A reader of FHIR makes nothing of text where an object belongs. Told once where it stands, such a member is then
missing: an element that has to be there is not there. An empty object is an element, but one that invariants do
not find.
"""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.fhir.schema import ObjectSchema, Property


def readable(schema: ObjectSchema, value: dict[str, Any]) -> dict[str, Any]:
    """The object itself where all of it can be read, else a copy without what cannot."""
    left = {key: item for key, item in value.items() if _is_readable(schema.properties.get(key), item)}
    return value if len(left) == len(value) else left


def _is_readable(one: Property | None, item: Any) -> bool:
    if one is None:
        return True
    if isinstance(item, list):
        # One where many belong is read as one; many where one belongs are read as none.
        return one.is_list and any(entry is None or _has_form(one, entry) for entry in item)
    return item is None or _has_form(one, item)


def _has_form(one: Property, item: Any) -> bool:
    if one.kind == "primitive":
        return not isinstance(item, dict | list)
    return isinstance(item, dict)


def filled(value: dict[str, Any]) -> dict[str, Any]:
    """The object itself where no member is empty, else a copy without those."""
    left = {key: item for key, item in value.items() if item != {} and item != []}
    return value if len(left) == len(value) else left
