"""Resources to a case: the compiled parts run backward over what came in; what they leave is the residue."""

from __future__ import annotations

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
from fhir_vitiligo.mapping.codecs import IdentifierCodec, dicts
from fhir_vitiligo.mapping.intake import Entry, key_of, normal_reference
from fhir_vitiligo.mapping.moments import InstantCodec
from fhir_vitiligo.mapping.parts import CompiledPart, kinds
from fhir_vitiligo.mapping.recognition import Recognised, is_withdrawn, medication_code, recognise
from fhir_vitiligo.mapping.residue import at, leaves
from fhir_vitiligo.mapping.writer import TEST_DATA, CaseWriter

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

Place = tuple[str, str]


class Source:
    """One resource and what it is to the case."""

    def __init__(
        self,
        entry: Entry,
        kind: str,
        key: str,
        part: str,
        known: Recognised | None,
        resource: Json | None = None,
    ) -> None:
        self.entry, self.kind, self.key, self.part, self.known = entry, kind, key, part, known
        self.resource = entry.resource if resource is None else resource
        self.product: str | None = None
        """The key of the product that the resource names in place."""


class GroupReader:
    """Reads the entries of one case."""

    def __init__(self, entries: list[Entry], release: Release) -> None:
        self.entries, self.release = entries, release
        self.sources: list[Source] = []
        self._names: dict[str, Place] = {}
        self._skip: set[tuple[str, str, str]] = set()
        self._said: set[tuple[str, str, str]] = set()
        self.dropped: set[Place] = set()
        self._scope = ""
        self._urls: list[tuple[Json, str]] = []
        self._when: dict[str, Fact[Moment] | None] = {}
        self.case_id = ""

    # Reading, as codecs ask for it

    def key(self, reference: Any, kinds_: tuple[str, ...]) -> Place | None:
        """The item a reference points to."""
        if not isinstance(reference, str):
            return None
        scoped = reference if not reference.startswith("#") else f"{self._scope}{reference}"
        place = next((self._names[name] for name in normal_reference(scoped) if name in self._names), None)
        return place if place is not None and place[0] in kinds_ and place not in self.dropped else None

    def place(self, name: str) -> Place | None:
        """The item that a reference in one of its normal forms points to."""
        return self._names.get(name)

    def recognised(self, element: Json, member: str) -> None:
        self._urls.append((element, member))

    # The case

    def read(self) -> Case:
        """The case of the entries; what it does not carry stays in the entries' JSON."""
        self._classify()
        while True:
            for entry in self.entries:
                if entry.holder is None:
                    entry.restore()
            self._rebind()
            case = self._attempt()
            if case is not None:
                for element, member in self._urls:
                    element.pop(member, None)
                return case

    def _rebind(self) -> None:
        """Contained resources, and products named in place, are nodes of what was restored."""
        for entry in self.entries:
            if entry.holder is not None:
                entry.resource = entry.holder.resource["contained"][entry.path[1]]
        for source in self.sources:
            code = medication_code(source.entry.resource)
            source.resource = (
                product_view(source.entry.resource, code)
                if source.part == "in-place"
                else source.entry.resource
            )

    def _attempt(self) -> Case | None:
        self._urls.clear()
        self._when.clear()
        content: dict[str, Any] = {"id": self.case_id, "subject": {}}
        items: dict[Place, list[Source]] = {}
        for source in self.sources:
            if (source.kind, source.key) not in self.dropped:
                items.setdefault((source.kind, source.key), []).append(source)
        order = list(kinds(self.release))
        for place in sorted(items, key=lambda place: (place[0] != "timepoint", order.index(place[0]))):
            made = self._item(place, items[place])
            if made is None:
                return None
            self._add(content, place, made)
        content["synthetic"] = any(_is_test_data(source.entry.original) for source in self.sources)
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
            if kind == "timepoint":
                self._when[made.key] = made.when

    def _avoid(self, error: ValidationError, content: dict[str, Any]) -> None:
        """Leave out, next time, what keeps the items from being one case."""
        before = len(self._skip) + len(self.dropped)
        for details in error.errors():
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
            for compiled in self._parts(source):
                model = compiled.part.model
                for name, value in self._part(compiled, source, key).items():
                    if name not in content or content[name] in (None, ()):
                        content[name] = value
                break
        if model is None:
            self.dropped.add(place)
            return None
        if kind in ("subject", "case"):
            content.pop("key", None)
            try:
                model.model_validate({"id": self.case_id, **content} if kind == "case" else content)
            except ValidationError as error:
                self._skip_fields(error, kind, key, content)
                return None
            return content
        if kind != "source":
            content["key"] = key
        else:
            content.pop("key", None)
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

    def _parts(self, source: Source) -> list[CompiledPart]:
        """The part a resource is: by what our identifier says, by its type, and by what was recognised."""
        kind = kinds(self.release)[source.kind]
        part = "" if source.part == "in-place" else source.part
        wanted = dict(source.known.sets) if source.known is not None else {}
        fitting = [
            compiled
            for compiled in (kind.further if part else kind.main)
            if compiled.part.name == part
            and (
                compiled.resource == source.entry.type
                if source.known is None
                else self._fits(compiled, source, wanted)
            )
        ]
        if source.known is None and len(fitting) > 1:
            # Parts of one resource type differ in their constants.
            fitting.sort(key=lambda compiled: _unlikeness(compiled.part.constants(), source.entry.original))
        return fitting

    def _fits(self, compiled: CompiledPart, source: Source, wanted: dict[str, Any]) -> bool:
        if any(wanted.get(name, value) != value for name, value in compiled.part.sets.items()):
            return False
        kind = source.entry.type
        if kind.startswith("Medication") and kind != "Medication" and source.part != "in-place":
            kind = "MedicationStatement"
        if source.kind in ("intervention", "event", "family-member", "comorbidity"):
            return compiled.resource == kind
        return True

    def _part(self, compiled: CompiledPart, source: Source, key: str) -> dict[str, Any]:
        part = compiled.part
        self._scope = source.entry.holder.label if source.entry.holder else source.entry.label
        view = (
            View(source.resource, self.release)
            if source.known is not None and source.part != "in-place"
            else None
        )
        resource = source.resource if view is None else view.view
        content: dict[str, Any] = {}
        if not part.name and part.identifiers != "none":
            content["identifiers"] = self._identifiers(resource)
        for field in compiled.fields:
            if (part.kind, key, field.case.partition(".")[0]) in self._skip:
                continue
            value = field.read(resource, self)
            if value is not None and value != ():
                _set(content, field.case, value)
        if (
            source.product is not None
            and "product" not in content
            and ("product", source.product) not in self.dropped
        ):
            content["product"] = source.product
        self._time(compiled, resource, content, key)
        content |= part.sets
        if source.known is not None:
            for name, value in source.known.sets.items():
                content.setdefault(name, value)
            if content.get("kind") == "other" and source.known.sets.get("kind") not in (None, "other"):
                content["kind"] = source.known.sets["kind"]
        if view is not None:
            view.settle()
        return {name: value for name, value in content.items() if value is not None and value != ()}

    def _identifiers(self, resource: Json) -> tuple[Any, ...]:
        found = resource.get("identifier")
        nodes = [found] if isinstance(found, dict) else found if isinstance(found, list) else []
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
        effective = compiled.part.effective
        if effective is None or compiled.effective is None or "date" not in compiled.part.model.model_fields:
            return
        if (compiled.part.kind, key, "date") in self._skip:
            return
        holder: Any = resource
        *around, last = compiled.effective
        for step in around:
            holder = holder.get(step.name) if isinstance(holder, dict) else None
            holder = holder[0] if isinstance(holder, list) and holder else holder
        if not isinstance(holder, dict):
            return
        # Whether the time repeats the time point's is for the case to say: it drops what it does.
        content["date"] = _INSTANT.take(holder, last.name, Fact[Moment], self)

    # Who is who

    def _classify(self) -> None:
        """Decide for every entry what it is, and under which names references find it."""
        taken: set[Place] = set()
        weak: list[tuple[Entry, Recognised]] = []
        for entry in self.entries:
            own = entry.own()
            if is_withdrawn(entry.original):
                continue
            if own is not None and own[1] in kinds(self.release) and self._is_ours(entry, own):
                self.case_id = self.case_id or own[0]
                self._take(entry, own[1], own[2], own[3], None, taken)
            elif (
                entry.type == "Provenance"
                and entry.case
                and entry.case.startswith("case ")
                and _has_header(entry)
            ):
                self.case_id = self.case_id or entry.case.removeprefix("case ")
                self._take(entry, "case", "record", "", None, taken)
            elif (known := recognise(entry.original)) is not None:
                if known.weak:
                    weak.append((entry, known))
                else:
                    self._take(
                        entry, known.kind, self._new_key(entry, known, taken), known.part, known, taken
                    )
        self._take_referred(weak, taken)
        if not self.case_id:
            self.case_id = self._case_name()

    def _is_ours(self, entry: Entry, own: tuple[str, str, str, str]) -> bool:
        kind = kinds(self.release)[own[1]]
        return any(
            c.resource == entry.type for c in (kind.further if own[3] else kind.main) if c.part.name == own[3]
        )

    def _take(
        self, entry: Entry, kind: str, key: str, part: str, known: Recognised | None, taken: set[Place]
    ) -> None:
        if not part:
            for name in entry.names():
                self._names.setdefault(name, (kind, key))
        if (kind, key, part) in self._said:
            return  # a second one, which may say otherwise, is left as it is
        self._said.add((kind, key, part))
        source = Source(entry, kind, key, part, known)
        self.sources.append(source)
        taken.add((kind, key))
        if known is not None and kind == "intervention" and medication_code(entry.original) is not None:
            product = _unused("product", key, taken)
            taken.add(("product", product))
            self.sources.append(Source(entry, "product", product, "in-place", Recognised("product")))
            source.product = product

    def _new_key(self, entry: Entry, known: Recognised, taken: set[Place]) -> str:
        if known.kind == "subject":
            return "subject"
        identity = entry.original.get("id")
        name = identity if isinstance(identity, str) and identity else entry.label
        return _unused(known.kind, key_of(name), taken)

    def _take_referred(self, weak: list[tuple[Entry, Recognised]], taken: set[Place]) -> None:
        from fhir_vitiligo.mapping.intake import references_in

        waiting = True
        while waiting:
            waiting = False
            wanted: set[str] = set()
            for source in self.sources:
                for reference in references_in(source.entry.original):
                    scoped = (
                        reference if not reference.startswith("#") else f"{source.entry.label}{reference}"
                    )
                    wanted.update(normal_reference(scoped))
            for entry, known in tuple(weak):
                refers_to_drug = known.kind == "intervention" and any(
                    self._names.get(name, ("", ""))[0] == "product"
                    for reference in references_in(entry.original)
                    for name in normal_reference(
                        reference if not reference.startswith("#") else f"{entry.label}{reference}"
                    )
                )
                if refers_to_drug or (known.kind != "intervention" and not wanted.isdisjoint(entry.names())):
                    weak.remove((entry, known))
                    self._take(
                        entry, known.kind, self._new_key(entry, known, taken), known.part, known, taken
                    )
                    waiting = True

    def _case_name(self) -> str:
        for entry in self.entries:
            if entry.type == "Patient":
                return key_of(next(iter(entry.names()), entry.label).rpartition("/")[2])
        for entry in self.entries:
            if entry.case is not None:
                return key_of(entry.case.removeprefix("patient ").rpartition("/")[2])
        return key_of(self.entries[0].label) if self.entries else "case"

    def written_id(self, writer: CaseWriter, source: Source) -> str:
        """The id under which the case, written again, has what this resource said."""
        return writer.id(source.kind, source.key, "" if source.part == "in-place" else source.part)


def _unused(kind: str, key: str, taken: set[Place]) -> str:
    name, number = key, 2
    while (kind, name) in taken:
        name, number = f"{key[:60]}-{number}", number + 1
    return name


def _set(content: dict[str, Any], path: str, value: Any) -> None:
    name, _, rest = path.partition(".")
    if rest:
        content.setdefault(name, {})[rest] = value
    else:
        content[name] = value


def _unlikeness(constants: Json, resource: Json) -> int:
    """How many more of the constants a resource lacks than it has."""
    return sum(-1 if at(resource, path) == value else 1 for path, value in leaves(constants))


def _has_header(entry: Entry) -> bool:
    extensions = entry.original.get("extension")
    return any(e.get("url") == urls.own("case-header") for e in dicts(extensions))


def _is_test_data(resource: Json) -> bool:
    security = resource.get("meta", {}).get("security") if isinstance(resource.get("meta"), dict) else None
    return any(
        isinstance(label, dict)
        and (label.get("system"), label.get("code")) == (TEST_DATA["system"], TEST_DATA["code"])
        for label in (security if isinstance(security, list) else ())
    )
