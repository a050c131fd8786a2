"""Units of measure: what a UCUM code is worth."""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fhir_vitiligo
from fhir_vitiligo.fhir.units import Unit, canonical, compare, unit

TABLE = Path(fhir_vitiligo.__file__).parent / "definitions" / "ucum.csv"


def atoms() -> list[str]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [row["code"] for row in csv.DictReader(file) if row["kind"] != "prefix"]


def test_every_unit_of_the_table_comes_down_to_base_units() -> None:
    base = {"m", "s", "g", "rad", "K", "C", "cd"}
    for code in atoms():
        found = unit(code)
        assert found is not None, code
        assert {name for name, _ in found.dimension} <= base or found.dimension == ((code, 1),), code


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (("1", "kg"), ("1000", "g"), 0),
        (("37", "Cel"), ("98.6", "[degF]"), 0),
        (("7", "d"), ("1", "wk"), 0),
        (("5", "J/cm2"), ("5000", "mJ/cm2"), 0),
        (("1", "[in_i]"), ("2.5", "cm"), 1),
        (("1", "L"), ("1", "l"), 0),
        (("100", "mg/dL"), ("1", "g/L"), 0),
        (("1", "{spots}"), ("1", "{score}"), 0),
        (("0.3", "mL"), ("0.4", "cm3"), -1),
        (("1", "[mi_i]"), ("1", "kg"), None),
        (("1", "[iU]"), ("1", "[arb'U]"), None),
        (("2", "[iU]"), ("1", "[iU]"), 1),
        (("1", "cc"), ("1", "mL"), None),
        (("1", "m2"), ("1", "m"), None),
    ],
)
def test_quantities_compare_by_what_they_measure(
    one: tuple[str, str], other: tuple[str, str], verdict: int | None
) -> None:
    assert compare(Decimal(one[0]), one[1], Decimal(other[0]), other[1]) == verdict


@pytest.mark.parametrize(
    "code", ["mg/dL", "/wk", "{score}", "10*3/uL", "(m.s)", "g/(8.h)", "mL{as injected}", "10*-3", "W/Cel"]
)
def test_what_is_ucum(code: str) -> None:
    assert unit(code) is not None


@pytest.mark.parametrize(
    "code",
    [
        "",
        "cc",
        "years",
        "a/",
        ".m",
        "m..s",
        "(m",
        "m)",
        "m//s",
        "{a",
        "kkg",
        "µg",
        "0",
        "m+",
        "{a}{b}",
        "10*99999999999",
        "(" * 400,
    ],
)
def test_what_is_not(code: str) -> None:
    assert unit(code) is None


def test_a_scale_is_worth_its_degree_in_a_product() -> None:
    per_degree, per_kelvin = unit("W/Cel"), unit("W/K")
    assert per_degree == per_kelvin
    assert canonical(Decimal("0"), "Cel") == (Fraction("273.15"), (("K", 1),))


@given(st.text(alphabet="mkgs/.()[]{}10*-+ ^'%L", max_size=30))
def test_any_text_ends_in_a_unit_or_none(code: str) -> None:
    assert isinstance(unit(code), Unit | None)
