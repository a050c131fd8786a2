"""A real data set, posted as it is, and searches counted against a walk through its JSON."""

from __future__ import annotations

import bz2
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.server.app import create_app
from fhir_vitiligo.storage.load import load_bundles
from fhir_vitiligo.storage.sqlite import SqliteRepository

from .support import FHIR_JSON, Client, running_server

PATIENTS = 3
# Counted from the JSON of all 122 files by an independent script.
TABLE = {
    "Patient?gender=male": 56,
    "Patient?gender=female": 64,
    "Observation": 42_929,
    "Observation?category=laboratory": 29_206,
    "Observation?date=1970": 59,
    "Observation?date=1980": 0,
    "Observation?date=1990": 19,
    "Observation?date=2000": 101,
    "Observation?date=2010": 995,
    "Observation?date=2020": 17_419,
    "Observation?date=gt2010": 38_486,
    "Observation?date=lt2010": 3_448,
    "Observation?patient.gender=male": 20_466,
    "MedicationRequest?medication.code=1736854": 112,
}


def texts(folder: Path, patients: int | None) -> Iterator[bytes]:
    """The files of hospitals and practitioners, then the smallest patients."""
    files = sorted(folder.glob("*.json.bz2"))
    common = [path for path in files if path.name.startswith("0-")]
    others = sorted((path for path in files if path not in common), key=lambda path: path.stat().st_size)
    for path in common + (others if patients is None else others[:patients]):
        yield bz2.decompress(path.read_bytes())


def total(client: Client, query: str) -> int:
    answer = client.get(f"/fhir/{query}{'&' if '?' in query else '?'}_count=0")
    assert answer.status_code == 200, answer.text
    found: int = answer.json()["total"]
    return found


def test_posted_bundles_are_found_as_often_as_they_are_there(synthea_dir: Path, tmp_path: Path) -> None:
    with SqliteRepository(tmp_path / "store.sqlite", parameters_of(Release.R4)) as store:
        client = Client(create_app(store))
        resources: list[dict[str, Any]] = []
        ids: dict[str, str] = {}
        for text in texts(synthea_dir, PATIENTS):
            answer = client.send("POST", "/fhir", text)
            assert answer.status_code == 200, answer.text[:1000]
            entries = json.loads(text)["entry"]
            for entry, done in zip(entries, answer.json()["entry"], strict=True):
                assert done["response"]["status"] == "201 Created", done
                resources.append(entry["resource"])
                ids[entry["fullUrl"]] = done["response"]["location"].split("/fhir/")[1].split("/_history")[0]

        types = Counter(resource["resourceType"] for resource in resources)
        assert len(types) > 12
        for resource_type, count in types.items():
            assert total(client, resource_type) == count

        codes: Counter[tuple[str, str, str]] = Counter()
        subjects: Counter[tuple[str, str]] = Counter()
        both: Counter[tuple[str, str, str]] = Counter()
        for resource in resources:
            kind = resource["resourceType"]
            subject = resource.get("subject", {}).get("reference", "")
            if subject:
                subjects[kind, subject] += 1
            if kind in ("Observation", "Condition", "Procedure", "MedicationRequest"):
                concept = resource.get("code") or resource.get("medicationCodeableConcept") or {}
                for coding in {(coding["system"], coding["code"]) for coding in concept.get("coding", ())}:
                    codes[(kind, *coding)] += 1
                    both[kind, subject, coding[1]] += 1
        assert len(codes) > 50
        assert len(subjects) >= 3 * PATIENTS
        for (kind, system, code), count in codes.items():
            assert total(client, f"{kind}?code={system}|{code}") == count
        for (kind, subject), count in subjects.items():
            if kind not in ("Claim", "ExplanationOfBenefit"):  # theirs is called patient
                assert total(client, f"{kind}?subject={ids[subject]}") == count
                assert total(client, f"{kind}?patient={ids[subject].split('/')[1]}") == count
        for (kind, subject, code), count in list(both.items())[:40]:
            assert total(client, f"{kind}?patient={ids[subject]}&code={code}") == count

        practitioner = next(resource for resource in resources if resource["resourceType"] == "Practitioner")
        identifier = practitioner["identifier"][0]
        assert total(client, f"Practitioner?identifier={identifier['system']}|{identifier['value']}") == 1
        encounter = client.get("/fhir/Encounter?_count=1").json()["entry"][0]["resource"]
        reference = encounter["participant"][0]["individual"]["reference"]
        assert client.get(f"/fhir/{reference}").status_code == 200, "conditional references became real ones"


def test_a_second_load_doubles_nothing(synthea_dir: Path, tmp_path: Path) -> None:
    *_, last = texts(synthea_dir, 1)
    bundle = json.loads_object(last)
    for entry in bundle["entry"]:
        resource = entry["resource"]
        entry["request"] = {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}
    with SqliteRepository(tmp_path / "store.sqlite", parameters_of(Release.R4)) as store:
        # conditional references need what they name
        load_bundles(store, (json.loads_object(text) for text in texts(synthea_dir, 0)))
        client = Client(create_app(store))
        first = load_bundles(store, [bundle])
        counts = {kind: total(client, kind) for kind in first.by_type}
        second = load_bundles(store, [bundle])
        assert (first.created, first.updated) == (len(bundle["entry"]), 0)
        assert (second.created, second.updated) == (0, len(bundle["entry"]))
        assert {kind: total(client, kind) for kind in first.by_type} == counts


WHOLE = pytest.mark.skipif(
    os.environ.get("FHIR_VITILIGO_SYNTHEA") != "all",
    reason="all 92,114 resources take minutes: set FHIR_VITILIGO_SYNTHEA=all to load them",
)


@WHOLE
def test_the_whole_data_set_loaded_counts_as_the_table_says(synthea_dir: Path, tmp_path: Path) -> None:
    with SqliteRepository(tmp_path / "store.sqlite", parameters_of(Release.R4)) as store:
        counts = load_bundles(store, (json.loads_object(text) for text in texts(synthea_dir, None)))
        assert counts.created == 92_114
        client = Client(create_app(store))
        assert {query: total(client, query) for query in TABLE} == TABLE


@WHOLE
def test_the_whole_data_set_posted_counts_as_the_table_says(synthea_dir: Path, tmp_path: Path) -> None:
    """To a server as it is when nothing is set: every resource is validated. Afterwards another one is up over the file."""
    created = 0
    with running_server(tmp_path / "store.sqlite") as server:
        for text in texts(synthea_dir, None):
            answer = httpx.post(f"{server.base}/", content=text, headers=FHIR_JSON, timeout=600)
            assert answer.status_code == 200, answer.text[:2000]
            done = Counter(entry["response"]["status"] for entry in answer.json()["entry"])
            assert set(done) == {"201 Created"}
            created += done.total()
    assert created == 92_114
    with running_server(tmp_path / "store.sqlite") as server:
        counted = {
            query: httpx.get(
                f"{server.base}/{query}{'&' if '?' in query else '?'}_count=0", timeout=60
            ).json()["total"]
            for query in TABLE
        }
        assert counted == TABLE
