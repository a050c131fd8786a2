"""A search over one connection: the page, what comes along with it, and the total."""

# ruff: noqa: S608 - the names in the statements are declared in this program, values are arguments

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from typing import Any

from fhir_vitiligo.errors import StorageError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.search.cursor import Cursor
from fhir_vitiligo.search.includes import MAX_INCLUDED, Include
from fhir_vitiligo.search.parameters import Parameter
from fhir_vitiligo.search.query import SearchQuery
from fhir_vitiligo.search.types.reference import REFERENCE
from fhir_vitiligo.search.types.uri import URI
from fhir_vitiligo.storage.repository import Page, StoredVersion
from fhir_vitiligo.storage.schema import index_by_resource, index_table
from fhir_vitiligo.storage.sqlite_index import Numbers

_REFERENCES = index_table(REFERENCE)
_RESULT = "r.key, r.type, r.id, r.version, r.updated, r.method, r.content"

# key -> version, in the order in which they were found
Found = dict[int, StoredVersion]


def search(connection: sqlite3.Connection, numbers: Numbers, query: SearchQuery) -> Page:
    """A page of results; see :class:`~fhir_vitiligo.storage.repository.Page`."""
    made = numbers.plans(query)
    rows: list[Any] = [] if made.page is None else connection.execute(*made.page).fetchall()
    following: Cursor | None = None
    if len(rows) > query.count:  # one more than the page was asked for, to know whether there is another
        rows.pop()
        last = rows[-1]
        following = (*last[7:], last[0])
    total = None
    if query.total or not query.count:
        whole = made.page is not None and following is None and not query.after
        total = len(rows) if whole else int(connection.execute(*made.total()).fetchone()[0])
    matches = {row[0]: _version(row, numbers) for row in rows}
    included = _included(connection, numbers, query, matches) if query.includes and matches else ()
    return Page(tuple(matches.values()), following, total, included)


def _version(row: Any, numbers: Numbers) -> StoredVersion:
    return StoredVersion(numbers.type_names[row[1]], *row[2:7])


def _included(
    connection: sqlite3.Connection, numbers: Numbers, query: SearchQuery, matches: Found
) -> tuple[StoredVersion, ...]:
    """What the results refer to and what refers to them, each once, none of them a result itself."""
    follow = _Follower(connection, numbers, query.bases)
    found: Found = dict(matches)
    newest: Found = matches
    includes: Iterable[Include] = query.includes
    while newest:
        added: Found = {}
        for include in includes:
            for key, version in follow(include, newest):
                if key not in found:
                    found[key] = added[key] = version
                    if len(found) - len(matches) > MAX_INCLUDED:
                        raise StorageError(
                            f"more than {MAX_INCLUDED} resources would come along: ask for smaller pages by _count",
                            code="too-costly",
                        )
        newest = added
        includes = [include for include in query.includes if include.iterate]
    return tuple(version for key, version in found.items() if key not in matches)


class _Follower:
    """Follows the references of an include from some resources."""

    def __init__(self, connection: sqlite3.Connection, numbers: Numbers, bases: tuple[str, ...]) -> None:
        self.connection = connection
        self.numbers = numbers
        self.bases = json.dumps(bases).decode()

    def __call__(self, include: Include, of: Found) -> list[tuple[int, StoredVersion]]:
        types = {version.type for version in of.values()}
        found: list[tuple[int, StoredVersion]] = []
        if include.reverse:
            for resource_type in sorted(types if not include.target else types & {include.target}):
                keys = [key for key, version in of.items() if version.type == resource_type]
                usable = [
                    one for one in include.parameters if not one.targets or resource_type in one.targets
                ]
                found += self._referring(usable, resource_type, keys)
            return found
        usable = [one for one in include.parameters if one.resource_type in types]
        return self._referred(usable, list(of), include.target)

    def _referred(
        self, parameters: list[Parameter], keys: list[int], target: str
    ) -> list[tuple[int, StoredVersion]]:
        if not parameters:
            return []
        only = " AND x.type = ?" if target else ""
        rows = self.connection.execute(
            f"SELECT DISTINCT {_RESULT} FROM json_each(?) k "
            f"CROSS JOIN {_REFERENCES} x INDEXED BY {index_by_resource(REFERENCE)} ON x.resource = k.value "
            f"AND x.parameter IN (SELECT value FROM json_each(?)){only} "
            "AND x.base IN (SELECT value FROM json_each(?)) "
            "CROSS JOIN resource_type t ON t.name = x.type "
            "CROSS JOIN resource r ON r.type = t.number AND r.id = x.id AND r.content IS NOT NULL",
            (_list(keys), self._numbers_of(parameters), *((target,) if target else ()), self.bases),
        ).fetchall()
        rows += self._by_canonical(parameters, keys, target)
        return [(row[0], _version(row, self.numbers)) for row in rows]

    def _by_canonical(self, parameters: list[Parameter], keys: list[int], target: str) -> list[Any]:
        """Canonicals lead to the resource whose ``url`` they name."""
        targets = {kind for one in parameters for kind in one.targets if target in ("", kind)}
        urls = [number for kind in sorted(targets) if (number := self.numbers.find(kind, "url")) is not None]
        if not urls:
            return []
        return self.connection.execute(
            f"SELECT DISTINCT {_RESULT} FROM json_each(?) k "
            f"CROSS JOIN {_REFERENCES} x INDEXED BY {index_by_resource(REFERENCE)} ON x.resource = k.value "
            "AND x.parameter IN (SELECT value FROM json_each(?)) AND x.type = '' AND x.base = '' "
            f"CROSS JOIN {index_table(URI)} u ON u.parameter IN (SELECT value FROM json_each(?)) "
            "AND u.value = x.id CROSS JOIN resource r ON r.key = u.resource",
            (_list(keys), self._numbers_of(parameters), _list(urls)),
        ).fetchall()

    def _referring(
        self, parameters: list[Parameter], resource_type: str, keys: list[int]
    ) -> list[tuple[int, StoredVersion]]:
        rows = self.connection.execute(
            f"SELECT DISTINCT {_RESULT} FROM json_each(?) k "
            "CROSS JOIN resource n ON n.key = k.value "
            "CROSS JOIN json_each(?) p "
            f"CROSS JOIN {_REFERENCES} x ON x.parameter = p.value AND x.id = n.id AND x.type = ? "
            "AND x.base IN (SELECT value FROM json_each(?)) "
            "CROSS JOIN resource r ON r.key = x.resource",
            (_list(keys), self._numbers_of(parameters), resource_type, self.bases),
        ).fetchall()
        url = self.numbers.find(resource_type, "url")
        if url is not None:
            rows += self.connection.execute(
                f"SELECT DISTINCT {_RESULT} FROM json_each(?) k "
                f"CROSS JOIN {index_table(URI)} u ON u.resource = k.value AND u.parameter = ? "
                "CROSS JOIN json_each(?) p "
                f"CROSS JOIN {_REFERENCES} x ON x.parameter = p.value AND x.id = u.value AND x.type = '' "
                "AND x.base = '' CROSS JOIN resource r ON r.key = x.resource",
                (_list(keys), url, self._numbers_of(parameters)),
            ).fetchall()
        return [(row[0], _version(row, self.numbers)) for row in rows]

    def _numbers_of(self, parameters: Iterable[Parameter]) -> str:
        return _list([self.numbers.of_parameter(one) for one in parameters])


def _list(values: Collection[int]) -> str:
    return json.dumps(list(values)).decode()
