"""Writers that know of the same version: one wins, the others are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from .support import Server, running, told

WRITERS = 12


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("writers") / "store.sqlite") as server:
        yield server


def at_once(ask: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(ask, range(WRITERS)))


def test_of_two_writers_with_the_same_etag_one_wins(server: Server) -> None:
    url = f"{server.base}/Patient/one"
    etag = httpx.put(url, json={"resourceType": "Patient", "id": "one"}).headers["etag"]
    for round_number in range(5):
        answers = at_once(
            lambda number, etag=etag: httpx.put(  # type: ignore[misc]
                url,
                json={"resourceType": "Patient", "id": "one", "multipleBirthInteger": number},
                headers={"If-Match": etag},
                timeout=30,
            )
        )
        assert Counter(answer.status_code for answer in answers) == {200: 1, 412: WRITERS - 1}
        (won,) = (answer for answer in answers if answer.status_code == 200)
        for answer in answers:
            if answer.status_code == 412:
                assert told(answer)
        stored = httpx.get(url)
        assert stored.json()["multipleBirthInteger"] == won.json()["multipleBirthInteger"]
        assert stored.json()["meta"]["versionId"] == str(round_number + 2)
        etag = stored.headers["etag"]


def test_of_two_patches_from_one_version_one_wins(server: Server) -> None:
    url = f"{server.base}/Patient/patched"
    etag = httpx.put(url, json={"resourceType": "Patient", "id": "patched"}).headers["etag"]
    answers = at_once(
        lambda number: httpx.patch(
            url, json={"multipleBirthInteger": number}, headers={"If-Match": etag}, timeout=30
        )
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: WRITERS - 1}


def test_patches_without_a_version_are_all_done(server: Server) -> None:
    url = f"{server.base}/Patient/free"
    httpx.put(url, json={"resourceType": "Patient", "id": "free"})
    add = [{"op": "add", "path": "/name/-", "value": {"family": "N"}}]
    httpx.patch(url, json={"name": [{"family": "First"}]})
    headers = {"Content-Type": "application/json-patch+json"}
    answers = at_once(lambda _: httpx.patch(url, json=add, headers=headers, timeout=30))
    done = [answer for answer in answers if answer.status_code == 200]
    assert len(httpx.get(url).json()["name"]) == len(done) + 1, (
        "a patch that was acknowledged is not overwritten"
    )
    assert done
    for answer in answers:
        if answer.status_code != 200:
            assert answer.status_code in (409, 412)
            told(answer)


def test_conditional_creates_of_the_same_make_one(server: Server) -> None:
    body = {"resourceType": "Patient", "identifier": [{"system": "urn:one", "value": "1"}]}
    headers = {"If-None-Exist": "identifier=urn:one|1"}
    answers = at_once(lambda _: httpx.post(f"{server.base}/Patient", json=body, headers=headers, timeout=30))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: WRITERS - 1}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_conditional_updates_of_the_same_make_one(server: Server) -> None:
    body = {"resourceType": "Patient", "identifier": [{"system": "urn:two", "value": "1"}]}
    url = f"{server.base}/Patient?identifier=urn:two|1"
    answers = at_once(lambda _: httpx.put(url, json=body, timeout=30))
    assert {answer.status_code for answer in answers} <= {200, 201, 409, 412}
    assert sum(answer.status_code == 201 for answer in answers) == 1
    assert httpx.get(url).json()["total"] == 1


def test_a_delete_and_updates_of_one_version_leave_one_of_them(server: Server) -> None:
    url = f"{server.base}/Patient/fought"
    etag = httpx.put(url, json={"resourceType": "Patient", "id": "fought"}).headers["etag"]

    def ask(number: int) -> httpx.Response:
        if number % 2:
            return httpx.delete(url, headers={"If-Match": etag}, timeout=30)
        return httpx.put(
            url, json={"resourceType": "Patient", "id": "fought"}, headers={"If-Match": etag}, timeout=30
        )

    answers = at_once(ask)
    assert sum(answer.status_code in (200, 204) for answer in answers) == 1
    assert all(answer.status_code in (200, 204, 409, 410, 412) for answer in answers)
