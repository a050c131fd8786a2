"""Query strings: what becomes of them, and the sentences of what is refused."""

from __future__ import annotations

import pytest

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.criteria import Chain, Criterion, ReverseChain
from fhir_vitiligo.search.cursor import to_text
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.search.query import Limits, SearchQuery, parse_query, query_pairs

R4 = parameters_of(Release.R4)
TOO_MANY = ["_id", "date", "code", "status", "category", "subject", "encounter", "performer", "specimen"]


def parse(text: str, resource_type: str = "Observation", *, strict: bool = True) -> SearchQuery:
    return parse_query(R4, resource_type, query_pairs(text), strict=strict, limits=Limits(20, 100))


def test_commas_are_alternatives_and_repetition_is_another_criterion() -> None:
    criteria = [one for one in parse("code=a,b&code=c").criteria if isinstance(one, Criterion)]
    assert [len(criterion.alternatives) for criterion in criteria] == [2, 1]
    assert {criterion.parameter.code for criterion in criteria} == {"code"}


def test_patient_is_narrowed_to_patients_by_its_path() -> None:
    (criterion,) = parse("patient=1").criteria
    assert isinstance(criterion, Criterion)
    assert criterion.parameter.targets == ("Patient",)


def test_count_is_capped_and_zero_asks_for_the_total_alone() -> None:
    assert parse("").count == 20
    assert parse("_count=5").count == 5
    assert parse("_count=999999999999").count == 100
    assert parse("_count=0").count == 0
    assert parse("_summary=count").count == 0


def test_the_total_is_counted_once_for_a_walk_through_the_pages() -> None:
    assert parse("").total is True
    after = to_text((7,))
    assert parse(f"_after={after}").after == (7,)
    assert parse(f"_after={after}").total is False
    assert parse(f"_after={after}&_total=accurate").total is True
    assert parse("_total=none").total is False


def test_unknown_names_with_an_underscore_are_left_out_and_hints_too() -> None:
    query = parse("status=final&_elements=id&_totalMethod=count")
    assert query.applied == (("status", "final"), ("_elements", "id"))  # that of all pages
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
            "the modifier :blow of the token parameter code is not served: it has :above, :below, :in, :missing",
        ),
        ("subject:Encounter=1", "it has :Device, :Group, :Location, :Patient, :identifier, :missing"),
        ("subject:Encounter.status=x", "subject does not refer to 'Encounter': it refers to Device, Group"),
        ("subject.nome=x", "nothing that Observation.subject refers to has a search parameter 'nome'"),
        ("patient.nome=x", "Patient has no search parameter 'nome'; did you mean name?"),
        ("status.name=x", "status is a token: only a reference leads to 'name'"),
        ("patient.birthdate=soon", "patient.birthdate: 'soon' cannot be searched for: a date is"),
        ("patient.link.link.link.link.link.link.link=x", "more than 6 references one behind another"),
        ("_has:Observation=1", "_has is written _has:Type:reference:parameter"),
        ("_has:Encounter:patient:status=1", "Encounter.patient does not refer to a Observation"),
        ("_has:Group:members:code=1", "Group has no search parameter 'members'; did you mean member?"),
        ("_sort=dat", "results are sorted by a search parameter of Observation, not by 'dat'"),
        ("_sort=date&_sort=shoe", "not by 'shoe'"),
        ("_after=7", "_after is the end of a page as a next link has it"),
        ("_sort=date&_after=" + to_text((7,)), "_after is the end of a page as a next link has it"),
        ("_type=Patient", "_type belongs to a search of the whole system"),
        ("_include=Observation", "_include is written Type:parameter"),
        ("_include=Observation:code", "Observation has no reference parameter 'code': it has based-on"),
        ("_include:again=Observation:subject", "_include has the modifier :iterate, not :again"),
        ("_include=Observation:subject:Pateint", "_include: 'Pateint' is no resource type"),
        ("_include=Observation:*:Pateint", "_include: 'Pateint' is no resource type"),
        ("_sort=" + ",".join(TOO_MANY), "_sort has more than 8 parameters"),
        ("_after=" + "A" * 8001, "_after is the end of a page as a next link has it"),
        ("_revinclude=Visit:patient", "_revinclude is written Type:parameter"),
        ("_list=$current-problems", "_list takes ids of List resources"),
        ("code-value-quantity=a", "a composite is written token$quantity"),
        ("code:in=http://nobody.example/vs", "the value set 'http://nobody.example/vs' is not on board"),
        ("code:in=http://hl7.org/fhir/ValueSet/observation-codes", "cannot be listed here"),
        ("code:below=8480-6", "with :below a token is system|code"),
        ("code:below=http://loinc.org|8480-6", "the code system 'http://loinc.org' is not on board"),
        ("identifier:of-type=a|b", "with :of-type an identifier is"),
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
    assert reasons == {
        "search parameters of type special are not served": {"_filter"},
        "it asks for phonetic comparison": {"phonetic"},
        "the release defines no path for it: it needs code of its own": {"_content", "_query", "_text"},
    }


def test_a_chain_leads_to_every_type_that_has_the_parameter() -> None:
    (chain,) = parse("subject.name=x").criteria
    assert isinstance(chain, Chain)
    assert [kind for kind, *_ in chain.targets] == ["Device", "Location", "Patient"] or [
        kind for kind, *_ in chain.targets
    ] == ["Location", "Patient"]
    (chain,) = parse("subject:Patient.organization.name:exact=x").criteria
    assert isinstance(chain, Chain)
    ((kind, url, inner),) = chain.targets
    assert (kind, url) == ("Patient", None)
    assert isinstance(inner, Chain)
    assert inner.targets[0][0] == "Organization"


def test_has_may_be_nested_and_may_end_in_a_chain() -> None:
    (outer,) = parse("_has:Observation:patient:_has:AuditEvent:entity:agent=x", "Patient").criteria
    assert isinstance(outer, ReverseChain)
    assert isinstance(outer.condition, ReverseChain)
    assert outer.condition.parameter.resource_type == "AuditEvent"
    (chained,) = parse("_has:Observation:patient:encounter.status=finished", "Patient").criteria
    assert isinstance(chained, ReverseChain)
    assert isinstance(chained.condition, Chain)


def test_a_search_of_the_system_takes_what_all_types_have() -> None:
    query = parse_query(R4, "", query_pairs("_type=Patient,Observation&_tag=a&_sort=-_lastUpdated"))
    assert [part.resource_type for part in query.selections] == ["Patient", "Observation"]
    assert all(len(part.criteria) == len(part.sort) == 1 for part in query.selections)
    assert len(parse_query(R4, "", query_pairs("_id=1")).selections) == len(R4.resource_types)
    with pytest.raises(InputError, match="takes what all of them have"):
        parse_query(R4, "", query_pairs("_type=Patient,Observation&birthdate=2000"))
    with pytest.raises(InputError, match="'Visit' is no resource type"):
        parse_query(R4, "", query_pairs("_type=Visit"))


def test_a_compartment_is_a_condition_of_every_type_in_it() -> None:
    query = parse_query(R4, "Condition", (), compartment=("Patient", "x"))
    assert len(query.criteria) == 1
    assert all(
        part.resource_type != "Location"
        for part in parse_query(R4, "", (), compartment=("Patient", "x")).selections
    )
    with pytest.raises(InputError, match="no Location is part of the compartment of a Patient"):
        parse_query(R4, "Location", (), compartment=("Patient", "x"))


def test_a_quantity_with_a_ucum_code_is_looked_for_in_base_units() -> None:
    (criterion,) = parse("value-quantity=1|http://unitsofmeasure.org|g").criteria
    assert isinstance(criterion, Criterion)
    assert criterion.parameter.variant == "canonical"
    (criterion,) = parse("value-quantity=1||g").criteria
    assert isinstance(criterion, Criterion)
    assert criterion.parameter.variant == ""
