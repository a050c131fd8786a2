"""What a store of resources has to do; the server and the loader know nothing more of it.

A store keeps every version of every resource (https://hl7.org/fhir/R4/http.html#versioning): versions are
numbered from 1, a deletion is a version without content, and an id, once used, belongs to that resource for
good. Index rows are written in the transaction of the content they come from.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, Protocol, TypeVar

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.search.cursor import Cursor
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.search.query import SearchQuery

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class StoredVersion(NamedTuple):
    """A version of a resource as it is kept.

    ``updated`` is in microseconds since 1970 UTC, different for every write of a store and rising with
    each. ``method`` is the interaction that made the version (POST, PUT, DELETE). ``content`` is the JSON
    text, None for a deletion.
    """

    type: str
    id: str
    version: int
    updated: int
    method: str
    content: bytes | None

    @property
    def deleted(self) -> bool:
        return self.content is None

    @property
    def etag(self) -> str:
        """``W/"3"``."""
        return f'W/"{self.version}"'

    @property
    def last_updated(self) -> datetime:
        return _EPOCH + timedelta(microseconds=self.updated)

    @property
    def location(self) -> str:
        """``Patient/1/_history/3``, relative to the base."""
        return f"{self.type}/{self.id}/_history/{self.version}"


class Draft(NamedTuple):
    """A resource ready to be written: its text around the version and the instant, which only the store
    knows, and the resource as it was received, with its members as :func:`fhir_vitiligo.storage.draft.members_to_index` gives
    them. Made by :func:`fhir_vitiligo.storage.draft.draft`.
    """

    type: str
    id: str
    before: bytes
    after: bytes
    resource: Json
    members: Mapping[str, bytes]

    def text(self, version: int, updated: int) -> bytes:
        """The resource with ``meta.versionId`` and ``meta.lastUpdated`` set."""
        return b'%s"versionId":"%d","lastUpdated":"%s"%s' % (
            self.before,
            version,
            instant(updated).encode(),
            self.after,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A page of results in order. ``next`` is what ``SearchQuery.after`` is for the page behind, None on
    the last one; ``total`` the number of all results, None where it was not asked for; ``included`` what comes
    along by ``_include`` and ``_revinclude``, none of it a result of this page.
    """

    versions: tuple[StoredVersion, ...]
    next: Cursor | None = None
    total: int | None = None
    included: tuple[StoredVersion, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Versions, newest first: of one resource, of a ``type``, or (both empty) of everything.

    ``since`` (microseconds since 1970): only what was made then or later. ``at``: only what was the current version at some
    moment from its first to its second. ``before``: the ``next`` of the page before.
    """

    type: str = ""
    id: str = ""
    count: int = 50
    since: int | None = None
    at: tuple[int, int] | None = None
    before: int | None = None
    total: bool = True


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of versions. ``next`` is what ``HistoryQuery.before`` is for the page behind, None on the last one; ``total`` the
    number of all versions, None where it was not asked for.
    """

    versions: tuple[StoredVersion, ...]
    next: int | None = None
    total: int | None = None


ANY_VERSION = -1
"""In place of a version: whichever, but there has to be one."""
NO_VERSION = 0
"""In place of a version: there has to be none, or a deleted one."""


class Session(Protocol):
    """One write transaction. Sees what it has written itself. Not to be kept or used outside of the work it
    was given to.
    """

    def read(self, resource_type: str, id: str) -> StoredVersion | None:
        """The current version; a deleted one is told by ``deleted``; None: never stored."""
        ...

    def read_version(self, resource_type: str, id: str, version: int) -> StoredVersion | None: ...

    def search(self, query: SearchQuery) -> Page: ...

    def missing(self, resources: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those of the resources (type and id) that are not there or deleted, in order."""
        ...

    def referrers(self, resource_type: str, id: str, base: str = "", most: int = 4) -> list[tuple[str, str]]:
        """Type and id of up to ``most`` other resources that refer to this one by a search parameter, relatively or with
        ``base``, this server's own URL.
        """
        ...

    def know_base(self, base: str) -> None:
        """From now on a reference that begins with ``base`` is one to here, by whatever URL the server is asked."""
        ...

    def create(self, draft: Draft) -> StoredVersion:
        """A resource of a new id. :class:`ConflictError` when the id was ever used."""
        ...

    def update(self, draft: Draft, if_version: int | None = None) -> StoredVersion:
        """The next version of an id, the first one if it was never used. :class:`ConflictError` when the
        current version is not ``if_version``, where that is given (:data:`ANY_VERSION` and :data:`NO_VERSION` too).
        """
        ...

    def delete(self, resource_type: str, id: str, if_version: int | None = None) -> StoredVersion | None:
        """The version that says it is deleted. Nothing is written when it is already (that version) or
        never was (None). :class:`ConflictError` when the current version is not ``if_version``, where that
        is given.
        """
        ...


class Repository(Protocol):
    """A store. Reads see what was acknowledged before they began; a write that returned is durable."""

    @property
    def parameters(self) -> Parameters: ...

    async def read(self, resource_type: str, id: str) -> StoredVersion | None: ...

    async def read_version(self, resource_type: str, id: str, version: int) -> StoredVersion | None: ...

    async def history(self, resource_type: str, id: str) -> tuple[StoredVersion, ...]:
        """Every version, newest first; empty: never stored."""
        ...

    async def versions(self, query: HistoryQuery) -> HistoryPage:
        """Versions of a resource, a type or of everything; stable under writes from page to page."""
        ...

    async def search(self, query: SearchQuery) -> Page: ...

    async def keep_search(self, asked: str) -> str:
        """Keeps what is too long to stand in a link, and gives the key to find it by; the same for the same text."""
        ...

    async def kept_search(self, key: str) -> str | None:
        """What was kept under the key; None when it is no more, or never was."""
        ...

    async def reindex(self, resource_type: str | None = None, id: str | None = None) -> int:
        """Makes the search index again, of everything, a type or a resource, and takes in the search parameters
        that users have stored; how many resources. Searches and writes go on meanwhile.
        :class:`ConflictError` while another one is under way.
        """
        ...

    async def write(self, work: Callable[[Session], T], *, brief: bool = False) -> T:
        """Runs ``work`` in one transaction: all of what it writes is kept, or, when it raises, none.

        ``work`` may be run again from the beginning when the store could not commit, and may run in another
        thread: it changes nothing but the session. ``brief``: it reads and writes a few resources by their
        ids, so that a store may do it between two requests.
        """
        ...

    def run(self, work: Callable[[Session], T]) -> T:
        """:meth:`write` for callers without an event loop."""
        ...

    def close(self) -> None:
        """Finishes what was accepted and lets go of the store."""
        ...


def instant(updated: int) -> str:
    """Microseconds since 1970 as a FHIR instant, ``2026-11-22T16:22:26.123456Z``."""
    second, fraction = divmod(updated, 1_000_000)
    return f"{_second(second)}.{fraction:06}Z"


@lru_cache(maxsize=64)
def _second(since_1970: int) -> str:
    return (_EPOCH + timedelta(seconds=since_1970)).strftime("%Y-%m-%dT%H:%M:%S")
