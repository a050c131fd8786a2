"""fhir-kit-client 2.0.3 of npm, run by Node: expectations 18 to 25."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Scenario


@pytest.fixture
def kit(node: Any) -> Scenario:
    return node("kit")


def test_18_a_server_without_smart_configuration_is_told_as_one_without(kit: Scenario, base: str) -> None:
    found = kit(base, "smart")
    assert not any(found.values()), (
        "three documents are asked for at a time; none names an address to authorise at"
    )
    assert kit(base, "capability") == {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}


def test_19_the_first_version_is_called_1(kit: Scenario, base: str) -> None:
    found = kit(base, "versions")
    assert (found["created"], found["updated"]) == (201, 200)
    assert (found["first"]["gender"], found["first"]["meta"]["versionId"]) == ("female", "1")
    assert found["total"] == 2
    told(found["missing"], 404)


def test_20_json_patch(kit: Scenario, base: str) -> None:
    found = kit(base, "patch")
    assert found["status"] == 200
    assert (found["patched"]["gender"], found["patched"]["active"]) == ("other", True)
    told(found["failed"], 400, 409, 412, 422)


def test_21_a_search_by_post_has_a_next_page(kit: Scenario, base: str, clinic: dict[str, int]) -> None:
    found = kit(base, "postSearch")
    assert found["total"] == clinic["Patient"]
    assert len(found["first"]) == len(found["next"]) == 3
    assert not set(found["first"]) & set(found["next"])


def test_22_a_search_of_several_types_at_the_base(kit: Scenario, base: str, clinic: dict[str, int]) -> None:
    found = kit(base, "systemSearch")
    assert found["type"] == "searchset"
    assert found["total"] >= sum(clinic.values())
    assert len(found["ids"]) == 1
    assert "next" in found["links"]


def test_23_the_histories_of_a_type_and_of_all(kit: Scenario, base: str, clinic: dict[str, int]) -> None:
    found = kit(base, "histories")
    assert found["type"] == "history"
    patient, condition = f"Patient/{found['id']}", f"Condition/{found['condition']}"
    assert found["types"][0] == patient, "the newest comes first"
    assert all(one.startswith("Patient/") for one in found["types"])
    assert found["system"][:2] == [condition, patient]


def test_24_a_compartment(kit: Scenario, base: str, clinic: dict[str, int]) -> None:
    found = kit(base, "compartment")
    assert found["total"] == 4
    assert sorted(found["ids"]) == [f"Condition/clinic-3-{part}" for part in range(4)]


def test_25_batch_and_transaction(kit: Scenario, base: str) -> None:
    found = kit(base, "bundles")
    assert found["batch"] == ["201", "404"]
    assert found["transaction"] == ["201", "201"]
    told(found["failed"], 404)


def test_operations_and_deletes(kit: Scenario, base: str, clinic: dict[str, int]) -> None:
    found = kit(base, "operations")
    assert set(found["everything"]) == {
        "Patient/clinic-2",
        *(f"Condition/clinic-2-{part}" for part in range(3)),
    }
    assert found["outcome"] == "OperationOutcome"
    found = kit(base, "deletes")
    assert found["deleted"] == 204
    told(found["gone"], 410)


def told(refused: dict[str, Any], *statuses: int) -> None:
    """The client got one of the statuses and an OperationOutcome that says why."""
    assert refused["status"] in statuses, refused
    assert refused["data"]["resourceType"] == "OperationOutcome"
    assert refused["data"]["issue"][0]["diagnostics"]
