"""Code systems, value sets, concept maps, search parameters and other definitions: what is told of each, as
HL7's engine (6.10.3, no terminology server) tells it.
"""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.terminology.systems import SNOMED_CT
from tests.validation.profiles import CORE, Held, Json, told

NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}
GENDER = "http://hl7.org/fhir/administrative-gender"
ROLES = "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender"
PROPERTIES = "http://hl7.org/fhir/concept-properties#"


def defined(resource_type: str, /, **elements: Any) -> Json:
    return {
        "resourceType": resource_type,
        "id": "d",
        "text": NARRATIVE,
        "url": f"http://acme.test/{resource_type}/d",
        "name": "D",
        "status": "active",
        **elements,
    }


def code_system(*concepts: Json, **elements: Any) -> Json:
    elements.setdefault("content", "complete")
    return defined("CodeSystem", concept=list(concepts), **elements)


def included(**include: Any) -> Json:
    return defined("ValueSet", compose={"include": [include]})


def filtered(**one: str) -> Json:
    return included(system=GENDER, filter=[one])


def parameter(**elements: Any) -> Json:
    elements = {"type": "string", "base": ["Patient"], "expression": "Patient.name.family", **elements}
    return defined("SearchParameter", description="d", code="d", **elements)


def mapped(**elements: Any) -> Json:
    target = {"code": "M", "relationship": "equivalent", **elements.pop("target", {})}
    group = {"source": GENDER, "target": ROLES, "element": [{"code": "male", "target": [target]}]}
    return defined("ConceptMap", group=[group], **elements)


def depending(**dependency: str) -> Json:
    guide = "http://acme.test/ImplementationGuide/x"
    return defined(
        "ImplementationGuide",
        packageId="acme.test",
        fhirVersion=["4.0.1"],
        dependsOn=[{"uri": guide, "packageId": "acme.x", "version": "1.0.0", **dependency}],
    )


def operation(**elements: Any) -> Json:
    return defined(
        "OperationDefinition", kind="operation", code="d", system=True, type=False, instance=False, **elements
    )


A = {"code": "a", "display": "A"}
TEXT = {"code": "p", "type": "string"}
PARENT = {"code": "parent", "uri": f"{PROPERTIES}parent", "type": "code"}
FILTER = "ValueSet.compose.include[0].filter[0]"
INCLUDE = "ValueSet.compose.include[0]"

CASES: dict[str, tuple[Json, list[tuple[str, str]]]] = {
    # CodeSystem
    "complete": (code_system(A, count=1), []),
    "another-count": (code_system(A, count=2), [("code-system", "CodeSystem.count")]),
    "count-of-all-levels": (code_system({**A, "concept": [{"code": "b"}]}, count=2), []),
    "count-of-a-fragment": (code_system(A, content="fragment", count=5), []),
    "not-present": (code_system(A, content="not-present"), [("code-system", "CodeSystem.concept[0]")]),
    "supplement-of-nothing": (code_system(A, content="supplement"), [("code-system", "CodeSystem.content")]),
    "supplement-by-content": (
        code_system({"code": "male"}, supplements=GENDER),
        [("code-system", "CodeSystem.content")],
    ),
    "supplement-by-content-of-another-code": (
        code_system(A, supplements=GENDER),
        [("code-system", "CodeSystem.content"), ("code-system", "CodeSystem.concept[0]")],
    ),
    "supplement-with-case": (
        code_system({"code": "male"}, content="supplement", supplements=GENDER, caseSensitive=True),
        [("code-system", "CodeSystem.caseSensitive")],
    ),
    "property": (code_system({**A, "property": [{"code": "p", "valueString": "x"}]}, property=[TEXT]), []),
    "property-of-another-type": (
        code_system({**A, "property": [{"code": "p", "valueBoolean": True}]}, property=[TEXT]),
        [("code-system", "CodeSystem.concept[0].property[0]")],
    ),
    "property-twice": (
        code_system(
            A,
            property=[{**TEXT, "uri": "http://a.test/x"}, {**TEXT, "code": "q", "uri": "http://a.test/x"}],
        ),
        [("code-system", "CodeSystem.property[1]")],
    ),
    "relative-property": (
        code_system(A, property=[{**TEXT, "uri": "x"}]),
        [("code-system", "CodeSystem.property[0]")],
    ),
    "known-property": (
        code_system(A, property=[{**TEXT, "uri": f"{PROPERTIES}status"}]),
        [("code-system", "CodeSystem.property[0]")],
    ),
    "parent": (
        code_system(A, {"code": "b", "property": [{"code": "parent", "valueCode": "a"}]}, property=[PARENT]),
        [],
    ),
    "unknown-parent": (
        code_system({**A, "property": [{"code": "parent", "valueCode": "z"}]}, property=[PARENT]),
        [("code-system", "CodeSystem.concept[0].property[0]")],
    ),
    "unknown-synonym": (
        code_system(
            {**A, "property": [{"code": "synonym", "valueCode": "z"}]},
            property=[{**PARENT, "code": "synonym", "uri": f"{PROPERTIES}synonym"}],
        ),
        [("code-system", "CodeSystem.concept[0].property[0]")],
    ),
    "property-of-HL7-that-is-none": (
        code_system(A, property=[{**TEXT, "uri": f"{PROPERTIES}colour"}]),
        [("code-system", "CodeSystem.property[0]")],
    ),
    "known-property-of-another-name": (
        code_system(A, property=[{"code": "status", "uri": f"{PROPERTIES}comment", "type": "string"}]),
        [("code-system", "CodeSystem.property[0]")],
    ),
    "known-property-under-a-name-of-ones-own": (
        code_system(A, property=[{"code": "remark", "uri": f"{PROPERTIES}comment", "type": "string"}]),
        [],
    ),
    "code-twice-in-the-hierarchy": (
        code_system({**A, "concept": [{"code": "a"}]}),
        [("csd-1", "CodeSystem"), ("code-system", "CodeSystem.concept[0].concept[0]")],
    ),
    "supplement": (code_system({"code": "male"}, content="supplement", supplements=GENDER), []),
    "supplement-of-another-code": (
        code_system({"code": "M"}, content="supplement", supplements=GENDER),
        [("code-system", "CodeSystem.concept[0]")],
    ),
    "supplement-of-another-hierarchy": (
        code_system({"code": "M"}, content="supplement", supplements=ROLES, hierarchyMeaning="part-of"),
        [("code-system", "CodeSystem")],
    ),
    # ValueSet
    "relative-system": (included(system="gender"), [("value-set", INCLUDE)]),
    "version-in-the-system": (included(system=f"{GENDER}|4.0.1"), [("value-set", INCLUDE)]),
    "value-set-as-system": (
        included(system="http://hl7.org/fhir/ValueSet/administrative-gender"),
        [("value-set", INCLUDE)],
    ),
    "filter": (filtered(property="concept", op="is-a", value="male"), []),
    "filter-by-no-code": (
        filtered(property="concept", op="is-a", value="z"),
        [("value-set-filter", FILTER)],
    ),
    "filter-by-no-pattern": (
        filtered(property="code", op="regex", value="m[a"),
        [("value-set-filter", FILTER)],
    ),
    "pattern-of-a-concept": (
        filtered(property="concept", op="regex", value="m.*"),
        [("value-set-filter", FILTER)],
    ),
    "filter-by-some-codes": (filtered(property="concept", op="in", value="male,female"), []),
    "filter-by-codes-and-none": (
        filtered(property="concept", op="in", value="male,z"),
        [("value-set-filter", FILTER)],
    ),
    "moment": (filtered(property="deprecationDate", op="=", value="2020-01"), []),
    "no-moment": (
        filtered(property="deprecationDate", op="=", value="lately"),
        [("value-set-filter", FILTER)],
    ),
    "weight": (filtered(property="itemWeight", op="=", value="1.5"), []),
    "no-weight": (filtered(property="itemWeight", op="=", value="heavy"), [("value-set-filter", FILTER)]),
    "SNOMED-expressions": (
        included(system=SNOMED_CT, filter=[{"property": "expressions", "op": "=", "value": "some"}]),
        [("value-set-filter", FILTER)],
    ),
    "SNOMED-by-equality": (
        included(system=SNOMED_CT, filter=[{"property": "concept", "op": "=", "value": "123037004"}]),
        [("value-set-filter", FILTER)],
    ),
    "there-or-not": (filtered(property="kind", op="exists", value="true"), []),
    "there-or-maybe": (
        filtered(property="kind", op="exists", value="maybe"),
        [("value-set-filter", FILTER)],
    ),
    "yes-or-no": (filtered(property="inactive", op="=", value="maybe"), [("value-set-filter", FILTER)]),
    "SNOMED": (
        included(
            system=SNOMED_CT,
            filter=[{"property": "concept", "op": "is-a", "value": "123037004"}],
        ),
        [],
    ),
    # SearchParameter
    "searched": (parameter(), []),
    "no-FHIRPath": (
        parameter(expression="Patient.name.("),
        [("search-parameter", "SearchParameter.expression")],
    ),
    "one-component": (
        parameter(
            type="composite",
            component=[
                {"definition": "http://hl7.org/fhir/SearchParameter/Patient-name", "expression": "name"}
            ],
        ),
        [("search-parameter", "SearchParameter")],
    ),
    "derived": (parameter(derivedFrom="http://hl7.org/fhir/SearchParameter/Patient-name"), []),
    "derived-of-another-type": (
        parameter(derivedFrom="http://hl7.org/fhir/SearchParameter/Patient-name", type="token"),
        [("search-parameter", "SearchParameter")],
    ),
    "derived-for-another-base": (
        parameter(
            derivedFrom="http://hl7.org/fhir/SearchParameter/Patient-name",
            base=["Group"],
            expression="Group.name",
        ),
        [("search-parameter", "SearchParameter")],
    ),
    # The others
    "input": (operation(inputProfile=f"{CORE}Parameters"), []),
    "input-of-another-type": (
        operation(inputProfile=f"{CORE}Patient"),
        [("operation-profile", "OperationDefinition.inputProfile")],
    ),
    "unknown-input": (
        operation(inputProfile="http://acme.test/none"),
        [("operation-profile", "OperationDefinition.inputProfile")],
    ),
    "dependency": (depending(), []),
    "dependency-by-its-site": (
        depending(uri="http://acme.test"),
        [("guide-dependency", "ImplementationGuide.dependsOn[0]")],
    ),
    "package-without-a-dot": (
        depending(packageId="acme"),
        [("guide-dependency", "ImplementationGuide.dependsOn[0]")],
    ),
    "two-versions": (
        depending(uri="http://acme.test/ImplementationGuide/x|2.0.0"),
        [("guide-dependency", "ImplementationGuide.dependsOn[0]")],
    ),
    "one-version-twice": (depending(uri="http://acme.test/ImplementationGuide/x|1.0.0"), []),
}


@pytest.mark.parametrize("name", CASES)
def test_a_definition(name: str) -> None:
    resource, expected = CASES[name]
    assert told(resource) == expected


MAPS: dict[str, tuple[Json, list[tuple[str, str]]]] = {
    "map": (mapped(), []),
    "from-a-code-system": (
        mapped(sourceScopeUri=GENDER),
        [("concept-map-code", "ConceptMap.sourceScope")],
    ),
    "property": (
        mapped(property=[TEXT], target={"property": [{"code": "p", "valueString": "x"}]}),
        [],
    ),
    "undefined-property": (
        mapped(target={"property": [{"code": "p", "valueString": "x"}]}),
        [("concept-map-property", "ConceptMap.group[0].element[0].target[0].property[0].code")],
    ),
    "property-of-another-type": (
        mapped(property=[TEXT], target={"property": [{"code": "p", "valueInteger": 1}]}),
        [
            (
                "concept-map-property",
                "ConceptMap.group[0].element[0].target[0].property[0].value.ofType(integer)",
            )
        ],
    ),
    "undefined-attribute": (
        mapped(target={"dependsOn": [{"attribute": "a", "valueString": "x"}]}),
        [("concept-map-property", "ConceptMap.group[0].element[0].target[0].dependsOn[0].attribute")],
    ),
}


def test_a_property_of_an_expansion_is_defined() -> None:
    codes = [{"system": GENDER, "code": "male", "property": [{"code": "p", "valueString": "x"}]}]
    expansion = {"timestamp": "2020-01-01", "contains": codes}
    resource = defined("ValueSet", expansion=expansion)
    assert told(resource, release=Release.R5) == [("value-set", "ValueSet.expansion")]
    expansion["property"] = [{"code": "p"}]
    assert told(resource, release=Release.R5) == []


@pytest.mark.parametrize("name", MAPS)
def test_a_map_of_R5(name: str) -> None:
    resource, expected = MAPS[name]
    assert told(resource, release=Release.R5) == expected


def coded(code: str) -> Json:
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/measure-scoring", "code": code}]}


def measured(scoring: str) -> Json:
    return defined(
        "Measure",
        scoring=coded(scoring),
        group=[{"code": {"coding": [{"system": "http://acme.test/groups", "code": "a"}]}}],
    )


def reported(kind: str = "summary", **group: Any) -> Json:
    groups = (
        [{"code": {"coding": [{"system": "http://acme.test/groups", "code": "a"}]}, **group}]
        if kind == "summary"
        else []
    )
    return {
        "resourceType": "MeasureReport",
        "id": "r",
        "text": NARRATIVE,
        "status": "complete",
        "type": kind,
        "measure": "http://acme.test/Measure/d",
        "period": {"start": "2000", "end": "2001"},
        **({"group": groups} if groups else {}),
    }


@pytest.mark.parametrize(
    ("scoring", "report", "expected"),
    [
        ("proportion", reported(measureScore={"value": 1}), []),
        ("proportion", reported(measureScore={"value": 2}), ["MeasureReport.group[0].measureScore.value"]),
        ("proportion", reported(), ["MeasureReport.group[0]"]),
        ("cohort", reported(measureScore={"value": -1}), ["MeasureReport.group[0].measureScore.value"]),
        ("cohort", reported(measureScore={"value": 7}), []),
        ("ratio", reported(measureScore={"value": 7}), []),
        # One group can only be the one of the Measure.
        ("ratio", reported() | {"group": [{"measureScore": {"value": 7}}]}, []),
        ("proportion", reported("data-collection"), []),
    ],
)
def test_the_score_of_a_measure(scoring: str, report: Json, expected: list[str]) -> None:
    from fhir_vitiligo.validation import Validator
    from fhir_vitiligo.validation.context import Options

    validator = Validator("r4", Held(measured(scoring)), Options())
    found = [issue for issue in validator.validate(report) if issue.severity == "error"]
    assert [issue.expression for issue in found] == expected, found
    assert {issue.rule for issue in found} <= {"measure"}
