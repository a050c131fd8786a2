"""What an element may hold, as data: the definitions with choices spelled out and references within a type
resolved.

https://hl7.org/fhir/R4/json.html and xml.html, which name elements alike. A place is named by the path that
defines its content: ``HumanName`` for every name, ``Patient.contact`` for what is defined inside Patient,
``Observation.referenceRange`` for the component's too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from fhir_vitiligo.fhir.definitions import CORE, Definitions, Element, TypeRef, definitions_of
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.fhir.release import Release

Kind = Literal["primitive", "complex", "resource"]


@dataclass(frozen=True, slots=True)
class Property:
    """One JSON and XML name of an element: ``valueQuantity`` of ``Observation.value[x]``.

    ``step`` is its FHIRPath (``value.ofType(Quantity)``), ``content`` the path that defines what is inside,
    ``companion`` whether ``_key`` may carry an id and extensions.
    """

    key: str
    step: str
    element: Element
    type: TypeRef
    kind: Kind
    content: str
    companion: bool

    @property
    def is_list(self) -> bool:
        return self.element.max is None or self.element.max > 1


@dataclass(frozen=True, slots=True)
class ObjectSchema:
    """Everything an object at this place may hold. ``keys`` are the JSON names that each element can take."""

    path: str
    is_resource: bool
    elements: tuple[Element, ...]
    properties: Mapping[str, Property]
    keys: Mapping[str, tuple[str, ...]]

    def unknown(self, name: str, written: str | None = None) -> tuple[str, str]:
        """The rule that an element breaks which does not exist here, and the sentence about it, with what may
        have been meant. ``written`` is how the name stands in the text, where that is with a mark (``_name``).
        """
        told = shown(name if written is None else written)[1:-1]
        for element in self.elements:
            rest = name.removeprefix(element.name)
            if element.is_choice and (not rest or (rest != name and rest[:1].isupper())):
                types = ", ".join(kind.code for kind in element.types)
                first = self.keys[element.name][0]
                how = "" if rest else f": its name tells the type, such as `{first}`"
                return (
                    "choice",
                    f"`{told}` is not allowed: `{self.path}.{element.name}[x]` takes {types}{how}.",
                )
        return "unknown", f"`{told}` is not an element of {self.path}{similar_name(name, self.properties)}"


def similar_name(name: str, known: Iterable[str]) -> str:
    """``; did you mean `valueQuantity`?`` or a full stop, to end a sentence about a name that is not known."""
    from difflib import get_close_matches

    # Longer than any name: not worth looking for a similar one.
    similar = get_close_matches(name, list(known), n=1) if len(name) <= 64 else []
    return f"; did you mean `{similar[0]}`?" if similar else "."


@cache
def schemas_of(release: Release) -> Schemas:
    """The one set of schemas of this release."""
    return Schemas(definitions_of(release))


class Schemas:
    """The schemas of one release, each made when it is first asked for."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self._made: dict[str, ObjectSchema] = {}
        self._primitives = frozenset(definitions.primitive_types)

    def of(self, path: str) -> ObjectSchema:
        """The schema at ``Patient``, ``HumanName`` or ``Patient.contact``."""
        found = self._made.get(path)
        if found is None:
            found = self._made[path] = self._make(path)
        return found

    def _make(self, path: str) -> ObjectSchema:
        name, _, below = path.partition(".")
        structure = self.definitions.structure(name)
        # SimpleQuantity speaks of Quantity's paths.
        elements = structure.children(path if below else structure.elements[0].path)
        properties: dict[str, Property] = {}
        keys: dict[str, tuple[str, ...]] = {}
        for element in elements:
            spelled = self._properties(name, element)
            properties.update((one.key, one) for one in spelled)
            keys[element.name] = tuple(one.key for one in spelled)
        is_resource = structure.kind == "resource" and not below
        return ObjectSchema(path, is_resource, elements, properties, keys)

    def _properties(self, name: str, element: Element) -> list[Property]:
        if element.content_reference:
            inside = TypeRef("BackboneElement")
            return [
                Property(
                    element.name, element.name, element, inside, "complex", element.content_reference, False
                )
            ]
        return [self._property(name, element, kind) for kind in element.types]

    def _property(self, name: str, element: Element, kind: TypeRef) -> Property:
        key = step = element.name
        if element.is_choice:
            key, step = f"{key}{kind.code[0].upper()}{kind.code[1:]}", f"{step}.ofType({kind.code})"
        if kind.code in self._primitives or kind.code == "xhtml":
            # Element.id and Extension.url are XML attributes, and a narrative is XML itself: no place for
            # extensions.
            companion = not element.is_xml_attribute and kind.code != "xhtml"
            return Property(key, step, element, kind, "primitive", kind.code, companion)
        if kind.code in ("Resource", "DomainResource"):
            return Property(key, step, element, kind, "resource", kind.code, False)
        content = kind.code
        if self.definitions.structure(name).children(element.path):
            content = element.path
        elif len(kind.profiles) == 1 and kind.profiles[0] in _CONSTRAINED_TYPES:
            content = kind.profiles[0].removeprefix(CORE)
        return Property(key, step, element, kind, "complex", content, False)


# The profiles of a datatype that core applies by itself.
_CONSTRAINED_TYPES = frozenset({CORE + "SimpleQuantity", CORE + "MoneyQuantity"})


def fhirpath(root: str, keys: Iterable[str | int], release: Release) -> str:
    """The FHIRPath of JSON names and indexes: ``Observation.value.ofType(Quantity).code`` for ``valueQuantity``
    and ``code``. A name that is not known stands as it is.
    """
    schemas = schemas_of(release)
    steps = [root]
    place: str | None = root if root in schemas.definitions.resource_types else None
    for key in keys:
        if isinstance(key, int):
            steps[-1] += f"[{key}]"
            continue
        one = schemas.of(place).properties.get(key.removeprefix("_")) if place is not None else None
        steps.append(one.step if one is not None else key)
        place = one.content if one is not None and one.kind == "complex" else None
        if one is not None and key.startswith("_"):
            place = "Element"
    return ".".join(steps)
