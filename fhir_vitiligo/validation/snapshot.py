"""The tree of a profile that comes with a differential alone
(https://hl7.org/fhir/R4/profiling.html#snapshot, https://hl7.org/fhir/R4/elementdefinition.html).

The base's tree is copied and each element of the differential is laid over its place. What a differential
speaks of below an element of a datatype is first unfolded from that type; a slice starts as a copy of what it
slices.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from fhir_vitiligo.fhir.definitions import CORE, Element, TypeRef
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.validation.element_definition import MAX_ELEMENTS, node_of
from fhir_vitiligo.validation.schema import Node, Slicing

if TYPE_CHECKING:
    from fhir_vitiligo.validation.library import Library


class SnapshotError(ValueError):
    """What a differential says cannot be laid over its base; the message follows "cannot be used:". ``reason`` is what is wrong
    with the base, or with the base of that.
    """

    def __init__(self, text: str, reason: str | None = None) -> None:
        super().__init__(text)
        self.reason = text if reason is None else reason


class TooManyElementsError(SnapshotError):
    """Laid over its base, the differential grows without end."""


def snapshot_tree(definition: Json, library: Library) -> Node:
    """Raises :class:`SnapshotError`, in words that follow a colon."""
    base_url = definition.get("baseDefinition")
    if not isinstance(base_url, str):
        raise SnapshotError("it has no snapshot and names no base")
    base = library.profile(base_url)
    if base is None:
        # The reason, not each step on the way to it.
        why = library.reasons.get(base_url.partition("|")[0], "nobody here knows it")
        raise SnapshotError(f"its base {base_url} cannot be used ({why})", why)
    _check_type(definition, base.type, library)
    differential = definition.get("differential")
    records = differential.get("element", []) if isinstance(differential, dict) else []
    root = copy(base.root)
    _address_references(root, root.element.path)
    return _Overlay(root, library).lay(records)


def _check_type(definition: Json, base_type: str, library: Library) -> None:
    name = definition.get("type")
    is_constraint = definition.get("derivation") == "constraint" and isinstance(name, str)
    if is_constraint and name in library.types and base_type in library.types:
        family = (name, *library.definitions.ancestors(name))
        if base_type not in family:
            base = definition["baseDefinition"]
            raise SnapshotError(f"it is for {name}, and its base {base} for {base_type}")


def _address_references(root: Node, type_name: str) -> None:
    """References to contents lead to what the type says of it, not to what profiles add
    (https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.contentReference).
    """
    for node in root.walk():
        reference = node.element.content_reference
        if reference is not None and "#" not in reference:
            node.element = replace(node.element, content_reference=f"{CORE}{type_name}#{reference}")


def copy(node: Node, path: str | None = None) -> Node:
    """A copy that shares nothing that changes; ``path`` is where its root stands from now on."""
    head = node.element.path
    return _copied(node, len(head), head if path is None else path)


def _copied(node: Node, cut: int, head: str) -> Node:
    element = node.element
    path = head + element.path[cut:]
    return Node(
        element=element if path == element.path else replace(element, path=path),
        id=head + node.id[cut:] if node.id.startswith(element.path[:cut]) else node.id,
        slice_name=node.slice_name,
        slicing=node.slicing,
        children=[_copied(child, cut, head) for child in node.children],
        slices=[_copied(one, cut, head) for one in node.slices],
        regex=node.regex,
        must_have_value=node.must_have_value,
        alternatives=node.alternatives,
        languages=node.languages,
        aggregation=node.aggregation,
        additional=node.additional,
    )


class _Overlay:
    def __init__(self, root: Node, library: Library) -> None:
        self.root = root
        self.library = library
        # The node that a path means at this point of the differential: the last one stated.
        self.open: dict[str, Node] = {root.element.path: root}
        # Choices that only a typed name (valueQuantity) speaks of.
        self.shorthand: dict[int, Node] = {}
        self.count = 0
        self.flaws: list[str] = []

    def lay(self, records: Iterable[Json]) -> Node:
        for record in records:
            # HL7's engine, too, goes on without what it cannot place.
            try:
                self._one(record)
            except TooManyElementsError:
                raise
            except SnapshotError as error:
                self.flaws.append(str(error))
        return self.root

    def _one(self, record: Json) -> None:
        path = record.get("path") if isinstance(record, dict) else None
        if not isinstance(path, str):
            raise SnapshotError("one of its elements has no path")
        root_path = self.root.element.path
        if path != root_path and not path.startswith(f"{root_path}."):
            raise SnapshotError(f"its element {path} is none of {root_path}")
        self._put(record, path)

    def _put(self, record: Json, path: str) -> None:
        node = self._node(path)
        name = record.get("sliceName")
        stated = node_of(record, path)
        if isinstance(name, str) and path != self.root.element.path:
            node = self._slice(node, name, stated)
        for closed in [one for one in self.open if one.startswith(f"{path}.")]:
            del self.open[closed]
        self.open[path] = node
        _merge(node, stated, record)
        choice = self.shorthand.get(id(node))
        if choice is not None and choice.slicing == _BY_TYPE:
            # The shorthand says which types there are, not only what one of them is like.
            choice.slicing = replace(_BY_TYPE, rules="closed")

    def _node(self, path: str) -> Node:
        """What stands at a path, found from the nearest part of it that is open."""
        above, _, name = path.rpartition(".")
        if not above:
            return self.root
        around = self.open.get(above) or self._node(above)
        self.open.setdefault(above, around)
        return self._child(around, name.removesuffix("[x]"))

    def _child(self, around: Node, name: str) -> Node:
        self._unfold(around)
        found = around.child(name)
        if found is not None:
            return found
        for child in around.children:
            if child.element.is_choice and name.startswith(child.name) and (own := _typed(child, name)):
                return self._type_slice(child, name, own)
        raise SnapshotError(f"its element {around.element.path}.{name} is not in its base")

    def _type_slice(self, choice: Node, name: str, own: TypeRef) -> Node:
        """``valueQuantity`` in a differential is the slice of that type of ``value[x]``."""
        if len(choice.element.types) == 1:
            return choice
        for one in choice.slices:
            if one.slice_name == name:
                return one
        is_shorthand = choice.element.path not in self.open and (
            choice.slicing is None or id(choice) in self.shorthand
        )
        if choice.slicing is None:
            choice.slicing = _BY_TYPE
        made = self._new_slice(choice, name)
        made.element = replace(made.element, types=(own,))
        if is_shorthand:
            self.shorthand[id(made)] = self.shorthand[id(choice)] = choice
        return made

    def _slice(self, sliced: Node, name: str, stated: Node) -> Node:
        *around, own = name.split("/")
        for step in around:
            sliced = next((one for one in sliced.slices if one.slice_name == step), sliced)
        found = next((one for one in sliced.slices if one.slice_name == own), None)
        if found is not None:
            return found
        if sliced.slice_name == own:
            # valueQuantity with its own name: the type has made the slice.
            return sliced
        if sliced.slicing is None and sliced.slice_name is None:
            sliced.slicing = _usual_slicing(sliced.element)
        return self._new_slice(sliced, own)

    def _new_slice(self, sliced: Node, name: str) -> Node:
        made = copy(sliced)
        made.slices, made.slicing, made.slice_name = [], None, name
        made.id = f"{sliced.id}:{name}" if sliced.slice_name is None else f"{sliced.id}/{name}"
        # A slice is only there when it says so.
        made.element = replace(made.element, min=0)
        self._spend(made)
        sliced.slices.append(made)
        return made

    def _unfold(self, node: Node) -> None:
        """Puts the elements of a node's type below it, where nothing is yet."""
        if node.children:
            return
        element = node.element
        if element.content_reference is not None:
            source = self._referred(element.content_reference)
        else:
            source = self._type_root(element.types)
        if source is None:
            raise SnapshotError(f"what is below {element.path} cannot be told: it has not one type")
        unfolded = copy(source, element.path)
        _address_references(unfolded, source.element.path.partition(".")[0])
        self._spend(unfolded)
        node.children = unfolded.children

    def _referred(self, reference: str) -> Node | None:
        address, _, path = reference.rpartition("#")
        schema = self.library.profile(address) if address else None
        root = self.root if schema is None else schema.root
        return next((one for one in root.walk() if path in (one.id, one.element.path) and one.children), None)

    def _type_root(self, types: tuple[TypeRef, ...]) -> Node | None:
        if len(types) != 1:
            # What all of them have: ids and extensions.
            schema = self.library.profile(CORE + "Element")
        else:
            profiles = types[0].profiles
            schema = self.library.profile(profiles[0]) if len(profiles) == 1 else None
            schema = schema or self.library.profile(CORE + types[0].code)
        return None if schema is None else schema.root

    def _spend(self, made: Node) -> None:
        self.count += sum(1 for _ in made.walk())
        if self.count > MAX_ELEMENTS:
            raise TooManyElementsError(f"it unfolds to more than {MAX_ELEMENTS} elements")


_BY_TYPE = Slicing((("type", "$this"),))


def _usual_slicing(element: Element) -> Slicing:
    """Extensions are sliced by their url and choices by their type without anybody saying so."""
    if element.name in ("extension", "modifierExtension"):
        return Slicing((("value", "url"),))
    return Slicing((("type", "$this"),) if element.is_choice else ())


def _typed(choice: Node, name: str) -> TypeRef | None:
    tail = name[len(choice.name) :]
    return next(
        (kind for kind in choice.element.types if kind.code[:1].upper() + kind.code[1:] == tail), None
    )


def _merge(node: Node, stated: Node, record: Json) -> None:
    """Lays what an element of the differential says over what was there."""
    old, new = node.element, stated.element
    told = {
        name: getattr(new, name)
        for name, key in (("min", "min"), ("max", "max"), ("is_modifier", "isModifier"))
        if key in record
    }
    for name in ("binding", "fixed", "pattern", "min_value", "max_value", "max_length", "content_reference"):
        if getattr(new, name) is not None:
            told[name] = getattr(new, name)
    if new.types:
        told["types"] = tuple(_type(kind, old.types) for kind in new.types)
    if new.invariants:
        own = {one.key for one in new.invariants}
        told["invariants"] = tuple(one for one in old.invariants if one.key not in own) + new.invariants
    node.element = replace(old, **told)
    if new.content_reference is None and new.types and old.types and new.types[0].code != old.types[0].code:
        node.children = node.children if old.content_reference else []
    node.slicing = stated.slicing or node.slicing
    node.regex = stated.regex or node.regex
    node.must_have_value = stated.must_have_value or node.must_have_value
    node.alternatives = stated.alternatives or node.alternatives
    node.languages = stated.languages or node.languages
    node.aggregation = stated.aggregation or node.aggregation
    node.additional = stated.additional or node.additional


def _type(kind: TypeRef, before: tuple[TypeRef, ...]) -> TypeRef:
    """A type that is restated without targets keeps those of the base."""
    was = next((one for one in before if one.code == kind.code), None)
    if was is None:
        return kind
    return TypeRef(kind.code, kind.target_profiles or was.target_profiles, kind.profiles or was.profiles)
