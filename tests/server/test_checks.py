"""What the server refuses to store: what is not valid, what refers to nothing; and what it refuses to delete."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.server.app import create_app
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.storage.sqlite import SqliteRepository

from .support import Client, told
from .test_bundles import bundle, entry, observation

VALID = {"resourceType": "Patient", "gender": "male"}
BROKEN = {"resourceType": "Patient", "gender": "man", "contact": [{"name": {"famly": "x"}}]}
PROFILE = "http://hl7.org/fhir/StructureDefinition/bodyweight"
# A body weight without the code, the category and the unit that its profile asks for.
CLAIMS = observation("#p", meta={"profile": [PROFILE]}, contained=[{"resourceType": "Patient", "id": "p"}])


def served(repository: SqliteRepository, **settings: Any) -> Client:
    return Client(create_app(repository, Settings(**settings)))


@pytest.mark.parametrize("level", ["structure", "profile"])
def test_what_is_not_valid_is_refused_with_everything_that_is_wrong(
    repository: SqliteRepository, level: str
) -> None:
    client = served(repository, validation=level)
    for method, url in (("POST", "Patient"), ("PUT", "Patient/a"), ("PUT", "Patient?identifier=x")):
        body = BROKEN | ({"id": "a"} if method == "PUT" else {})
        answer = client.send(method, f"/fhir/{url}", body)
        assert answer.status_code == 422, answer.text
        places = {tuple(issue.get("expression", ())) for issue in answer.json()["issue"]}
        assert {("Patient.gender",), ("Patient.contact[0].name",)} <= places
        assert answer.json()["issue"][0]["severity"] == "error"
    assert client.get("/fhir/Patient").json()["total"] == 0


def test_in_a_transaction_every_faulty_entry_is_named(strict: Client) -> None:
    answer = strict.send(
        "POST",
        "/fhir",
        bundle(
            "transaction",
            entry("POST", "Patient", VALID),
            entry("POST", "Patient", BROKEN),
            entry("POST", "Patient", {"resourceType": "Patient", "active": "yes"}),
        ),
    )
    assert answer.status_code == 422
    places = {issue["expression"][0] for issue in answer.json()["issue"]}
    assert "Bundle.entry[1].resource.gender" in places
    assert "Bundle.entry[2].resource.active" in places
    assert strict.get("/fhir/Patient").json()["total"] == 0


def test_in_a_batch_only_the_faulty_entries_are_refused(strict: Client) -> None:
    body = bundle("batch", entry("POST", "Patient", VALID), entry("POST", "Patient", BROKEN))
    found = strict.send("POST", "/fhir", body).json()["entry"]
    assert [one["response"]["status"][:3] for one in found] == ["201", "422"]


def test_a_patch_must_leave_a_valid_resource(strict: Client) -> None:
    strict.put(VALID | {"id": "a"})
    answer = strict.send("PATCH", "/fhir/Patient/a", {"gender": "man"})
    assert answer.status_code == 422
    assert strict.get("/fhir/Patient/a").json()["gender"] == "male"


def test_the_setting_says_how_much_is_checked(repository: SqliteRepository) -> None:
    assert (
        served(repository, validation="profile").send("POST", "/fhir/Observation", CLAIMS).status_code == 422
    )
    kept = served(repository, validation="structure").send("POST", "/fhir/Observation", CLAIMS)
    assert kept.status_code == 201, kept.text
    assert kept.json()["meta"]["profile"] == [PROFILE]
    assert served(repository, validation="off").send("POST", "/fhir/Patient", BROKEN).status_code == 201


def test_warnings_other_names_of_codes_and_other_guides_extensions_are_tolerated(strict: Client) -> None:
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    category = [{"coding": [{"system": system, "code": "vital-signs", "display": "vital-signs"}]}]
    race = {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race", "valueString": "x"}
    body = observation(
        "#p", category=category, extension=[race], contained=[{"resourceType": "Patient", "id": "p"}]
    )
    answer = strict.send("POST", "/fhir/Observation", body)
    assert answer.status_code == 201, answer.text


def test_a_language_of_another_system_is_tolerated_where_core_only_prefers_one(strict: Client) -> None:
    language = {"coding": [{"system": "http://id.loc.gov/vocabulary/iso639-1", "code": "hi"}]}
    body = VALID | {"communication": [{"language": language}]}
    assert strict.send("POST", "/fhir/Patient", body).status_code == 201
    required = VALID | {
        "communication": [{"language": language}],
        "maritalStatus": {"text": "x"},
        "gender": "m",
    }
    assert strict.send("POST", "/fhir/Patient", required).status_code == 422


def test_a_reference_to_nothing_is_refused_unless_the_setting_allows_it(
    repository: SqliteRepository, strict: Client
) -> None:
    body = observation("Patient/none")
    for method, url in (("POST", "Observation"), ("PUT", "Observation/o")):
        answer = strict.send(method, f"/fhir/{url}", body | ({"id": "o"} if method == "PUT" else {}))
        assert answer.status_code == 422
        assert "Patient/none is not here" in told(answer)
        assert answer.json()["issue"][0]["expression"] == ["Observation.subject.reference"]
    assert strict.get("/fhir/Observation").json()["total"] == 0
    absolute = observation("http://test.example/fhir/Patient/none")
    assert strict.send("POST", "/fhir/Observation", absolute).status_code == 422
    elsewhere = observation("http://elsewhere.org/fhir/Patient/none")
    assert strict.send("POST", "/fhir/Observation", elsewhere).status_code == 201
    assert served(repository, check_targets=False).send("POST", "/fhir/Observation", body).status_code == 201
    strict.put(VALID | {"id": "there"})
    assert strict.send("POST", "/fhir/Observation", observation("Patient/there")).status_code == 201
    moved = strict.send(
        "PATCH", "/fhir/Patient/there", {"managingOrganization": {"reference": "Organization/x"}}
    )
    assert moved.status_code == 422


def test_what_others_refer_to_is_not_deleted_unless_the_setting_allows_it(
    repository: SqliteRepository, strict: Client
) -> None:
    strict.put(VALID | {"id": "a", "identifier": [{"system": "urn:x", "value": "1"}]})
    made = strict.send("PUT", "/fhir/Observation/o", observation("Patient/a") | {"id": "o"})
    assert made.status_code == 201, made.text
    for url in ("Patient/a", "Patient?identifier=urn:x|1"):
        answer = strict.request("DELETE", f"/fhir/{url}")
        assert answer.status_code == 409
        assert "Patient/a is referred to by Observation/o" in told(answer)
    refused = strict.send("POST", "/fhir", bundle("transaction", entry("DELETE", "Patient/a")))
    assert refused.status_code == 409
    assert refused.json()["issue"][0]["expression"] == ["Bundle.entry[0]"]
    assert strict.get("/fhir/Patient/a").status_code == 200
    together = strict.send(
        "POST", "/fhir", bundle("transaction", entry("DELETE", "Patient/a"), entry("DELETE", "Observation/o"))
    )
    assert together.status_code == 200, together.text
    strict.put(VALID | {"id": "b"})
    strict.send("PUT", "/fhir/Observation/p", observation("Patient/b") | {"id": "p"})
    assert served(repository, check_referrers=False).request("DELETE", "/fhir/Patient/b").status_code == 204


def test_a_transaction_may_move_a_reference_and_delete_what_it_left(strict: Client) -> None:
    strict.put(VALID | {"id": "a"})
    strict.send("PUT", "/fhir/Observation/o", observation("Patient/a") | {"id": "o"})
    answer = strict.send(
        "POST",
        "/fhir",
        bundle(
            "transaction",
            entry("PUT", "Observation/o", observation("Patient/b") | {"id": "o"}),
            entry("PUT", "Patient/b", VALID | {"id": "b"}),
            entry("DELETE", "Patient/a"),
        ),
    )
    assert answer.status_code == 200, answer.text
    gone = strict.send(
        "POST",
        "/fhir",
        bundle(
            "transaction",
            entry("DELETE", "Patient/b"),
            entry("PUT", "Observation/q", observation("Patient/b") | {"id": "q"}),
        ),
    )
    assert gone.status_code == 422
    assert strict.get("/fhir/Patient/b").status_code == 200


def test_a_resource_may_refer_to_itself_and_be_deleted(strict: Client) -> None:
    self_referring = VALID | {"id": "a", "link": [{"other": {"reference": "Patient/a"}, "type": "seealso"}]}
    assert strict.send("PUT", "/fhir/Patient/a", self_referring).status_code == 201
    assert strict.request("DELETE", "/fhir/Patient/a").status_code == 204
