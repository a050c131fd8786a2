"""Query strings: what becomes of them, and the sentences of what is refused."""

from __future__ import annotations

import pytest

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.search.query import Limits, SearchQuery, parse_query, query_pairs

R4 = parameters_of(Release.R4)


def parse(text: str, resource_type: str = "Observation", *, strict: bool = True) -> SearchQuery:
    return parse_query(R4, resource_type, query_pairs(text), strict=strict, limits=Limits(20, 100))


def test_commas_are_alternatives_and_repetition_is_another_criterion() -> None:
    query = parse("code=a,b&code=c")
    assert [len(criterion.alternatives) for criterion in query.criteria] == [2, 1]
    assert {criterion.parameter.code for criterion in query.criteria} == {"code"}


def test_patient_is_narrowed_to_patients_by_its_path() -> None:
    (criterion,) = parse("patient=1").criteria
    assert criterion.parameter.targets == ("Patient",)


def test_count_is_capped_and_zero_asks_for_the_total_alone() -> None:
    assert parse("").count == 20
    assert parse("_count=5").count == 5
    assert parse("_count=999999999999").count == 100
    assert parse("_count=0").count == 0
    assert parse("_summary=count").count == 0


def test_the_total_is_counted_once_for_a_walk_through_the_pages() -> None:
    assert parse("").total is True
    assert parse("_after=7").total is False
    assert parse("_after=7&_total=accurate").total is True
    assert parse("_total=none").total is False


def test_unknown_names_with_an_underscore_are_left_out_and_hints_too() -> None:
    query = parse("status=final&_elements=id&_totalMethod=count")
    assert query.applied == (("status", "final"),)
    assert query.ignored == ("_totalMethod",)


def test_not_strict_leaves_out_what_is_unknown_and_tells() -> None:
    query = parse("pateint=1", strict=False)
    assert query.criteria == ()
    assert query.ignored == ("pateint",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("pateint=1", "pateint: Observation has no search parameter 'pateint'; did you mean patient?"),
        ("zzz=1", "zzz: Observation has no search parameter 'zzz': it has _id, _lastUpdated"),
        (
            "code:blow=1",
            "the modifier :blow of the token parameter code is not served: it has :missing, :not",
        ),
        ("subject:Encounter=1", "it has :Device, :Group, :Location, :Patient, :missing"),
        ("subject:Patient.name=x", "chained search parameters (subject:Patient.name) are not served"),
        ("subject.name=x", "chained search parameters ('subject.name') are not served"),
        ("_sort=date", "the search parameter '_sort' is not served"),
        ("_has:Observation:patient:code=1", "is not served"),
        ("code-value-quantity=a$5", "search parameters of type composite are not served"),
        ("code=", "the search parameter code has no value: leave it out"),
        ("code=a,,b", "code has an empty value between commas"),
        ("code:missing=yes", "code:missing is true or false, not 'yes'"),
        ("_count=-1", "_count is a whole number"),
        ("_count=" + "9" * 40, "_count is a whole number"),
        ("_count=1&_count=2", "_count may be given once"),
        ("_total=many", "_total is none, estimate or accurate"),
        ("_id=a%2Fb", "an id is 1 to 64 letters"),
        ("date=yesterday", "a date is YYYY"),
        ("code=" + ",".join(map(str, range(500))), "asks for more than 400 alternatives"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(text: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text)
    assert sentence in str(caught.value)


def test_all_faults_of_a_query_are_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        parse("pateint=1&date=x&code:blow=1")
    assert [issue.expression for issue in caught.value.issues] == ["pateint", "date", "code:blow"]


def test_a_query_that_is_not_utf8_or_endless_is_refused() -> None:
    with pytest.raises(InputError, match="not UTF-8"):
        query_pairs("name=%ff")
    with pytest.raises(InputError, match="more than 100 parameters"):
        query_pairs("&".join(["code=1"] * 101))


def test_what_core_defines_and_is_not_searched_is_listed_with_its_reason() -> None:
    reasons: dict[str, set[str]] = {}
    for resource_type in R4.resource_types:
        for code, reason in R4.left_out(resource_type).items():
            reasons.setdefault(reason, set()).add(code)
    composite = reasons.pop("search parameters of type composite are not served")
    assert "code-value-quantity" in composite
    assert reasons == {
        "search parameters of type special are not served": {"_filter", "near"},
        "it asks for phonetic comparison": {"phonetic"},
        "the release defines no path for it: it needs code of its own": {"_content", "_query", "_text"},
    }
