"""R5 by ``fhirVersion=5.0``: read, searched, written, checked, over a store of R4."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.conversion import CONVERTED
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.xml import to_json
from fhir_vitiligo.packaged import example_text
from fhir_vitiligo.server.vitiligo_moves import converter
from fhir_vitiligo.validation import Validator
from tests.conversion.test_generated import unordered

from .support import Client, told

EXAMPLES = Path(__file__).parents[2] / "profiles" / "examples"
R5 = {"Accept": "application/fhir+json; fhirVersion=5.0"}
IN_R5 = "application/fhir+json; fhirVersion=5.0"
UP, DOWN = converter(Release.R4, Release.R5), converter(Release.R5, Release.R4)
# The source of a case is a DocumentReference in R4 and a Citation, which R4 has not, in R5.
ONLY_R5 = {"vitiligo-citation.json"}
OF_A_CITATION = {"vitiligo-provenance.json"}


def examples(release: str) -> list[Path]:
    return sorted((EXAMPLES / release).glob("*.json"))


def read(path: Path) -> dict[str, Any]:
    return json.loads_object(path.read_bytes())


@pytest.fixture
def stored(client: Client) -> Client:
    """A server with a visit and a use of a medication."""
    client.put({"resourceType": "Patient", "id": "p"})
    client.put(
        {
            "resourceType": "Encounter",
            "id": "e",
            "status": "arrived",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": {"reference": "Patient/p"},
            "period": {"start": "2024-05-06"},
            "statusHistory": [{"status": "planned", "period": {"start": "2024-05-01"}}],
        }
    )
    client.put(
        {
            "resourceType": "MedicationStatement",
            "id": "m",
            "status": "active",
            "medicationCodeableConcept": {"text": "tacrolimus"},
            "subject": {"reference": "Patient/p"},
            "context": {"reference": "Encounter/e"},
            "reasonCode": [{"text": "vitiligo"}],
        }
    )
    return client


def test_a_read_is_answered_in_r5(stored: Client) -> None:
    answer = stored.get("/fhir/MedicationStatement/m", headers=R5)
    assert answer.headers["content-type"] == "application/fhir+json; fhirVersion=5.0; charset=utf-8"
    found = answer.json()
    assert found["medication"] == {"concept": {"text": "tacrolimus"}}
    assert found["encounter"] == {"reference": "Encounter/e"}
    assert found["reason"] == [{"concept": {"text": "vitiligo"}}]
    assert found["status"] == "recorded"
    assert found["adherence"]["code"]["coding"][0]["code"] == "taking"
    assert found["meta"]["versionId"] == "1"
    assert answer.headers["etag"] == 'W/"1"'
    assert stored.get("/fhir/MedicationStatement/m").json()["status"] == "active"


@pytest.mark.parametrize(
    "url",
    [
        "/fhir/Encounter/e?_format=application/fhir%2Bjson;fhirVersion=5.0",
        "/fhir/Encounter/e/_history/1?_format=json;fhirVersion=5.0.0",
        "/fhir/Encounter/e?_format=application/fhir%2Bjson%3B%20fhirVersion%3D5.0",
        "/fhir/Encounter/e?_format=application/fhir+json;+fhirVersion=5.0",
        "/fhir/Encounter/e?_format=application/fhir json ; fhirVersion=5.0",
    ],
)
def test_format_asks_for_a_release_too(stored: Client, url: str) -> None:
    found = stored.get(url).json()
    assert found["actualPeriod"] == {"start": "2024-05-06"}
    assert found["class"] == [
        {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}]}
    ]


def test_what_r5_has_no_place_for_is_in_its_extension(stored: Client) -> None:
    found = stored.get("/fhir/Encounter/e", headers=R5).json()
    assert found["status"] == "in-progress"
    there = "http://hl7.org/fhir/4.0/StructureDefinition/extension-Encounter."
    by_url = {one["url"]: one for one in found["extension"]}
    assert by_url[f"{there}status"]["valueCode"] == "arrived"
    assert by_url[f"{there}statusHistory"]["extension"] == [
        {"url": "status", "valueCode": "planned"},
        {"url": "period", "valuePeriod": {"start": "2024-05-01"}},
    ]


def test_xml_in_r5(stored: Client) -> None:
    answer = stored.get("/fhir/Encounter/e", headers={"Accept": "application/fhir+xml; fhirVersion=5.0"})
    assert answer.headers["content-type"].startswith("application/fhir+xml; fhirVersion=5.0")
    reading = to_json(answer.content, Release.R5)
    assert not reading.issues
    assert reading.resource == stored.get("/fhir/Encounter/e", headers=R5).json()
    again = stored.send(
        "PUT", "/fhir/Encounter/e", answer.content, Content_Type="application/fhir+xml; fhirVersion=5.0"
    )
    assert again.status_code == 200, again.text
    assert stored.get("/fhir/Encounter/e").json()["statusHistory"][0]["status"] == "planned"


def test_searches_and_histories_are_answered_in_r5(stored: Client) -> None:
    found = stored.get("/fhir/MedicationStatement?_include=MedicationStatement:context", headers=R5).json()
    use, visit = (entry["resource"] for entry in found["entry"])
    assert use["medication"]["concept"]["text"] == "tacrolimus"
    assert visit["actualPeriod"]
    history = stored.get("/fhir/_history", headers=R5).json()
    assert {"actualPeriod", "medication"} <= {key for entry in history["entry"] for key in entry["resource"]}


def test_elements_are_named_in_the_words_of_the_release(stored: Client) -> None:
    found = stored.get("/fhir/MedicationStatement?_elements=encounter", headers=R5).json()["entry"][0][
        "resource"
    ]
    assert found["encounter"] == {"reference": "Encounter/e"}
    assert "reason" not in found
    assert found["meta"]["tag"][0]["code"] == "SUBSETTED"


def test_an_element_written_in_r5_is_read_in_r4(client: Client) -> None:
    body = {
        "resourceType": "MedicationStatement",
        "status": "recorded",
        "medication": {"concept": {"text": "ruxolitinib"}},
        "subject": {"reference": "Patient/p"},
        "renderedDosageInstruction": "twice a day",
    }
    answer = client.send("POST", "/fhir/MedicationStatement", body, Content_Type=IN_R5)
    assert answer.status_code == 201, answer.text
    assert answer.json()["medication"] == body["medication"]  # the release of the body, as none was asked for
    assert answer.json()["renderedDosageInstruction"] == "twice a day"
    url = answer.headers["location"].partition("/_history")[0]
    found = client.get(url).json()
    assert found["medicationCodeableConcept"] == {"text": "ruxolitinib"}
    assert found["status"] == "unknown"
    assert found["extension"] == [
        {
            "url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-MedicationStatement.renderedDosageInstruction",
            "valueMarkdown": "twice a day",
        }
    ]
    both = client.send(
        "POST",
        "/fhir/MedicationStatement",
        body,
        Content_Type=IN_R5,
        Accept="application/fhir+json;fhirVersion=4.0",
    )
    assert both.json()["medicationCodeableConcept"] == {"text": "ruxolitinib"}


def test_a_body_in_r5_is_checked_as_r5(strict: Client) -> None:
    body = {"resourceType": "Condition", "subject": {"display": "P"}, "code": {"text": "vitiligo"}}
    as_r4 = strict.send("POST", "/fhir/Condition", body)
    assert as_r4.status_code == 201, as_r4.text
    as_r5 = strict.send("POST", "/fhir/Condition", body, Content_Type=IN_R5)
    assert as_r5.status_code == 422
    assert "clinicalStatus" in told(as_r5)


def test_what_only_r5_can_say_is_refused_by_name(client: Client) -> None:
    body = {
        "resourceType": "AdverseEvent",
        "status": "entered-in-error",
        "actuality": "actual",
        "subject": {"reference": "Patient/p"},
    }
    answer = client.send("POST", "/fhir/AdverseEvent", body, Content_Type=IN_R5)
    assert answer.status_code == 422
    assert "AdverseEvent.status" in told(answer)
    assert client.get("/fhir/AdverseEvent").json()["total"] == 0


@pytest.mark.parametrize("url", ["/fhir/Immunization/i", "/fhir/Immunization", "/fhir/_history"])
def test_other_types_are_406_with_the_reason(client: Client, url: str) -> None:
    client.put({"resourceType": "Immunization", "id": "i", "status": "completed"})
    answer = client.get(url, headers=R5)
    assert answer.status_code == 406
    assert "a Immunization cannot be told in FHIR 5.0.0" in told(answer)


def test_other_types_cannot_be_sent(client: Client) -> None:
    answer = client.send(
        "PUT", "/fhir/Immunization/i", {"resourceType": "Immunization", "id": "i"}, Content_Type=IN_R5
    )
    assert answer.status_code == 422
    assert "Immunization" in told(answer)


@pytest.mark.parametrize(
    ("method", "content_type", "status", "sentence"),
    [
        (
            "POST",
            "application/fhir+json; fhirVersion=3.0",
            415,
            "a body in FHIR 3.0 is not read, 4.0 and 5.0 are",
        ),
        ("PATCH", "application/json-patch+json; fhirVersion=5.0", 415, "a patch for FHIR 5.0 is not read"),
    ],
)
def test_what_is_not_read(client: Client, method: str, content_type: str, status: int, sentence: str) -> None:
    answer = client.send(method, "/fhir/Patient", b"[]", Content_Type=content_type)
    assert answer.status_code == status
    assert sentence in told(answer)


def test_a_transaction_in_r5(client: Client) -> None:
    bundle = read(EXAMPLES / "r5" / "vitiligo-case-transaction.json")
    kept = [entry for entry in bundle["entry"] if entry["resource"]["resourceType"] in CONVERTED]
    bundle["entry"] = kept
    answer = client.send(
        "POST", "/fhir", json.dumps(bundle), Content_Type=IN_R5, Prefer="return=representation"
    )
    assert answer.status_code == 200, answer.text
    told_back = answer.json()["entry"]
    assert [one["resource"]["resourceType"] for one in told_back] == [
        one["resource"]["resourceType"] for one in kept
    ]
    visit = next(one["resource"] for one in told_back if one["resource"]["resourceType"] == "Encounter")
    in_r4 = client.get(f"/fhir/Encounter/{visit['id']}").json()
    assert "actualPeriod" in visit
    assert in_r4["period"] == visit["actualPeriod"] or "relativeDateTime" in str(in_r4["period"])


def test_a_path_into_another_resource_moves_with_it() -> None:
    before = {
        "url": "http://hl7.org/fhir/StructureDefinition/cqf-relativeDateTime",
        "extension": [
            {"url": "target", "valueReference": {"reference": "Encounter/e"}},
            {"url": "targetPath", "valueString": "period"},
        ],
    }
    patient = {"resourceType": "Patient", "_birthDate": {"extension": [before]}}
    there = UP.convert(patient)
    assert there["_birthDate"]["extension"][0]["extension"][1]["valueString"] == "actualPeriod"
    assert DOWN.convert(there) == patient


def test_validate_reads_the_release(client: Client) -> None:
    body = {"resourceType": "Encounter", "status": "completed"}
    as_r5 = client.send("POST", "/fhir/Encounter/$validate", body, Content_Type=IN_R5)
    as_r4 = client.send("POST", "/fhir/Encounter/$validate", body)
    errors = [
        [issue for issue in answer.json()["issue"] if issue["severity"] == "error"]
        for answer in (as_r5, as_r4)
    ]
    assert errors[0] == []
    assert any("completed" in issue["diagnostics"] for issue in errors[1])


def test_a_case_goes_out_and_in_in_r5(client: Client) -> None:
    case = example_text("case-report")
    body = {"resourceType": "Parameters", "parameter": [{"name": "case", "valueString": case}]}
    for options in ({"Accept": IN_R5}, {}):
        told_release = [] if options else [{"name": "release", "valueCode": "r5"}]
        asked = {**body, "parameter": [*body["parameter"], *told_release]}
        answer = client.send("POST", "/fhir/$to-fhir", asked, **options)
        assert answer.headers["content-type"] == "application/fhir+json; fhirVersion=5.0; charset=utf-8"
        types = {entry["resource"]["resourceType"] for entry in answer.json()["entry"]}
        assert "Citation" in types
        back = client.send("POST", "/fhir/$from-fhir?format=json", answer.content, Content_Type=IN_R5)
        assert back.status_code == 200, back.text
        assert [one["name"] for one in back.json()["parameter"]] == ["case"]
        assert len(back.json()["parameter"][0]["part"]) == 1  # no residue
    as_xml = client.send("POST", "/fhir/$to-fhir", body, Accept="application/fhir+xml; fhirVersion=5.0")
    reading = to_json(as_xml.content, Release.R5)
    assert reading.resource is not None
    assert not reading.issues


def test_metadata_and_versions_tell_both(client: Client) -> None:
    own = client.get("/fhir/metadata").json()
    other = client.get("/fhir/metadata", headers=R5).json()
    assert (own["fhirVersion"], other["fhirVersion"]) == ("4.0.1", "5.0.0")
    assert {one["type"] for one in other["rest"][0]["resource"]} == CONVERTED
    issues = Validator(Release.R5).validate(other)
    assert not [issue for issue in issues if issue.severity in ("error", "fatal")]
    versions = client.get("/fhir/$versions").json()["parameter"]
    assert versions == [
        {"name": "version", "valueCode": "4.0"},
        {"name": "version", "valueCode": "5.0"},
        {"name": "default", "valueCode": "4.0"},
    ]


@pytest.mark.parametrize("path", examples("r4"), ids=lambda path: path.stem)
def test_examples_of_r4_come_back_and_are_valid_r5(path: Path) -> None:
    resource = read(path)
    there = UP.convert(resource)
    assert unordered(DOWN.convert(there)) == unordered(resource)
    if path.name not in OF_A_CITATION:
        errors = [one for one in Validator(Release.R5).validate(there) if one.severity in ("error", "fatal")]
        assert errors == []


@pytest.mark.parametrize("path", examples("r5"), ids=lambda path: path.stem)
def test_examples_of_r5_come_back_and_are_valid_r4(path: Path) -> None:
    resource = read(path)
    if path.name in ONLY_R5:
        with pytest.raises(Exception, match=r"a Citation cannot be told in FHIR 4\.0\.1"):
            DOWN.convert(resource)
        return
    here = DOWN.convert(resource)
    assert unordered(UP.convert(here)) == unordered(resource)
    errors = [one for one in Validator(Release.R4).validate(here) if one.severity in ("error", "fatal")]
    assert errors == []


def test_a_case_is_the_same_whether_mapped_or_converted() -> None:
    compared = 0
    for path in examples("r4"):
        mapped = EXAMPLES / "r5" / path.name
        if path.name in OF_A_CITATION or not mapped.exists():
            continue
        one, other = UP.convert(read(path)), read(mapped)
        if one["resourceType"] != "Bundle" and one["id"] == other["id"]:
            assert unordered({**one, "text": None}) == unordered({**other, "text": None}), path.name
            compared += 1
    assert compared > 30
