"""Extensions: known, of the form that their definition gives them, and where it lets them be
(https://hl7.org/fhir/R4/extensibility.html, defining-extensions.html#context).

Two rules: one looks at an Extension, the other, from the element around it, at where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.fhir.addresses import is_absolute
from fhir_vitiligo.fhir.definitions import TypeRef
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.fhir.schema import ObjectSchema, Property
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.extension_contexts import misplaced
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.library import Library
from fhir_vitiligo.validation.rules.place import Place, Rule
from fhir_vitiligo.validation.rules.reference import EXAMPLES
from fhir_vitiligo.validation.schema import Node, Schema

_KEYS = ("extension", "modifierExtension")
_TOOLS = ("http://hl7.org/fhir/tools/StructureDefinition/", "http://hl7.org/fhir/build/StructureDefinition/")
# DICOM's extensions are published nowhere as definitions.
_DICOM = "nema.org"


def make(place: Place) -> Rule | None:
    """The rule for one Extension."""
    if place.base is not None or place.one.type.code != "Extension":
        return None
    is_modifier = place.one.key == "modifierExtension"
    nested = place.element.path == "Extension.extension"

    def check(value: Any, companion: Any, context: Context) -> Iterator[Fault]:
        if type(value) is not dict:
            return
        url = value.get("url")
        if type(url) is not str or not is_absolute(url):
            yield from _astray(value, nested)
            return
        plain, _, version = url.partition("|")
        if version:
            text = f"The extension is called {shown(url)}: its url goes without a version."
            yield Fault("extension-url", "invalid", text)
        schema = context.library.profile(plain)
        if schema is None or schema.type != "Extension":
            yield _unknown(url, is_modifier, context)
            return
        stated = schema.root.element.is_modifier
        if stated != is_modifier:
            where = "modifierExtension" if stated else "extension"
            text = f"The extension {plain} stands in the wrong place: it belongs in `{where}`."
            yield Fault("extension-modifier", "structure", text)
        yield from _parts(schema, value)
        plan = context.walk.profiles.plan(schema)
        if plan is not None:
            plan(value, None, context)

    return check


def _astray(value: dict[str, Any], nested: bool) -> Iterator[Fault]:
    """An extension that no address leads to; its parts are called by names that only its definition knows."""
    url, parts = value.get("url"), value.get("extension")
    if url == "":
        yield Fault("extension-url", "required", "The extension has an empty `url`: nothing says what it is.")
    elif type(url) is str:
        if not nested:
            text = f"The extension is called {shown(url)}: outside of another extension its url is absolute."
            yield Fault("extension-url", "invalid", text)
        return
    for index, part in enumerate(parts if url is None and type(parts) is list else ()):
        name = part.get("url") if type(part) is dict else None
        if type(name) is str and ":" not in name:
            text = f"{shown(name)} is a part of an extension without a url: nothing says what it is."
            yield Fault("extension-url", "invalid", text, steps=[f"extension[{index}]"])


def _unknown(url: str, is_modifier: bool, context: Context) -> Fault:
    options = context.options
    problem = context.library.problems.get(url.partition("|")[0])
    if problem is not None:
        text = f"The definition of the extension {shown(url)} cannot be used: {problem}."
        return Fault("extension-unknown", "processing", text, severity="warning")
    allowed = (
        options.any_extension
        or _DICOM in url
        or url.startswith((*options.extension_domains, *_TOOLS))
        or (options.examples and any(name in url for name in EXAMPLES))
    )
    what = "modifier extension" if is_modifier else "extension"
    text = f"The {what} {shown(url)} is not known here, so what is in it was not checked: load its package."
    return Fault("extension-unknown", "structure", text, severity="information" if allowed else "error")


def _parts(schema: Schema, value: dict[str, Any]) -> Iterator[Fault]:
    """A part of a complex extension is one that its definition names."""
    parts = value.get("extension")
    if not isinstance(parts, list):
        return
    names = _names(schema)
    for index, part in enumerate(parts):
        url = part.get("url") if isinstance(part, dict) else None
        if isinstance(url, str) and ":" not in url and url not in names:
            known = f": it has {', '.join(sorted(names))}" if names else ""
            text = f"{shown(url)} is not a part of the extension {schema.url}{known}."
            yield Fault("extension-part", "invalid", text, steps=[f"extension[{index}]"])


def _names(schema: Schema) -> set[str]:
    child = schema.root.child("extension")
    if child is None:
        return set()
    return {name for one in (child, *child.slices) if (name := _url(one)) is not None}


def _url(node: Node) -> str | None:
    child = node.child("url")
    fixed = None if child is None else child.element.fixed
    return fixed if isinstance(fixed, str) else None


def placement(place: Place) -> Rule | None:
    """The rule of an element that extensions stand in: whether they may."""
    if place.base is not None or place.one.kind != "complex":
        return None

    def check(value: Any, companion: Any, context: Context) -> Iterator[Fault]:
        if type(value) is dict and ("extension" in value or "modifierExtension" in value):
            yield from _placed(place, value, context)

    return check


def companion_placement(place: Place) -> Rule:
    """The same for the companion of a primitive."""
    is_id = place.element.path.count(".") == 1 and place.one.key == "id"

    def check(value: Any, companion: Any, context: Context) -> Iterator[Fault]:
        if type(companion) is dict and "extension" in companion:
            if is_id:
                text = "The id of a resource has no extensions: what is to say goes into the resource."
                yield Fault("extension-context", "structure", text)
            yield from _placed(place, companion, context)

    return check


def root_placement(schema: ObjectSchema, library: Library) -> Rule | None:
    """The same for a resource itself."""
    if not schema.is_resource:
        return None
    root = library.definitions.structure(schema.path).elements[0]
    one = Property(schema.path, schema.path, root, TypeRef(schema.path), "complex", schema.path, False)
    return placement(Place(one, root, None, library))


def _placed(place: Place, around: dict[str, Any], context: Context) -> Iterator[Fault]:
    for key in _KEYS:
        extensions = around.get(key)
        for one in extensions if isinstance(extensions, list) else ():
            url = one.get("url") if isinstance(one, dict) else None
            if isinstance(url, str) and ":" in url:
                schema = context.library.profile(url.partition("|")[0])
                if schema is not None and schema.type == "Extension":
                    yield from misplaced(schema, place, around, context)
