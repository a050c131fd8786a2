"""The generated cases cover the whole model: a field that is never drawn would make every law about it empty."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, get_args

import pytest
from hypothesis import Phase, given, settings

from fhir_vitiligo.case.model import Case
from fhir_vitiligo.case.values import AbsentReason, Moment, Status, Term
from fhir_vitiligo.terminology import registry
from tests.properties import coverage
from tests.properties.strategies import cases


@pytest.fixture(scope="module")
def drawn() -> dict[coverage.Place, list[Any]]:
    """What some hundred cases say, by place."""
    found: dict[coverage.Place, list[Any]] = defaultdict(list)

    @settings(max_examples=1000, phases=[Phase.generate])
    @given(cases())
    def draw(case: Case) -> None:
        for place, value in coverage.said(case):
            found[place].append(value)

    draw()
    return found


def test_every_field_of_every_model_is_generated(drawn: dict[coverage.Place, list[Any]]) -> None:
    assert len(coverage.fields()) > 150, "the walk over the models finds too little to mean anything"
    # A term of no category has no concepts to choose from.
    assert coverage.fields() - drawn.keys() == {("FreeTerm", "concept")}


def test_every_fact_is_generated_without_a_value_too(drawn: dict[coverage.Place, list[Any]]) -> None:
    assert len(coverage.fact_fields()) > 80
    for place in sorted(coverage.fact_fields()):
        seen = Counter(fact.status for fact in drawn[place])
        assert seen["stated"], f"{place} is never stated"
        assert seen["ambiguous"] + seen["absent"], f"{place} is never ambiguous or absent"


def test_facts_come_in_every_form(drawn: dict[coverage.Place, list[Any]]) -> None:
    assert set(drawn["Fact", "status"]) | {"stated"} == set(get_args(Status))
    assert set(drawn["Fact", "reason"]) == set(get_args(AbsentReason))


def test_moments_come_in_every_kind(drawn: dict[coverage.Place, list[Any]]) -> None:
    for name in Moment.model_fields:
        assert drawn["Moment", name], f"no moment has {name}"
    assert {type(offset).__name__ for offset in drawn["Moment", "offset"]} == {"Quantity", "Range"}


def test_numbers_keep_trailing_zeros_and_exponents(drawn: dict[coverage.Place, list[Any]]) -> None:
    written = {str(number) for number in drawn["Quantity", "value"]}
    assert any("." in one and one.endswith("0") for one in written)
    assert any("E" in one for one in written)
    assert set(drawn["Quantity", "comparator"]) == {"<", "<=", ">=", ">"}


def test_codes_have_every_fate(drawn: dict[coverage.Place, list[Any]]) -> None:
    terms = [value for values in drawn.values() for value in values if isinstance(value, Term)]
    codes = [code for term in terms for code in term.codes]
    assert any(code.system is None for code in codes)
    refused = [code for code in codes if code.system is not None and registry.refusal(code.system, code.code) is not None]
    assert any(code.code == "156437000" for code in refused)
    assert any(code.code == "56727008" for code in refused), "a wrong check digit"
    assert any(code not in refused and code.system is not None for code in codes)
    assert {bool(term.concept) for term in terms} == {True, False}
