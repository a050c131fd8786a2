"""What a profile says, as a tree of elements (https://hl7.org/fhir/R4/structuredefinition.html#snapshot).

Core types and profiles have one form: the :class:`Element` of the definitions, with what only a profile adds
(slices, values that must be there) in the :class:`Node` around it. A core type's own table of JSON names is
:mod:`fhir_vitiligo.fhir.schema`; how an ElementDefinition is read, :mod:`.element_definition`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fhir_vitiligo.fhir.definitions import Binding, Element, Structure
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.validation.shapes import objects, string, strings

_EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
_IMPOSED = frozenset(
    {_EXTENSION + "structuredefinition-imposeProfile", _EXTENSION + "structuredefinition-dependent-profiles"}
)
_OBLIGATION = _EXTENSION + "obligation"


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
    ``additional`` are bindings that hold besides the element's own.
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
    additional: tuple[Binding, ...] = ()

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
    """A StructureDefinition ready to be compiled. ``type`` is the core type that it constrains.
    ``has_obligations``: it asks something of the systems that make or read such resources
    (https://hl7.org/fhir/extensions/StructureDefinition-obligation.html).
    """

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
    has_obligations: bool = False
    elsewhere: bool = False
    """Whether there are contexts that are left out because they are for other releases."""
    other_release: str = ""
    """The releases that an extension is for, in words, when this is none of them."""

    @property
    def canonical(self) -> str:
        return f"{self.url}|{self.version}" if self.version else self.url

    def find(self, reference: str) -> Node | None:
        """The node that a content reference names: ``Questionnaire.item``, behind ``#`` where it has an address."""
        wanted = reference.partition("#")[2] or reference
        return next((node for node in self.root.walk() if wanted in (node.id, node.element.path)), None)

    def own(self, reference: str) -> Node | None:
        """The same; None where the reference is to another definition, of which nothing is constrained here."""
        address, mark, _ = reference.partition("#")
        return self.find(reference) if not mark or address == self.url else None


def schema_of(definition: Json, root: Node) -> Schema:
    """The schema of a StructureDefinition whose elements are below ``root``."""
    return Schema(
        url=string(definition.get("url")),
        version=string(definition.get("version")),
        name=string(definition.get("name")),
        type=string(definition.get("type")).removeprefix(_EXTENSION),
        kind=string(definition.get("kind")),
        abstract=definition.get("abstract") is True,
        base=string(definition.get("baseDefinition")),
        root=root,
        contexts=tuple(
            (str(one.get("type", "")), str(one.get("expression", "")))
            for one in objects(definition.get("context"))
        ),
        context_invariants=strings(definition.get("contextInvariant")),
        imposed=strings(
            [
                one.get("valueCanonical")
                for one in objects(definition.get("extension"))
                if string(one.get("url")) in _IMPOSED
            ]
        ),
        status=string(definition.get("status")),
        contained=tuple(objects(definition.get("contained"))),
        has_obligations=any(_obliges(one) for one in (definition, *_elements(definition))),
    )


def _elements(definition: Json) -> Iterator[Json]:
    for view in ("snapshot", "differential"):
        stated = definition.get(view)
        yield from objects(stated.get("element") if isinstance(stated, dict) else None)


def _obliges(record: Json) -> bool:
    return any(one.get("url") == _OBLIGATION for one in objects(record.get("extension")))


def core_tree(structure: Structure) -> Node:
    """A core type as a tree."""

    def node(element: Element) -> Node:
        return Node(
            element, element.path, children=[node(child) for child in structure.children(element.path)]
        )

    return node(structure.elements[0])
