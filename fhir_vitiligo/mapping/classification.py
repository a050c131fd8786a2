"""Who is who: what each resource of a case is to it, and which item a reference to it means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.codecs import dicts
from fhir_vitiligo.mapping.grouping import Index, key_of, split
from fhir_vitiligo.mapping.intake import Entry
from fhir_vitiligo.mapping.parts import kinds
from fhir_vitiligo.mapping.recognition import (
    Recognised,
    concept_of,
    is_changed,
    is_withdrawn,
    medication_code,
    medication_name,
    medication_reference,
    reason_nodes,
    recognise,
    suspect_references,
)

Place = tuple[str, str]
"""Kind and key of an item."""


_OF_ITS_PATIENT = frozenset(
    {
        "AdverseEvent", "BodyStructure", "Condition", "Encounter", "Medication", "MedicationAdministration",
        "MedicationDispense", "MedicationRequest", "MedicationStatement", "Procedure",
    }
)  # fmt: skip
"""What an Observation may be about and still say something of its patient."""


class Source:
    """One resource and what it is to the case."""

    __slots__ = ("entry", "key", "kind", "known", "named", "part", "product", "resource")

    def __init__(self, entry: Entry, kind: str, key: str, part: str, known: Recognised | None) -> None:
        self.entry, self.kind, self.key, self.part, self.known = entry, kind, key, part, known
        self.resource: Json = entry.resource
        self.product: str | None = None
        """The key of the product that the resource names in place."""
        self.named: Json | None = None
        """Of a product named in place: what it is called."""

    @property
    def place(self) -> Place:
        return self.kind, self.key


class Classification:
    """The sources of a case, in the order they came, and the ``places`` that references lead to."""

    def __init__(self, entries: list[Entry], index: Index, release: Release) -> None:
        self.sources: list[Source] = []
        self.case_id = ""
        self._index = index
        self._kinds = kinds(release)
        self._places: dict[int, Place] = {}
        self._taken: set[Place] = set()
        self._said: set[tuple[str, str, str]] = set()
        self._classify(entries)

    def place(self, reference: str, of: Entry) -> Place | None:
        """The item that a reference in an entry points to."""
        entry = self._index.find(reference, of)
        return None if entry is None else self._places.get(id(entry))

    def _classify(self, entries: list[Entry]) -> None:
        weak: list[tuple[Entry, Recognised]] = []
        ages: list[tuple[Entry, Recognised]] = []
        for entry in entries:
            if _unreadable(entry):
                continue
            if entry.own is not None and self._is_ours(entry):
                case, kind, key, part = entry.own
                self.case_id = self.case_id or case
                self._take(entry, kind, key, part, None)
            elif _is_record(entry):
                assert entry.case is not None
                self.case_id = self.case_id or entry.case.removeprefix("case ")
                self._take(entry, "case", "record", "", None)
            elif self._index.same(entry) is not entry:
                continue  # another version of it, which may say otherwise, is left as it is
            elif not self._is_about_another(entry) and (known := recognise(entry.original)) is not None:
                if known.weak or (known.kind == "intervention" and reason_nodes(entry.original)):
                    weak.append((entry, known))
                elif known.part == "age":
                    ages.append((entry, known))
                else:
                    self._take_foreign(entry, known)
        self._take_referred(weak)
        for entry, known in ages:
            if self._is_at_the_anchor(entry):
                self._take_foreign(entry, known)
                self._take_referred(weak)

    def _take_referred(self, weak: list[tuple[Entry, Recognised]]) -> None:
        while weak and (found := list(self._referred(weak))):
            for entry, known in found:
                weak.remove((entry, known))
                self._take_foreign(entry, known)

    def _is_at_the_anchor(self, entry: Entry) -> bool:
        """Whether an Observation of the age was made at the first time point, which the age of the case is at."""
        anchor = next((source for source in self.sources if source.kind == "timepoint"), None)
        if anchor is None:
            return True
        visit = entry.original.get("encounter")
        if visit is not None:
            reference = visit.get("reference") if isinstance(visit, dict) else None
            return isinstance(reference, str) and self.place(reference, entry) == anchor.place
        made = [value for name, value in entry.original.items() if name.startswith("effective")]
        visited = anchor.entry.original
        period = visited.get("period", visited.get("actualPeriod"))
        start = period.get("start") if isinstance(period, dict) else None
        return all(isinstance(one, str) and isinstance(start, str) and one[:10] == start[:10] for one in made)

    def _is_ours(self, entry: Entry) -> bool:
        assert entry.own is not None
        _, name, _, part = entry.own
        kind = self._kinds.get(name)
        return kind is not None and any(
            compiled.resource == entry.type and compiled.part.name == part
            for compiled in (kind.further if part else kind.main)
        )

    def _take(self, entry: Entry, kind: str, key: str, part: str, known: Recognised | None) -> None:
        if not part:
            self._places[id(entry)] = kind, key
        if (kind, key, part) in self._said:
            return  # a second one, which may say otherwise, is left as it is
        self._said.add((kind, key, part))
        self._taken.add((kind, key))
        source = Source(entry, kind, key, part, known)
        self.sources.append(source)
        named = self._named(entry) if known is not None and kind == "intervention" else None
        if named is not None:
            product = self._unused("product", key)
            self._taken.add(("product", product))
            in_place = Source(entry, "product", product, "in-place", Recognised("product"))
            in_place.named = named
            self.sources.append(in_place)
            source.product = product

    def _named(self, entry: Entry) -> Json | None:
        """The product that a resource names in place, or by what it calls a product that was not sent along."""
        code = medication_code(entry.original)
        if code is not None:
            return code
        reference = medication_reference(entry.original)
        sent = reference is not None and self._index.find(reference, entry) is not None
        return None if sent else medication_name(entry.original)

    def _take_foreign(self, entry: Entry, known: Recognised) -> None:
        key = "subject"
        if known.kind != "subject":
            key = self._unused(known.kind, key_of(entry.id or entry.label))
        self._take(entry, known.kind, key, known.part, known)

    def _unused(self, kind: str, key: str) -> str:
        name, number = key, 2
        while (kind, name) in self._taken:
            name, number = f"{key[:60]}-{number}", number + 1
        return name

    def _referred(self, weak: Iterable[tuple[Entry, Recognised]]) -> Iterator[tuple[Entry, Recognised]]:
        """What is of interest because something recognised refers to it; a treatment because of its reason or its drug,
        an event because of the treatment.
        """
        wanted = {
            id(target)
            for source in self.sources
            for reference in source.entry.references
            if (target := self._index.find(reference, source.entry)) is not None
        }
        for entry, known in weak:
            if known.kind == "intervention":
                found = self._is_of_interest(entry, known)
            elif known.kind == "event":
                found = self._leads_to("intervention", suspect_references(entry.original), entry)
            else:
                found = id(entry) in wanted
            if found:
                yield entry, known

    def _is_of_interest(self, entry: Entry, known: Recognised) -> bool:
        """Whether a treatment is one of vitiligo: by its reason, where that was sent along or is named, else by its drug."""
        given = reason_nodes(entry.original)
        targets = [one["reference"] for one in given if isinstance(one.get("reference"), str)]
        if self._leads_to("diagnosis", targets, entry):
            return True
        named = [
            {"text": one["display"]}
            for one in given
            if isinstance(one.get("display"), str) and not self._was_sent(one.get("reference"), entry)
        ]
        if any(concept_of(one, "diagnosis") is not None for one in named):
            return True
        if known.for_a_reason or named or any(self._was_sent(one, entry) for one in targets):
            return False  # of no known reason, or given for another disease of this patient
        if not known.weak:
            return True
        return entry.type != "Procedure" and self._leads_to("product", entry.references, entry)

    def _was_sent(self, reference: object, entry: Entry) -> bool:
        return isinstance(reference, str) and self._index.find(reference, entry) is not None

    def _is_about_another(self, entry: Entry) -> bool:
        """Whether an Observation has a focus that is not known to be something of its patient
        (https://hl7.org/fhir/R4/observation-definitions.html#Observation.focus).
        """
        focus = entry.original.get("focus") if entry.type == "Observation" else None
        for one in focus if isinstance(focus, list) else ():
            reference = one.get("reference") if isinstance(one, dict) else None
            if not isinstance(reference, str):
                return True
            target = self._index.find(reference, entry)
            kind = target.type if target is not None else split(reference)[1].partition("/")[0]
            same = target is not None and target.type == "Patient" and target.case == entry.case
            if kind not in _OF_ITS_PATIENT and not same:
                return True
        return False

    def _leads_to(self, kind: str, references: Iterable[str], entry: Entry) -> bool:
        places = (self.place(reference, entry) for reference in references)
        return any(place is not None and place[0] == kind for place in places)


def _unreadable(entry: Entry) -> bool:
    """Whether an entry, or what it is contained in, is not to be read."""
    return (
        entry.deleted
        or is_withdrawn(entry.original)
        or is_changed(entry.text)
        or (entry.holder is not None and _unreadable(entry.holder))
    )


def case_name(entries: list[Entry]) -> Iterator[str]:
    """What a case that says no id of its own may be called, best first."""
    for entry in entries:
        if entry.type == "Patient" and entry.holder is None:
            yield key_of(entry.id or (entry.full_url or entry.label).rpartition("/")[2])
    for entry in entries:
        if entry.case is not None:
            name = entry.case.removeprefix("patient ")
            yield key_of(name.rpartition("/")[2])
            yield key_of(name)
    yield key_of(entries[0].label)


def _is_record(entry: Entry) -> bool:
    """Whether this is the Provenance of a case of ours."""
    return (
        entry.type == "Provenance"
        and entry.case is not None
        and entry.case.startswith("case ")
        and any(one.get("url") == urls.own("case-header") for one in dicts(entry.original.get("extension")))
    )
