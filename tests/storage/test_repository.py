"""The contract of every store."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fhir_vitiligo.errors import ConflictError, InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.search.cursor import to_text
from fhir_vitiligo.search.query import Limits, parse_query, query_pairs
from fhir_vitiligo.storage.draft import draft
from fhir_vitiligo.storage.repository import Draft, Page, Repository, Session


def made(repository: Repository, resource_type: str, id: str, **members: Any) -> Draft:
    return draft({"resourceType": resource_type, "id": id, **members}, repository.parameters, id=id)


def put(repository: Repository, resource_type: str, id: str, **members: Any) -> None:
    ready = made(repository, resource_type, id, **members)
    repository.run(lambda session: session.update(ready))


def search(repository: Repository, resource_type: str, text: str, count: int = 50) -> Page:
    query = parse_query(
        repository.parameters,
        resource_type,
        query_pairs(text),
        base="http://here/fhir",
        limits=Limits(count, 1000),
    )
    return asyncio.run(repository.search(query))


def ids(repository: Repository, resource_type: str, text: str) -> list[str]:
    page = search(repository, resource_type, text)
    assert page.total == len(page.versions)
    return [version.id for version in page.versions]


def test_versions_are_numbered_from_one_and_all_are_kept(repository: Repository) -> None:
    for gender in ("male", "female", "other"):
        put(repository, "Patient", "a", gender=gender)
    history = asyncio.run(repository.history("Patient", "a"))
    assert [version.version for version in history] == [3, 2, 1]
    assert [json.loads(version.content or b"")["gender"] for version in history] == [
        "other",
        "female",
        "male",
    ]
    assert [version.updated for version in history] == sorted({v.updated for v in history}, reverse=True)
    second = asyncio.run(repository.read_version("Patient", "a", 2))
    assert second is not None
    assert json.loads(second.content or b"")["meta"]["versionId"] == "2"
    assert asyncio.run(repository.read_version("Patient", "a", 4)) is None
    assert asyncio.run(repository.read("Patient", "b")) is None
    assert asyncio.run(repository.history("Patient", "b")) == ()


def test_what_is_read_is_what_was_written_with_its_version(repository: Repository) -> None:
    ready = made(repository, "Patient", "a", gender="male")
    written = repository.run(lambda session: session.update(ready))
    read = asyncio.run(repository.read("Patient", "a"))
    assert read == written
    assert read.content is not None
    meta = json.loads(read.content)["meta"]
    assert meta == {"versionId": "1", "lastUpdated": read.last_updated.isoformat().replace("+00:00", "Z")}


def test_a_deletion_is_a_version_and_the_id_stays_taken(repository: Repository) -> None:
    put(repository, "Patient", "a", gender="male")
    deletion = repository.run(lambda session: session.delete("Patient", "a"))
    assert deletion is not None
    assert (deletion.version, deletion.deleted) == (2, True)
    assert asyncio.run(repository.read("Patient", "a")) == deletion
    assert ids(repository, "Patient", "gender=male") == []
    assert ids(repository, "Patient", "_id=a") == []
    assert ids(repository, "Patient", "") == []
    again = repository.run(lambda session: session.delete("Patient", "a"))
    assert again == deletion
    assert repository.run(lambda session: session.delete("Patient", "never")) is None
    ready = made(repository, "Patient", "a")
    with pytest.raises(ConflictError, match="Patient/a exists already"):
        repository.run(lambda session: session.create(ready))
    put(repository, "Patient", "a", gender="female")
    assert [version.deleted for version in asyncio.run(repository.history("Patient", "a"))] == [
        False,
        True,
        False,
    ]
    assert ids(repository, "Patient", "gender=female") == ["a"]


def test_an_update_from_another_version_is_refused(repository: Repository) -> None:
    put(repository, "Patient", "a")
    ready = made(repository, "Patient", "a", gender="male")
    with pytest.raises(ConflictError, match="Patient/a was expected in version 7, but its version is 1"):
        repository.run(lambda session: session.update(ready, 7))
    with pytest.raises(ConflictError, match="was expected in version 7"):
        repository.run(lambda session: session.delete("Patient", "a", 7))
    new = made(repository, "Patient", "new")
    with pytest.raises(ConflictError, match="it was never stored"):
        repository.run(lambda session: session.update(new, 1))
    assert repository.run(lambda session: session.update(ready, 1)).version == 2


def test_work_that_fails_leaves_nothing_behind(repository: Repository) -> None:
    put(repository, "Patient", "a", gender="male")
    changed = made(repository, "Patient", "a", gender="female")
    new = made(repository, "Patient", "b", gender="female")

    def work(session: Session) -> None:
        session.update(changed)
        session.create(new)
        assert (
            session.search(parse_query(repository.parameters, "Patient", [("gender", "female")])).total == 2
        )
        raise InputError("something is wrong after all")

    with pytest.raises(InputError, match="after all"):
        repository.run(work)
    assert ids(repository, "Patient", "gender=male") == ["a"]
    assert ids(repository, "Patient", "gender=female") == []
    assert asyncio.run(repository.read("Patient", "b")) is None
    assert len(asyncio.run(repository.history("Patient", "a"))) == 1


def test_a_session_sees_what_it_wrote_and_may_write_it_again(repository: Repository) -> None:
    first, second = (made(repository, "Patient", "a", gender=gender) for gender in ("male", "female"))

    def work(session: Session) -> list[int | None]:
        session.create(first)
        session.update(second)
        session.delete("Patient", "a")
        session.update(first)
        wanted = [
            parse_query(repository.parameters, "Patient", [("gender", gender)])
            for gender in ("male", "female")
        ]
        return [session.search(query).total for query in wanted]

    assert repository.run(work) == [1, 0]
    assert ids(repository, "Patient", "gender=male") == ["a"]


def test_one_failing_write_does_not_touch_the_ones_committed_with_it(repository: Repository) -> None:
    taken = made(repository, "Patient", "taken")
    repository.run(lambda session: session.create(taken))

    async def all_at_once() -> list[Any]:
        drafts = [made(repository, "Patient", f"p{n}", gender="male") for n in range(40)]
        works = []
        for n, ready in enumerate(drafts):
            works.append(repository.write(lambda session, ready=ready: session.create(ready)))  # type: ignore[misc]
            if n % 4 == 0:
                works.append(repository.write(lambda session: session.create(taken)))
        return await asyncio.gather(*works, return_exceptions=True)

    outcomes = asyncio.run(all_at_once())
    assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 10
    assert sum(not isinstance(outcome, Exception) for outcome in outcomes) == 40
    assert search(repository, "Patient", "gender=male").total == 40


def test_two_writers_from_the_same_version_one_wins(repository: Repository) -> None:
    put(repository, "Patient", "a")
    ready = made(repository, "Patient", "a")

    async def race() -> list[Any]:
        works = [repository.write(lambda session: session.update(ready, 1)) for _ in range(8)]
        return await asyncio.gather(*works, return_exceptions=True)

    outcomes = asyncio.run(race())
    assert sum(not isinstance(outcome, ConflictError) for outcome in outcomes) == 1
    assert len(asyncio.run(repository.history("Patient", "a"))) == 2


def fill(repository: Repository) -> None:
    loinc = "http://loinc.org"
    put(
        repository, "Observation", "a", status="final", subject={"reference": "Patient/p"},
        code={"coding": [{"system": loinc, "code": "1"}]}, effectiveDateTime="2010-05-01",
        valueQuantity={"value": 5, "system": "u", "code": "mg"},
    )  # fmt: skip
    put(
        repository, "Observation", "b", status="final", subject={"reference": "http://here/fhir/Patient/p"},
        code={"coding": [{"system": loinc, "code": "1"}, {"code": "local"}]}, effectiveDateTime="2011",
        valueString="Größe",
    )  # fmt: skip
    put(
        repository, "Observation", "c", status="amended", subject={"reference": "http://there/fhir/Patient/p"},
        code={"coding": [{"system": "http://other", "code": "1"}]},
        effectivePeriod={"start": "2009-01-01"},
    )  # fmt: skip
    put(
        repository,
        "Observation",
        "d",
        status="final",
        subject={"reference": "Group/p"},
        code={"text": "words"},
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "abcd"),
        ("_id=a,c,zz", "ac"),
        ("_id=b&status=final", "b"),
        ("_id=b&status=amended", ""),
        ("_id:not=a", "bcd"),
        ("patient=p", "ab"),
        ("patient=Patient/p", "ab"),
        ("patient=http://here/fhir/Patient/p", "ab"),
        ("patient=http://there/fhir/Patient/p", "c"),
        ("patient:Patient=p", "ab"),
        ("subject=p", "abd"),
        ("subject:Patient=p", "ab"),
        ("subject:Group=p", "d"),
        ("subject=Group/p,Patient/p", "abd"),
        ("patient=nobody", ""),
        ("code=1", "abc"),
        ("code=http://loinc.org|1", "ab"),
        ("code=http://loinc.org|", "ab"),
        ("code=|local", "b"),
        ("code=|1", ""),
        ("code=local,http://other|1", "bc"),
        ("code=1&code=local", "b"),
        ("code:not=local", "acd"),
        ("code:not=local,http://other|1", "ad"),
        ("code:missing=false", "abcd"),
        ("value-string:missing=true", "acd"),
        ("value-string:missing=false", "b"),
        ("value-quantity:missing=false", "a"),
        ("status=final&code=1&patient=p", "ab"),
        ("patient=p&code=http://loinc.org|1&date=ge2010&date=lt2011", "a"),
        ("patient=p&code:not=local&date=2010", "a"),
        ("date=2011", "b"),
        ("date=gt2010", "bc"),
        ("date=ne2011", "ac"),
        ("date=lt2010", "c"),
        ("date=sa2010", "b"),
        ("date=2010,2011", "ab"),
        ("status=final&date=ge2010-05-01", "ab"),
        ("value-quantity=5", "a"),
        ("value-quantity=5|u|mg", "a"),
        ("value-quantity=5||g", ""),
        ("value-quantity=gt4.9&value-quantity=lt5.1", "a"),
        ("value-string=GROSSE", "b"),
        ("value-string=gro", "b"),
        ("value-string:exact=Größe", "b"),
        ("value-string:exact=größe", ""),
        ("value-string:contains=ße", "b"),
        ("_lastUpdated=gt2000", "abcd"),
        ("_lastUpdated=lt2000", ""),
        ("_lastUpdated=gt2000&code=local", "b"),
    ],
)
def test_a_search_finds(repository: Repository, text: str, found: str) -> None:
    fill(repository)
    assert ids(repository, "Observation", text) == list(found)
    # Counted by itself it has to come to the same.
    assert search(repository, "Observation", f"{text}&_count=0").total == len(found)


def test_pages_do_not_lose_or_repeat_anything_while_others_write(repository: Repository) -> None:
    for n in range(25):
        put(repository, "Patient", f"p{n:02}", gender="male" if n % 2 else "female")
    for text, wanted in (("", 25), ("gender=male", 12), ("gender=male,female", 25), ("gender:not=x", 25)):
        seen: list[str] = []
        after = ""
        while True:
            page = search(repository, "Patient", f"{text}&_count=4{after}")
            seen += [version.id for version in page.versions]
            put(repository, "Patient", "p01", gender="male")  # a new version keeps its place
            if page.next is None:
                break
            after = f"&_after={to_text(page.next)}"
        assert len(seen) == len(set(seen)) == wanted


def test_a_page_of_nothing_tells_the_total_alone(repository: Repository) -> None:
    fill(repository)
    page = search(repository, "Observation", "code=1&_count=0")
    assert (page.versions, page.next, page.total) == ((), None, 3)
    assert search(repository, "Observation", "code=1&_total=none&_count=1").total is None
