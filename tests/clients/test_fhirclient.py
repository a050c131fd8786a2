"""fhirclient 4.4.0 of PyPI: expectations 13 to 16. Its models are strict: what FHIR R4 does not know, they refuse."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("fhirclient", reason="fhirclient is not installed: `make clients` installs the clients")

from fhirclient import client as smart
from fhirclient.models.bundle import Bundle
from fhirclient.models.condition import Condition
from fhirclient.models.patient import Patient


@pytest.fixture
def client(base: str) -> Any:
    return smart.FHIRClient(settings={"app_id": "tests", "api_base": base})


def test_13_metadata_is_a_capability_statement_and_asks_for_no_authorisation(client: Any) -> None:
    assert client.prepare()
    assert client.ready
    assert client.authorize_url is None
    statement = client.server.capabilityStatement
    assert statement.fhirVersion == "4.0.1"
    assert {"Patient", "Condition"} <= {resource.type for resource in statement.rest[0].resource}


def test_14_read(client: Any, clinic: dict[str, int]) -> None:
    patient = Patient.read("clinic-4", client.server)
    assert patient.name[0].family == "Clinic"
    assert patient.birthDate.isostring == "1984-01-02"


def test_14_perform_iter_goes_from_page_to_page(client: Any, clinic: dict[str, int]) -> None:
    pages = list(Condition.where({"subject": "Patient/clinic-6", "_count": "3"}).perform_iter(client.server))
    assert [len(page.entry) for page in pages] == [3, 3, 1]
    found = list(Patient.where({"family": "Clinic", "_count": "2"}).perform_resources_iter(client.server))
    assert len({one.id for one in found}) == len(found) == clinic["Patient"]


def test_14_a_reference_is_resolved(client: Any, clinic: dict[str, int]) -> None:
    condition = Condition.read("clinic-2-1", client.server)
    assert condition.subject.resolved(Patient).id == "clinic-2"


def test_15_create_and_update(client: Any) -> None:
    patient = Patient({"resourceType": "Patient", "name": [{"family": "Strict"}], "birthDate": "1975-03-04"})
    created = patient.create(client.server)
    assert created["meta"]["versionId"] == "1"
    stored = Patient.read(created["id"], client.server)
    stored.gender = "male"
    updated = stored.update(client.server)
    assert (updated["gender"], updated["meta"]["versionId"]) == ("male", "2")
    stored.delete(client.server)
    with pytest.raises(Exception, match="410"):
        Patient.read(created["id"], client.server)


def test_16_a_transaction_is_posted_to_the_base_with_a_slash_at_its_end(client: Any) -> None:
    assert client.server.base_uri.endswith("/")
    entry = {
        "fullUrl": "urn:uuid:7c6a0c0e-9d1f-4b1d-a9d5-6f7b0a5f3c11",
        "resource": {"resourceType": "Patient", "name": [{"family": "Bundled"}]},
        "request": {"method": "POST", "url": "Patient"},
    }
    condition = {
        "fullUrl": "urn:uuid:7c6a0c0e-9d1f-4b1d-a9d5-6f7b0a5f3c12",
        "resource": {
            "resourceType": "Condition",
            "code": {"text": "Vitiligo"},
            "subject": {"reference": entry["fullUrl"]},
        },
        "request": {"method": "POST", "url": "Condition"},
    }
    bundle = Bundle({"resourceType": "Bundle", "type": "transaction", "entry": [entry, condition]})
    answer = bundle.create(client.server)
    assert answer["type"] == "transaction-response"
    assert [one["response"]["status"][:3] for one in answer["entry"]] == ["201", "201"]
    places = [one["response"]["location"].split("/_history/")[0].split("/")[-2:] for one in answer["entry"]]
    stored = Condition.read(places[1][1], client.server)
    assert stored.subject.reference == "/".join(places[0])
