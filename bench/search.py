"""What a search costs the server, by the size of the store: ``python -m bench.search [resources...]``.

Observations of patients with 100 each, 20 codes; patient + code + two date bounds, sorted, 20 of a page, answered
through the whole ASGI application in this process: CPU microseconds a request, when nothing of its patients was read
yet and when it was. Beside it the same search's SQL alone, a chain, and the latest of a whole type.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.search.query import parse_query, query_pairs
from fhir_vitiligo.server.app import create_app
from fhir_vitiligo.storage.draft import draft
from fhir_vitiligo.storage.repository import Draft, Session
from fhir_vitiligo.storage.sqlite import SqliteRepository
from fhir_vitiligo.storage.sqlite_index import Numbers
from fhir_vitiligo.storage.sqlite_search import search

BATCH = 5000
OF_A_PATIENT = 100
CODES = 20


def observations(count: int) -> Iterator[dict[str, Any]]:
    """Spread over ten years and many patients, so that neighbours in time are of different patients."""
    patients = max(1, count // OF_A_PATIENT)
    for number in range(count):
        day = number * 3650 // count
        yield {
            "resourceType": "Observation",
            "id": f"o{number}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": f"c{number // patients % CODES}"}]},
            "subject": {"reference": f"Patient/p{number % patients}"},
            "effectiveDateTime": f"{2010 + day // 365}-{1 + day % 365 // 31:02}-{1 + day % 28:02}",
            "valueQuantity": {
                "value": number % 100,
                "system": "http://unitsofmeasure.org",
                "code": "cm",
                "unit": "cm",
            },
        }


def fill(store: SqliteRepository, count: int) -> None:
    """Stores them, some thousands in a transaction."""
    resources = observations(count)
    while batch := [
        draft(resource, store.parameters, id=resource["id"]) for resource in islice(resources, BATCH)
    ]:
        store.run(partial(create_all, batch))


def create_all(drafts: list[Draft], session: Session) -> None:
    for one in drafts:
        session.create(one)


QUERIES = (
    "Observation?patient=p{n}&code=http://loinc.org|c{c}&date=ge2011&date=lt2019&_sort=-date&_count=20",
    "Observation?patient=p{n}&date=ge2011&date=lt2019&_sort=-date&_count=20",
    "Observation?patient=p{n}&code=http://loinc.org|c{c}&_count=20&_total=none",
    "Observation?_sort=-_lastUpdated&_count=20&_total=none",
)


def measure(store: SqliteRepository, count: int, rounds: int = 300) -> None:
    application = create_app(store)
    patients = max(1, count // OF_A_PATIENT)

    async def request(url: str) -> int:
        path, _, query = url.partition("?")
        sent: list[dict[str, Any]] = []
        scope = {
            "type": "http", "method": "GET", "path": f"/fhir/{path}", "raw_path": f"/fhir/{path}".encode(),
            "query_string": query.encode(), "headers": [(b"host", b"here")], "scheme": "http",
            "server": ("here", 80), "root_path": "", "http_version": "1.1", "client": ("127.0.0.1", 1),
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await application(scope, receive, send)
        assert sent[0]["status"] == 200, sent
        return len(sent[1]["body"])

    for pattern in QUERIES:
        urls = [pattern.format(n=number * 7919 % patients, c=number % CODES) for number in range(rounds)]
        few = urls if "patient" in pattern else urls[:5]

        async def every(urls: list[str]) -> int:
            return sum([await request(url) for url in urls])

        asyncio.run(every(few[:20]))
        # The first time a large store's pages come from its file, and what is measured is the system's reading.
        costs = []
        for _ in range(3):
            start = time.process_time()
            size = asyncio.run(every(few))
            costs.append((time.process_time() - start) / len(few) * 1e6)
        first, whole = costs[0], min(costs)
        queries = [
            parse_query(store.parameters, "Observation", query_pairs(url.partition("?")[2])) for url in few
        ]
        connection = sqlite3.connect(store.path)
        numbers = Numbers(connection)
        start = time.process_time()
        for query in queries:
            search(connection, numbers, query)
        store_only = (time.process_time() - start) / len(few) * 1e6
        connection.close()
        print(
            f"{count:>9,} {whole:>9.0f} us (the first time {first:.0f}), of it the store {store_only:>7.0f}; "
            f"{size // len(few):>6} bytes  {pattern}"
        )


def main(sizes: list[int]) -> None:
    for count in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "store.sqlite"
            with SqliteRepository(path, parameters_of(Release.R4), read_seconds=60) as store:
                fill(store, count)
                measure(store, count)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [10_000, 100_000])
