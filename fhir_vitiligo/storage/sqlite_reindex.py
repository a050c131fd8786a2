"""$reindex over an SQLite store: the index made again in small transactions, while it is searched and written.

Search parameters that users have stored (active SearchParameter resources) are taken in: their rows are made
first, then they can be searched by.
"""

from __future__ import annotations

import sqlite3

from fhir_vitiligo.fhir import json
from fhir_vitiligo.search.definitions import active
from fhir_vitiligo.search.extract import index_rows
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.storage import schema
from fhir_vitiligo.storage.sqlite_index import Numbers, PendingRows, number_all, record
from fhir_vitiligo.storage.sqlite_parameters import custom, extended

_BATCH = 200  # resources of one transaction: other writes wait for it

# Type and id where only these are made again, and the keys: behind the first, to the second.
Scope = tuple[str | None, str | None, int, int]

_LIVE_DEFINITIONS = """
SELECT r.content FROM resource r JOIN resource_type t ON t.number = r.type
WHERE t.name = 'SearchParameter' AND r.content IS NOT NULL ORDER BY r.updated
"""


def take_in(
    connection: sqlite3.Connection, official: Parameters, numbers: Numbers, resource_type: str | None
) -> Parameters:
    """Within a transaction: the active definitions of the store become the custom parameters of the file, each
    with a number; what the index has to be made for from now on. Of one ``resource_type`` only those that are
    defined for it alone.
    """
    stored = active(json.loads_object(content) for (content,) in connection.execute(_LIVE_DEFINITIONS))
    own = {one.url for one in official.further}
    used = {one["url"]: one for one in stored if one["url"] not in own}
    if resource_type is not None:
        kept = custom(connection)
        used = {url: one for url, one in used.items() if one["base"] == [resource_type]} | {
            url: one for url, one in kept.items() if one["base"] != [resource_type]
        }
    connection.execute("DELETE FROM custom_parameter")
    connection.executemany(
        "INSERT INTO custom_parameter VALUES (?, ?)", [(url, json.dumps(one)) for url, one in used.items()]
    )
    made = extended(official, used.values())
    number_all(connection, made)
    numbers.read(connection)
    return made


def last_key(connection: sqlite3.Connection) -> int:
    """The key of the newest resource."""
    return int(connection.execute("SELECT coalesce(max(key), 0) FROM resource").fetchone()[0])


def index_batch(
    connection: sqlite3.Connection, numbers: Numbers, parameters: Parameters, scope: Scope
) -> tuple[int, int]:
    """Within a transaction: the rows of the next resources; the last key and how many they were (0: there are
    no more).
    """
    resource_type, id, after, last = scope
    condition = ""
    arguments: tuple[str | int, ...] = ()
    if resource_type is not None:
        condition, arguments = " AND type = ?", (numbers.of_type[resource_type],)
    if id is not None:
        condition, arguments = f"{condition} AND id = ?", (*arguments, id)
    batch = connection.execute(
        "SELECT key, type, content FROM resource "  # noqa: S608
        f"WHERE key > ? AND key <= ? AND content IS NOT NULL{condition} ORDER BY key LIMIT ?",
        (after, last, *arguments, _BATCH),
    ).fetchall()
    pending = PendingRows(connection, numbers)
    for key, type_number, content in batch:
        of_type = parameters.of(numbers.type_names[type_number])
        pending.replace(key, {}, index_rows(json.loads_object(content), of_type, None, parameters.of))
    pending.flush()
    return (batch[-1][0] if batch else after), len(batch)


def finish(connection: sqlite3.Connection, numbers: Numbers, before: Parameters, made: Parameters) -> None:
    """Within a transaction: removes the rows of what is no longer in use, and writes down what is."""
    for resource_type in made.resource_types:
        still = {one.key for one in made.every(resource_type)}
        for parameter in before.every(resource_type):
            if parameter.key not in still and parameter.stored is None:
                number = numbers.of_parameter(parameter)
                inside = schema.contained_number(number)
                for signed in (number, -number, inside, -inside):
                    connection.execute(schema.delete_parameter(parameter.type), (signed,))
    record(connection, made)
