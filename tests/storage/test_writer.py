"""Brief writes: done by the event loop, committed by the thread, together with those that come at the same time."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.errors import ConflictError, InputError, StorageError
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.search.query import parse_query
from fhir_vitiligo.storage.draft import draft
from fhir_vitiligo.storage.repository import Draft, Session, StoredVersion
from fhir_vitiligo.storage.sqlite import SqliteRepository
from fhir_vitiligo.storage.sqlite_index import rebuild_index

from .test_sqlite import index_of


def patient(store: SqliteRepository, id: str, **members: Any) -> Draft:
    return draft({"resourceType": "Patient", "id": id, **members}, store.parameters, id=id)


@pytest.mark.parametrize("seed", range(4))
def test_what_fails_among_others_leaves_no_trace_of_its_own_and_all_of_theirs(
    sqlite: SqliteRepository, parameters: Parameters, seed: int
) -> None:
    """Works that fail after they wrote and searched (which writes the rows of the works before them, too)."""
    chance = random.Random(seed)
    gender = parse_query(parameters, "Patient", [("gender", "male")])

    def keep(number: int, session: Session) -> StoredVersion | None:
        id = f"p{number % 7}"
        if number % 5 == 4:
            return session.delete("Patient", id)
        if number % 3 == 2:
            session.search(gender)
        family = [{"family": f"Kept{number}"}]
        return session.update(
            patient(
                sqlite,
                id,
                gender=chance.choice(["male", "female"]),
                name=family,
                birthDate=f"19{10 + number}",
            )
        )

    def fail(number: int, session: Session) -> None:
        session.update(patient(sqlite, f"p{number % 7}", gender="male", name=[{"family": "Lost"}]))
        if number % 2:
            session.search(gender)
        session.update(patient(sqlite, f"lost{number}", gender="male"))
        session.update(patient(sqlite, f"p{number % 7}", gender="other", name=[{"family": "Lost"}]))
        raise InputError("no", code="invalid")

    async def all_at_once() -> list[Any]:
        works = []
        for number in range(80):
            work = fail if chance.random() < 0.3 else keep
            brief = chance.random() < 0.8
            works.append(sqlite.write(lambda s, work=work, number=number: work(number, s), brief=brief))  # type: ignore[misc]
        return await asyncio.gather(*works, return_exceptions=True)

    outcomes = [outcome for _ in range(3) for outcome in asyncio.run(all_at_once())]
    assert {type(outcome) for outcome in outcomes} <= {StoredVersion, InputError, type(None)}
    kept = [outcome for outcome in outcomes if isinstance(outcome, StoredVersion)]
    for version in kept:
        if version.content is not None:
            assert asyncio.run(sqlite.read_version("Patient", version.id, version.version)) == version
    lost = parse_query(parameters, "Patient", [("family", "Lost")])
    assert asyncio.run(sqlite.search(lost)).total == 0
    before = index_of(sqlite.path)
    connection = sqlite3.connect(sqlite.path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    rebuild_index(connection, parameters)
    connection.execute("COMMIT")
    connection.close()
    assert index_of(sqlite.path) == before


def test_brief_writes_of_which_some_fail_half_way(sqlite: SqliteRepository, parameters: Parameters) -> None:
    """The group is done again, each work in a savepoint; one that failed before it wrote is no reason to."""
    tried: list[str] = []

    def work(number: int, session: Session) -> StoredVersion:
        tried.append(f"w{number}")
        if number % 4 == 1:
            raise InputError("before it wrote", code="invalid")
        version = session.update(patient(sqlite, f"w{number}", gender="male"))
        if number % 4 == 3:
            raise InputError("after it wrote", code="invalid")
        return version

    async def at_once(numbers: list[int]) -> list[Any]:
        works = [sqlite.write(lambda s, n=n: work(n, s), brief=True) for n in numbers]  # type: ignore[misc]
        return await asyncio.gather(*works, return_exceptions=True)

    outcomes = asyncio.run(at_once([0, 1, 2, 4, 5, 6]))
    assert tried == ["w0", "w1", "w2", "w4", "w5", "w6"], "nothing was done twice"
    assert [type(one) for one in outcomes] == [StoredVersion, InputError, StoredVersion] * 2
    tried.clear()
    outcomes = asyncio.run(at_once([10, 11, 12, 13]))
    assert tried == ["w10", "w11", "w10", "w11", "w12", "w13"]
    assert [type(one) for one in outcomes] == [StoredVersion, InputError, StoredVersion, InputError]
    found = asyncio.run(sqlite.search(parse_query(parameters, "Patient", [("gender", "male")])))
    assert [one.id for one in found.versions] == ["w0", "w2", "w4", "w6", "w10", "w12"]
    for one in found.versions:
        assert one.version == 1


def test_what_refers_to_a_resource_is_seen_before_its_rows_are_written(
    sqlite: SqliteRepository, parameters: Parameters
) -> None:
    sqlite.run(lambda session: [session.create(patient(sqlite, id)) for id in ("a", "b")])
    note = {"resourceType": "Basic", "id": "n", "code": {"text": "x"}, "subject": {"reference": "Patient/a"}}
    other = {**note, "subject": {"reference": "Patient/b"}}

    async def at_once() -> list[Any]:
        works = [
            lambda s: s.create(draft(note, parameters, id="n")),
            lambda s: s.referrers("Patient", "b"),
            lambda s: s.referrers("Patient", "a"),
            lambda s: s.update(draft(other, parameters, id="n")),
            lambda s: s.referrers("Patient", "a"),
            lambda s: s.referrers("Patient", "b"),
        ]
        return await asyncio.gather(*[sqlite.write(work, brief=True) for work in works])

    _, none, some, _, after, moved = asyncio.run(at_once())
    assert (none, some, after, moved) == ([], [("Basic", "n")], [], [("Basic", "n")])


def test_a_large_transaction_has_all_its_rows(sqlite: SqliteRepository, parameters: Parameters) -> None:
    """More than wait in memory: they are written piece by piece, and taken back together."""
    drafts = [patient(sqlite, f"p{n}", gender="male" if n % 2 else "female") for n in range(2500)]

    def fail(session: Session) -> None:
        for one in drafts:
            session.create(one)
        raise InputError("no", code="invalid")

    with pytest.raises(InputError):
        sqlite.run(fail)
    assert all(not rows for rows in index_of(sqlite.path).values())
    sqlite.run(lambda session: [session.create(one) for one in drafts])
    found = asyncio.run(sqlite.search(parse_query(parameters, "Patient", [("gender", "male")])))
    assert found.total == 1250


def test_those_that_come_together_are_committed_together(sqlite: SqliteRepository) -> None:
    async def at_once(count: int, round_number: int) -> None:
        drafts = [patient(sqlite, f"r{round_number}-{n}") for n in range(count)]
        await asyncio.gather(*[sqlite.write(lambda s, d=d: s.create(d), brief=True) for d in drafts])  # type: ignore[misc]

    ended: list[int] = []
    end = sqlite._writer._end

    def counted(begun: Any) -> None:
        ended.append(len(begun.group))
        end(begun)

    sqlite._writer._end = counted  # type: ignore[method-assign]
    asyncio.run(at_once(16, 0))
    assert ended == [16]
    asyncio.run(at_once(1, 1))
    assert ended == [16, 1]
    asyncio.run(at_once(100, 2))
    assert sum(ended) == 117
    assert max(ended) <= 32, "others are not kept waiting for long"


def test_one_after_the_other_nobody_waits_for_company(sqlite: SqliteRepository) -> None:
    async def alone() -> float:
        started = time.process_time()
        for number in range(50):
            ready = patient(sqlite, f"p{number}")
            version = await sqlite.write(lambda s, d=ready: s.create(d), brief=True)  # type: ignore[misc]
            assert await sqlite.read("Patient", f"p{number}") == version, "acknowledged is readable"
        return time.process_time() - started

    asyncio.run(alone())
    assert sqlite._writer._expected == 1


def test_two_brief_writers_from_the_same_version_one_wins(sqlite: SqliteRepository) -> None:
    sqlite.run(lambda session: session.create(patient(sqlite, "a")))

    async def race() -> list[Any]:
        ready = patient(sqlite, "a", gender="male")
        works = [sqlite.write(lambda session: session.update(ready, 1), brief=True) for _ in range(8)]
        return await asyncio.gather(*works, return_exceptions=True)

    outcomes = asyncio.run(race())
    assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 7
    assert len(asyncio.run(sqlite.history("Patient", "a"))) == 2


def test_a_lock_of_another_program_is_waited_for_without_holding_up_the_event_loop(
    tmp_path: Path, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_vitiligo.storage.sqlite._LOCK_SECONDS", 0.5)
    with SqliteRepository(tmp_path / "store.sqlite", parameters) as store:
        store.run(lambda session: session.create(patient(store, "a")))
        other = sqlite3.connect(store.path, isolation_level=None)

        async def all_at_once() -> tuple[list[Any], int]:
            drafts = [patient(store, f"b{n}") for n in range(6)]
            works = asyncio.gather(
                *[store.write(lambda s, d=d: s.create(d), brief=True) for d in drafts],  # type: ignore[misc]
                return_exceptions=True,
            )
            reads = 0
            while not works.done():
                assert await store.read("Patient", "a") is not None
                reads += 1
                await asyncio.sleep(0.005)
            return works.result(), reads

        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        outcomes, reads = asyncio.run(all_at_once())
        took = time.monotonic() - started
        assert all(isinstance(one, StorageError) and one.issues[0].code == "lock-error" for one in outcomes)
        assert reads >= 10
        assert took < 3, "they wait for it together, not one after the other"
        other.execute("ROLLBACK")
        outcomes, _ = asyncio.run(all_at_once())
        assert all(isinstance(one, StoredVersion) for one in outcomes)
        other.close()


@pytest.mark.parametrize("brief", [True, False])
def test_a_full_disk_fails_the_writes_and_loses_nothing(sqlite: SqliteRepository, brief: bool) -> None:
    sqlite.run(lambda session: session.create(patient(sqlite, "a")))
    connection = sqlite._writer._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 20}")

    async def all_at_once() -> list[Any]:
        drafts = [
            draft({"resourceType": "Basic", "id": f"b{n}", "x": "y" * 20_000}, sqlite.parameters, id=f"b{n}")
            for n in range(12)
        ]
        works = [sqlite.write(lambda s, d=d: s.create(d), brief=brief) for d in drafts]  # type: ignore[misc]
        return await asyncio.gather(*works, return_exceptions=True)

    outcomes = asyncio.run(all_at_once())
    refused = [outcome for outcome in outcomes if isinstance(outcome, StorageError)]
    assert refused
    assert {one.issues[0].text for one in refused} == {"the disk of the store is full: nothing was written"}
    for n, outcome in enumerate(outcomes):
        stored = asyncio.run(sqlite.read("Basic", f"b{n}"))
        assert (stored is None) == isinstance(outcome, StorageError)
    connection.execute(f"PRAGMA max_page_count = {pages + 10_000}")
    assert all(isinstance(outcome, (StoredVersion, ConflictError)) for outcome in asyncio.run(all_at_once()))
    sqlite.run(lambda session: session.update(patient(sqlite, "a", gender="female")))
    assert asyncio.run(sqlite.read_version("Patient", "a", 2)) is not None


def test_an_event_loop_that_ends_leaves_the_store_usable(tmp_path: Path, parameters: Parameters) -> None:
    with SqliteRepository(tmp_path / "store.sqlite", parameters) as store:
        for number in range(5):
            loop = asyncio.new_event_loop()

            async def begin(number: int = number) -> None:
                ready = patient(store, f"gone{number}")
                task = asyncio.ensure_future(store.write(lambda s: s.create(ready), brief=True))
                for _ in range(number):
                    await asyncio.sleep(0)
                assert not task.done() or number

            loop.run_until_complete(begin())
            loop.close()
            ready = patient(store, f"p{number}")
            version = asyncio.run(
                asyncio.wait_for(store.write(lambda s, d=ready: s.create(d), brief=True), 10)
            )  # type: ignore[misc]
            assert asyncio.run(store.read("Patient", f"p{number}")) == version
        store.run(lambda session: session.create(patient(store, "last")))
    with pytest.raises(StorageError, match="the store is closed"):
        asyncio.run(store.write(lambda session: None, brief=True))


def test_a_caller_that_gives_up_does_not_stop_the_others(sqlite: SqliteRepository) -> None:
    async def all_at_once() -> list[Any]:
        drafts = [patient(sqlite, f"p{n}") for n in range(10)]
        tasks = [asyncio.ensure_future(sqlite.write(lambda s, d=d: s.create(d), brief=True)) for d in drafts]  # type: ignore[misc]
        await asyncio.sleep(0)
        tasks[3].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    outcomes = asyncio.run(all_at_once())
    assert isinstance(outcomes[3], asyncio.CancelledError)
    assert [type(one) for n, one in enumerate(outcomes) if n != 3] == [StoredVersion] * 9
    assert asyncio.run(sqlite.read("Patient", "p3")) is None, "it was not begun"


def test_the_writer_holds_little_of_the_file_and_is_durable(sqlite: SqliteRepository) -> None:
    """A large Bundle fills what the writer may hold, and it is never given back."""
    asyncio.run(sqlite.history("Patient", "a"))
    (reader,) = sqlite._readers

    def setting(connection: sqlite3.Connection, name: str) -> int:
        return int(connection.execute(f"PRAGMA {name}").fetchone()[0])

    writer = sqlite._writer._connection
    assert setting(writer, "mmap_size") == 0 < setting(reader, "mmap_size")
    assert (
        setting(reader, "cache_size") < setting(writer, "cache_size") < 0
    )  # negative: KiB, no count of pages
    assert [setting(one, "synchronous") for one in (writer, reader)] == [2, 2]


def test_a_read_waits_for_no_write_and_sees_none_that_is_under_way(sqlite: SqliteRepository) -> None:
    """By id the writing connection is read, where nobody writes."""
    sqlite.run(lambda session: session.create(patient(sqlite, "a")))
    assert asyncio.run(sqlite.read("Patient", "a")) is not None
    assert not sqlite._readers, "no other connection was needed"
    written, read = threading.Event(), threading.Event()

    def slow(session: Session) -> None:
        session.update(patient(sqlite, "a", gender="male"))
        session.create(patient(sqlite, "b"))
        written.set()
        assert read.wait(10), "a read waited for a write"

    async def while_it_writes() -> list[StoredVersion | None]:
        writing = asyncio.ensure_future(sqlite.write(slow))
        await asyncio.to_thread(written.wait, 10)
        found = [await sqlite.read("Patient", id) for id in ("a", "b", "c")]
        read.set()
        await writing
        return [*found, *[await sqlite.read("Patient", id) for id in ("a", "b", "c")]]

    a, b, c, a_then, b_then, c_then = asyncio.run(while_it_writes())
    assert (a and a.version, b, c) == (1, None, None)
    assert (a_then and a_then.version, b_then and b_then.version, c_then) == (2, 1, None)


def test_a_read_sees_what_another_program_wrote_last(
    sqlite: SqliteRepository, parameters: Parameters
) -> None:
    with SqliteRepository(sqlite.path, parameters) as other:
        for number in range(1, 4):
            for store in (sqlite, other):
                store.run(lambda session, store=store: session.update(patient(store, "a")))  # type: ignore[misc]
            versions = [asyncio.run(store.read("Patient", "a")) for store in (sqlite, other)]
            assert [one and one.version for one in versions] == [2 * number, 2 * number]


def test_threads_that_read_while_others_write_see_every_acknowledged_write(sqlite: SqliteRepository) -> None:
    acknowledged = [0]
    faults: list[str] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            before = acknowledged[0]
            found = asyncio.run(sqlite.read("Patient", "a"))
            if (0 if found is None else found.version) < before:
                faults.append(f"version {before} was acknowledged, {found} was read")

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()

    async def write() -> None:
        for number in range(300):
            version = await sqlite.write(lambda s: s.update(patient(sqlite, "a")), brief=number % 3 > 0)
            acknowledged[0] = version.version

    try:
        asyncio.run(write())
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert not faults


def test_a_read_of_a_closed_store_is_refused(tmp_path: Path, parameters: Parameters) -> None:
    with SqliteRepository(tmp_path / "store.sqlite", parameters) as store:
        asyncio.run(store.history("Patient", "a"))
    with pytest.raises(StorageError):
        asyncio.run(store.read("Patient", "a"))
