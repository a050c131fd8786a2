"""Each search type: the index rows of a value, and the tests a search text becomes."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.search.types import SEARCH_TYPES
from fhir_vitiligo.search.types.base import Context, Row, Scalar, Test
from fhir_vitiligo.search.types.companions import COMPANIONS
from fhir_vitiligo.search.types.date import BEGINNING, END, date_range
from fhir_vitiligo.search.types.near import NEAR
from fhir_vitiligo.search.types.string import fold

CONTEXT = Context(targets=("Group", "Patient"), base="http://here/fhir")


@pytest.mark.parametrize(
    ("kind", "value", "rows"),
    [
        ("token", True, [("true", "")]),
        ("token", "final", [("final", "")]),
        (
            "token",
            {"coding": [{"system": "s", "code": "c"}, {"code": "d"}], "text": "t"},
            [("c", "s"), ("d", "")],
        ),
        ("token", {"text": "only"}, [("", "")]),
        ("token", {"system": "s", "code": "c"}, [("c", "s")]),
        ("token", {"system": "s", "value": "v", "use": "official"}, [("v", "s")]),
        ("token", {"concept": {"coding": [{"system": "s", "code": "c"}]}}, [("c", "s")]),
        ("token", {"coding": [{"system": ["x"], "code": {"y": 1}}, 7, None]}, [("", "")]),
        ("reference", {"reference": "Patient/1"}, [("1", "Patient", "")]),
        ("reference", "Patient/1", [("1", "Patient", "")]),
        (
            "reference",
            "http://x.org/fhir/Library/1|2",
            [
                ("http://x.org/fhir/Library/1|2", "", ""),
                ("1", "Library", "http://x.org/fhir"),
                ("http://x.org/fhir/Library/1", "", ""),
            ],
        ),
        ("reference", {"reference": "Patient/1/_history/2"}, [("1", "Patient", "")]),
        (
            "reference",
            {"reference": "https://x.org/fhir/Patient/1"},
            [("1", "Patient", "https://x.org/fhir")],
        ),
        ("reference", {"reference": "urn:uuid:5"}, [("urn:uuid:5", "", "")]),
        ("reference", {"reference": "#p1"}, [("", "", "")]),
        ("reference", {"identifier": {"value": "x"}}, [("", "", "")]),
        ("reference", {"reference": {"reference": "Patient/1"}}, [("1", "Patient", "")]),
        ("reference", "urn:x:y|2.0", [("urn:x:y|2.0", "", ""), ("urn:x:y", "", "")]),
        ("string", "Müller  Ärzte", [("muller arzte", "Müller  Ärzte")]),
        (
            "string",
            {"family": "Ab", "given": ["C", "D"], "use": "old"},
            [("ab", "Ab"), ("c", "C"), ("d", "D")],
        ),
        ("uri", "http://x/Y", [("http://x/Y",)]),
        ("number", Decimal("1.50"), [(1.5, 1.5)]),
        ("number", Decimal("1E+999999999"), [(math.inf, math.inf)]),
        ("number", True, []),
        ("quantity", {"value": 2, "system": "u", "code": "mg", "unit": "mg"}, [(2.0, 2.0, "u", "mg", "mg")]),
        ("quantity", {"value": 2, "comparator": "<", "unit": "g"}, [(-math.inf, 2.0, "", "", "g")]),
        ("quantity", {"value": 5, "currency": "EUR"}, [(5.0, 5.0, "urn:iso:std:iso:4217", "EUR", "")]),
        ("date", {"start": "2020", "end": "x"}, [(1577836800000000, END)]),
        ("date", {"end": "1970-01-01"}, [(BEGINNING, 86_400_000_000 - 1)]),
        ("date", "soon", []),
    ],
)
def test_the_index_rows_of_a_value(kind: str, value: Any, rows: list[Row]) -> None:
    assert list(SEARCH_TYPES[kind].rows(value)) == rows


NUMBER = {
    "system": "s",
    "value": "v",
    "type": {"coding": [{"system": "t", "code": "MR"}, 7], "text": "Médical"},
}


@pytest.mark.parametrize(
    ("kind", "modifier", "value", "rows"),
    [
        ("token", "text", {"coding": [{"display": "Ä b"}, 7], "text": "T"}, [("t", "T"), ("a b", "Ä b")]),
        ("token", "text", {"display": "D", "code": "c"}, [("d", "D")]),
        ("token", "text", {"concept": {"text": "T"}}, [("t", "T")]),
        ("token", "text", {"text": 7, "coding": "x"}, []),
        ("token", "text", NUMBER, [("medical", "Médical")]),
        ("token", "text", {"value": "v", "type": "x"}, []),
        ("token", "text", "plain", []),
        ("token", "of-type", NUMBER, [("v", "t|MR")]),
        ("token", "of-type", {"value": "v"}, []),
        ("token", "of-type", {"type": NUMBER["type"]}, []),
        ("reference", "identifier", {"identifier": NUMBER}, [("v", "s")]),
        ("reference", "identifier", {"reference": {"identifier": NUMBER}}, [("v", "s")]),
        ("reference", "identifier", {"reference": "Patient/1"}, []),
        ("reference", "identifier", "plain", []),
    ],
)
def test_the_index_rows_of_what_a_modifier_asks_for(
    kind: str, modifier: str, value: Any, rows: list[Row]
) -> None:
    assert list(COMPANIONS[SEARCH_TYPES[kind]][modifier].rows(value)) == rows


@pytest.mark.parametrize(
    ("text", "angle"),
    [
        ("48|11|100|km", 100),
        ("48|11|100", 100),
        ("48|11|100|", 100),
        ("48|11|2000|m", 2),
        ("48|11", 50),
        ("48|11||", 50),
    ],
)
def test_a_place_and_a_distance(text: str, angle: float) -> None:
    ((low, high, _),) = NEAR.parse(text, None, CONTEXT)
    assert (low.column, low.operator, high.operator) == ("latitude", ">=", "<=")
    assert (48 - float(str(low.value))) * 111.2 == pytest.approx(angle, rel=1e-3)
    assert (float(str(high.value)) - 48) * 111.2 == pytest.approx(angle, rel=1e-3)


@pytest.mark.parametrize(
    "text", ["48", "48|11|1|km|x", "91|0", "0|361", "48|11|-1", "48|11|1|feet", "a|b", "48|11|inf", "nan|0"]
)
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(InputError, match=r"a place is latitude\|longitude\|distance\|unit"):
        NEAR.parse(text, None, CONTEXT)


@pytest.mark.parametrize(
    "place",
    [{"latitude": 91, "longitude": 0}, {"latitude": 1}, {"latitude": "1", "longitude": 2}, "1|2", None],
)
def test_a_place_that_is_none_has_no_row(place: Any) -> None:
    assert list(NEAR.rows(place)) == []


def alternatives(
    kind: str, text: str, modifier: str | None = None
) -> list[list[tuple[str, str, Scalar | tuple[Scalar, ...]]]]:
    parsed = SEARCH_TYPES[kind].parse(text, modifier, CONTEXT)
    return [[(test.column, test.operator, test.value) for test in alternative] for alternative in parsed]


def test_the_four_forms_of_a_token() -> None:
    assert alternatives("token", "c") == [[("code", "=", "c")]]
    assert alternatives("token", "s|c") == [[("code", "=", "c"), ("system", "=", "s")]]
    assert alternatives("token", "|c") == [[("code", "=", "c"), ("system", "=", "")]]
    assert alternatives("token", "s|") == [[("system", "=", "s")]]
    assert alternatives("token", r"a\|b\,c") == [[("code", "=", "a|b,c")]]


def test_a_reference_to_here_is_found_relative_and_absolute() -> None:
    here = [
        [("id", "=", "1"), ("type", "=", "Patient"), ("base", "=", "")],
        [("id", "=", "1"), ("type", "=", "Patient"), ("base", "=", "http://here/fhir")],
    ]
    assert alternatives("reference", "Patient/1") == here
    assert alternatives("reference", "http://here/fhir/Patient/1") == here
    assert alternatives("reference", "1", "Patient") == here
    assert alternatives("reference", "http://there/fhir/Patient/1") == [
        [("id", "=", "1"), ("type", "=", "Patient"), ("base", "=", "http://there/fhir")]
    ]
    assert alternatives("reference", "1")[0] == [("id", "=", "1"), ("base", "=", "")]


def test_a_number_means_the_interval_of_its_last_digit() -> None:
    assert alternatives("number", "100") == [[("low", ">=", 99.5), ("high", "<", 100.5)]]
    assert alternatives("number", "100.00") == [[("low", ">=", 99.995), ("high", "<", 100.005)]]
    assert alternatives("number", "1e2") == [[("low", ">=", 50.0), ("high", "<", 150.0)]]
    assert alternatives("number", "gt5.4") == [[("high", ">", 5.4)]]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("2020", 366 * 86_400_000_000),
        ("2021", 365 * 86_400_000_000),
        ("2021-02", 28 * 86_400_000_000),
        ("2021-02-03", 86_400_000_000),
        ("2021-02-03T10:00Z", 60_000_000),
        ("2021-02-03T10:00:00Z", 1_000_000),
        ("2021-02-03T10:00:00.123Z", 1_000),
        ("2021-02-03T10:00:00.123456789Z", 1),
        ("9999", 365 * 86_400_000_000),
        ("2016-12-31T23:59:60Z", 1_000_000),
    ],
)
def test_a_date_is_as_long_as_its_precision(text: str, length: int) -> None:
    found = date_range(text)
    assert found is not None
    assert found[1] - found[0] + 1 == length


def test_a_time_zone_moves_the_date() -> None:
    assert date_range("2020-01-01T02:00:00+02:00") == date_range("2020-01-01T00:00:00Z")
    assert date_range("2019-12-31T19:00:00-05:00") == date_range("2020-01-01T00:00:00Z")
    for wrong in ("2020-13", "2020-02-30", "20200101", "2020-01-01T25:00Z", "٢٠٢٠", ""):
        assert date_range(wrong) is None


def test_folding_takes_case_accents_and_doubled_spaces() -> None:
    assert fold("  ÅNGSTRÖM\tSTRASSE ") == "angstrom strasse" == fold("angstrom straße")


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        ("token", "|", "'|' cannot be searched for: a token is"),
        ("token", "a|b|c", "a bar within is written"),
        ("reference", "Patient/1/2/3", "a reference is an id, `Type/id` or an absolute URL"),
        ("date", "01.02.2020", "a date is YYYY, YYYY-MM"),
        ("number", "five", "a number is digits"),
        ("number", "1e99999999", "a number is digits"),
        ("quantity", "5|mg", "a quantity is `number`"),
        ("quantity", "5|u|", "the code of the unit is missing"),
        ("string", " ", "at least one letter"),
    ],
)
def test_a_text_that_is_none_is_refused_with_what_would_be_right(kind: str, text: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        SEARCH_TYPES[kind].parse(text, None, CONTEXT)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("kind", SEARCH_TYPES.values(), ids=lambda kind: kind.name)
def test_rows_and_tests_fit_the_columns(kind: Any) -> None:
    names = {column.name for column in kind.columns}
    sample = {"date": "2020", "number": "1", "quantity": "1||mg", "reference": "Patient/1"}.get(
        kind.name, "x"
    )
    for alternative in kind.parse(sample, None, CONTEXT):
        assert {test.column for test in alternative} <= names
        assert all(isinstance(test, Test) for test in alternative)
    assert len(kind.blank) == len(kind.columns)
