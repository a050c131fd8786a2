"""Whether an extension may stand in an element
(https://hl7.org/fhir/R4/defining-extensions.html#context, contextInvariant).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.fhir.definitions import CORE
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.expressions import selects, test
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.object_paths import holder_of, path_of
from fhir_vitiligo.validation.rules.place import Place
from fhir_vitiligo.validation.schema import Schema

# What has no structure of its own to be put in: every context is open there.
_OPEN = frozenset({"Element", "Any", "Base"})
_CANONICAL = frozenset({"url", "version", "status"})
# Values in a definition are examples of an element, not that element.
_VALUES = ("ElementDefinition.pattern", "ElementDefinition.fixed", "ElementDefinition.example")


def misplaced(schema: Schema, place: Place, around: dict[str, Any], context: Context) -> Iterator[Fault]:
    """The faults of an extension that stands in ``around``, an element as ``place`` defines it."""
    if schema.other_release:
        text = f"The extension {schema.url} is for resources {schema.other_release}, not of {context.release.name}."
        yield Fault("extension-context", "business-rule", text)
    if (schema.contexts or schema.elsewhere) and not _allowed(schema, place, around, context):
        told = ", ".join(expression for _, expression in schema.contexts[:8]) or "other releases of FHIR"
        text = f"The extension {schema.url} may not stand in {place.element.path}: it is for {told}."
        yield Fault("extension-context", "structure", text)
        return
    for expression in schema.context_invariants:
        if test(expression, around, place.one.content, context) is False:
            text = f"The extension {schema.url} may not stand here: `{expression}` does not hold."
            yield Fault("extension-context", "structure", text)


def _allowed(schema: Schema, place: Place, around: dict[str, Any], context: Context) -> bool:
    names = _names(place)
    for kind, expression in schema.contexts:
        if kind == "extension":
            if place.one.content == "Extension" and around.get("url") == expression:
                return True
            if place.element.path == "Extension.value[x]":
                holder = holder_of(context.resource, around)
                if holder is not None and holder.get("url") == expression:
                    return True
        elif kind == "fhirpath":
            if selects(expression, around, context) is not False:
                return True
        elif _is_element(expression, names, place, context):
            return True
    # Only now is it worth asking where in the resource that is.
    path = path_of(context.resource, around)
    if path is None:
        return True
    return path.startswith(_VALUES) or any(
        kind not in ("extension", "fhirpath") and _same(expression.rpartition("#")[2], path)
        for kind, expression in schema.contexts
    )


def _names(place: Place) -> set[str]:
    """What an element is called in contexts: its path, its type, and all that the type descends from."""
    definitions = place.library.definitions
    one = place.one
    kind = one.content if "." not in one.content else one.type.code
    names = {place.element.path, one.content, kind, one.type.code, *definitions.ancestors(kind)}
    if place.element.is_choice:
        names.add(place.element.path.removesuffix("[x]"))
    # An element of a type is one of the types above it too: DomainResource.text of Patient.text.
    head, _, tail = place.element.path.partition(".")
    if tail:
        names.update(f"{above}.{tail}" for above in definitions.ancestors(head))
    return names


def _is_element(expression: str, names: set[str], place: Place, context: Context) -> bool:
    profile, mark, path = expression.rpartition("#")
    if not mark:
        profile, path = "", expression
    if "/" in path:
        profile, path = (path, "") if not path.startswith(CORE) else ("", path.removeprefix(CORE))
    if path in _OPEN:
        return True
    if path == "CanonicalResource" and "." not in place.element.path:
        structure = place.library.definitions.structure(place.element.path)
        own = {element.name for element in structure.children(structure.name)}
        return own >= _CANONICAL
    if path and path not in names and path.replace("[x]", "") not in names:
        return False
    if not profile:
        return True
    name = context.resource.get("resourceType")
    verdict = context.walk.profiles.conforms(profile, context.resource, str(name), context)
    return verdict is not False


def _same(expression: str, path: str) -> bool:
    return expression.replace("[x]", "") == path
