"""The generated cases cover the whole model: a field that is never drawn would make every law about it empty."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, get_args

from hypothesis import Phase, given, settings

from fhir_vitiligo.case.model import Case
from fhir_vitiligo.case.values import AbsentReason, Moment, Status, Term
from fhir_vitiligo.terminology import registry
from tests.properties import coverage
from tests.properties.draws import Seeded
from tests.properties.strategies import case, cases

Drawn = dict[coverage.Place, list[Any]]


def test_the_generated_cases_cover_the_whole_model() -> None:
    drawn: Drawn = defaultdict(list)

    @settings(max_examples=1000, phases=[Phase.generate])
    @given(cases())
    def draw(made: Case) -> None:
        note(made, drawn)

    draw()
    every_field_of_every_model(drawn)
    facts_in_every_form(drawn)
    moments_of_every_kind(drawn)
    numbers_with_trailing_zeros_and_exponents(drawn)
    codes_with_every_fate(drawn)


def test_the_seeded_cases_of_the_long_run_cover_the_whole_model() -> None:
    drawn: Drawn = defaultdict(list)
    for seed in range(1500):
        note(case(Seeded(seed)), drawn)
    every_field_of_every_model(drawn)
    every_fact_without_a_value_too(drawn)
    facts_in_every_form(drawn)
    moments_of_every_kind(drawn)
    numbers_with_trailing_zeros_and_exponents(drawn)
    codes_with_every_fate(drawn)


def test_a_seed_makes_the_same_case_each_time() -> None:
    assert repr(case(Seeded(7))) == repr(case(Seeded(7)))
    assert case(Seeded(7)) != case(Seeded(8))


def note(made: Case, drawn: Drawn) -> None:
    """What a case says, place by place."""
    for place, value in coverage.said(made):
        drawn[place].append(value)


def every_field_of_every_model(drawn: Drawn) -> None:
    assert len(coverage.fields()) > 150, "the walk over the models finds too little to mean anything"
    # A term of no category has no concepts to choose from.
    assert coverage.fields() - drawn.keys() == {("FreeTerm", "concept")}


def every_fact_without_a_value_too(drawn: Drawn) -> None:
    assert len(coverage.fact_fields()) > 80
    for place in sorted(coverage.fact_fields()):
        seen = Counter(fact.status for fact in drawn[place])
        assert seen["stated"], f"{place} is never stated"
        assert seen["ambiguous"] + seen["absent"], f"{place} is never ambiguous or absent"


def facts_in_every_form(drawn: Drawn) -> None:
    assert set(drawn["Fact", "status"]) | {"stated"} == set(get_args(Status))
    assert set(drawn["Fact", "reason"]) == set(get_args(AbsentReason))


def moments_of_every_kind(drawn: Drawn) -> None:
    for name in Moment.model_fields:
        assert drawn["Moment", name], f"no moment has {name}"
    assert {type(offset).__name__ for offset in drawn["Moment", "offset"]} == {"Quantity", "Range"}


def numbers_with_trailing_zeros_and_exponents(drawn: Drawn) -> None:
    written = {str(number) for number in drawn["Quantity", "value"]}
    assert any("." in one and one.endswith("0") for one in written)
    assert any("E" in one for one in written)
    assert set(drawn["Quantity", "comparator"]) == {"<", "<=", ">=", ">"}


def codes_with_every_fate(drawn: Drawn) -> None:
    terms = [value for values in drawn.values() for value in values if isinstance(value, Term)]
    codes = [code for term in terms for code in term.codes]
    assert any(code.system is None for code in codes)
    refused = [
        code
        for code in codes
        if code.system is not None and registry.refusal(code.system, code.code) is not None
    ]
    assert any(code.code == "156437000" for code in refused)
    assert any(code.code == "56727008" for code in refused), "a wrong check digit"
    assert any(code not in refused and code.system is not None for code in codes)
    assert {bool(term.concept) for term in terms} == {True, False}
