"""A Bundle of requests as one transaction (https://hl7.org/fhir/R4/http.html#transaction).

The entries are done in the order the specification gives, with the links between them rewritten, within a
session: all or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fhir_vitiligo.errors import ConflictError, FhirVitiligoError, InputError, NotFoundError
from fhir_vitiligo.fhir import json_text
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.references import find_references, is_conditional, parse_restful, rewrite_links
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.search.query import SearchQuery
from fhir_vitiligo.storage.conditions import check_expected, check_free, condition, only_match
from fhir_vitiligo.storage.draft import check_resource, draft, new_id
from fhir_vitiligo.storage.entries import METHODS, Entry, below, doubles, in_resource, located
from fhir_vitiligo.storage.etag import names_version
from fhir_vitiligo.storage.integrity import Integrity, Target
from fhir_vitiligo.storage.repository import Draft, Page, Session, StoredVersion

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an entry: 201 created, 200 updated, matched or read, 204 deleted; ``version`` None: never
    stored. ``page``: what a search found.
    """

    entry: Entry
    status: int
    version: StoredVersion | None
    page: Page | None = None


def run_transaction(
    session: Session,
    entries: Sequence[Entry],
    parameters: Parameters,
    *,
    base: str = "",
    complete: bool = True,
    integrity: Integrity | None = None,
    check: Callable[[Json], None] | None = None,
) -> list[Done]:
    """Does the entries and tells what became of each, in the order of the Bundle.

    Links to a ``fullUrl`` of the Bundle become the id that is stored; conditional references the one
    resource they fit. ``complete``: a urn:uuid that names no entry is a fault, since nothing else could
    ever resolve it. ``integrity`` is looked at when all is written. ``check`` raises for a resource that a patch made and that
    may not be stored; the others were checked before.
    """
    return _Transaction(
        session, parameters, integrity or Integrity(), check or _no_check, base, complete
    ).run(entries)


class _Transaction:
    def __init__(
        self,
        session: Session,
        parameters: Parameters,
        integrity: Integrity,
        check: Callable[[Json], None],
        base: str,
        complete: bool,
    ) -> None:
        self._session = session
        self._parameters = parameters
        self._integrity = integrity
        self._check = check
        self._base = base
        self._complete = complete
        self._targets: list[tuple[Entry, tuple[Target, ...]]] = []
        self._deleted: list[tuple[Entry, str]] = []
        self._fitting: set[int] = set()

    def run(self, entries: Sequence[Entry]) -> list[Done]:
        done: dict[int, Done] = {}
        creates = [entry for entry in entries if entry.method == "POST"]
        others = [entry for entry in entries if entry.method != "POST"]
        matched = self._matched(others)
        ids = _ids(others, matched)
        if faults := list(doubles((entry, ids[entry.number]) for entry in others)):
            raise InputError(faults)
        # What is deleted fits no condition of a create any more: deletions come first.
        for entry in others:
            if entry.method == "DELETE":
                done[entry.number] = _within(
                    entry,
                    lambda entry=entry: self._delete(entry, ids[entry.number]),  # type: ignore[misc]
                )
        matched |= self._matched(creates)
        self._fitting = {number for number, match in matched.items() if match is not None}
        ids |= _ids(creates, matched)
        targets = {entry.full_url: f"{entry.type}/{ids[entry.number]}" for entry in entries if entry.full_url}
        links = _Links(self._session, self._parameters, targets, self._base)
        waiting: list[Entry] = []
        in_order = sorted(entries, key=lambda entry: METHODS.index(entry.method))
        for entry in in_order:
            if entry.number in done or not entry.writes:
                continue
            match = matched.get(entry.number)
            if entry.method == "POST" and match is not None:
                done[entry.number] = Done(entry, 200, match)
                continue
            try:
                done[entry.number] = self._done(entry, ids[entry.number], links)
            except _NotYetError:
                waiting.append(entry)
        # What a conditional reference means is said when everything else is written.
        links.last = True
        for entry in waiting:
            done[entry.number] = self._done(entry, ids[entry.number], links)
        self._check_conditions([one.entry for one in done.values() if one.status == 201])
        self._check_integrity()
        for entry in in_order:
            if not entry.writes:
                done[entry.number] = _within(entry, lambda entry=entry: _read(self._session, entry))  # type: ignore[misc]
        return [done[entry.number] for entry in entries]

    def _matched(self, entries: Iterable[Entry]) -> dict[int, StoredVersion | None]:
        """What the conditions fit, by the number of the entry."""
        return {
            entry.number: _within(entry, lambda entry=entry: only_match(self._session, entry.condition))  # type: ignore[misc]
            for entry in entries
            if entry.condition is not None
        }

    def _done(self, entry: Entry, id: str | None, links: _Links) -> Done:
        return _within(entry, lambda: self._write(entry, id, links))

    def _delete(self, entry: Entry, id: str | None) -> Done:
        if id is None:
            return Done(entry, 204, None)
        version = self._session.delete(entry.type, id, entry.if_version)
        self._deleted.append((entry, id))
        return Done(entry, 204, version)

    def _write(self, entry: Entry, id: str | None, links: _Links) -> Done:
        session = self._session
        assert id is not None
        if entry.patch is not None:
            return self._patch(entry, id)
        sent = entry.resource()
        assert sent is not None
        resource = links.rewritten(entry, sent)
        members = json_text.members(entry.text) if entry.text is not None and resource is sent else None
        ready = draft(resource, self._parameters, id=id, members=members)
        if self._complete and _may_name_urns(ready):
            _check_urns(resource, entry)
        self._note_targets(entry, resource, members)
        if entry.method == "POST":
            return Done(entry, 201, session.create(ready))
        before = session.read(entry.type, id)
        if entry.condition is not None and entry.number not in self._fitting:
            check_free(before)
        new = session.update(ready, entry.if_version)
        return Done(entry, 201 if before is None or before.deleted else 200, new)

    def _patch(self, entry: Entry, id: str) -> Done:
        assert entry.patch is not None
        before = self._session.read(entry.type, id)
        if before is None or before.content is None:
            raise NotFoundError(f"there is no {entry.type}/{id} to patch", code="not-found")
        check_expected(entry.type, id, before, entry.if_version)
        resource, text = entry.patch.apply_to_text(before.content, self._parameters.release)
        check_resource(resource, self._parameters)
        try:
            self._check(resource)
        except FhirVitiligoError as error:
            raise in_resource(error) from None
        members = json_text.members(text)
        self._note_targets(entry, resource, members)
        ready = draft(resource, self._parameters, id=id, members=members)
        return Done(entry, 200, self._session.update(ready, entry.if_version))

    def _note_targets(self, entry: Entry, resource: Json, members: Mapping[str, bytes] | None) -> None:
        try:
            self._targets.append((entry, self._integrity.targets_of(resource, members)))
        except FhirVitiligoError as error:
            raise in_resource(error) from None

    def _check_conditions(self, created: Sequence[Entry]) -> None:
        """A condition that nothing fitted may fit one resource now: two entries that mean the same one would make two
        of it.
        """
        if len(created) > 1:
            for entry in created:
                if entry.condition is not None:
                    _within(entry, lambda entry=entry: self._check_condition(entry.condition))  # type: ignore[misc]

    def _check_condition(self, condition: SearchQuery) -> None:
        found = self._session.search(condition).versions
        if len(found) > 1:
            raise InputError(
                "another entry of this Bundle writes a resource that the condition fits too: write it once, and refer to "
                "that entry",
                code="duplicate",
                expression="request",
            )

    def _check_integrity(self) -> None:
        for entry, targets in self._targets:
            _within(
                entry,
                lambda targets=targets: self._integrity.check_written(self._session, targets, "resource"),  # type: ignore[misc]
            )
        for entry, id in self._deleted:
            _within(
                entry,
                lambda entry=entry, id=id: self._integrity.check_deleted(self._session, entry.type, id),  # type: ignore[misc]
            )


def _no_check(_: Json) -> None:
    """Anything may be stored."""


def _ids(entries: Iterable[Entry], matched: Mapping[int, StoredVersion | None]) -> dict[int, str | None]:
    return {
        entry.number: _within(entry, lambda entry=entry: _id(entry, matched.get(entry.number)))  # type: ignore[misc]
        for entry in entries
    }


def _id(entry: Entry, match: StoredVersion | None) -> str | None:
    """The id that the entry is about; None where there is none, because nothing fits its condition."""
    if match is not None:
        resource = entry.resource() if entry.method == "PUT" else None
        named = None if resource is None else resource.get("id")
        if named not in (None, match.id):
            raise InputError(
                f"the condition fits {match.type}/{match.id}, but the resource has the id {named!r}",
                code="invalid",
                expression="resource.id",
            )
        return match.id
    if entry.id is not None:
        return entry.id
    if entry.method == "PATCH":
        raise NotFoundError("the condition fits no resource", code="not-found")
    if entry.method == "PUT":
        resource = entry.resource()
        return (resource or {}).get("id") or new_id()
    return new_id() if entry.method == "POST" else None


def _read(session: Session, entry: Entry) -> Done:
    if entry.query is not None:
        return Done(entry, 200, None, session.search(entry.query))
    assert entry.id is not None
    version = (
        session.read(entry.type, entry.id)
        if entry.version is None
        else session.read_version(entry.type, entry.id, entry.version)
    )
    if version is None or version.content is None:
        raise NotFoundError(f"there is no {entry.type}/{entry.id} here", code="not-found")
    is_known = (
        names_version(entry.known, version.version)
        if entry.known
        else entry.since is not None and version.updated <= entry.since
    )
    return Done(entry, 304 if is_known else 200, version)


class _NotYetError(Exception):
    """A conditional reference fits nothing so far."""


class _Links:
    """What the links of a Bundle become. ``last``: everything that could be referred to is written."""

    def __init__(self, session: Session, parameters: Parameters, targets: dict[str, str], base: str) -> None:
        self._session = session
        self._parameters = parameters
        self._targets = targets
        self._base = base
        self._conditional: dict[str, str] = {}
        self.last = False

    def rewritten(self, entry: Entry, resource: Json) -> Json:
        full = parse_restful(entry.full_url)
        own_base = full.base if full is not None else ""

        def target_of(link: str) -> str | None:
            found = self._targets.get(link)
            if found is None and own_base and parse_restful(link) is not None:
                found = self._targets.get(f"{own_base}/{link}")  # relative to the entry that holds it
            if found is None and is_conditional(link):
                found = self._match(link)
            return found

        return rewrite_links(resource, target_of)

    def _match(self, link: str) -> str | None:
        found = self._conditional.get(link)
        if found is None:
            resource_type = link.partition("?")[0]
            if resource_type not in self._parameters.resource_types:
                return None
            match = only_match(self._session, condition(self._parameters, resource_type, link, self._base))
            if match is None:
                if not self.last:
                    raise _NotYetError
                raise ConflictError(
                    f"the conditional reference {link!r} fits no resource here", code="not-found"
                )
            found = self._conditional[link] = f"{match.type}/{match.id}"
        return found


def _may_name_urns(ready: Draft) -> bool:
    """False for nearly all: a look at the text spares them the walk. An escape may stand for anything."""
    return any(mark in text for text in (ready.before, ready.after) for mark in (b"urn:uuid:", b"\\u"))


def _check_urns(resource: Json, entry: Entry) -> None:
    for path, reference in find_references(resource):
        if reference.startswith("urn:uuid:"):
            raise InputError(
                f"{reference} is the fullUrl of no entry of this Bundle",
                code="invalid",
                expression=below(path),
            )


def _within(entry: Entry, act: Callable[[], T]) -> T:
    try:
        return act()
    except FhirVitiligoError as error:
        raise located(error, entry.place) from None
