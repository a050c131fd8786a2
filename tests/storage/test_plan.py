"""The SQL of a search reads keys, not tables: SQLite's own plan says so."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.search.query import parse_query, query_pairs
from fhir_vitiligo.storage.plan import plan
from fhir_vitiligo.storage.plan_statement import Statement
from fhir_vitiligo.storage.sqlite import SqliteRepository
from fhir_vitiligo.storage.sqlite_index import Numbers


def steps(statement: Statement, path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        found = connection.execute(f"EXPLAIN QUERY PLAN {statement.sql}", statement.arguments).fetchall()
        return [step for *_, step in found]
    finally:
        connection.close()


def planned(sqlite: SqliteRepository, parameters: Parameters, text: str) -> tuple[list[str], list[str]]:
    query = parse_query(parameters, "Observation", query_pairs(text), base="http://here/fhir")
    connection = sqlite3.connect(sqlite.path)
    numbers = Numbers(connection)
    connection.close()
    made = plan(query, numbers.of_type.__getitem__, numbers.of_parameter)
    assert made.page is not None
    return steps(made.page, sqlite.path), steps(made.total(), sqlite.path)


def test_patient_code_and_date_are_looked_up_in_their_keys_in_this_order(
    sqlite: SqliteRepository, parameters: Parameters
) -> None:
    page, _ = planned(sqlite, parameters, "date=ge2010&code=http://loinc.org|1&patient=p")
    searches = [step for step in page if step.startswith("SEARCH")]
    assert "reference_index USING PRIMARY KEY (parameter=? AND id=? AND type=? AND base=?" in searches[0]
    assert any(
        "date_index USING COVERING INDEX date_index_by_resource (resource=?" in step for step in searches
    )
    assert any(
        "token_index USING PRIMARY KEY (parameter=? AND code=? AND system=? AND resource=?)" in step
        for step in searches
    )
    assert any("SEARCH r USING INTEGER PRIMARY KEY" in step for step in searches)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "code=1",
        "code=s|",
        "code=http://loinc.org|1,http://loinc.org|2",
        "patient=p",
        "subject=p&code:not=1",
        "date=ge2010",
        "value-string:contains=x&status=final",
        "value-string:missing=true",
        "_id=a,b&code=1",
        "_lastUpdated=gt2020&status=final",
    ],
)
def test_no_search_reads_a_table_from_end_to_end(
    sqlite: SqliteRepository, parameters: Parameters, text: str
) -> None:
    for found in planned(sqlite, parameters, text):
        # SCAN d, SCAN k: a subquery's own few rows; every table is entered by a key
        scans = [step for step in found if step.startswith("SCAN") and step.split()[1] not in ("d", "k")]
        assert [step for step in scans if "index" in step or "resource" in step or step == "SCAN r"] == []


def test_ids_are_looked_up_and_not_walked_to(sqlite: SqliteRepository, parameters: Parameters) -> None:
    for found in planned(sqlite, parameters, "_id=a,b"):
        assert any("resource_1 (type=? AND id=?" in step for step in found)


def test_counting_by_index_alone_does_not_open_the_resources(
    sqlite: SqliteRepository, parameters: Parameters
) -> None:
    _, total = planned(sqlite, parameters, "patient=p&code=1")
    assert not any(" r " in step for step in total)
