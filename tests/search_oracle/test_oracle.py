"""The engine finds what the specification's words find: the same ids for every query.

Hundreds of queries in the normal run. ``FHIR_VITILIGO_SEARCH_ORACLE=20000`` runs that many on each world.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

import pytest

from fhir_vitiligo.fhir.lately import Lately
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.definitions import own_parameters
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.search.query import Limits, parse_query, query_pairs
from fhir_vitiligo.storage.draft import draft
from fhir_vitiligo.storage.sqlite import SqliteRepository

from .evaluator import World
from .queries import Queries, world_of
from .values import BASE, Resource
from .worlds import awkward, synthea, vitiligo

COUNT = int(os.environ.get("FHIR_VITILIGO_SEARCH_ORACLE", "800"))
SEED = int(os.environ.get("FHIR_VITILIGO_SEARCH_SEED", "1"))
R4 = parameters_of(Release.R4)
OWN = {(base, one.code): one for one in own_parameters(Release.R4) for base in one.base}


def stored(resources: list[Resource], folder: Path) -> SqliteRepository:
    store = SqliteRepository(folder / "store.sqlite", R4)
    drafts = [draft(one, R4, id=one["id"]) for one in resources]
    store.run(lambda session: [session.update(one) for one in drafts])
    return store


def found(store: SqliteRepository, kind: str, pairs: list[tuple[str, str]]) -> list[str]:
    text = urlencode(pairs)
    query = parse_query(R4, kind, query_pairs(text), base=BASE, limits=Limits(1000, 1000))
    page = asyncio.run(store.search(query))
    assert page.total == len(page.versions) < 1000
    assert store.run(lambda session: session.search(query)).versions == page.versions
    return sorted(version.id for version in page.versions)


@pytest.fixture(scope="module", params=["awkward", "vitiligo", "synthea"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, SqliteRepository]]:
    match request.param:
        case "awkward":
            resources = awkward(SEED, 150 if COUNT < 1000 else 400)
        case "vitiligo":
            resources = vitiligo(range(SEED, SEED + (2 if COUNT < 1000 else 12)))
        case _:
            resources = synthea(request.getfixturevalue("synthea_dir"), 2, 240)
    store = stored(resources, tmp_path_factory.mktemp(request.param))
    yield world_of(resources, OWN), store
    store.close()


def test_every_query_finds_the_same_ids(world: tuple[World, SqliteRepository]) -> None:
    told, store = world
    differing = []
    hits = 0
    for kind, pairs in islice(Queries(told, SEED), COUNT):
        wanted, got = told.find(kind, pairs), found(store, kind, pairs)
        hits += bool(wanted)
        if wanted != got:
            differing.append(
                f"{kind}?{pairs}: not found {set(wanted) - set(got)}, wrong {set(got) - set(wanted)}"
            )
    assert differing == []
    assert hits > COUNT / 4, "queries that find nothing prove nothing"


def of_each_type(queries: Queries, count: int) -> list[tuple[str, tuple[str, str]]]:
    """So many queries of one parameter for each search type that a fault below is about."""
    left = dict.fromkeys(("date", "number", "quantity", "string", "token"), count)
    found = []
    while any(left.values()):
        kind = queries.random.choice(queries.types)
        code = queries.random.choice(queries.codes[kind])
        search_type = queries.world.definition(kind, code).type if code != "_id" else ""
        if left.get(search_type):
            left[search_type] -= 1
            found.append((kind, queries.criterion(kind, code)))
    return found


def test_broken_search_types_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle is worth something: each of these faults in the engine makes a query find something else."""
    from fhir_vitiligo.search import extract, reader
    from fhir_vitiligo.search.types import date, number, prefixes, quantity, string, token

    resources = awkward(SEED, 150)
    told = world_of(resources, OWN)
    queries = of_each_type(Queries(told, SEED), 80)
    wanted = [told.find(kind, [pair]) for kind, pair in queries]
    inclusive, whole = prefixes.tests, date.date_range
    faults = {
        "gt is ge": (
            date,
            "tests",
            lambda prefix, *ends: inclusive("ge" if prefix == "gt" else prefix, *ends),
        ),
        "a zone is ignored": (date, "_offset", lambda zone: 0),
        "a year ends in November": (
            date,
            "date_range",
            lambda text: (f := whole(text)) and (f[0], f[1] - 10**12),
        ),
        "accents count": (string, "fold", str.lower),
        "a number is a point": (
            number,
            "tests",
            lambda prefix, *ends: inclusive("sa" if prefix == "gt" else prefix, *ends),
        ),
        "units are what they are": (quantity, "_in_base", lambda value, factor, offset: value),
        "codes have no system": (
            reader,
            "with_implied_systems",
            lambda parameter, alternatives, parameters: alternatives,
        ),
        "systems are ignored": (
            token,
            "text_of",
            lambda value: value if isinstance(value, str) and "urn" not in value else "",
        ),
    }
    for name, (module, attribute, wrong) in faults.items():
        with monkeypatch.context() as patch:
            patch.setattr(module, attribute, wrong)
            patch.setattr(extract, "_remembered", Lately(1))
            patch.setattr(R4, "read_lately", Lately(1))
            (folder := tmp_path / name).mkdir()
            with stored(resources, folder) as store:
                got = [found(store, kind, [pair]) for kind, pair in queries]
        assert got != wanted, f"nobody noticed that {name}"
