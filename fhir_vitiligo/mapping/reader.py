"""Resources to a case: the compiled parts run backward over what came in; what they leave is the residue."""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from fhir_vitiligo.case.consistency import InconsistentCaseError
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.case.values import Fact, Moment
from fhir_vitiligo.errors import MappingError
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.adapters import View, product_view
from fhir_vitiligo.mapping.classification import Classification, Place, Source, case_name
from fhir_vitiligo.mapping.codecs import IdentifierCodec, dicts
from fhir_vitiligo.mapping.compiler import CompiledField
from fhir_vitiligo.mapping.grouping import Index, is_test_data
from fhir_vitiligo.mapping.intake import Entry
from fhir_vitiligo.mapping.matching import Steps, candidates, present
from fhir_vitiligo.mapping.moments import InstantCodec
from fhir_vitiligo.mapping.parts import CompiledPart, kinds
from fhir_vitiligo.mapping.recognition import Recognised, medication_code
from fhir_vitiligo.mapping.residue import at, leaves
from fhir_vitiligo.mapping.writer import CaseWriter
from fhir_vitiligo.mapping.writing import TEST_DATA

_IDENTIFIER = IdentifierCodec()
_INSTANT = InstantCodec()
_COLLECTIONS = {
    "timepoint": "timepoints", "diagnosis": "diagnoses", "lesion": "lesions", "assessment": "assessments",
    "product": "products",
    "intervention": "interventions", "response": "responses", "event": "events", "photograph": "photographs",
    "family-member": "family_history", "comorbidity": "comorbidities",
}  # fmt: skip
_KIND_OF = {collection: kind for kind, collection in _COLLECTIONS.items()}
_OF_SUBJECT = frozenset({"family-member", "comorbidity"})


class GroupReader:
    """Reads the entries of one case. ``taken`` are the ids that other cases of the document have."""

    def __init__(
        self, entries: list[Entry], index: Index, release: Release, taken: Container[str] = ()
    ) -> None:
        self.entries, self.release = entries, release
        self.dropped: set[Place] = set()
        self._kinds = kinds(release)
        self._order = {name: number for number, name in enumerate(self._kinds)}
        self._skip: set[tuple[str, str, str]] = set()
        self._current: Entry
        self._urls: list[tuple[Json, str]] = []
        self._used: dict[tuple[int, str | None], tuple[Any, Json]] = {}
        self._who = Classification(entries, index, release)
        self.sources = self._who.sources
        names = list(case_name(entries)) if not self._who.case_id else [self._who.case_id]
        self.case_id = next((name for name in names if name not in taken), names[0])

    # Reading, as codecs ask for it

    def key(self, reference: Any, kinds_: tuple[str, ...]) -> Place | None:
        """The item a reference points to."""
        place = self._who.place(reference, self._current) if isinstance(reference, str) else None
        return place if place is not None and place[0] in kinds_ and place not in self.dropped else None

    def place(self, reference: str, of: Entry) -> Place | None:
        """The item that a reference in an entry points to."""
        return self._who.place(reference, of)

    def recognised(self, element: Json, member: str) -> None:
        self._urls.append((element, member))

    def used_of(self, elements: Any, argument: str | None) -> Json | None:
        """The member that is used of a list, once there is one."""
        found = self._used.get((id(elements), argument))
        return found[1] if found is not None else None

    def use(self, elements: Any, argument: str | None, element: Json | None) -> None:
        """Which member is used of a list from now on; ``None``: not yet decided."""
        if element is None:
            self._used.pop((id(elements), argument), None)
        else:
            # The list is kept with it, so that no other can have its id.
            self._used[id(elements), argument] = elements, element

    # The case

    def read(self) -> Case:
        """The case of the entries; what it does not carry stays in the entries' JSON."""
        while True:
            self._restore()
            case = self._attempt()
            if case is not None:
                for element, member in self._urls:
                    element.pop(member, None)
                return case

    def _restore(self) -> None:
        """Everything as it came; contained resources, and products named in place, are nodes of their
        holder.
        """
        for entry in dict.fromkeys(source.entry.holder or source.entry for source in self.sources):
            entry.restore()
        for source in self.sources:
            entry = source.entry
            if entry.holder is not None:
                entry.resource = at(entry.holder.resource, entry.path)
            source.resource = entry.resource
            if source.part == "in-place":
                source.resource = product_view(medication_code(entry.resource) or dict(source.named or {}))

    def _attempt(self) -> Case | None:
        self._urls.clear()
        content: dict[str, Any] = {"id": self.case_id, "subject": {}}
        items: dict[Place, list[Source]] = {}
        for source in self.sources:
            if source.place not in self.dropped:
                items.setdefault(source.place, []).append(source)
        for place in sorted(items, key=lambda place: self._order[place[0]]):
            made = self._item(place, items[place])
            if made is None:
                return None
            self._add(content, place, made)
        content["synthetic"] = any(is_test_data(source.entry.original, TEST_DATA) for source in self.sources)
        try:
            return Case.model_validate(content)
        except ValidationError as error:
            self._avoid(error, content)
            return None

    def _add(self, content: dict[str, Any], place: Place, made: Any) -> None:
        kind, _ = place
        if kind == "subject":
            content["subject"] |= made
        elif kind == "source":
            content["source"] = made
        elif kind == "case":
            content |= made
        else:
            around = content["subject"] if kind in _OF_SUBJECT else content
            around.setdefault(_COLLECTIONS[kind], []).append(made)

    def _avoid(self, error: ValidationError, content: dict[str, Any]) -> None:
        """Leave out, next time, what keeps the items from being one case."""
        before = len(self._skip) + len(self.dropped)
        for details in error.errors():
            match details["loc"]:
                case ("subject", str(field), *_):
                    self._skip.add(("subject", "subject", field))
                case (str(field), *_):
                    self._skip.add(("case", "record", field))
            inner = details.get("ctx", {}).get("error")
            for fault in inner.faults if isinstance(inner, InconsistentCaseError) else ():
                of_subject = fault.path[0] == "subject"
                collection, index, field = map(str, fault.path[1:4] if of_subject else fault.path[:3])
                item = (content["subject"] if of_subject else content)[collection][int(index)]
                self._skip.add((_KIND_OF[collection], item.key, field))
        if len(self._skip) + len(self.dropped) == before:
            told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise MappingError(f"what came in makes no case: {told}") from error

    # One item

    def _item(self, place: Place, sources: list[Source]) -> Any:
        kind, key = place
        content: dict[str, Any] = {}
        model: type[BaseModel] | None = None
        for source in sources:
            compiled = self._part_of(source)
            if compiled is not None:
                model = compiled.part.model
                for name, value in self._part(compiled, source, key).items():
                    if name not in content:
                        content[name] = value
        if model is None:
            self.dropped.add(place)
            return None
        if kind in ("subject", "case"):
            return content  # validated with the case
        if kind != "source":
            content["key"] = key
        try:
            return model.model_validate(content)
        except ValidationError as error:
            self._skip_fields(error, kind, key, content)
            return None

    def _skip_fields(self, error: ValidationError, kind: str, key: str, content: dict[str, Any]) -> None:
        """Leave out the fields that keep an item from being built; where there is none, the item itself."""
        named = {str(details["loc"][0]) for details in error.errors() if details["loc"]}
        named &= content.keys() - {"key"}
        if not named:
            # A rule between fields: the last one that can go is the one to leave.
            tries = [name for name in reversed(content) if name not in ("key", "kind", "presence")]
            named = set(tries[:1])
        if not named:
            self.dropped.add((kind, key))
        for name in named:
            if (kind, key, name) in self._skip:
                self.dropped.add((kind, key))
            self._skip.add((kind, key, name))

    def _part_of(self, source: Source) -> CompiledPart | None:
        """The part a resource is: by what our identifier says, by its type, and by what was recognised."""
        if source.known is None:
            alike = _parts(self.release).get((source.kind, source.part, source.entry.type), ())
            if len(alike) > 1:
                # Parts of one resource type differ in their constants.
                return min(alike, key=lambda part: _unlikeness(part.part.constants(), source.entry.original))
            return alike[0] if alike else None
        kind = self._kinds[source.kind]
        part = "" if source.part == "in-place" else source.part
        return next(
            (
                compiled
                for compiled in (kind.further if part else kind.main)
                if compiled.part.name == part and _fits(compiled, source, source.known)
            ),
            None,
        )

    def _part(self, compiled: CompiledPart, source: Source, key: str) -> dict[str, Any]:
        part, known = compiled.part, source.known
        self._current = source.entry
        view = (
            View(source.resource, self.release) if known is not None and source.part != "in-place" else None
        )
        resource = source.resource if view is None else view.view
        content: dict[str, Any] = {}
        if not part.name and part.identifiers != "none":
            content["identifiers"] = self._identifiers(resource)
        there = present(resource)
        self._used.clear()
        for way, fields in compiled.together:
            wanted = [
                field
                for field in fields
                if (field.members is None or not there.isdisjoint(field.members))
                and (part.kind, key, field.case.partition(".")[0]) not in self._skip
            ]
            for name, value in self._values(way, wanted, resource):
                _set(content, name, value)
        if (
            source.product is not None
            and "product" not in content
            and ("product", source.product) not in self.dropped
        ):
            content["product"] = source.product
        self._time(compiled, resource, content, key)
        content |= part.sets
        if known is not None:
            for name, value in known.sets.items():
                content.setdefault(name, value)
            if content.get("kind") == "other" and known.sets.get("kind") not in (None, "other"):
                content["kind"] = known.sets["kind"]
        if view is not None:
            view.settle()
        return {name: value for name, value in content.items() if value is not None and value != ()}

    def _values(
        self, way: Steps | None, fields: list[CompiledField], resource: Json
    ) -> list[tuple[str, Any]]:
        """What fields read; those that read one member of a list read the first that any of them can read."""
        elements, members = candidates(way, resource) if way is not None and fields else (None, [])
        for member in members if len(members) > 1 else (None,):
            if way is not None and member is not None:
                self.use(elements, way[-1].argument, member)
            values = [(field.case, field.read(resource, self)) for field in fields]
            found = [(name, value) for name, value in values if value is not None and value != ()]
            if found:
                return found
        if way is not None:
            self.use(elements, way[-1].argument, None)
        return []

    def _identifiers(self, resource: Json) -> tuple[Any, ...]:
        found = resource.get("identifier")
        nodes = [found] if isinstance(found, dict) else dicts(found)
        more = [e for e in dicts(resource.get("extension")) if e.get("url") == urls.own("further-identifier")]
        result = []
        for node in [*nodes, *(extension.get("valueIdentifier") for extension in more)]:
            if not isinstance(node, dict) or node.get("system") == urls.ITEM:
                continue
            identifier = _IDENTIFIER.decode(node, self)
            if identifier is not None:
                result.append(identifier)
        for extension in more:
            if not extension.get("valueIdentifier"):
                extension.pop("url", None)
        return tuple(result)

    def _time(self, compiled: CompiledPart, resource: Json, content: dict[str, Any], key: str) -> None:
        if compiled.effective is None or "date" not in compiled.part.model.model_fields:
            return
        if (compiled.part.kind, key, "date") in self._skip:
            return
        holder: Any = resource
        *around, last = compiled.effective
        for step in around:
            holder = holder.get(step.name) if isinstance(holder, dict) else None
            if isinstance(holder, list):
                # Of the member that the fields were read of, or of the first.
                holder = self.used_of(holder, step.argument) or next(iter(holder), None)
        if isinstance(holder, dict):
            # Whether the time repeats the time point's is for the case to say: it drops what it does.
            content["date"] = _INSTANT.take(holder, last.name, Fact[Moment], self)

    def written_id(self, writer: CaseWriter, source: Source) -> str:
        """The id under which the case, written again, has what this resource said."""
        return writer.id(source.kind, source.key, "" if source.part == "in-place" else source.part)


@cache
def _parts(release: Release) -> Mapping[tuple[str, str, str], tuple[CompiledPart, ...]]:
    """By kind, name and resource type."""
    found: dict[tuple[str, str, str], tuple[CompiledPart, ...]] = {}
    for kind in kinds(release).values():
        for compiled in (*kind.main, *kind.further):
            place = (kind.name, compiled.part.name, compiled.resource)
            found[place] = (*found.get(place, ()), compiled)
    return found


def _fits(compiled: CompiledPart, source: Source, known: Recognised) -> bool:
    wanted = known.sets
    if any(wanted.get(name, value) != value for name, value in compiled.part.sets.items()):
        return False
    kind = source.entry.type
    if kind.startswith("Medication") and kind != "Medication" and source.part != "in-place":
        kind = "MedicationStatement"
    if source.kind in ("intervention", "event", "family-member", "comorbidity"):
        return compiled.resource == kind
    return True


def _set(content: dict[str, Any], path: str, value: Any) -> None:
    name, _, rest = path.partition(".")
    if rest:
        content.setdefault(name, {})[rest] = value
    else:
        content[name] = value


def _unlikeness(constants: Json, resource: Json) -> int:
    """How many more of the constants a resource lacks than it has."""
    return sum(-1 if at(resource, path) == value else 1 for path, value in leaves(constants))
