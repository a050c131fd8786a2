"""The tables of the SQLite store.

``resource`` holds the current version of every resource that ever was, deleted ones without content;
``resource_history`` what came before it. ``updated`` (microseconds since 1970, different for every write)
orders all writes of the store. Index tables, one per search type, are keyed (parameter, value...,
resource), so that a search that names a value reads its answer in order from one place. They hold nothing
that cannot be made again from the content.
"""

# ruff: noqa: S608 - the names in the statements are declared in this program, values are arguments

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from fhir_vitiligo.search.contained import MOST
from fhir_vitiligo.search.types.base import SearchType

RESOURCE = """
CREATE TABLE resource_type (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE parameter (
  number INTEGER PRIMARY KEY,
  resource_type TEXT NOT NULL,
  code TEXT NOT NULL,
  UNIQUE (resource_type, code)
) STRICT;
CREATE TABLE resource (
  key INTEGER PRIMARY KEY,
  type INTEGER NOT NULL REFERENCES resource_type (number),
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  method TEXT NOT NULL,
  content BLOB,
  UNIQUE (type, id)
) STRICT;
CREATE INDEX resource_live ON resource (type) WHERE content IS NOT NULL;
CREATE UNIQUE INDEX resource_updated ON resource (updated);
CREATE TABLE resource_history (
  updated INTEGER PRIMARY KEY,
  resource INTEGER NOT NULL REFERENCES resource (key),
  version INTEGER NOT NULL,
  method TEXT NOT NULL,
  content BLOB,
  UNIQUE (resource, version)
) STRICT;
CREATE TABLE index_state (
  fingerprint TEXT NOT NULL
) STRICT;
"""


CUSTOM_PARAMETER = """
CREATE TABLE custom_parameter (
  url TEXT PRIMARY KEY,
  content BLOB NOT NULL
) STRICT;
"""


KEPT_SEARCH = """
CREATE TABLE kept_search (
  key TEXT PRIMARY KEY,
  asked TEXT NOT NULL,
  kept INTEGER NOT NULL
) STRICT;
CREATE INDEX kept_search_kept ON kept_search (kept);
"""


OWN_BASE = """
CREATE TABLE own_base (
  base TEXT PRIMARY KEY
) STRICT;
"""


# The latest of a type, and a type's history, are read from its end.
TYPE_UPDATED = "CREATE INDEX resource_type_updated ON resource (type, updated);"


_OF_CONTAINED = 1_000_000


def contained_number(number: int) -> int:
    """The number under which rows of contained resources stand, by that of the parameter."""
    return number + _OF_CONTAINED


def contained_key(key: int, place: int) -> int:
    """What stands for the contained resource at ``place`` in its rows, by the key of the one that contains it; below zero,
    where no resource is.
    """
    return -(key * MOST + place)


CONTAINED_HERE = f"-(x.resource * {MOST} + CAST(x.base AS INTEGER))"
"""The same in SQL, of a row ``x`` of a reference to it."""
CONTAINED_BESIDE = f"-((-x.resource) / {MOST} * {MOST} + CAST(x.base AS INTEGER))"
"""The same of a row of another contained resource."""

_BY_RESOURCE = frozenset({"reference", "date", "number", "quantity"})


def index_table(kind: SearchType) -> str:
    """The name of the index table of a search type."""
    return f"{kind.name}_index"


def index_by_resource(kind: SearchType) -> str:
    """The name of the second key of an index table, which finds the values of a resource."""
    return f"{kind.name}_index_by_resource"


def is_by_resource(kind: SearchType) -> bool:
    """Whether the table has a second key by resource.

    Searches that name ends of ranges need it, because the first key then cannot tell of one resource, and links
    are followed by it. Texts go without, as do composites, whose first component leaves few resources.
    """
    return kind.name in _BY_RESOURCE


def create_index_tables(kinds: Iterable[SearchType]) -> Iterable[str]:
    """The statements that make the index tables of these search types, where there are none."""
    for kind in _by_table(kinds):
        columns = ", ".join(f"{column.name} {column.kind.upper()} NOT NULL" for column in kind.columns)
        key = ", ".join(column.name for column in kind.columns)
        yield (
            f"CREATE TABLE IF NOT EXISTS {index_table(kind)} "
            f"(parameter INTEGER NOT NULL, {columns}, resource INTEGER NOT NULL, "
            f"PRIMARY KEY (parameter, {key}, resource)) WITHOUT ROWID, STRICT"
        )
        if is_by_resource(kind):
            yield (
                f"CREATE INDEX IF NOT EXISTS {index_by_resource(kind)} "
                f"ON {index_table(kind)} (resource, parameter, {key})"
            )


def _by_table(kinds: Iterable[SearchType]) -> list[SearchType]:
    return list({kind.name: kind for kind in kinds}.values())


def drop_table(name: str) -> str:
    """The statement that drops an index table."""
    return f"DROP TABLE {name}"


@cache
def insert_rows(kind: SearchType) -> str:
    """The statement that adds an index row: parameter, the columns, resource."""
    marks = ", ".join("?" for _ in range(len(kind.columns) + 2))
    return f"INSERT OR IGNORE INTO {index_table(kind)} VALUES ({marks})"


@cache
def delete_rows(kind: SearchType) -> str:
    """The statement that removes one index row, by the same values."""
    conditions = " AND ".join(
        f"{name} = ?" for name in ("parameter", *(c.name for c in kind.columns), "resource")
    )
    return f"DELETE FROM {index_table(kind)} WHERE {conditions}"


def delete_parameter(kind: SearchType) -> str:
    """The statement that removes all rows of a parameter."""
    return f"DELETE FROM {index_table(kind)} WHERE parameter = ?"
