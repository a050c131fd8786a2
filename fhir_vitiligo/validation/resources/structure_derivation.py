"""Whether a profile only restricts what it is derived from (https://hl7.org/fhir/R4/profiling.html#resources).

Each element of the differential is held against the element of the base that it speaks of, unfolded from the datatype where the
base has nothing below it. What is new in a profile (a slice, an extension) may be anything that its type allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fhir_vitiligo.fhir.definitions import CORE, Element, TypeRef
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.element_definition import node_of
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered
from fhir_vitiligo.validation.resources.structure_compliance import code_beyond
from fhir_vitiligo.validation.schema import Node, Schema

# Sliced without anybody saying how: extensions by their url, choices by their type.
_SLICED_BY_THEMSELVES = ("extension", "modifierExtension")


def derivation_faults(elements: list[tuple[int, Json]], base: Schema, context: Context) -> Iterator[Fault]:
    """What the differential says that its base does not allow."""
    derivation = _Derivation(base, context)
    for index, record in elements:
        path = record.get("path")
        if isinstance(path, str):
            for fault in derivation.element(record, path):
                fault.steps += [f"element[{index}]", "differential"]
                yield fault


class _Derivation:
    def __init__(self, base: Schema, context: Context) -> None:
        self.base = base
        self.context = context
        self.found: dict[str, Node | None] = {base.root.element.path: base.root}
        # Below each element, how far in the order of the base the differential is.
        self.reached: dict[str, int] = {}
        # Elements stated so far, and those not stated of which something below was.
        self.stated = {base.root.element.path}
        self.passed: set[str] = set()
        self.sliced: set[str] = set()
        # Choices sliced by their type, those narrowed to fewer types, and paths met so far.
        self.sliced_by_type: set[str] = set()
        self.narrowed: set[str] = set()
        self.met: set[str] = set()
        self.invariants = {
            one.key: one.expression for node in base.root.walk() for one in node.element.invariants
        }

    def element(self, record: Json, path: str) -> Iterator[Fault]:
        """The faults of one element, without its place."""
        node = self._node(path)
        if node is None:
            if self._node(path.rpartition(".")[0]) is not None:
                yield _fault(f"{path} is no element of {self.base.url}, which the profile restricts.")
            return
        is_slice = isinstance(record.get("sliceName"), str)
        if node.element.path == f"{path}[x]":
            yield _fault(f"{path} has one of several types: its path is {path}[x].")
        yield from self._order(path, is_slice)
        yield from self._slicing(record, path, node, is_slice)
        stated = node_of(record, path).element
        yield from self._choices(record, stated, node, is_slice)
        self.met.add(path)
        if not is_slice:
            yield from _occurrences(record, stated, node.element)
        yield from self._types(record, stated, node.element)
        yield from _values(record, stated, node.element, self.context)
        yield from self._binding(stated, node.element)
        if isinstance(record.get("isSummary"), bool) and stated.is_summary != node.element.is_summary:
            verb = "make" if stated.is_summary else "leave"
            where = "a part of" if stated.is_summary else "out of"
            yield _fault(
                f"A profile cannot {verb} {path} {where} the summary: that is for the definition of the type."
            )
        for number, one in numbered(record.get("constraint")):
            told, key = one.get("expression"), one.get("key")
            if not isinstance(told, str) or not isinstance(key, str):
                continue
            known = self.invariants.setdefault(key, told)
            if told != known:
                text = f"The key {shown(key)} is that of another invariant, {known}: choose a new one."
                yield _fault(text, [f"constraint[{number}]"])

    def _node(self, path: str) -> Node | None:
        """The element of the base, or of the type of an element of the base, at a path; None where there is none."""
        if path in self.found:
            return self.found[path]
        above, _, name = path.rpartition(".")
        around = self._node(above) if above else None
        self.found[path] = found = None if around is None else self._child(around, name)
        return found

    def _child(self, around: Node, name: str) -> Node | None:
        for node in self._unfolded(around):
            plain = name.removesuffix("[x]")
            if (found := node.child(plain)) is not None:
                return found
            for child in node.children:
                kind = _typed(child, plain)
                if kind is not None:
                    return Node(replace(child.element, types=(kind,)), child.id, children=child.children)
        return None

    def _unfolded(self, node: Node) -> Iterator[Node]:
        yield node
        if node.children:
            return
        element = node.element
        if element.content_reference is not None:
            referred = self.base.find(element.content_reference)
            if referred is not None:
                yield referred
        library = self.context.library
        for kind in element.types or (TypeRef(CORE),):
            for url in (*kind.profiles, CORE + kind.code):
                if (schema := library.profile(url)) is not None:
                    yield schema.root
        if len(element.types) != 1 and (schema := library.profile(CORE + "Element")) is not None:
            yield schema.root

    def _order(self, path: str, is_slice: bool) -> Iterator[Fault]:
        for below in [one for one in self.reached if one == path or one.startswith(f"{path}.")]:
            del self.reached[below]
        self.passed = {one for one in self.passed if not one.startswith(f"{path}.")}
        late = path in self.passed and not is_slice
        self.passed.discard(path)
        self.stated.add(path)
        steps = path.split(".")
        for end in range(2, len(steps) + 1):
            above, name = ".".join(steps[: end - 1]), steps[end - 1]
            if end < len(steps) and f"{above}.{name}" not in self.stated:
                self.passed.add(f"{above}.{name}")
            place = self._place(above, name.removesuffix("[x]"))
            if place is not None:
                late = late or place < self.reached.get(above, 0)
                self.reached[above] = place
        if late:
            yield _fault(f"{path} comes too late: a differential has the order of what it restricts.")

    def _place(self, above: str, name: str) -> int | None:
        """Which of the elements of its parent an element is."""
        around = self._node(above)
        if around is None:
            return None
        names = [child.name for node in self._unfolded(around) for child in node.children]
        return next((at for at, one in enumerate(names) if name == one), None)

    def _slicing(self, record: Json, path: str, node: Node, is_slice: bool) -> Iterator[Fault]:
        element = node.element
        repeats = element.max is None or element.max > 1
        by_itself = element.is_choice or element.name in _SLICED_BY_THEMSELVES
        if isinstance(record.get("slicing"), dict):
            self.sliced.add(path)
            if not repeats and not by_itself and not is_slice:
                text = f"{path} does not repeat and is no choice of types: it cannot be sliced."
                yield _fault(text, ["slicing"], "profile-slicing")
        elif is_slice and path not in self.sliced and not by_itself and node.slicing is None:
            text = f"{path} has a slice {shown(record['sliceName'])}, and nobody says how its slices are told apart."
            yield _fault(text, rule="profile-slicing")

    def _choices(self, record: Json, stated: Element, node: Node, is_slice: bool) -> Iterator[Fault]:
        """What stands below a choice belongs to one of its types, and its slices are called by theirs
        (https://hl7.org/fhir/R4/profiling.html#slicing).
        """
        path, name = stated.path, record.get("sliceName")
        above, _, last = path.rpartition(".")
        segment = str(record.get("id", path)).rpartition(".")[2]
        if not is_slice and path in self.met and segment.partition(":")[0] == last != segment:
            yield _fault(
                f"{record['id']} is a slice by its id and has no `sliceName`.", rule="profile-slicing"
            )
        if isinstance(sliced := record.get("slicing"), dict):
            ways = [(one.get("type"), one.get("path")) for _, one in numbered(sliced.get("discriminator"))]
            if ways == [("type", "$this")]:
                self.sliced_by_type.add(path)
        if stated.types and len(stated.types) < len(node.element.types) and not is_slice:
            self.narrowed.add(path)
        if isinstance(name, str) and path.endswith("[x]") and "/" not in name:
            if path in self.sliced_by_type and len(stated.types) == 1:
                code = stated.types[0].code
                wanted = f"{last.removesuffix('[x]')}{code[:1].upper()}{code[1:]}"
                if name != wanted:
                    text = f"A slice of {path} for {code} is called {wanted}, not {shown(name)}."
                    yield _fault(text, rule="profile-slicing")
            self.narrowed.add(path)
        around = self.found.get(above)
        if (
            above.endswith("[x]")
            and above not in self.narrowed
            and ":" not in str(record.get("id", ""))
            and around is not None
            and len(around.element.types) > 1
            and last not in ("id", "extension")
        ):
            types = ", ".join(kind.code for kind in around.element.types[:12])
            yield _fault(f"{path} is of one type, and {above} may be of several ({types}): say which first.")

    def _types(self, record: Json, stated: Element, base: Element) -> Iterator[Fault]:
        allowed = {kind.code for kind in base.types}
        for number, kind in enumerate(stated.types):
            place = [f"type[{number}]"]
            family = {kind.code, *self.context.definitions.ancestors(kind.code)}
            if allowed and allowed.isdisjoint(family):
                text = f"{stated.path} cannot be {kind.code}: {self.base.url} allows {', '.join(sorted(allowed)[:12])}."
                yield _fault(text, place)
                continue
            yield from self._targets(kind, base, place, stated.path)
        for number, told in numbered(record.get("type")):
            for at, url in enumerate(
                told.get("profile", ()) if isinstance(told.get("profile"), list) else ()
            ):
                # With an extension beside it, a profile's element is meant (elementdefinition-profile-element).
                if "_profile" not in told:
                    yield from self._profile(
                        str(told.get("code")), url, [f"profile[{at}]", f"type[{number}]"]
                    )

    def _targets(self, kind: TypeRef, base: Element, place: list[str], path: str) -> Iterator[Fault]:
        known = next((one.target_profiles for one in base.types if one.code == kind.code), ())
        types = {self._type(url) for url in known}
        if not types or None in types or "Resource" in types:
            return
        for url in kind.target_profiles:
            name = self._type(url)
            if name is None:
                continue
            if types.isdisjoint((name, *self.context.definitions.ancestors(name))):
                text = f"{path} cannot refer to {name}: {self.base.url} allows {', '.join(sorted(map(str, types)))}."
                yield _fault(text, place)

    def _type(self, url: str) -> str | None:
        schema = self.context.library.profile(url)
        return None if schema is None else schema.type

    def _profile(self, code: str, url: Any, place: list[str]) -> Iterator[Fault]:
        schema = self.context.library.profile(url) if isinstance(url, str) and "#" not in url else None
        definitions = self.context.definitions
        if schema is None:
            return
        if (
            code != schema.type
            and schema.type not in definitions.ancestors(code)
            and code not in definitions.ancestors(schema.type)
        ):
            yield _fault(f"The profile {url} is for {schema.type}, and the element is a {code}.", place)

    def _binding(self, stated: Element, base: Element) -> Iterator[Fault]:
        if stated.binding is None:
            return
        if self.context.library.terminology.is_code_system(stated.binding.value_set):
            text = f"{stated.path} is bound to {stated.binding.value_set}, which is a code system: name a value set."
            yield _fault(text, ["binding"])
            return
        if base.binding is None or base.binding.strength != "required":
            return
        if stated.binding.strength != "required":
            text = f"The binding of {stated.path} is required in the base; a profile cannot make it {stated.binding.strength}."
            yield _fault(text, ["binding"])
            return
        mine, other = stated.binding.value_set, base.binding.value_set
        if mine.partition("|")[0] == other.partition("|")[0] or mine.startswith("#"):
            return
        terminology = self.context.library.terminology
        more = code_beyond(terminology.value_set(mine), terminology.value_set(other), terminology)
        if more is not None:
            text = f"{stated.binding.value_set} has {shown(more)}, which the base does not allow ({base.binding.value_set})."
            yield _fault(text, ["binding"])


def _fault(text: str, steps: list[str] | None = None, rule: str = "profile-element") -> Fault:
    return Fault(rule, "business-rule", text, steps=steps or [])


def _typed(choice: Node, name: str) -> TypeRef | None:
    """The type that ``valueQuantity`` says of ``value[x]``."""
    tail = name.removeprefix(choice.name)
    if not choice.element.is_choice or tail == name:
        return None
    return next(
        (kind for kind in choice.element.types if kind.code[:1].upper() + kind.code[1:] == tail), None
    )


def _occurrences(record: Json, stated: Element, base: Element) -> Iterator[Fault]:
    if "min" in record and stated.min < base.min:
        yield _fault(
            f"{stated.path} may be there {stated.min} times here, and has to be there {base.min} times in the base."
        )
    if "max" in record and base.max is not None and (stated.max is None or stated.max > base.max):
        most = "any number of" if stated.max is None else str(stated.max)
        yield _fault(
            f"{stated.path} may be there {most} times here, and at most {base.max} times in the base."
        )


def _values(record: Json, stated: Element, base: Element, context: Context) -> Iterator[Fault]:
    """A fixed value and a pattern are of a type that the element may have."""
    kinds = {kind.code for kind in stated.types or base.types}
    if not kinds:
        return
    for head in ("fixed", "pattern"):
        for key in record:
            name = key.removeprefix(head)
            if name == key or not name[:1].isupper():
                continue
            own = next((one for one in context.library.types if one[:1].upper() + one[1:] == name), name)
            family = {own, *context.definitions.ancestors(own)}
            # A datatype's own profiles are written as it; a code is no string.
            above = {one for kind in kinds for one in context.definitions.ancestors(kind)}
            if kinds.isdisjoint(family) and (own not in above or own in context.definitions.primitive_types):
                text = f"`{key}` is a value of the type {own}; {stated.path} is {' or '.join(sorted(kinds)[:12])}."
                yield _fault(text)
