"""Every route and operation with hostile requests: never a 5xx, never the inside of the program, never without an end.

FHIR_VITILIGO_FUZZ sets how many requests (1,500 in the suite), FHIR_VITILIGO_FUZZ_FROM the number of the first.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.server.app import create_app
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.storage.sqlite import SqliteRepository
from fhir_vitiligo.web.app import with_pages

from .requests import Asked, Maker, seeds, targets

REQUESTS = int(os.environ.get("FHIR_VITILIGO_FUZZ", "1500"))
FIRST = int(os.environ.get("FHIR_VITILIGO_FUZZ_FROM", "0"))
SECONDS = 15.0
"""No request takes as long, on a slow machine under load."""
INSIDES = (
    "Traceback",
    'File "',
    "site-packages",
    "sqlite3.",
    "fhir_vitiligo/",
    "fhir_vitiligo.",
    "object at 0x",
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    settings = Settings(max_body_bytes=2_000_000, check_targets=False)
    path: Path = tmp_path_factory.mktemp("fuzz") / "store.sqlite"
    with SqliteRepository(path, parameters_of(Release.R4)) as store:
        yield with_pages(create_app(store, settings), settings, Release.R4)


async def ask(app: Any, asked: Asked) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://test.example") as client:
        return await client.request(asked.method, asked.url, headers=asked.headers, content=asked.body)


def check(asked: Asked, answer: httpx.Response) -> None:
    """What holds of an answer to anything."""
    status = answer.status_code
    assert status < 500, f"{status}: {answer.text[:500]}"
    kind = answer.headers.get("content-type", "")
    text = answer.text
    if status in (204, 304) or asked.method == "HEAD":
        assert not answer.content
        return
    if kind.startswith("text/html"):
        assert "<script" not in text.lower()
    elif "xml" in kind:
        ElementTree.fromstring(answer.content)
    elif "json" in kind:
        body = json.loads(text)
        if status >= 400:
            assert body["resourceType"] == "OperationOutcome", body
            assert all(issue["severity"] and issue["code"] for issue in body["issue"])
            said = json.dumps(body)
            # What was sent may be told again; the inside of the program may not.
            sent = f"{asked.url} {asked.headers} {asked.body!r}"
            assert not [word for word in INSIDES if word in said and word not in sent], said[:500]
    for name, value in answer.headers.items():
        assert "\n" not in value, name
        assert "\r" not in value, name


def test_no_request_breaks_the_server(app: Any) -> None:
    async def run() -> tuple[list[str], Counter[str]]:
        broken: list[str] = []
        done: Counter[str] = Counter()
        for seed in seeds():
            kind = seed["resourceType"]
            method, place = ("PUT", f"{kind}/{seed['id']}") if "id" in seed else ("POST", kind)
            headers = {"Content-Type": "application/fhir+json"}
            await ask(app, Asked("", method, f"/fhir/{place}", headers, json.dumps(seed).encode()))
        for number in range(FIRST, FIRST + REQUESTS):
            asked = Maker(number).request()
            began = time.monotonic()
            try:
                answer = await ask(app, asked)
                check(asked, answer)
            except httpx.InvalidURL:
                continue  # httpx itself does not send it
            except Exception as error:  # noqa: BLE001 - all are reported together
                broken.append(f"request {number}: {type(error).__name__}: {error}\n    {asked}")
                continue
            took = time.monotonic() - began
            if took > SECONDS:
                broken.append(f"request {number} took {took:.1f} s\n    {asked}")
            done[f"{asked.of} {answer.status_code // 100}xx"] += 1
        return broken, done

    broken, done = asyncio.run(run())
    assert not broken, f"{len(broken)} of {REQUESTS} requests broke it:\n" + "\n".join(broken[:12])
    if 10 * len(targets()) <= REQUESTS:
        reached = {name.rpartition(" ")[0] for name in done}
        assert reached == {of for of, _, _ in targets()}
        answered = {name.rpartition(" ")[0] for name in done if name.endswith("2xx")}
        assert len(answered) > 0.6 * len(reached), (
            f"hardly anything gets through: {sorted(reached - answered)}"
        )
