"""What an expression is evaluated on: an element with its type and place, and what it may ask its caller.

https://hl7.org/fhir/R4/fhirpath.html. A collection is a list of nodes and of System values; a list that an
evaluation has returned is never changed afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fhir_vitiligo.fhir.fhirpath.model import Choice, Type, model_of
from fhir_vitiligo.fhir.fhirpath.temporal import Temporal, now
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release

Item = Any  # a Node, or a System value: bool, int, Decimal, str, Temporal, Quantity
Collection = list[Item]

DEFAULT_BUDGET = 5_000_000


class Node:
    """An element: its JSON value, FHIR type, companion (``_birthDate``) and place.

    ``value`` is None for a primitive that has only a companion. ``name`` is the element's (``value`` for
    ``valueQuantity``), ``index`` its place in an array from 0, or -1.
    """

    __slots__ = ("companion", "index", "name", "parent", "type", "value")

    def __init__(
        self,
        value: Any,
        type: Type,
        companion: Any = None,
        parent: Node | None = None,
        name: str = "",
        index: int = -1,
    ) -> None:
        self.value = value
        self.type = type
        self.companion = companion
        self.parent = parent
        self.name = name
        self.index = index

    def __repr__(self) -> str:
        return f"Node({self.path}: {self.type.path})"

    @property
    def path(self) -> str:
        """``Patient.name[0].given[1]``, from the outermost node known."""
        if self.parent is None:
            return self.name or self.type.path
        step = self.name if self.index < 0 else f"{self.name}[{self.index}]"
        return f"{self.parent.path}.{step}"

    def system(self) -> Any:
        """The System value: a number, string, Temporal, Quantity; the node itself when it is complex; None without value."""
        convert = self.type.convert
        if convert is None:
            return self
        value = convert(self.value)
        return self if value is None and not self.type.primitive else value

    def children(self, name: str) -> list[Node]:
        """The elements of this name, an empty list when there are none; ``value`` finds ``valueQuantity``."""
        value = self.value
        if type(value) is not dict:
            return self._of_primitive(name)
        for choice in self.type.members[name]:
            found = value.get(choice.key)
            if choice.companion is not None:
                companion = value.get(choice.companion)
                if found is not None or companion is not None:
                    return primitives(self, choice, found, companion)
            elif found is not None:
                return complexes(self, choice, found)
        return []

    def first_child(self, name: str) -> Node | None:
        """The first that :meth:`children` finds, without making the others."""
        value = self.value
        if type(value) is dict:
            for choice in self.type.members[name]:
                found = value.get(choice.key)
                if type(found) is list and found and found[0] is not None and choice.companion is None:
                    kind = choice.type or self.type.model.resource(found[0])
                    return Node(found[0], kind, None, self, name, 0)
        nodes = self.children(name)
        return nodes[0] if nodes else None

    def has(self, name: str) -> bool:
        """Whether :meth:`children` finds any, without making them."""
        value = self.value
        if type(value) is not dict:
            return bool(self._of_primitive(name))
        for choice in self.type.members[name]:
            found = value.get(choice.key)
            if found is not None:
                return found != [] and (type(found) is not list or bool(self.children(name)))
            if choice.companion is not None and value.get(choice.companion) is not None:
                return bool(self.children(name))
        return False

    def all_children(self) -> list[Node]:
        """Every element inside, in the order of the JSON."""
        value = self.value
        if type(value) is not dict:
            return self._of_primitive("id") + self._of_primitive("extension")
        nodes: list[Node] = []
        keys = self.type.keys
        for key, found in value.items():
            if key[:1] == "_":
                choice = None if key[1:] in value else keys[key[1:]]
                if choice is not None and choice.companion is not None:
                    nodes += primitives(self, choice, None, found)
                continue
            choice = keys[key]
            if choice is None or found is None:
                continue
            if choice.companion is not None:
                nodes += primitives(self, choice, found, value.get(choice.companion))
            else:
                nodes += complexes(self, choice, found)
        return nodes

    def resource(self) -> Node | None:
        """The resource this is part of, or is."""
        node: Node | None = self
        while node is not None and not node.type.resource:
            node = node.parent
        return node

    def _of_primitive(self, name: str) -> list[Node]:
        """``extension`` and ``id`` of a primitive stand in its companion."""
        companion = self.companion
        if type(companion) is not dict or name not in companion or name not in ("extension", "id"):
            return []
        element = self.type.model.type("Element")
        return Node(companion, element, None, self.parent, self.name, self.index).children(name)


def primitives(node: Node, choice: Choice, found: Any, companion: Any) -> list[Node]:
    """The node or nodes of a primitive element; a place with neither value nor companion is none."""
    kind, name = choice.type, choice.name
    assert kind is not None
    if type(found) is not list and type(companion) is not list:
        return [Node(found, kind, companion, node, name)]
    values = found if type(found) is list else [] if found is None else [found]
    beside = companion if type(companion) is list else []
    nodes = []
    for index in range(max(len(values), len(beside))):
        value = values[index] if index < len(values) else None
        more = beside[index] if index < len(beside) else None
        if value is not None or more is not None:
            nodes.append(Node(value, kind, more, node, name, index))
    return nodes


def complexes(node: Node, choice: Choice, found: Any) -> list[Node]:
    """The node or nodes of an element that is no primitive, or of a primitive that takes no companion."""
    kind, name = choice.type, choice.name
    if kind is None:
        resource = node.type.model.resource
        if type(found) is list:
            return [
                Node(item, resource(item), None, node, name, index)
                for index, item in enumerate(found)
                if item is not None
            ]
        return [Node(found, resource(found), None, node, name)]
    if type(found) is list:
        return [
            Node(item, kind, None, node, name, index) for index, item in enumerate(found) if item is not None
        ]
    return [Node(found, kind, None, node, name)]


def descendants(node: Node) -> Iterator[Node]:
    """Everything below, nearest first."""
    level = node.all_children()
    while level:
        yield from level
        level = [child for parent in level for child in parent.all_children()]


def root(resource: Json, release: Release) -> Node:
    """The node of a whole resource, of the type it says it is."""
    return Node(resource, model_of(release).resource(resource))


def element(value: Any, path: str, release: Release, companion: Any = None) -> Node:
    """The node of an element of known type: ``element(name, "HumanName", r4)``, ``element(x, "Patient.contact", r4)``.

    :class:`KeyError` when the release defines nothing there.
    """
    return Node(value, model_of(release).type(path), companion)


# What a caller may answer. ``resolve`` gets the reference as written and the node that holds it.
Resolve = Callable[[str, Node], "Node | Json | None"]
MemberOf = Callable[[Node, str], "bool | None"]
ConformsTo = Callable[[Node, str], "bool | None"]


class Environment:
    """What expressions may ask beside the data; one for each resource at work, used by one thread at a time.

    ``resource`` is ``%resource``, ``root_resource`` what contains it (``%rootResource``). ``member_of`` and
    ``conforms_to`` answer None for a value set or profile they do not know. ``variables`` are further ``%names``
    with their collections. ``budget`` bounds the steps of one evaluation.
    """

    __slots__ = (
        "_now", "budget", "conforms_to", "context", "defined", "index", "member_of", "resolve", "resource",
        "root_resource", "steps", "total", "variables",
    )  # fmt: skip

    def __init__(
        self,
        resource: Node | None = None,
        root_resource: Node | None = None,
        *,
        resolve: Resolve | None = None,
        member_of: MemberOf | None = None,
        conforms_to: ConformsTo | None = None,
        variables: Mapping[str, Collection] | None = None,
        budget: int = DEFAULT_BUDGET,
    ) -> None:
        self.resource = resource
        self.root_resource = root_resource or resource
        self.resolve = resolve
        self.member_of = member_of
        self.conforms_to = conforms_to
        self.variables: Mapping[str, Collection] = variables or {}
        self.budget = budget
        # Of the evaluation that runs.
        self.context: Node | None = None
        self.index: int | None = None
        self.total: Collection = []
        self.steps = budget
        self.defined: dict[tuple[str, int], Collection] = {}
        self._now: Temporal | None = None

    @property
    def now(self) -> Temporal:
        """One moment for all that is asked with this environment."""
        if self._now is None:
            self._now = now()
        return self._now
