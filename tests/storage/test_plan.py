"""The SQL of a search reads keys, not tables: SQLite's own plan says so."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.search.query import SearchQuery, parse_query, query_pairs
from fhir_vitiligo.storage.plan import plan
from fhir_vitiligo.storage.plan_cache import Plans
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


def test_patient_and_code_are_one_key_and_dates_are_looked_up_by_resource(
    sqlite: SqliteRepository, parameters: Parameters
) -> None:
    page, _ = planned(sqlite, parameters, "date=ge2010&code=http://loinc.org|1&patient=p&status=final")
    searches = [step for step in page if step.startswith("SEARCH")]
    assert (
        "composite_reference_token_index USING PRIMARY KEY "
        "(parameter=? AND id1=? AND type1=? AND base1=? AND code2=? AND system2=?" in searches[0]
    )
    of_dates = [step for step in searches if "date_index" in step]
    assert len(of_dates) == 1, "one look-up for all that a prefix stands for"
    assert "USING COVERING INDEX date_index_by_resource (resource=?" in of_dates[0]
    assert any("token_index" in step and "composite" not in step for step in searches)
    assert any("SEARCH r USING INTEGER PRIMARY KEY" in step for step in searches)


def test_without_a_code_the_patient_drives(sqlite: SqliteRepository, parameters: Parameters) -> None:
    page, _ = planned(sqlite, parameters, "category=http://x|survey&patient=p")
    searches = [step for step in page if step.startswith("SEARCH")]
    assert "reference_index USING PRIMARY KEY (parameter=? AND id=? AND type=? AND base=?" in searches[0]
    assert any(
        "token_index USING PRIMARY KEY (parameter=? AND code=? AND system=? AND resource=?)" in step
        for step in searches
    )


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("patient=p&code=http://l|1&date=ge2010&_sort=-date", "patient=q&code=http://l|2&date=ge2011-02&_sort=-date"),
        ("value-string=berg", "value-string=tal"),
        ("value-string:contains=x,y&status:not=final", "value-string:contains=z,a&status:not=amended"),
        ("code:in=http://hl7.org/fhir/ValueSet/observation-status", "code:in=http://hl7.org/fhir/ValueSet/event-status"),
        ("patient.name=a&performer:Practitioner.family=b", "patient.name=c&performer:Practitioner.family=d"),
        ("_has:DiagnosticReport:result:status=final", "_has:DiagnosticReport:result:status=partial"),
        ("combo-code-value-quantity=http://l|1$gt5", "combo-code-value-quantity=http://l|2$gt6.5"),
        ("_id=a,b&_lastUpdated=gt2020", "_id=c,d&_lastUpdated=gt2021-01"),
        ("value-quantity=5.4|http://unitsofmeasure.org|mg&_sort=value-quantity,_id", "value-quantity=6|http://unitsofmeasure.org|g&_sort=value-quantity,_id"),
        ("subject:missing=true", "subject:missing=true"),
    ],
)  # fmt: skip
def test_a_kept_plan_with_other_values_is_the_plan_that_is_made_for_them(
    sqlite: SqliteRepository, parameters: Parameters, known: str, asked: str
) -> None:
    numbers = sqlite._numbers

    def query(text: str, after: tuple[str | int | float | None, ...]) -> SearchQuery:
        parsed = parse_query(parameters, "Observation", query_pairs(text), base="http://here/fhir")
        return replace(parsed, after=(*after[: len(parsed.sort)], after[-1]) if after else ())

    for afters in (((), ()), (("a", 3, 4), ("b", 5, 6)), ((None, 3, 4), (None, 5, 6))):
        first, second = (query(text, after) for text, after in zip((known, asked), afters, strict=True))
        plans = Plans(numbers.of_type.__getitem__, numbers.of_parameter)
        plans(first)
        kept, made = plans(second), plan(second, numbers.of_type.__getitem__, numbers.of_parameter)
        assert (kept.page, kept.total()) == (made.page, made.total())
        assert len(plans._kept) == (1 if "code:in" not in known else 2), "texts of :in are of the shape"


def test_queries_of_another_shape_have_another_plan(sqlite: SqliteRepository, parameters: Parameters) -> None:
    numbers = sqlite._numbers
    plans = Plans(numbers.of_type.__getitem__, numbers.of_parameter)
    texts = (
        "code=1", "code=s|1", "code=s|", "code=1,2", "code:not=1", "code:missing=true", "code:missing=false",
        "date=2010", "date=ge2010", "_count=7", "code=1&code=2", "status=final&code=1", "code=1&status=final",
        "patient=p", "subject=p", "patient.name=a", "patient:Patient.family=a", "code=1&_sort=date", "code=1&_sort=-date",
    )  # fmt: skip
    for text in texts:
        found = parse_query(parameters, "Observation", query_pairs(text))
        assert plans(found).page == plan(found, numbers.of_type.__getitem__, numbers.of_parameter).page
    assert len(plans._kept) == len(texts)


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


def test_the_latest_of_a_type_are_read_from_the_end_of_an_index(
    sqlite: SqliteRepository, parameters: Parameters
) -> None:
    page, total = planned(sqlite, parameters, "_sort=-_lastUpdated")
    assert any("r USING INDEX resource_type_updated (type=?)" in step for step in page)
    assert not any("resource_live" in step for step in page)
    assert any("resource_live (type=?)" in step for step in total)
    page, _ = planned(sqlite, parameters, "_sort=-_lastUpdated&code=1")
    assert any("token_index USING PRIMARY KEY" in step for step in page), "criteria leave fewer"


def test_counting_by_index_alone_does_not_open_the_resources(
    sqlite: SqliteRepository, parameters: Parameters
) -> None:
    _, total = planned(sqlite, parameters, "patient=p&code=1")
    assert not any(" r " in step for step in total)
