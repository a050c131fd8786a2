"""What a profile says, as a tree of elements (https://hl7.org/fhir/R4/structuredefinition.html#snapshot).

Core types and profiles have one form: the :class:`Element` of the definitions, with what only a profile adds
(slices, values that must be there) in the :class:`Node` around it. A core type's own table of JSON names is
:mod:`fhir_vitiligo.fhir.schema`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_vitiligo.fhir.definitions import Binding, Element, Invariant, Structure, TypeRef
from fhir_vitiligo.fhir.json import Json

_EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
_BEST_PRACTICE = _EXTENSION + "elementdefinition-bestpractice"
_ALTERNATIVES = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition.valueAlternatives"
_LANGUAGES = _EXTENSION + "narrative-language-control"
_PROFILE_ELEMENT = _EXTENSION + "elementdefinition-profile-element"
_REGEX = _EXTENSION + "regex"
_IMPOSED = frozenset(
    {_EXTENSION + "structuredefinition-imposeProfile", _EXTENSION + "structuredefinition-dependent-profiles"}
)
_FHIR_TYPE = _EXTENSION + "structuredefinition-fhir-type"
# Types of the elements that hold the text of a primitive.
_SYSTEM_TYPE = "http://hl7.org/fhirpath/System."
# A profile of more elements than this is no profile that anybody wrote.
MAX_ELEMENTS = 20_000


@dataclass(frozen=True, slots=True)
class Slicing:
    """``discriminators`` are (type, path) as written: ``("value", "code")``, ``("type", "$this")``."""

    discriminators: tuple[tuple[str, str], ...]
    rules: str = "open"
    ordered: bool = False


@dataclass(slots=True, eq=False, repr=False)
class Node:
    """An element of a profile with the elements below it and, where it is sliced, its slices.

    ``slice_name`` is told without the names of the slices around it. ``regex`` is what a primitive's text has
    to match; ``alternatives`` are extensions that may stand for a primitive's value; ``languages`` what a
    narrative's control of languages says (https://hl7.org/fhir/extensions/StructureDefinition-narrative-language-control.html).
    ``aggregation`` says where the target of a reference may be: contained, bundled, referenced; empty: anywhere.
    """

    element: Element
    id: str
    slice_name: str | None = None
    slicing: Slicing | None = None
    children: list[Node] = field(default_factory=list)
    slices: list[Node] = field(default_factory=list)
    regex: str | None = None
    must_have_value: bool = False
    alternatives: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    aggregation: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.element.name

    def child(self, name: str) -> Node | None:
        """The element called ``name`` below, choices without ``[x]``."""
        return next((child for child in self.children if child.name == name), None)

    def walk(self) -> Iterator[Node]:
        """This node and all below, slices after what they slice."""
        todo = [self]
        while todo:
            node = todo.pop()
            yield node
            todo.extend(reversed(node.slices))
            todo.extend(reversed(node.children))


@dataclass(slots=True, eq=False)
class Schema:
    """A StructureDefinition ready to be compiled. ``type`` is the core type that it constrains."""

    url: str
    version: str
    name: str
    type: str
    kind: str
    abstract: bool
    base: str
    root: Node
    contexts: tuple[tuple[str, str], ...] = ()
    context_invariants: tuple[str, ...] = ()
    imposed: tuple[str, ...] = ()
    status: str = ""
    contained: tuple[Json, ...] = ()

    @property
    def canonical(self) -> str:
        return f"{self.url}|{self.version}" if self.version else self.url

    def find(self, reference: str) -> Node | None:
        """The node that a content reference names: ``#Questionnaire.item`` or a full path."""
        wanted = reference.partition("#")[2] or reference
        return next((node for node in self.root.walk() if wanted in (node.id, node.element.path)), None)


def schema_of(definition: Json, root: Node) -> Schema:
    """The schema of a StructureDefinition whose elements are below ``root``."""
    extensions = [one for one in definition.get("extension", ()) if isinstance(one, dict)]
    return Schema(
        url=definition.get("url", ""),
        version=definition.get("version", ""),
        name=definition.get("name", ""),
        type=str(definition.get("type", "")).removeprefix(_EXTENSION),
        kind=definition.get("kind", ""),
        abstract=bool(definition.get("abstract", False)),
        base=definition.get("baseDefinition", ""),
        root=root,
        contexts=tuple(
            (str(one.get("type", "")), str(one.get("expression", "")))
            for one in definition.get("context", ())
            if isinstance(one, dict)
        ),
        context_invariants=tuple(definition.get("contextInvariant", ())),
        imposed=tuple(
            one["valueCanonical"]
            for one in extensions
            if one.get("url") in _IMPOSED and "valueCanonical" in one
        ),
        status=definition.get("status", ""),
        contained=tuple(one for one in definition.get("contained", ()) if isinstance(one, dict)),
    )


def core_tree(structure: Structure) -> Node:
    """A core type as a tree."""

    def node(element: Element) -> Node:
        return Node(
            element, element.path, children=[node(child) for child in structure.children(element.path)]
        )

    return node(structure.elements[0])


def tree_of(elements: Iterable[Json]) -> Node:
    """The tree of a snapshot's elements: each hangs under the last one of the path above it.

    Raises :class:`ValueError` with what to say of the profile where the elements are no tree.
    """
    root: Node | None = None
    open_nodes: dict[str, Node] = {}
    for count, record in enumerate(elements):
        if count > MAX_ELEMENTS:
            raise ValueError(f"it has more than {MAX_ELEMENTS} elements")
        path = record.get("path")
        if not isinstance(path, str):
            raise ValueError("one of its elements has no path")
        node = node_of(record, path)
        if root is None:
            root = node
        else:
            above = open_nodes.get(path.rpartition(".")[0])
            if above is None:
                raise ValueError(f"its element {path} stands under no other")
            node = _placed(node, above, record.get("sliceName"))
        # What was below an earlier element of this path is closed.
        for closed in [name for name in open_nodes if name.startswith(f"{path}.")]:
            del open_nodes[closed]
        open_nodes[path] = node
    if root is None:
        raise ValueError("it has no elements")
    return root


def _placed(node: Node, above: Node, name: Any) -> Node:
    if not isinstance(name, str):
        above.children.append(node)
        return node
    sliced = next((child for child in above.children if child.element.path == node.element.path), None)
    if sliced is None:
        # A slice of what is not told itself: the profile speaks of it alone.
        sliced = Node(Element(node.element.path, 0, None, node.element.types), node.id.rpartition(":")[0])
        above.children.append(sliced)
    *around, own = name.split("/")
    for step in around:
        sliced = next((one for one in sliced.slices if one.slice_name == step), sliced)
    node.slice_name = own
    sliced.slices.append(node)
    return node


def node_of(record: Json, path: str) -> Node:
    """One ElementDefinition, without what is below it."""
    slicing = record.get("slicing")
    extensions = [one for one in record.get("extension", ()) if isinstance(one, dict)]
    return Node(
        element=_element(record, path),
        id=record.get("id", path),
        slicing=_slicing(slicing) if isinstance(slicing, dict) else None,
        regex=_regex(record),
        must_have_value=bool(record.get("mustHaveValue", False)),
        alternatives=(
            *record.get("valueAlternatives", ()),
            *(one["valueCanonical"] for one in extensions if one.get("url") == _ALTERNATIVES),
        ),
        languages=tuple(one["valueCode"] for one in extensions if one.get("url") == _LANGUAGES),
        aggregation=frozenset(
            str(mode)
            for one in record.get("type", ())
            if isinstance(one, dict)
            for mode in one.get("aggregation", ())
        ),
    )


def _slicing(record: Json) -> Slicing:
    discriminators = tuple(
        (str(one.get("type", "")), str(one.get("path", "")))
        for one in record.get("discriminator", ())
        if isinstance(one, dict)
    )
    return Slicing(discriminators, record.get("rules", "open"), bool(record.get("ordered", False)))


def _element(record: Json, path: str) -> Element:
    reference = record.get("contentReference")
    return Element(
        path=path,
        min=_number(record.get("min"), 0) or 0,
        max=_number(record.get("max"), None),
        types=tuple(_type(one) for one in record.get("type", ()) if isinstance(one, dict)),
        binding=_binding(record.get("binding")),
        content_reference=reference.partition("#")[2] if isinstance(reference, str) else None,
        fixed=_stated(record, "fixed"),
        pattern=_stated(record, "pattern"),
        min_value=_stated(record, "minValue"),
        max_value=_stated(record, "maxValue"),
        max_length=_number(record.get("maxLength"), None),
        is_modifier=bool(record.get("isModifier", False)),
        is_summary=bool(record.get("isSummary", False)),
        is_xml_attribute="xmlAttr" in record.get("representation", ()),
        invariants=tuple(
            Invariant(
                str(one.get("key", "")),
                "warning" if one.get("severity") == "warning" else "error",
                one["expression"],
                str(one.get("human", "")),
                any(
                    more.get("url") == _BEST_PRACTICE and more.get("valueBoolean") is True
                    for more in one.get("extension", ())
                ),
                str(one.get("source", "")),
            )
            for one in record.get("constraint", ())
            if isinstance(one, dict) and isinstance(one.get("expression"), str)
        ),
    )


def _number(told: Any, otherwise: int | None) -> int | None:
    if isinstance(told, str) and told.isdecimal() and len(told) < 10:
        return int(told)
    return told if type(told) is int else otherwise


def _stated(record: Mapping[str, Any], head: str) -> Any:
    for key, value in record.items():
        if key.startswith(head) and key[len(head) : len(head) + 1].isupper():
            return value
    return None


def _type(record: Json) -> TypeRef:
    code = str(record.get("code", ""))
    if code.startswith(_SYSTEM_TYPE):
        told = [one for one in record.get("extension", ()) if one.get("url") == _FHIR_TYPE]
        code = next((one.get("valueUrl") or one.get("valueUri") for one in told), None) or "string"
    return TypeRef(
        code.removeprefix(_EXTENSION),
        tuple(record.get("targetProfile", ())),
        tuple(_profiles(record)),
    )


def _profiles(record: Json) -> Iterator[str]:
    """The profiles of a type; one that means a single element of its profile is told as ``url#id``."""
    beside = record.get("_profile", ())
    for index, url in enumerate(record.get("profile", ())):
        more = beside[index] if index < len(beside) and isinstance(beside[index], dict) else {}
        element = next(
            (
                one.get("valueString")
                for one in more.get("extension", ())
                if one.get("url") == _PROFILE_ELEMENT
            ),
            None,
        )
        yield f"{url}#{element}" if element else url


def _binding(record: Any) -> Binding | None:
    if not isinstance(record, dict) or not isinstance(record.get("valueSet"), str):
        return None
    most = next(
        (
            one.get("valueCanonical")
            for one in record.get("extension", ())
            if one.get("url") == _EXTENSION + "elementdefinition-maxValueSet"
        ),
        None,
    ) or next(
        (one.get("valueSet") for one in record.get("additional", ()) if one.get("purpose") == "maximum"),
        None,
    )
    return Binding(record.get("strength", "example"), record["valueSet"], most)


def _regex(record: Json) -> str | None:
    for place in (record, *(one for one in record.get("type", ()) if isinstance(one, dict))):
        for one in place.get("extension", ()):
            if isinstance(one, dict) and one.get("url") == _REGEX and isinstance(one.get("valueString"), str):
                text: str = one["valueString"]
                return text
    return None
