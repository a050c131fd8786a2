"""fhirpy 2.3.1: expectations 1 to 12. It sends `Content-Type: application/json` and no `Prefer`."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

fhirpy = pytest.importorskip("fhirpy", reason="fhirpy is not installed: `make clients` installs the clients")


@pytest.fixture
def client(base: str) -> Any:
    return fhirpy.SyncFHIRClient(base)


def patient(client: Any, **elements: Any) -> Any:
    return client.resource(
        "Patient", **{"name": [{"family": "Vitalis", "given": ["Ann"]}], "gender": "female", **elements}
    )


def identified(system: str) -> dict[str, Any]:
    return {"identifier": [{"system": system, "value": "1"}]}


def unused_system() -> str:
    return f"urn:x:{uuid.uuid4()}"


def test_1_a_create_is_answered_with_the_resource_as_it_was_stored(client: Any) -> None:
    created = patient(client).save()
    assert created.id
    assert created["meta"]["versionId"] == "1"
    assert client.reference("Patient", created.id).to_resource()["gender"] == "female"


def test_2_an_update_is_a_put_and_makes_a_version(client: Any) -> None:
    one = patient(client).save()
    one["gender"] = "other"
    one.save()
    assert one["meta"]["versionId"] == "2"
    assert client.get("Patient", one.id)["gender"] == "other"


def test_2_a_put_to_an_id_that_is_not_there_creates_it(client: Any) -> None:
    id = f"put-{uuid.uuid4()}"
    one = patient(client, id=id).save()
    assert one.id == id
    assert one["meta"]["versionId"] == "1"


def test_2_refresh_with_the_version_in_if_none_match_is_not_modified(client: Any) -> None:
    one = patient(client).save()
    one["gender"] = "unknown"
    assert one.refresh()["gender"] == "unknown", "304: nothing was sent, so the client's copy stays"


def test_3_a_plain_object_as_patch_is_a_merge_patch(client: Any) -> None:
    one = patient(client, birthDate="1980-01-01").save()
    one.patch(birthDate="1990-02-03")
    again = client.get("Patient", one.id)
    assert again["birthDate"] == "1990-02-03"
    assert again["gender"] == "female"
    client.patch("Patient", one.id, birthDate=None)
    assert "birthDate" not in client.get("Patient", one.id)


def test_4_count_reads_the_total_of_a_page_without_entries(client: Any, clinic: dict[str, int]) -> None:
    assert client.resources("Patient").search(name="clin").count() == clinic["Patient"]


def test_5_fetch_all_follows_the_next_links(client: Any, clinic: dict[str, int]) -> None:
    found = client.resources("Patient").search(family="Clinic").limit(2).fetch_all()
    assert len({one.id for one in found}) == len(found) == clinic["Patient"]
    assert len(client.resources("Patient").search(family="Clinic").limit(2).fetch()) == 2


def test_5_sort_and_first(client: Any, clinic: dict[str, int]) -> None:
    newest = client.resources("Patient").search(family="Clinic").sort("-birthdate").first()
    assert newest.id == "clinic-6"


def test_6_elements_with_a_name_that_is_none_do_not_fail(client: Any, clinic: dict[str, int]) -> None:
    found = client.resources("Patient").search(family="Clinic").elements("name").fetch_all()
    assert len(found) == clinic["Patient"]
    assert all("name" in one and "gender" not in one for one in found)


def test_6_includes_and_has(client: Any, clinic: dict[str, int]) -> None:
    conditions = (
        client.resources("Condition").search(_id="clinic-3-0").include("Condition", "patient").fetch_raw()
    )
    assert {entry["resource"]["resourceType"] for entry in conditions["entry"]} == {"Condition", "Patient"}
    having = client.resources("Patient").has("Condition", "patient", onset_date__ge="2006").fetch_all()
    assert [one.id for one in having] == ["clinic-6"]


def test_7_criteria_in_the_url_of_a_post_make_it_a_conditional_create(client: Any) -> None:
    system = unused_system()
    search = client.resources("Patient").search(identifier=f"{system}|1")
    first, made = search.get_or_create(patient(client, **identified(system)))
    assert made
    second, made = search.get_or_create(patient(client, **identified(system)))
    assert not made
    assert second.id == first.id
    patient(client, **identified(system)).save()
    with pytest.raises(fhirpy.base.exceptions.MultipleResourcesFound) as refused:
        search.get_or_create(patient(client, **identified(system)))
    assert outcome(refused.value)["issue"][0]["severity"] == "error"


def test_8_a_put_to_a_search_is_a_conditional_update(client: Any) -> None:
    system = unused_system()
    search = client.resources("Patient").search(identifier=f"{system}|1")
    first, made = search.update(patient(client, **identified(system)))
    assert made
    second, made = search.update(patient(client, gender="other", **identified(system)))
    assert not made
    assert second.id == first.id
    assert client.get("Patient", first.id)["gender"] == "other"


def test_9_a_patch_of_a_search_is_a_conditional_patch(client: Any) -> None:
    system = unused_system()
    one = patient(client, **identified(system)).save()
    patched = client.resources("Patient").search(identifier=f"{system}|1").patch(active=True)
    assert patched.id == one.id
    assert client.get("Patient", one.id)["active"] is True
    with pytest.raises(fhirpy.base.exceptions.ResourceNotFound) as refused:
        client.resources("Patient").search(identifier=f"{unused_system()}|1").patch(active=True)
    assert outcome(refused.value)["issue"]


def test_10_a_bare_resource_is_validated(client: Any) -> None:
    assert patient(client).is_valid()
    wrong = patient(client, gender="neither", birthDate="yesterday")
    assert not wrong.is_valid()
    with pytest.raises(fhirpy.base.exceptions.OperationOutcome) as told:
        wrong.is_valid(raise_exception=True)
    places = {place for issue in told.value.resource["issue"] for place in issue.get("expression", ())}
    assert {"Patient.gender", "Patient.birthDate"} <= places


def test_11_everything_and_history(client: Any, clinic: dict[str, int]) -> None:
    everything = client.resource("Patient", id="clinic-3").execute("$everything", method="get")
    names = {
        f"{entry['resource']['resourceType']}/{entry['resource']['id']}" for entry in everything["entry"]
    }
    assert {"Patient/clinic-3", *(f"Condition/clinic-3-{part}" for part in range(4))} == names
    one = patient(client).save()
    one["gender"] = "male"
    one.save()
    history = one.execute("_history", method="get")
    assert history["type"] == "history"
    assert [entry["resource"]["meta"]["versionId"] for entry in history["entry"]] == ["2", "1"]


def test_12_a_delete_has_no_body(client: Any) -> None:
    one = patient(client).save()
    deleted, status = client._do_request("delete", f"Patient/{one.id}", returning_status=True)
    assert (deleted, status) == (None, 204)
    with pytest.raises(fhirpy.base.exceptions.ResourceNotFound) as gone:
        client.get("Patient", one.id)
    assert outcome(gone.value)["issue"][0]["code"] == "deleted"


def test_12_errors_are_outcomes(client: Any) -> None:
    with pytest.raises(fhirpy.base.exceptions.ResourceNotFound) as missing:
        client.get("Patient", "nobody")
    assert outcome(missing.value)["issue"][0]["code"] == "not-found"
    with pytest.raises(fhirpy.base.exceptions.OperationOutcome) as refused:
        client.resources("Patient").search(famly="Clinic").fetch()
    assert "famly" in json.dumps(refused.value.resource)
    with pytest.raises(fhirpy.base.exceptions.ResourceNotFound) as unknown:
        client.get("Patience", "1")
    assert outcome(unknown.value)["issue"]


def outcome(error: Exception) -> dict[str, Any]:
    """The OperationOutcome that the client keeps as text in its exceptions."""
    found: dict[str, Any] = json.loads(str(error))
    assert found["resourceType"] == "OperationOutcome"
    return found
