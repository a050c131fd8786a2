"""A StructureDefinition's own rules beside its invariants (https://hl7.org/fhir/R4/structuredefinition.html, profiling.html).

Whether it is derived from what it may be, can be laid over its base, speaks only of what a profile may change, and stands in
contexts that exist. Whether it restricts its base is in :mod:`.structure_derivation`, whether it keeps what it says of other
profiles in :mod:`.structure_compliance`, whether its expressions can be asked in :mod:`.structure_expressions`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.fhir.definitions import CORE
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.expressions import is_element
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.release_use import other_release
from fhir_vitiligo.validation.resources.nodes import numbered
from fhir_vitiligo.validation.resources.structure_compliance import compliance_faults
from fhir_vitiligo.validation.resources.structure_derivation import derivation_faults
from fhir_vitiligo.validation.resources.structure_expressions import (
    context_invariant_faults,
    discriminator_faults,
    invariant_faults,
)
from fhir_vitiligo.validation.schema import Schema

_INHERIT_OBLIGATIONS = "http://hl7.org/fhir/StructureDefinition/inherit-obligations"
# A profile says what may be there; these say what a thing means, which only its definition does.
_FOR_DEFINITIONS = ("meaningWhenMissing", "defaultValue")


def check(definition: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``StructureDefinition``."""
    differential = definition.get("differential")
    elements = numbered(differential.get("element")) if isinstance(differential, dict) else []
    is_profile = definition.get("derivation") == "constraint"
    yield from _foreign_elements(definition.get("type"), elements)
    if is_profile:
        yield from _illegal_elements(elements)
    base = context.library.profile(str(definition.get("baseDefinition")))
    yield from _origin(definition, base, context)
    yield from _contexts(definition, context)
    yield from context_invariant_faults(definition, context)
    yield from invariant_faults(definition, context)
    yield from discriminator_faults(definition, context)
    if definition.get("type") == "Extension" and is_profile:
        yield from _extension(definition, elements, base)
    yield from _obligations(definition, context)
    if not is_profile or not elements:
        return
    schema = context.library.compiled(definition)
    if schema is None:
        yield from _broken(definition, base, context)
        return
    if base is not None and base.type == definition.get("type"):
        yield from derivation_faults(elements, base, context)
    yield from _changed_values(elements, base)
    yield from compliance_faults(definition, schema, context)


def _broken(definition: Json, base: Schema | None, context: Context) -> Iterator[Fault]:
    url, base_url = str(definition.get("url", "")), definition.get("baseDefinition")
    if base is None and isinstance(base_url, str) and base_url.partition("|")[0] != url:
        text = f"Its base {base_url} cannot be used here, so what the profile says was not held against it."
        yield Fault("profile-broken", "not-found", text, severity="warning")
        return
    why = context.library.problems.get(url, "it is no profile")
    yield Fault("profile-broken", "invalid", f"No snapshot can be made of the profile: {why}.")


def _origin(definition: Json, base: Schema | None, context: Context) -> Iterator[Fault]:
    """What it is derived from, and how."""
    name, url = definition.get("type"), definition.get("url")
    base_url, how = definition.get("baseDefinition"), definition.get("derivation")
    if not isinstance(base_url, str):
        return
    if base_url.partition("|")[0] == url:
        yield _origin_fault(f"{url} is derived from itself: name the definition that it changes.")
        return
    if how is None:
        text = f"It has the base {base_url} and does not say whether it constrains or specializes it (`derivation`)."
        yield _origin_fault(text)
    if name in context.library.types and how != "constraint" and url != f"{CORE}{name}":
        text = f"{name} is a type of FHIR: only {CORE}{name} defines it, others can constrain it."
        yield _origin_fault(text, ["type"])
    if base is None:
        return
    if how == "constraint":
        for told, wanted in (("type", base.type), ("kind", base.kind)):
            if isinstance(definition.get(told), str) and wanted and definition[told] != wanted:
                text = f"The {told} is {shown(definition[told])}; that of its base is {shown(wanted)}, and has to stay."
                yield _origin_fault(text)


def _origin_fault(text: str, steps: list[str] | None = None) -> Fault:
    return Fault("profile-base", "business-rule", text, steps=steps or [])


def _foreign_elements(name: Any, elements: list[tuple[int, Json]]) -> Iterator[Fault]:
    """A path begins with the type, that of a logical model with the end of its address
    (https://hl7.org/fhir/R4/elementdefinition.html#path).
    """
    wanted = name.rpartition("/")[2] if isinstance(name, str) else ""
    for index, element in elements if wanted else ():
        path = element.get("path")
        if isinstance(path, str) and path.partition(".")[0] != wanted:
            text = f"The path {shown(path)} has to begin with {wanted}, the type that is defined."
            yield Fault("profile-element", "invalid", text, steps=[f"element[{index}]", "differential"])


def _illegal_elements(elements: list[tuple[int, Json]]) -> Iterator[Fault]:
    for index, element in elements:
        # What an extension is, its definition says; so it does of the parts it has.
        is_extension = str(element.get("path")).rpartition(".")[2] in ("Extension", "extension")
        for key in element:
            if key.startswith(_FOR_DEFINITIONS) and not (is_extension and key == "meaningWhenMissing"):
                text = f"`{key}` belongs to the definition of a type: a profile cannot change what an element means."
                yield Fault(
                    "profile-element", "business-rule", text, steps=[f"element[{index}]", "differential"]
                )


def _extension(definition: Json, elements: list[tuple[int, Json]], base: Schema | None) -> Iterator[Fault]:
    url = definition.get("url")
    named = False
    for _, element in elements:
        if element.get("path") != "Extension.url":
            continue
        fixed = element.get("fixedUri", element.get("patternUri"))
        named = named or fixed is not None
        if isinstance(fixed, str) and fixed != url:
            text = f"The extension is called {shown(url)}, but an instance of it would be {shown(fixed)}."
            yield Fault("extension-url", "business-rule", text)
    own = None if base is None else base.root.child("url")
    if elements and not named and own is not None and own.element.fixed is None:
        text = f"Nothing says what an instance is called: fix Extension.url to {shown(url)}."
        yield Fault("extension-url", "business-rule", text)
    for index, element in elements:
        if element.get("path") == "Extension" and "slicing" in element:
            place = [f"element[{index}]", "differential"]
            yield Fault(
                "profile-slicing", "invalid", "An extension cannot be sliced as a whole.", steps=place
            )


def _contexts(definition: Json, context: Context) -> Iterator[Fault]:
    """Where an extension may stand."""
    is_extension = definition.get("type") == "Extension"
    for index, place in numbered(definition.get("context")):
        expression = place.get("expression")
        if not is_extension:
            text = f"Only an extension has a context; this is about {definition.get('type')}."
            yield Fault("extension-context", "business-rule", text, steps=[f"context[{index}]"])
        elif (
            place.get("type") == "element"
            and isinstance(expression, str)
            and not other_release(place, context.release)
            and not _exists(expression, context)
        ):
            text = f"The context {shown(expression)} is no element of FHIR {context.release.name}."
            yield Fault("extension-context", "not-found", text, steps=[f"context[{index}]"])


def _exists(expression: str, context: Context) -> bool:
    """Whether a path such as ``Patient.contact.name``, or the profile at an address, is there."""
    profile, mark, path = expression.partition("#")
    if "/" in profile:
        return context.library.profile(profile) is not None
    path = path if mark else expression
    return path in ("CanonicalResource", "MetadataResource") or is_element(path, context)


def _obligations(definition: Json, context: Context) -> Iterator[Fault]:
    for index, extension in numbered(definition.get("extension")):
        canonical = extension.get("valueCanonical")
        if extension.get("url") != _INHERIT_OBLIGATIONS or not isinstance(canonical, str):
            continue
        other = context.library.resolve(canonical, "StructureDefinition")
        if other is None:
            continue
        for name in ("type", "baseDefinition"):
            if other.get(name) != definition.get(name):
                text = (
                    f"Obligations come from {canonical}, whose {name} is {shown(other.get(name))};"
                    f" it has to be {shown(definition.get(name))} as here."
                )
                yield Fault("profile-obligations", "business-rule", text, steps=[f"extension[{index}]"])
                break


def _changed_values(elements: list[tuple[int, Json]], base: Schema | None) -> Iterator[Fault]:
    """What the base has fixed stays as it is."""
    for index, element in elements if base is not None else ():
        node = base.find(str(element.get("id", element.get("path")))) if base is not None else None
        fixed = next((value for key, value in element.items() if key.startswith("fixed")), None)
        if node is not None and fixed is not None and node.element.fixed not in (None, fixed):
            text = f"The base fixes the value to {shown(node.element.fixed)}; a profile of it cannot make it {shown(fixed)}."
            yield Fault("profile-element", "business-rule", text, steps=[f"element[{index}]", "differential"])
