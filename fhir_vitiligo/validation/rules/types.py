"""The JSON shape of an element: one or many, object or plain value (https://hl7.org/fhir/R4/json.html).

Not in the tables: the walker asks these where it meets the shape, before any rule sees the value.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.fhir.schema import ObjectSchema, Property
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.schema import Node, Schema

# Longer than any element's name: not worth looking for a similar one.
_SIMILAR = 64


def not_a_list(key: str, value: Any) -> Fault:
    return Fault(
        "type", "structure", f"`{key}` may repeat: write an array, even for one; found {shown(value)}."
    )


def not_single(one: Property) -> Fault:
    return Fault("type", "structure", f"`{one.key}` does not repeat: write its value, not an array.")


def not_an_object(name: str, value: Any) -> Fault:
    return Fault("type", "structure", f"{name} is written as a JSON object; found {shown(value)}.")


def not_of_the_profile(schema: Schema, node: Node, one: Property) -> Fault:
    """A choice written with a type that core allows and the profile does not."""
    types = " or ".join(kind.code for kind in node.element.types)
    text = f"`{one.key}` is of a type that is not allowed here: {node.element.path} has to be {types}"
    return Fault("choice", "structure", f"{text} (profile {schema.canonical}).")


def empty(what: str) -> Fault:
    return Fault("ele-1", "structure", f"{what} is empty: leave it out instead.")


def repeated_id(value: dict[str, Any], context: Context) -> Fault | None:
    """Element ids are unique in a resource (https://hl7.org/fhir/R4/element.html#id)."""
    name = value["id"]
    if type(name) is not str:
        return None
    # A definition and its snapshot call their elements the same.
    if context.resource.get("resourceType") == "StructureDefinition":
        return None
    if context.element_ids is None:
        own = context.resource.get("id")
        context.element_ids = {own: context.resource} if type(own) is str else {}
    if context.element_ids.setdefault(name, value) is value:
        return None
    return Fault("duplicate-id", "business-rule", f"The id {shown(name)} is another element's as well.")


def null(key: str) -> Fault:
    return Fault("type", "structure", f"`{key}` is null: leave it out instead.")


def null_entry(key: str) -> Fault:
    text = (
        f"`{key}` has a null where neither the value nor its extension is given: leave the entry out instead."
    )
    return Fault("type", "structure", text)


def uneven(key: str, values: int, companions: int) -> Fault:
    text = f"`{key}` has {values} entries and `_{key}` {companions}: fill the shorter one with null."
    return Fault("type", "structure", text, severity="warning")


def nothing_but_id(name: str) -> Fault:
    return Fault(
        "ele-1", "invariant", f"{name} has an id and nothing else: it needs a value, children or extensions."
    )


def too_deep(depth: int) -> Fault:
    return Fault(
        "depth", "too-costly", f"The resource nests more than {depth} deep; what is below was not read."
    )


def unknown(schema: ObjectSchema, key: Any) -> Fault:
    """An element that the type does not have, with what may have been meant."""
    told = shown(key)[1:-1] if isinstance(key, str) else shown(key)
    plain = key.removeprefix("_") if isinstance(key, str) else ""
    if plain in schema.properties:
        why = "its id and extensions stand inside it" if key.startswith("_") else "it is not written so"
        return Fault("unknown", "structure", f"`{told}` is not allowed: {why}.")
    for element in schema.elements:
        rest = plain.removeprefix(element.name)
        if element.is_choice and rest != plain and rest[:1].isupper():
            types = ", ".join(kind.code for kind in element.types)
            text = f"`{told}` is not allowed: `{schema.path}.{element.name}[x]` takes {types}."
            return Fault("choice", "structure", text)
    similar = get_close_matches(plain, schema.properties, n=1) if len(plain) <= _SIMILAR else []
    # What an element is called in a choice is known, but not which type was meant: the bare name comes with
    # advice.
    hint = f"; did you mean `{similar[0]}`?" if similar else "."
    return Fault("unknown", "structure", f"`{told}` is not an element of {schema.path}{hint}")


def unknown_resource(value: Any, known: tuple[str, ...], release: str) -> Fault:
    if not isinstance(value, str):
        text = f"`resourceType` is {shown(value)}: write the name of a resource type, such as Patient."
        return Fault("resource-type", "structure", text)
    similar = get_close_matches(value, known, n=1) if len(value) <= _SIMILAR else []
    hint = f"; did you mean `{similar[0]}`?" if similar else "."
    return Fault(
        "resource-type", "structure", f"{shown(value)} is not a resource type of FHIR {release}{hint}"
    )


def no_resource_type() -> Fault:
    return Fault(
        "resource-type", "required", "The resource does not say what it is: `resourceType` is missing."
    )
