"""What a profile asks for beyond core: each kind of demand, kept and broken."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.json import dumps
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation.validator import Validator
from tests.validation.profiles import BASE, CORE, Held, element, errors, profile, told

PATIENT: dict[str, Any] = {"resourceType": "Patient", "name": [{"family": "A"}], "gender": "female"}


def observation(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "VETF"}, **more}


LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
GRAM = {"system": UCUM, "code": "g"}
MATCHING = {
    "coding": [{"system": "http://a", "code": "x", "display": "X"}, {"system": "http://b", "code": "y"}]
}
VALUE_SET = {
    "resourceType": "ValueSet",
    "url": "http://example.org/ValueSet/two",
    "status": "active",
    "compose": {"include": [{"system": "http://a", "concept": [{"code": "x"}, {"code": "z"}]}]},
}

# What the profile says, a resource that keeps it, one that breaks it, and what is told.
DEMANDS: dict[str, tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any], tuple[str, str]]] = {
    "min": (
        [element("birthDate", min=1)],
        {**PATIENT, "birthDate": "2000"},
        PATIENT,
        ("cardinality", "Patient"),
    ),
    "min-below": (
        [element("name.given", min=2)],
        {**PATIENT, "name": [{"given": ["A", "B"]}]},
        {**PATIENT, "name": [{"given": ["A", "B"]}, {"given": ["A"]}]},
        ("cardinality", "Patient.name[1]"),
    ),
    "max": (
        [element("name", max="1")],
        PATIENT,
        {**PATIENT, "name": [{"family": "A"}, {"family": "B"}]},
        ("cardinality", "Patient"),
    ),
    "forbidden": (
        [element("photo", max="0")],
        PATIENT,
        {**PATIENT, "photo": [{"url": "http://a"}]},
        ("cardinality", "Patient"),
    ),
    "fixed": (
        [element("gender", fixedCode="female")],
        PATIENT,
        {**PATIENT, "gender": "male"},
        ("fixed", "Patient.gender"),
    ),
    "fixed-object": (
        [element("maritalStatus", fixedCodeableConcept={"text": "m"})],
        {**PATIENT, "maritalStatus": {"text": "m"}},
        {**PATIENT, "maritalStatus": {"text": "m", "id": "a", "coding": [{"code": "x"}]}},
        ("fixed", "Patient.maritalStatus.coding"),
    ),
    "pattern": (
        [element("maritalStatus", patternCodeableConcept={"coding": [{"system": "http://b", "code": "y"}]})],
        {**PATIENT, "maritalStatus": MATCHING},
        {**PATIENT, "maritalStatus": {"coding": [{"system": "http://b", "code": "z"}]}},
        ("pattern", "Patient.maritalStatus"),
    ),
    "pattern-part": (
        [element("identifier", patternIdentifier={"system": "http://b", "use": "usual"})],
        {**PATIENT, "identifier": [{"system": "http://b", "use": "usual", "value": "1"}]},
        {**PATIENT, "identifier": [{"use": "usual", "value": "1"}]},
        ("pattern", "Patient.identifier[0].system"),
    ),
    "max-length": (
        [element("name.family", maxLength=3)],
        {**PATIENT, "name": [{"family": "ABC"}]},
        {**PATIENT, "name": [{"family": "ABCD"}]},
        ("max-length", "Patient.name[0].family"),
    ),
    "regex": (
        [
            element(
                "name.family",
                extension=[{"url": f"{CORE}regex", "valueString": "[A-Z]+"}],
            )
        ],
        PATIENT,
        {**PATIENT, "name": [{"family": "a"}]},
        ("regex", "Patient.name[0].family"),
    ),
    "min-value-date": (
        [element("birthDate", minValueDate="1990-06-01")],
        {**PATIENT, "birthDate": "1990-06"},
        {**PATIENT, "birthDate": "1990-05-31"},
        ("bounds", "Patient.birthDate"),
    ),
    "binding": (
        [element("maritalStatus", binding={"strength": "required", "valueSet": VALUE_SET["url"]})],
        {**PATIENT, "maritalStatus": MATCHING},
        {**PATIENT, "maritalStatus": {"coding": [{"system": "http://a", "code": "y"}]}},
        ("binding", "Patient.maritalStatus"),
    ),
    "binding-text-only": (
        [element("maritalStatus", binding={"strength": "required", "valueSet": VALUE_SET["url"]})],
        {**PATIENT, "maritalStatus": {"coding": [{"system": "http://a", "code": "z"}]}},
        {**PATIENT, "maritalStatus": {"text": "z"}},
        ("binding", "Patient.maritalStatus"),
    ),
    "invariant": (
        [
            element(
                "",
                constraint=[
                    {
                        "key": "t-1",
                        "severity": "error",
                        "human": "A female has a birth date",
                        "expression": "gender = 'female' implies birthDate.exists()",
                    }
                ],
            )
        ],
        {**PATIENT, "birthDate": "2000"},
        PATIENT,
        ("t-1", "Patient"),
    ),
    "invariant-below": (
        [
            element(
                "name",
                constraint=[
                    {"key": "t-2", "severity": "error", "human": "No A", "expression": "family != 'A'"}
                ],
            )
        ],
        {**PATIENT, "name": [{"family": "B"}]},
        {**PATIENT, "name": [{"family": "B"}, {"family": "A"}]},
        ("t-2", "Patient.name[1]"),
    ),
}


@pytest.mark.parametrize("name", DEMANDS)
def test_a_demand_is_kept_or_told(name: str) -> None:
    elements, right, wrong, expected = DEMANDS[name]
    asked = profile("p", "Patient", *elements)
    assert told(right, asked, VALUE_SET) == []
    assert told(wrong, asked, VALUE_SET) == [expected]
    # Core alone has nothing against either.
    assert told(right) == []
    assert told(wrong) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"value": Decimal("0.2"), "system": UCUM, "code": "kg"}, []),
        ({"value": Decimal("100.0"), **GRAM}, []),
        ({"value": Decimal("99.9"), **GRAM}, ["bounds"]),
        ({"value": Decimal("0.09"), "system": UCUM, "code": "kg"}, ["bounds"]),
        ({"value": Decimal("500"), "system": UCUM, "code": "cm"}, ["bounds"]),
        ({"value": Decimal("1"), "unit": "g"}, []),
    ],
)
def test_quantities_are_compared_in_the_unit_of_the_limit(value: Any, expected: list[str]) -> None:
    asked = profile("p", "Observation", element("value[x]", minValueQuantity={"value": 100, **GRAM}))
    found = told(observation(valueQuantity=value), asked)
    assert [rule for rule, _ in found] == expected


def test_a_choice_is_narrowed() -> None:
    asked = profile("p", "Observation", element("value[x]", type=[{"code": "Quantity"}, {"code": "string"}]))
    assert told(observation(valueString="a"), asked) == []
    assert told(observation(valueBoolean=True), asked) == [("choice", "Observation")]


def test_an_element_is_constrained_below_one_type_of_a_choice() -> None:
    asked = profile("p", "Observation", element("valueQuantity.code", min=1, fixedCode="g"))
    assert told(observation(valueString="a"), asked) == []
    assert told(observation(valueQuantity={"value": 1, **GRAM}), asked) == []
    place = "Observation.value.ofType(Quantity)"
    assert told(observation(valueQuantity={"value": 1}), asked) == [("cardinality", place)]


def test_a_type_profile_is_asked_of_the_value() -> None:
    short = profile("short", "HumanName", element("family", maxLength=1))
    long = profile("long", "HumanName", element("text", min=1))
    one = profile("p", "Patient", element("name", type=[{"code": "HumanName", "profile": [BASE + "short"]}]))
    either = profile(
        "p",
        "Patient",
        element("name", type=[{"code": "HumanName", "profile": [BASE + "short", BASE + "long"]}]),
    )
    assert told(PATIENT, one, short) == []
    assert told({**PATIENT, "name": [{"family": "AB"}]}, one, short) == [
        ("max-length", "Patient.name[0].family")
    ]
    assert told({**PATIENT, "name": [{"family": "AB", "text": "a"}]}, either, short, long) == []
    rules = [rule for rule, _ in told({**PATIENT, "name": [{"family": "AB"}]}, either, short, long)]
    assert rules == ["profile-no-match", "max-length", "cardinality"]


def test_a_reference_has_to_name_what_conforms() -> None:
    named = profile("named", "Organization", element("name", min=1, fixedString="A"))
    asked = profile(
        "p",
        "Patient",
        element("managingOrganization", type=[{"code": "Reference", "targetProfile": [BASE + "named"]}]),
    )

    def patient(name: str) -> dict[str, Any]:
        inside = {"resourceType": "Organization", "id": "o", "name": name}
        return {**PATIENT, "contained": [inside], "managingOrganization": {"reference": "#o"}}

    assert told(patient("A"), asked, named) == []
    (issue,) = errors(patient("B"), asked, named)
    assert (issue.rule, issue.expression) == ("reference-profile", "Patient.managingOrganization")
    assert issue.text.startswith(
        "`managingOrganization` refers to '#o', which does not conform to http://example.org/"
    )


def test_a_reference_is_fetched_when_the_caller_can() -> None:
    target = {"resourceType": "Practitioner", "id": "1"}
    patient = {**PATIENT, "managingOrganization": {"reference": "http://elsewhere.org/fhir/x/1"}}
    assert told(patient) == []
    assert told(patient, fetch=lambda reference: target) == [
        ("reference-type", "Patient.managingOrganization")
    ]


def test_a_profile_applies_to_what_repeats_its_definition_where_it_says_so() -> None:
    items = [{"linkId": "1", "type": "group", "text": "a", "item": [{"linkId": "2", "type": "display"}]}]
    resource = {"resourceType": "Questionnaire", "status": "active", "item": items}
    asked = profile("p", "Questionnaire", element("item.text", min=1))
    assert told(resource, asked) == []
    items[0].pop("text")
    assert told(resource, asked) == [("cardinality", "Questionnaire.item[0]")]
    address = f"{asked['url']}#Questionnaire.item"
    url = "http://hl7.org/fhir/StructureDefinition/contentReferenceProfile"
    itself = element("item.item", extension=[{"url": url, "valueUri": address}])
    asked = profile("p", "Questionnaire", element("item.text", min=1), itself)
    assert told(resource, asked) == [
        ("cardinality", "Questionnaire.item[0]"),
        ("cardinality", "Questionnaire.item[0].item[0]"),
    ]


def test_the_profile_a_resource_claims_is_checked() -> None:
    asked = profile("p", "Patient", element("birthDate", min=1))
    issues = Validator(Release.R4, Held(asked)).validate(
        {**PATIENT, "meta": {"profile": [BASE + "p", BASE + "q"]}}
    )
    others = ("dom-6", "address-example")
    assert [
        (issue.severity, issue.rule, issue.expression) for issue in issues if issue.rule not in others
    ] == [
        ("error", "cardinality", "Patient"),
        ("warning", "profile-unknown", "Patient.meta.profile[1]"),
    ]


def test_a_profile_may_be_a_dict_or_a_file_alone_or_in_a_list(tmp_path: Path) -> None:
    asked = profile("p", "Patient", element("birthDate", min=1))
    file = tmp_path / "p.json"
    file.write_bytes(dumps(asked))
    for packages in (
        asked,
        [asked],
        file,
        str(file),
        [file],
        {"resourceType": "Bundle", "entry": [{"resource": asked}]},
    ):
        issues = Validator(Release.R4, packages).validate(PATIENT, BASE + "p")
        assert [issue.rule for issue in issues if issue.severity == "error"] == ["cardinality"], packages
    with pytest.raises(InputError, match="the resource defines nothing: it is a Patient without a url"):
        Validator(Release.R4, PATIENT)


def test_a_profile_of_another_type_is_told() -> None:
    asked = profile("p", "Observation")
    assert told(PATIENT, asked) == [("profile-type", "Patient")]


def test_a_profile_of_a_profile_keeps_both() -> None:
    first = profile("a", "Patient", element("birthDate", min=1))
    second = profile("b", "Patient", element("name", max="1"), base=BASE + "a")
    resource = {**PATIENT, "name": [{"family": "A"}, {"family": "B"}]}
    assert sorted(rule for rule, _ in told(resource, second, first)) == ["cardinality", "cardinality"]


def test_an_imposed_profile_is_checked_as_well() -> None:
    imposing = profile(
        "a",
        "Patient",
        extension=[
            {"url": f"{CORE}structuredefinition-imposeProfile", "valueCanonical": BASE + "b"},
        ],
    )
    imposed = profile("b", "Patient", element("birthDate", min=1))
    assert told(PATIENT, imposing, imposed) == [("cardinality", "Patient")]


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ([profile("p", "Patient", base=BASE + "p")], "derived from itself"),
        (
            [profile("p", "Patient", base=BASE + "q"), profile("q", "Patient", base=BASE + "p")],
            "cannot be used",
        ),
        ([profile("p", "Patient", base=BASE + "gone")], "nobody here knows it"),
        ([{**profile("p", "Patient"), "snapshot": {"element": [{"path": 5}]}}], "has no path"),
    ],
    ids=["itself", "circle", "no-base", "no-path"],
)
def test_a_profile_that_cannot_be_used_ends_in_an_issue(held: list[Any], words: str) -> None:
    (issue,) = errors(PATIENT, *held)
    assert issue.rule == "profile-broken"
    assert words in issue.text


def test_profiles_that_ask_for_each_other_end() -> None:
    link = [{"code": "Reference", "targetProfile": [BASE + "p"]}]
    asked = profile("p", "Patient", element("link.other", type=link), element("birthDate", min=1))
    other = {"resourceType": "Patient", "id": "b", "link": [{"type": "seealso", "other": {"reference": "#"}}]}
    resource = {
        **PATIENT,
        "birthDate": "2000",
        "contained": [other],
        "link": [{"type": "seealso", "other": {"reference": "#b"}}],
    }
    assert told(resource, asked) == [("reference-profile", "Patient.link[0].other")]
    other["birthDate"] = "2001"
    assert told(resource, asked) == []


def test_vital_signs_apply_by_themselves() -> None:
    heart_rate = observation(code={"coding": [{"system": LOINC, "code": "8867-4"}]}, valueString="a lot")
    found = {rule for rule, _ in told(heart_rate)}
    assert {"choice", "cardinality"} <= found
    assert told(observation(code={"coding": [{"system": LOINC, "code": "4548-4"}]}, valueString="a")) == []


def test_a_value_may_be_replaced_by_an_extension_that_the_profile_names() -> None:
    absent = f"{CORE}data-absent-reason"
    asked = profile("p", "Patient", element("birthDate", min=1, mustHaveValue=True))
    either = profile("p", "Patient", element("birthDate", min=1, valueAlternatives=[absent]))
    resource = {**PATIENT, "_birthDate": {"extension": [{"url": absent, "valueCode": "unknown"}]}}
    assert told(resource, either, release=Release.R5) == []
    assert told(resource, asked, release=Release.R5) == [("must-have-value", "Patient.birthDate")]


def test_obligations_get_one_word() -> None:
    obligation = {"url": CORE + "obligation", "extension": [{"url": "code", "valueCode": "SHALL:populate"}]}
    first = profile("first", "Patient", element("name", extension=[obligation]))
    second = profile("second", "Patient", element("gender", extension=[obligation]))
    issues = Validator(Release.R4, Held(first, second)).validate(PATIENT, [first["url"], second["url"]])
    (issue,) = (one for one in issues if one.rule == "obligation")
    assert issue.severity == "information"
    assert first["url"] in issue.text


def test_a_value_of_the_wrong_type_is_read_as_the_right_one() -> None:
    asked = profile("measured", "Observation", element("value[x]", type=[{"code": "Quantity"}]))
    coded = observation(valueCodeableConcept={"coding": [{"code": "a"}, {"code": "b"}], "text": "c"})
    place = "Observation.value.ofType(CodeableConcept)"
    assert told(coded, asked) == [
        *(("choice", place), ("choice", f"{place}.coding[0]"), ("choice", f"{place}.coding[1]")),
        ("choice", f"{place}.text"),
    ]
    dated = profile("dated", "Observation", element("value[x]", type=[{"code": "dateTime"}]))
    place = "Observation.value.ofType(string)"
    assert told(observation(valueString="soon"), dated) == [("choice", place), ("primitive", place)]
    assert told(observation(valueString="2020"), dated) == [("choice", place)]


def test_a_profile_explains_itself() -> None:
    asked = profile(
        "p",
        "Patient",
        element("birthDate", min=1),
        element("maritalStatus.coding.code", fixedCode="M"),
        element("name", slicing={"discriminator": [{"type": "value", "path": "use"}], "rules": "closed"}),
        element("name", slice="usual", min=1, max="1"),
        element("name.use", fixedCode="usual"),
    )
    validator = Validator(Release.R4, Held(asked))
    assert validator.explain(BASE + "p").splitlines() == [
        f"{BASE}p constrains Patient",
        "  name",
        "    sliced by value of use (closed)",
        "    name:usual: 1..1",
        "      use: fixed to 'usual'",
        "  birthDate: 1..1",
        "  maritalStatus",
        "    coding",
        "      code: fixed to 'M'",
    ]
    assert validator.explain(CORE + "Patient").endswith("adds nothing to it.")
    with pytest.raises(InputError, match="not known here"):
        validator.explain(BASE + "gone")


@pytest.mark.parametrize(("value", "same"), [("1.0", True), ("1", False), ("1.00", False)])
@pytest.mark.parametrize("way", ["fixed", "pattern"])
def test_a_fixed_number_is_as_precise_as_it_is_written(way: str, value: str, same: bool) -> None:
    asked = profile("p", "Observation", element("valueQuantity.value", **{f"{way}Decimal": Decimal("1.0")}))
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "VASI"},
        "valueQuantity": {"value": Decimal(value)},
    }
    place = "Observation.value.ofType(Quantity).value"
    assert told(observation, asked) == ([] if same else [(way, place)])
