"""What is told of an expression before there is any data: elements, types, functions and arguments that cannot be.

HL7's engine (6.10.3) tells the same of each of these as the invariant of a profile, but for types that do not exist, which it
lets pass.
"""

from __future__ import annotations

import pytest

from fhir_vitiligo.fhir.fhirpath import FHIRPathError
from fhir_vitiligo.fhir.fhirpath.check import check, types_at
from fhir_vitiligo.fhir.release import Release

GOOD: list[tuple[str, str]] = [
    ("Patient", "name.exists()"),
    ("Patient", "Patient.name.given.startsWith('A')"),
    ("Patient", "Resource.id.exists()"),
    ("Patient", "active.length() > 1"),
    ("Patient", "managingOrganization.resolve().name.exists()"),
    ("Patient", "contained.name.exists()"),
    ("Patient", "deceased.ofType(boolean)"),
    ("Patient", "extension('http://a.test').value.code.exists()"),
    ("Patient", "meta.extension.value.code.exists()"),
    ("Patient", "gender.memberOf('http://a.test')"),
    ("Patient", "birthDate + 1 year = birthDate"),
    ("Patient", "birthDate < today()"),
    ("Patient", "name.given & 1 = 1"),
    ("Patient", "name.repeat(given).exists()"),
    ("Patient", "descendants().code.exists()"),
    ("Patient", "name.select(given | family).count() > 1"),
    ("Patient", "name.defineVariable('n', family).select(%n).exists()"),
    ("Patient", "%extension.exists()"),
    ("Patient.contact", "name.family.exists()"),
    ("Patient.name", "family.exists()"),
    ("Patient.name.family", "length() < 9"),
    ("Patient.gender", "value = 'male'"),
    ("Patient.deceased[x]", "$this is boolean"),
    ("Observation.component", "code"),
    ("Extension", "url"),
    ("Questionnaire", "repeat(item).linkId.isDistinct()"),
    ("Element", "id.exists()"),
    ("Patient", "name.aggregate($this.given.count() + $total, 0) > 1"),
    ("Patient", "ofType(CDA.II).exists()"),
]
BAD: list[tuple[str, str, str]] = [
    ("Patient", "nam.exists()", "there is no element nam in Patient"),
    ("Patient", "Patient.name.famly", "there is no element famly in HumanName"),
    ("Patient", "deceasedBoolean.exists()", "there is no element deceasedBoolean in Patient"),
    ("Patient", "name.where($this.family.exists()).foo", "there is no element foo in HumanName"),
    ("Patient", "name.given.first().foo", "there is no element foo in string"),
    ("Patient", "name.family = family", "there is no element family in Patient"),
    ("Patient", "extension('http://a.test').valu", "there is no element valu in Extension"),
    ("Patient", "managingOrganization.resolve().nam", "there is no element nam in Resource"),
    ("Patient", "contained.nam", "there is no element nam in Resource"),
    ("Patient", "children().nothing", "there is no element nothing in Element"),
    ("Patient", "%resource.nam", "there is no element nam in Patient"),
    ("Patient", "%context.nam", "there is no element nam in Patient"),
    ("Patient", "birthDate.toString().foo", "there is no element foo in String"),
    ("Patient.deceased[x]", "foo", "there is no element foo in boolean or dateTime"),
    ("Patient", "Observation.exists()", "Observation is not what is here: Patient"),
    ("Patient", "%nobody", "there is no constant %nobody"),
    ("Patient", "name.where(family)", "where() takes Boolean, not string"),
    ("Patient", "name.all(given.count())", "all() takes Boolean, not Integer"),
    ("Patient", "iif(name, 1, 2) = 1", "iif() takes Boolean, not HumanName"),
    ("Patient", "name.trace(1)", "trace() takes String, not Integer"),
    ("Patient", "name.family.replace(1, 'a')", "replace() takes String, not Integer"),
    ("Patient", "birthDate.startsWith('1')", "startsWith() is asked of date: it can be asked of String"),
    (
        "Patient",
        "name.abs() > 1",
        "abs() is asked of HumanName: it can be asked of Decimal or Integer or Quantity",
    ),
    ("Patient", "name.resolve()", "resolve() is asked of HumanName: it can be asked of Reference or String"),
    (
        "Patient",
        "name.memberOf('http://a.test')",
        "memberOf() is asked of HumanName: it can be asked of CodeableConcept or Coding or String",
    ),
    ("Patient", "birthDate + 1 = 1", "date + Integer: to a moment a Quantity is added"),
    ("Patient", "children().first()", "first() depends on an order, which children() has none of"),
    ("Patient", "deceased is foo", "there is no type foo in FHIR R4"),
]


@pytest.mark.parametrize(("path", "expression"), GOOD)
def test_what_fits_is_left_alone(path: str, expression: str) -> None:
    check(expression, Release.R4, path, order=True, resource="Patient", constants=("extension",))


@pytest.mark.parametrize(("path", "expression", "reason"), BAD)
def test_what_cannot_be_is_named(path: str, expression: str, reason: str) -> None:
    with pytest.raises(FHIRPathError) as caught:
        check(expression, Release.R4, path, order=True, resource="Patient", constants=())
    assert caught.value.reason == reason
    assert caught.value.kind == "semantic"


def test_one_of_several_types_is_enough() -> None:
    assert check("name.family", Release.R4, ("Patient", "Observation")) == ("string",)
    with pytest.raises(FHIRPathError, match="there is no element nam in Observation or Patient"):
        check("nam", Release.R4, ("Patient", "Observation"))


def test_types_are_found_inside_datatypes() -> None:
    assert {kind.path for kind in types_at("Patient.name.period.start", Release.R4)} == {"dateTime"}
    assert {kind.path for kind in types_at("Patient.deceased[x]", Release.R4)} == {"boolean", "dateTime"}
    assert {kind.path for kind in types_at("Patient.birthDate.extension", Release.R4)} == {"Extension"}
    assert {kind.path for kind in types_at("Parameters.parameter.part.value[x]", Release.R4)} > {
        "string",
        "Quantity",
    }
    with pytest.raises(KeyError, match=r"Patient\.nam is not an element of FHIR"):
        types_at("Patient.nam", Release.R4)
