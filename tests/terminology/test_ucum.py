"""Units: from words to codes, and what is a UCUM expression."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_vitiligo.terminology import registry, ucum


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("cc", "mL"),
        ("CC", "mL"),
        ("ml", "mL"),
        ("mL", "mL"),
        ("years", "a"),
        ("yr", "a"),
        ("y", "a"),
        ("a", "a"),
        ("months", "mo"),
        ("mo", "mo"),
        ("wk", "wk"),
        ("weeks", "wk"),
        ("days", "d"),
        ("/d", "/d"),
        ("per  day", "/d"),
        ("percent", "%"),
        ("%", "%"),
        ("J/cm²", "J/cm2"),
        ("J/cm^2", "J/cm2"),
        ("mJ/cm2", "mJ/cm2"),
        ("µg", "ug"),  # micro sign
        ("μg", "ug"),  # Greek mu
        ("cm²", "cm2"),
        ("nm", "nm"),
        ("IU", "[IU]"),
        ("min", "min"),
        ("drops", None),
        ("", None),
        ("mL ointment", None),
    ],
)
def test_units_as_people_write_them(text: str, code: str | None) -> None:
    assert ucum.unit(text) == code


@pytest.mark.parametrize(
    "code",
    [
        *(concept.key for concept in registry.concepts("unit")),
        "{score}",
        "{FTU}",
        "mW/cm2",
        "10*6/L",
        "10*-3",
        "10^3",
        "m2/(s.K)",
        "/m",
        "kg.m/s2",
        "cm2{skin}",
        "1{x}",
        "g/(8.h){shift}",
        "m[H2O]",
        "B[10.nV]",
        "[m/s2/Hz^(1/2)]",
        "[in_i'H2O]",
        "k[IU]",
        "dam",
        "KiBy",
        "Cel",
        "{# of lesions}",
        "s-1",
    ],
)
def test_ucum_expressions(code: str) -> None:
    assert ucum.is_valid(code)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "cc",
        "ml2l",
        "ML/",
        "mj",
        "years",
        "m..s",
        "//min",
        ".m",
        "m.",
        "m/",
        "(m",
        "m)",
        "()",
        "m(s)",
        "kmm",
        "kmin",
        "m[arb'U]",
        "{a}{b}",
        "m{a}{b}",
        "{a}m",
        "{a",
        "{a{b}}",
        "{é}",
        "m 2",
        " m",
        "°C",
        "cm²",
        "µg",
        "m2-",
        "[IU",
        "m" * 1000,
        "(" * 400 + "m" + ")" * 400,
    ],
)
def test_what_is_no_ucum_expression(code: str) -> None:
    assert not ucum.is_valid(code)


@given(st.text(alphabet="mgLskh210*^./(){}[]'%u-+ ", max_size=12))
def test_any_text_has_an_answer_and_brackets_of_valid_ones_pair(text: str) -> None:
    if ucum.is_valid(text):
        assert text.count("(") == text.count(")")
        assert text.count("{") == text.count("}")
        assert ucum.is_valid(f"/{text}") or text.startswith("/")


def test_every_unit_of_the_registry_is_ucum_and_may_be_written() -> None:
    for concept in registry.concepts("unit"):
        assert [coding.code for coding in concept.codings] == [concept.key]
        assert ucum.is_valid(concept.key)
