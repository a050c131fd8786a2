"""A Bundle of writes as one transaction (https://hl7.org/fhir/R4/http.html#transaction).

The entries are done in the order the specification gives, with the links between them rewritten, within a
session: all or none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fhir_vitiligo.errors import ConflictError, FhirVitiligoError, InputError
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.references import is_conditional, iter_references, parse_restful, rewrite_links
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.storage.conditions import condition, only_match
from fhir_vitiligo.storage.draft import draft, new_id
from fhir_vitiligo.storage.entries import METHODS, Entry, located
from fhir_vitiligo.storage.repository import Session, StoredVersion

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an entry: 201 created, 200 updated or matched, 204 deleted; ``version`` None: never
    stored.
    """

    entry: Entry
    status: int
    version: StoredVersion | None


def run_transaction(
    session: Session,
    entries: Sequence[Entry],
    parameters: Parameters,
    *,
    base: str = "",
    complete: bool = True,
) -> list[Done]:
    """Does the entries and tells what became of each, in the order of the Bundle.

    Links to a ``fullUrl`` of the Bundle become the id that is stored; conditional references the one
    resource they fit. ``complete``: a urn:uuid that names no entry is a fault, since nothing else could
    ever resolve it.
    """
    matched = {
        entry.number: _within(entry, lambda entry=entry: only_match(session, entry.if_none_exist))  # type: ignore[misc]
        for entry in entries
        if entry.if_none_exist is not None
    }
    ids: dict[int, str] = {}
    for entry in entries:
        match = matched.get(entry.number)
        ids[entry.number] = match.id if match is not None else entry.id if entry.id is not None else new_id()
    targets = {entry.full_url: f"{entry.type}/{ids[entry.number]}" for entry in entries if entry.full_url}
    links = _Links(session, parameters, targets, base)
    done: dict[int, Done] = {}
    for entry in sorted(entries, key=lambda entry: METHODS.index(entry.method)):
        match = matched.get(entry.number)
        if match is not None:
            done[entry.number] = Done(entry, 200, match)
        else:
            done[entry.number] = _within(
                entry,
                lambda entry=entry: _write(session, entry, ids[entry.number], parameters, links, complete),  # type: ignore[misc]
            )
    return [done[entry.number] for entry in entries]


def _write(
    session: Session, entry: Entry, id: str, parameters: Parameters, links: _Links, complete: bool
) -> Done:
    if entry.method == "DELETE":
        return Done(entry, 204, session.delete(entry.type, id, entry.if_version))
    assert entry.resource is not None
    resource = links.rewritten(entry)
    if complete:
        _check_urns(resource, entry)
    ready = draft(resource, parameters, id=id, text=entry.text if resource is entry.resource else None)
    if entry.method == "POST":
        return Done(entry, 201, session.create(ready))
    before = session.read(entry.type, id)
    version = session.update(ready, entry.if_version)
    return Done(entry, 201 if before is None or before.deleted else 200, version)


class _Links:
    """What the links of a Bundle become."""

    def __init__(self, session: Session, parameters: Parameters, targets: dict[str, str], base: str) -> None:
        self._session = session
        self._parameters = parameters
        self._targets = targets
        self._base = base
        self._conditional: dict[str, str] = {}

    def rewritten(self, entry: Entry) -> Json:
        assert entry.resource is not None
        full = parse_restful(entry.full_url)
        own_base = full.base if full is not None else ""

        def target_of(link: str) -> str | None:
            found = self._targets.get(link)
            if found is None and own_base and parse_restful(link) is not None:
                found = self._targets.get(f"{own_base}/{link}")  # relative to the entry that holds it
            if found is None and is_conditional(link):
                found = self._match(link)
            return found

        return rewrite_links(entry.resource, target_of)

    def _match(self, link: str) -> str | None:
        found = self._conditional.get(link)
        if found is None:
            resource_type = link.partition("?")[0]
            if resource_type not in self._parameters.resource_types:
                return None
            match = only_match(self._session, condition(self._parameters, resource_type, link, self._base))
            if match is None:
                raise ConflictError(
                    f"the conditional reference {link!r} fits no resource here", code="not-found"
                )
            found = self._conditional[link] = f"{match.type}/{match.id}"
        return found


def _check_urns(resource: Json, entry: Entry) -> None:
    for path, reference in iter_references(resource):
        if reference.startswith("urn:uuid:"):
            raise InputError(
                f"{reference} is the fullUrl of no entry of this Bundle",
                code="invalid",
                expression=f"resource:{path}",
            )


def _within(entry: Entry, act: Callable[[], T]) -> T:
    try:
        return act()
    except FhirVitiligoError as error:
        raise located(error, entry.place) from None
