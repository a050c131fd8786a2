"""fhir-pyrate 0.2.6: expectation 17. It sends `Accept: */*` and makes data frames of pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

fhir_pyrate = pytest.importorskip(
    "fhir_pyrate", reason="fhir-pyrate is not installed: `make clients` installs the clients"
)


@pytest.fixture
def pirate(base: str) -> Iterator[Any]:
    with fhir_pyrate.Pirate(base, auth=None) as pirate:
        yield pirate


def test_17_the_total_is_told_whatever_the_count(pirate: Any, clinic: dict[str, int]) -> None:
    assert (
        pirate.get_bundle_total("Condition", {"patient.family": "Clinic", "_count": 1}) == clinic["Condition"]
    )


def test_17_pages_sorted_by_id_make_one_frame(pirate: Any, clinic: dict[str, int]) -> None:
    frame = pirate.steal_bundles_to_dataframe(
        "Condition",
        {"patient.family": "Clinic", "_sort": "_id", "_count": 5},
        fhir_paths=["id", ("patient", "subject.reference"), ("onset", "onsetDateTime")],
    )
    ids = list(frame["id"])
    assert len(ids) == clinic["Condition"]
    assert ids == sorted(ids)
    assert set(frame["patient"]) == {f"Patient/clinic-{number}" for number in range(7)}


def test_17_a_time_span_is_walked_in_parts(pirate: Any, clinic: dict[str, int]) -> None:
    bundles = list(pirate.sail_through_search_space("Condition", "onset-date", "2000-01-01", "2004-01-01"))
    found = {entry.resource.id for bundle in bundles for entry in bundle.entry or ()}
    wanted = {f"clinic-{number}-{part}" for number in range(7) for part in range(number + 1) if part < 4}
    assert wanted <= found


def test_17_a_frame_of_patients_asks_for_their_conditions(pirate: Any, clinic: dict[str, int]) -> None:
    patients = pirate.steal_bundles_to_dataframe("Patient", {"family": "Clinic"}, fhir_paths=["id"])
    conditions = pirate.trade_rows_for_dataframe(
        patients,
        "Condition",
        {"patient": "id"},
        request_params={"_count": 2},
        fhir_paths=[("condition", "id")],
    )
    assert len(conditions) == clinic["Condition"]
