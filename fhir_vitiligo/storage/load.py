"""Loading Bundles from files, through the same code as the server's transactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from fhir_vitiligo.errors import FhirVitiligoError
from fhir_vitiligo.fhir import bundles, json_text
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.storage.entries import entries_of_resources, read_entries
from fhir_vitiligo.storage.former import Former, Left, delete_left, find_left
from fhir_vitiligo.storage.repository import Repository, Session
from fhir_vitiligo.storage.transaction import Done, run_transaction


@dataclass(slots=True)
class LoadCounts:
    """What a load did, in resources: ``matched`` were there already by their condition and stayed as they
    were.
    """

    documents: int = 0
    created: int = 0
    updated: int = 0
    matched: int = 0
    deleted: int = 0
    by_type: Counter[str] = field(default_factory=Counter)

    def add(self, done: Iterable[Done]) -> None:
        for one in done:
            self.by_type[one.entry.type] += 1
            if one.status == 201:
                self.created += 1
            elif one.status == 204:
                self.deleted += 1
            elif one.entry.condition is not None and one.entry.method == "POST":
                self.matched += 1
            else:
                self.updated += 1


def load_bundles(repository: Repository, documents: Iterable[Json]) -> LoadCounts:
    """Stores every document, each as one transaction, all or nothing; resources with an id are updated, not
    doubled.

    A transaction or batch Bundle is done as its requests say; of any other Bundle the resources are stored,
    and so is a resource that is no Bundle. The first :class:`FhirVitiligoError` ends the load; it is told
    which document it is about, those before it are stored.
    """
    counts = LoadCounts()
    for document in documents:
        try:
            counts.add(load_document(repository, document))
        except FhirVitiligoError as error:
            error.add_note(f"document {counts.documents + 1} was not loaded; the ones before it were")
            raise
        counts.documents += 1
    return counts


def load_document(
    repository: Repository, document: Json, check: Callable[[Json], None] | None = None
) -> list[Done]:
    """Stores one document as one transaction; see :func:`load_bundles`. ``check`` raises for a resource that a patch made
    and that may not be stored.
    """
    json_text.check_depth(document)
    return replace_document(repository, document, (), check)[0]


def replace_document(
    repository: Repository,
    document: Json,
    former: Sequence[Former],
    check: Callable[[Json], None] | None = None,
    *,
    keep: bool = False,
) -> tuple[list[Done], Left]:
    """Stores one document, known not to be too deep, as one transaction, and deletes in it what its earlier versions made and
    it no longer has; with ``keep`` that stays, and is told.
    """
    parameters = repository.parameters
    is_request = bundles.is_bundle(document) and document.get("type") in ("transaction", "batch")
    entries = read_entries(document, parameters) if is_request else entries_of_resources(document, parameters)

    def work(session: Session) -> tuple[list[Done], Left]:
        done = run_transaction(session, entries, parameters, complete=is_request, check=check)
        if not former:
            return done, Left()
        written = {(one.version.type, one.version.id) for one in done if one.version is not None}
        left = [key for one in former for key in find_left(session, one, written)]
        return done, Left(stayed=dict.fromkeys(left)) if keep else delete_left(session, left)

    return repository.run(work)
