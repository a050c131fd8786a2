"""The JSON shape of an element: one or many, object or plain value (https://hl7.org/fhir/R4/json.html).

Not in the tables: the walker asks these where it meets the shape, before any rule sees the value.
"""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.fhir.references import is_id
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import ObjectSchema, Property, similar_name
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.schema import Node, Schema

# What the definitions of Address.id, Quantity.id and the others name as the type.
_WRITTEN_AS_IDS = frozenset({Release.R4B, Release.R5})


def _form(rule: str, code: str, text: str) -> Fault:
    return Fault(rule, code, text, is_form=True)


def not_a_list(key: str, value: Any) -> Fault:
    return _form(
        "type", "structure", f"`{key}` may repeat: write an array, even for one; found {shown(value)}."
    )


def not_single(one: Property) -> Fault:
    return _form("type", "structure", f"`{one.key}` does not repeat: write its value, not an array.")


def not_an_object(name: str, value: Any) -> Fault:
    return _form("type", "structure", f"{name} is written as a JSON object; found {shown(value)}.")


def not_of_the_profile(schema: Schema, node: Node, one: Property) -> Fault:
    """A choice written with a type that core allows and the profile does not."""
    types = " or ".join(kind.code for kind in node.element.types)
    text = f"`{one.key}` is of a type that is not allowed here: {node.element.path} has to be {types}"
    return Fault("choice", "structure", f"{text} (profile {schema.canonical}).")


def empty(what: str) -> Fault:
    return _form("ele-1", "structure", f"{what} is empty: leave it out instead.")


def repeated_id(value: dict[str, Any], context: Context) -> Fault | None:
    """Element ids are unique in a resource (https://hl7.org/fhir/R4/element.html#id)."""
    name = value["id"]
    if type(name) is not str:
        return None
    # A definition and its snapshot call their elements the same.
    if context.resource.get("resourceType") == "StructureDefinition":
        return None
    if context.element_ids is None:
        context.element_ids = {}
    if context.element_ids.setdefault(name, value) is value:
        return None
    return Fault("duplicate-id", "business-rule", f"The id {shown(name)} is another element's as well.")


def unwritten_id(value: dict[str, Any], context: Context) -> Fault | None:
    """The id of a data type is written as one, as the definitions say from R4B on: a string without white space before."""
    name = value["id"]
    if context.release not in _WRITTEN_AS_IDS or type(name) is not str or not name or is_id(name):
        return None
    text = f"`id` is {shown(name)}, not an id: write 1 to 64 letters, digits, hyphens and dots."
    return Fault("primitive", "invalid", text, steps=["id"])


def null(key: str) -> Fault:
    return _form("type", "structure", f"`{key}` is null: leave it out instead.")


def null_entry(key: str) -> Fault:
    text = (
        f"`{key}` has a null where neither the value nor its extension is given: leave the entry out instead."
    )
    return _form("type", "structure", text)


def uneven(key: str, values: int, companions: int) -> Fault:
    text = f"`{key}` has {values} entries and `_{key}` {companions}: fill the shorter one with null."
    return Fault("type", "structure", text, severity="warning")


def nothing_but_id(name: str) -> Fault:
    """ele-1, which HL7's engine, like its examples, asks of primitive values alone."""
    text = f"{name} has an id and nothing else: it needs a value, children or extensions."
    return Fault("ele-1", "invariant", text, severity="error" if name == "Element" else "warning")


def without_value(key: str) -> Fault:
    """What a malformed companion comes down to."""
    return Fault("ele-1", "invariant", f"`{key}` has neither a value nor an extension that can be read.")


def too_deep(depth: int) -> Fault:
    return Fault(
        "depth", "too-costly", f"The resource nests more than {depth} deep; what is below was not read."
    )


def unknown(schema: ObjectSchema, key: Any) -> Fault:
    """An element that the type does not have, with what may have been meant."""
    if not isinstance(key, str):
        return _form("unknown", "structure", f"`{shown(key)}` is not an element of {schema.path}.")
    plain = key.removeprefix("_")
    if plain in schema.properties:
        why = "its id and extensions stand inside it" if key.startswith("_") else "it is not written so"
        return _form("unknown", "structure", f"`{shown(key)[1:-1]}` is not allowed: {why}.")
    rule, text = schema.unknown(plain, key)
    return _form(rule, "structure", text)


def unknown_resource(value: Any, known: tuple[str, ...], release: str) -> Fault:
    if not isinstance(value, str):
        text = f"`resourceType` is {shown(value)}: write the name of a resource type, such as Patient."
        return _form("resource-type", "structure", text)
    hint = similar_name(value, known)
    return _form(
        "resource-type", "structure", f"{shown(value)} is not a resource type of FHIR {release}{hint}"
    )


def no_resource_type() -> Fault:
    return _form(
        "resource-type", "required", "The resource does not say what it is: `resourceType` is missing."
    )
