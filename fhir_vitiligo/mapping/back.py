"""FHIR back to cases, each with its residue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from fhir_vitiligo.case.model import Case
from fhir_vitiligo.errors import MappingError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.codecs import dicts
from fhir_vitiligo.mapping.grouping import Index, groups, split
from fhir_vitiligo.mapping.intake import Entry, Envelope, collect, release_of
from fhir_vitiligo.mapping.mapper import Mapper
from fhir_vitiligo.mapping.reader import GroupReader
from fhir_vitiligo.mapping.residue import Path, Residue, at, expression, leaves
from fhir_vitiligo.mapping.writer import CaseWriter


def cases_from_fhir(
    document: Any, release: Release | str | None = None
) -> Iterator[tuple[Case, list[Residue]]]:
    """One case and its residue for each patient (or case of ours) in a Bundle of any type, in Parameters, in
    a list, or in a single resource.

    Without ``release`` it is told from the resources. Nothing of the input is changed. What is of no patient
    that is named is residue of the first case. Raises :class:`InputError` for what is no FHIR JSON.
    """
    entries, envelopes = collect(document)
    told = Release.of(release) if release is not None else release_of(entries)
    index = Index(entries)
    taken: set[str] = set()
    for group, unowned in groups(entries, index):
        reader = GroupReader(group, index, told, taken)
        case = reader.read()
        again = _again(case, group, told)
        residue = list(_residue(reader, case, group, told, again))
        residue += _whole(unowned, told)
        if not taken:
            residue += _envelope_residue(envelopes, told, again)
        taken.add(case.id)
        yield case, residue


def from_fhir(document: Any, release: Release | str | None = None) -> tuple[Case, list[Residue]]:
    """The one case in a document, and every leaf of it that the case does not carry.

    Raises :class:`MappingError` when the document holds no patient's data at all, or more than one case
    (:func:`cases_from_fhir` takes those).
    """
    found = list(cases_from_fhir(document, release))
    if not found:
        raise MappingError("there is no resource here to make a case of", code="not-found")
    if len(found) > 1:
        ids = ", ".join(case.id for case, _ in found[:10])
        raise MappingError(
            f"{len(found)} patients or cases where one was expected ({ids}): use cases_from_fhir",
            code="multiple-matches",
        )
    return found[0]


def _again(case: Case, group: list[Entry], release: Release) -> Json:
    """The case written again, as a document where a document came in."""
    document = any(entry.type == "Composition" for entry in group)
    bundle = Mapper(release).to_fhir(case, type="document" if document else "collection")
    bundle.pop("timestamp", None)  # of this writing, not of the one that came in
    bundle.pop("meta", None)  # what it declares goes by the type that came in
    return bundle


def _residue(
    reader: GroupReader, case: Case, group: list[Entry], release: Release, bundle: Json
) -> Iterator[Residue]:
    """What was not read, less what the case says again at the same place when it is written."""
    writer = CaseWriter(case, release)
    again = {entry["resource"]["id"]: entry["resource"] for entry in bundle["entry"]}
    written: dict[int, list[Json]] = {}
    for source in reader.sources:
        if source.place not in reader.dropped:
            found = again.get(reader.written_id(writer, source))
            if found is not None:
                written.setdefault(id(source.entry), []).append(found)
    for entry in group:
        if entry.holder is not None:
            continue
        twins = written.get(id(entry), [])
        own = again.get(entry.id or "")
        if own is not None and own not in twins and own.get("resourceType") == entry.type:
            twins = [*twins, own]
        if any(json.dumps(twin) == entry.text for twin in twins):
            continue  # every leaf of it is written again
        if entry.resource is entry.original:
            entry.restore()
        for path, value in _left(entry):
            if not any(_says(twin, path, value, entry, reader, writer) for twin in twins) and not _is_key(
                reader, entry, path, value
            ):
                yield Residue(entry.label, expression(release, entry.type, path), value)


def _left(entry: Entry) -> Iterator[tuple[Path, Any]]:
    """What of an entry was not read."""
    return ((path, value) for path, value in leaves(entry.resource) if path[-1] != "resourceType")


def _whole(entries: Iterable[Entry], release: Release) -> Iterator[Residue]:
    """Every leaf of entries that nothing was read of."""
    for entry in entries:
        if entry.holder is None:
            entry.restore()
            for path, value in _left(entry):
                yield Residue(entry.label, expression(release, entry.type, path), value)


def _says(twin: Json, path: Path, value: Any, entry: Entry, reader: GroupReader, writer: CaseWriter) -> bool:
    said = at(twin, path)
    if said is not None and _equal(said, value):
        return True
    if len(path) == 3 and path[:2] == ("meta", "profile"):
        return value in twin["meta"]["profile"]  # a set: others add theirs before ours
    if path[-1] != "reference" or not isinstance(value, str):
        return False
    # The same target by another name: Type/id where we write urn:uuid. A list of references has no order of
    # its own.
    together = at(twin, path[:-2]) if len(path) > 1 and isinstance(path[-2], int) else [at(twin, path[:-1])]
    targets = {one["reference"] for one in dicts(together) if isinstance(one.get("reference"), str)}
    if f"urn:uuid:{split(value)[1].rpartition('/')[2]}" in targets:
        return True
    place = reader.place(value, entry)
    return place is not None and "urn:uuid:" + writer.id(*place) in targets


def _equal(one: Any, other: Any) -> bool:
    """Whether two JSON leaves are written alike: 1 and true differ, 1.5 and 1.50 too; a whole number may be a
    Decimal.
    """
    if isinstance(one, int | Decimal) and isinstance(other, int | Decimal) and not isinstance(one, bool):
        return not isinstance(other, bool) and str(one) == str(other)
    return type(one) is type(other) and bool(one == other)


def _is_key(reader: GroupReader, entry: Entry, path: Path, value: Any) -> bool:
    """Whether a leaf is the id that became the item's key."""
    if path != ("id",):
        return False
    return any(
        source.entry is entry and value in (source.key, reader.case_id if source.kind == "subject" else None)
        for source in reader.sources
        if source.place not in reader.dropped
    )


def _envelope_residue(envelopes: list[Envelope], release: Release, again: Json) -> Iterator[Residue]:
    for envelope in envelopes:
        kind = envelope.resource["resourceType"]
        for path, value in leaves(envelope.resource):
            if path[-1] == "resourceType" or (
                kind == "Bundle" and path[0] != "entry" and _equal(at(again, path), value)
            ):
                continue
            yield Residue(envelope.label, expression(release, kind, path), value)
