"""Where every fact of a case goes: the resource, the element, the codes; and what goes nowhere, with the
reason.

Nothing is listed here: the declarations that write a case are run over it, one field after the other, and
what each one adds to the resource is what it is said to become.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from fhir_vitiligo.case.model import Case, Item, Statement
from fhir_vitiligo.case.table import Entry, Section, Steps, how, sections, words
from fhir_vitiligo.case.values import Fact, Model
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.compiler import CompiledField, value_of
from fhir_vitiligo.mapping.declaration import Json
from fhir_vitiligo.mapping.parts import CompiledPart, Kind, kinds
from fhir_vitiligo.mapping.residue import Path, at, element_names, leaves
from fhir_vitiligo.mapping.writer import CaseWriter
from fhir_vitiligo.terminology.systems import ALIAS, LOCAL, SNOMED_CT, UCUM

_META = frozenset({urls.DATA_ABSENT_REASON, urls.ORIGINAL_TEXT, urls.READING, urls.RECORDED_CODE})
_SYSTEM_NAMES = {uri: name.upper() for name, uri in ALIAS.items()} | {
    SNOMED_CT: "SNOMED CT",
    LOCAL: "own code",
}


@dataclass(frozen=True, slots=True)
class Target:
    """What a fact becomes: ``element`` of a ``resource`` (its ``title`` tells several of one type apart),
    and the ``codes``.

    No element: the fact decides that it is this resource.
    """

    resource: str
    title: str
    element: str
    codes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.resource}.{self.element}" if self.element else self.resource


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that the case says: what it is (``section``, ``label``), where it stands in the file
    (``path``), its ``value``, how it was read (``reading``), what it becomes (``targets``), and, where it
    becomes nothing, ``why_not``.
    """

    section: str
    path: str
    label: str
    value: str
    reading: str
    targets: tuple[Target, ...]
    why_not: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The plain form."""
        found: dict[str, Any] = {"path": self.path, "value": self.value}
        if self.reading:
            found["reading"] = self.reading
        found["targets"] = [{"element": str(target), "codes": list(target.codes)} for target in self.targets]
        return found | ({"why_not": self.why_not} if self.why_not else {})


def explain(case: Case, release: Release | str = Release.R4) -> Iterator[Row]:
    """A row for everything that the case says, in the order of the case; an item of which it says nothing more
    than that it is there has one, too.
    """
    told = Release.of(release)
    writer = CaseWriter(case, told)
    places = {id(item): (kind, key) for kind in kinds(told).values() for key, item in kind.items(case)}
    for section in sections(case):
        kind, key = places[id(section.item)]
        if isinstance(section.item, Item) and not section.entries:
            yield Row(
                section.title, section.path, "Key", key, "", tuple(_made(writer, kind, key, section.item))
            )
        targets = _targets(writer, kind, key, section)
        for entry in section.entries:
            yield _row(section, entry, targets.get(entry.steps, ()))


def _made(writer: CaseWriter, kind: Kind, key: str, item: Item) -> Iterator[Target]:
    """The resources that an item makes."""
    titles = {
        writer.id(kind.name, key, part.part.name): part.part.title for part in (*kind.further, *kind.main)
    }
    for resource in writer.item(kind, key, item):
        yield Target(resource["resourceType"], titles[resource["id"]], "")


def _row(section: Section, entry: Entry, targets: Iterable[Target]) -> Row:
    value = entry.value
    why_not = ""
    if isinstance(value, Statement):
        why_not = value.reason or "no field takes it"
    elif isinstance(value, Fact) and value.status == "absent":
        why_not = f"there is no value: {value.reason}"
    elif isinstance(value, Fact) and value.status == "ambiguous":
        why_not = "it can be read in more than one way, so it goes out as written"
    reading = "" if isinstance(value, Statement) else how(value)
    return Row(
        section.title, section.path_of(entry), entry.label, words(value), reading, tuple(targets), why_not
    )


def _targets(writer: CaseWriter, kind: Kind, key: str, section: Section) -> dict[Steps, list[Target]]:
    """What each entry of an item becomes."""
    item: Any = section.item
    found: dict[Steps, list[Target]] = {}
    main = next((part for part in kind.main if part.part.when is None or part.part.when(item)), None)
    for compiled in (*((main,) if main else ()), *kind.further):
        _of_fields(writer, compiled, item, section.entries, found)
    for entry in section.entries:
        if entry.steps not in found:
            found[entry.steps] = list(_of_the_rest(writer, kind, key, item, entry))
    return found


def _of_fields(
    writer: CaseWriter,
    compiled: CompiledPart,
    item: Any,
    entries: tuple[Entry, ...],
    found: dict[Steps, list[Target]],
) -> None:
    """The fields of a part, in their order, because one may stand where another left room."""
    resource: Json = {"resourceType": compiled.resource, **compiled.part.constants()}
    for field in compiled.fields:
        value = value_of(field, item)
        if value is None or value == ():
            continue
        names = tuple(field.case.split("."))
        for entry in entries:
            if entry.steps[: len(names)] != names:
                continue
            more, less = _with_and_without(value, entry.steps[len(names) :])
            after = _written(writer, field, resource, more)
            target = _target(writer, compiled, after, _written(writer, field, resource, less))
            if target is not None:
                found.setdefault(entry.steps, []).append(target)
        resource = _written(writer, field, resource, value)


def _written(writer: CaseWriter, field: CompiledField, resource: Json, value: Any) -> Json:
    result = copy.deepcopy(resource)
    if value is not None and value != ():
        field.write(result, value, writer)
    return result


def _with_and_without(value: Any, rest: Steps) -> tuple[Any, Any]:
    """The value of a field up to the entry, and the same without the entry."""
    if not rest:
        return value, None
    index, *inner = rest
    assert isinstance(index, int)
    upto, before = value[: index + 1], value[:index]
    if not inner:
        return upto, before
    member: Model = value[index]
    name = str(inner[0])
    if type(member).model_fields[name].is_required() and _facts(member) == 1:
        return upto, before
    return upto, (*before, member.model_copy(update={name: None}))


def _facts(member: Model) -> int:
    return sum(isinstance(getattr(member, name), Fact) for name in type(member).model_fields)


def _of_the_rest(writer: CaseWriter, kind: Kind, key: str, item: Any, entry: Entry) -> Iterator[Target]:
    """What no field has (its own time, identifiers, what decides the resource): the item with it and
    without it.
    """
    name = str(entry.steps[0])
    rest = entry.steps[1:]
    value = getattr(item, name)
    more, less = _with_and_without(value, rest) if rest else (value, None)
    with_it, without = item.model_copy(update={name: more}), item.model_copy(update={name: less})
    found = list(_between(writer, kind, key, without, with_it))
    if not found and name == "date":
        # The visit's time is the same, and is written where the item has none of its own.
        found = list(_between(_timeless(writer), kind, key, without, with_it))
    yield from found


def _timeless(writer: CaseWriter) -> CaseWriter:
    """A writer for whom no visit says when it was."""
    visits = tuple(visit.model_copy(update={"when": None}) for visit in writer.case.timepoints)
    return CaseWriter(writer.case.model_copy(update={"timepoints": visits}), writer.release)


def _between(writer: CaseWriter, kind: Kind, key: str, less: Any, item: Any) -> Iterator[Target]:
    """What an item says more than the same item with less in it."""
    after = _items(writer, kind, key, item)
    before = {resource["id"]: resource for resource in _items(writer, kind, key, less)}
    parts = {writer.id(kind.name, key, part.part.name): part for part in (*kind.further, *kind.main)}
    chosen = next((part for part in kind.main if part.part.when is not None and part.part.when(item)), None)
    for resource in after:
        compiled = (
            chosen
            if chosen is not None and not chosen.part.name and resource["resourceType"] == chosen.resource
            else None
        )
        compiled = compiled or parts[resource["id"]]
        twin = before.get(resource["id"])
        if twin is None or twin["resourceType"] != resource["resourceType"]:
            yield Target(resource["resourceType"], compiled.part.title, "")
            return
        target = _target(writer, compiled, resource, twin)
        if target is not None:
            yield target


def _items(writer: CaseWriter, kind: Kind, key: str, item: Any) -> list[Json]:
    return (CaseWriter(item, writer.release) if isinstance(item, Case) else writer).item(kind, key, item)


def _target(writer: CaseWriter, compiled: CompiledPart, after: Json, before: Json) -> Target | None:
    """What ``after`` says more than ``before``."""
    known: dict[tuple[tuple[str, ...], Any], int] = {}
    for path, value in leaves(before):
        place = (_tokens(writer.release, before, path), value)
        known[place] = known.get(place, 0) + 1
    added: list[tuple[Path, tuple[str, ...]]] = []
    for path, value in leaves(after):
        tokens = _tokens(writer.release, after, path)
        if not tokens or tokens[0] == "text":
            continue
        if known.get((tokens, value), 0):
            known[tokens, value] -= 1
        else:
            added.append((path, tokens))
    if not added:
        return None
    return Target(
        compiled.resource,
        compiled.part.title,
        _element([tokens for _, tokens in added]),
        _codes(after, added),
    )


def _tokens(release: Release, resource: Json, path: Path) -> tuple[str, ...]:
    """The names along a path: an extension or component by what it is; nothing below what says how a
    value was read.
    """
    found: list[str] = []
    node: Any = resource
    members = tuple(step for step in path if isinstance(step, str))
    names = iter(element_names(release, resource["resourceType"], members))
    for position, step in enumerate(path):
        node = node[step]
        if isinstance(step, str):
            name = next(names)
            if name in ("url", "code") and found and "[" in found[-1] and isinstance(path[position - 1], int):
                return ()  # what an extension or component is told by, which its name here says
            found.append(name)
        elif found[-1] == "extension" and isinstance(node, dict):
            url = str(node.get("url"))
            if url in _META:
                return tuple(found[:-1])
            found[-1] = f"extension[{url.rpartition('/')[2]}]"
        elif found[-1] == "component" and isinstance(node, dict):
            found[-1] = f"component[{_called(node.get('code'))}]"
    return tuple(found)


def _called(concept: Any) -> str:
    if not isinstance(concept, dict):
        return ""
    coding: Json = next(iter(concept.get("coding") or ()), {})
    return str(concept.get("text") or coding.get("display") or coding.get("code") or "")


def _element(places: list[tuple[str, ...]]) -> str:
    """The element that holds all places; of places in several elements, each."""
    roots: dict[str, list[tuple[str, ...]]] = {}
    for tokens in places:
        roots.setdefault(tokens[0], []).append(tokens)
    said = []
    for group in roots.values():
        common = group[0]
        for tokens in group[1:]:
            same = next(
                (i for i, (a, b) in enumerate(zip(common, tokens, strict=False)) if a != b),
                min(len(common), len(tokens)),
            )
            common = common[:same]
        said.append(".".join(_cut(common)))
    return " and ".join(said)


def _cut(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """The element without the steps into its datatype that say nothing more to a reader."""
    for index, (outer, inner) in enumerate(pairwise(tokens), start=1):
        if inner == "value" and (outer == "value" or outer.startswith("extension[")):
            return tokens[:index]
    return tokens[:-1] if tokens[-1] in ("reference", "coding", "repeat") else tokens


def _codes(resource: Json, added: list[tuple[Path, tuple[str, ...]]]) -> tuple[str, ...]:
    """The codes among what was added, units left out: they stand in the value."""
    found: dict[str, None] = {}
    for path, _ in added:
        coding = at(resource, path[:-1])
        if (
            path[-1] == "code"
            and isinstance(coding, dict)
            and isinstance(coding.get("system"), str)
            and coding["system"] != UCUM
        ):
            system = _SYSTEM_NAMES.get(coding["system"]) or coding["system"].rpartition("/")[2]
            said = f"{system} {coding['code']}"
            found[f"{said} ({coding['display']})" if coding.get("display") else said] = None
    return tuple(found)
