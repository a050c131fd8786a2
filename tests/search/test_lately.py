"""What was made lately is not made again, and never for something else."""

from __future__ import annotations

import pytest

from fhir_vitiligo.fhir.lately import Lately
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.criteria import Condition
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.search.query import parse_query
from fhir_vitiligo.search.types import date

PARAMETERS = parameters_of(Release.R4).afresh()


def condition(name: str, value: str, kind: str = "Observation", base: str = "http://here/fhir") -> Condition:
    return parse_query(PARAMETERS, kind, [(name, value)], base=base).criteria[0]


def test_what_is_not_asked_for_is_forgotten_and_what_is_stays() -> None:
    lately: Lately[int] = Lately(10)
    for number in range(100):
        lately.keep(number, number)
        assert lately.find(0) == 0, "it was asked for all the time"
    kept = [number for number in range(100) if lately.find(number) is not None]
    assert 10 <= len(kept) <= 20
    assert kept[-1] == 99
    assert lately.find("never") is None


def test_the_same_text_is_read_once() -> None:
    first = condition("code", "http://loinc.org|8302-2")
    assert condition("code", "http://loinc.org|8302-2") is first


@pytest.mark.parametrize(
    "other",
    [
        ("code", "http://loinc.org|8302-3"),
        ("code:not", "http://loinc.org|8302-2"),
        ("combo-code", "http://loinc.org|8302-2"),
        ("code", "http://loinc.org|8302-2", "Condition"),
    ],
)
def test_another_text_name_or_type_is_another_condition(other: tuple[str, ...]) -> None:
    assert condition(*other) != condition("code", "http://loinc.org|8302-2")


def test_a_reference_is_read_with_the_base_of_its_client() -> None:
    here, there = (
        condition("patient", "http://one/fhir/Patient/1", base=base)
        for base in ("http://one/fhir", "http://two/fhir")
    )
    assert here != there


@pytest.mark.parametrize("name", ["date", "code-value-date"])
def test_how_near_a_date_has_to_be_depends_on_the_day(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value = "ap2020" if name == "date" else "x$ap2020"
    before = condition(name, value)
    now = date.time.time_ns()
    monkeypatch.setattr(date.time, "time_ns", lambda: now + 10**18)
    assert condition(name, value) != before


def test_what_is_large_is_not_kept() -> None:
    for value in ("x" * 101, "a,b"):
        assert condition("code", value) == condition("code", value)
        assert condition("code", value) is not condition("code", value)
