"""The search parameters that the index of an SQLite store is made with: the official ones and those of users, which the file
keeps as a reindexing took them in.

Several programs may have one file open. When one of them takes in others, the rest notice: before the first row they write
then, because a transaction sees whether the file was changed from elsewhere (https://www.sqlite.org/pragma.html#pragma_data_version),
and in searches within a second.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Sequence

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.search.definitions import further_parameter
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.storage.sqlite_index import Numbers, fingerprint, recorded

_Kept = Sequence[tuple[str, bytes]]


class IndexedParameters:
    """``indexed`` are those that rows are made for, ``searched`` those that can be searched by: fewer, or others, while the
    index is being made again.
    """

    def __init__(self, connection: sqlite3.Connection, official: Parameters) -> None:
        self._official = official
        self._guard = threading.Lock()
        self._kept = _kept(connection)
        self.indexed = self.searched = with_custom(connection, official)
        self._fingerprint = ""

    def look(self, connection: sqlite3.Connection, numbers: Numbers) -> None:
        """Another program may have begun to make the index again with other parameters, or be done with that."""
        with self._guard:
            kept = _kept(connection)
            if kept != self._kept:
                numbers.read(connection)
                self._take(kept, with_custom(connection, self._official))
            if self.searched is not self.indexed:
                self._fingerprint = self._fingerprint or fingerprint(self.indexed)
                if recorded(connection) == self._fingerprint:
                    self.searched = self.indexed

    def began(self, connection: sqlite3.Connection, made: Parameters) -> None:
        """The file keeps other parameters from now on; what is searched stays until :meth:`finished`."""
        with self._guard:
            self._take(_kept(connection), made)

    def finished(self) -> None:
        """The index has the rows of all that is ``indexed``."""
        with self._guard:
            self.searched = self.indexed

    def _take(self, kept: _Kept, made: Parameters) -> None:
        self._kept, self._fingerprint = kept, ""
        self.indexed = made


def with_custom(connection: sqlite3.Connection, official: Parameters) -> Parameters:
    """The official parameters and those of users that the index of the file was made with."""
    return extended(official, custom(connection).values())


def custom(connection: sqlite3.Connection) -> dict[str, Json]:
    """The parameters of users that the file keeps, by url."""
    return {url: json.loads_object(content) for url, content in _kept(connection)}


def extended(parameters: Parameters, resources: Iterable[Json]) -> Parameters:
    """The parameters and those of SearchParameter resources."""
    further = [further_parameter(resource) for resource in resources]
    return parameters.with_further(further) if further else parameters


def _kept(connection: sqlite3.Connection) -> _Kept:
    return connection.execute("SELECT url, content FROM custom_parameter ORDER BY url").fetchall()
