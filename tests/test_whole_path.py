"""The whole path with the real parts: a case file, the command line, a served file, HTTP, and the case again."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

import fhir_vitiligo as fv

PROGRAM = str(Path(sys.executable).with_name("fhir-vitiligo"))


def run(*arguments: str) -> str:
    command = [PROGRAM, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The FHIR base of a server over all packaged cases, loaded as files from the command line, twice."""
    folder = tmp_path_factory.mktemp("served")
    run("examples", "-o", str(folder / "cases"))
    bundles = folder / "bundles.ndjson"
    run("to-fhir", str(folder / "cases"), "-o", str(bundles))
    database = folder / "cases.sqlite"
    for _ in range(2):  # a second load updates and never duplicates
        run("load", "--db", str(database), str(bundles))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    command = [PROGRAM, "serve", "--db", str(database), "--port", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, env=environment) as process:
        base = f"http://127.0.0.1:{port}/fhir"
        for _ in range(200):
            try:
                httpx.get(f"{base}/metadata", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield base
        process.terminate()


def everything(base: str) -> list[dict[str, Any]]:
    """The searchset pages of every type that the examples use."""
    bundles = [fv.to_fhir(fv.example(name)) for name in fv.examples()]
    types = sorted({e["resource"]["resourceType"] for bundle in bundles for e in bundle["entry"]})
    pages = []
    with httpx.Client(trust_env=False) as client:
        for resource_type in types:
            url = f"{base}/{resource_type}?_count=7"
            while url:
                page = client.get(url).raise_for_status().json(parse_float=Decimal)
                pages.append(page)
                url = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
    return pages


def test_the_cases_come_back_from_the_server(served: str) -> None:
    found = {case.id: residue for case, residue in fv.cases_from_fhir(everything(served))}
    cases = {case.id: case for case, _ in fv.cases_from_fhir(everything(served))}
    assert sorted(cases) == sorted(fv.example(name).id for name in fv.examples())
    for name in fv.examples():
        case = fv.example(name)
        # A server gives resources in an order of its own; that is all that may differ.
        assert unordered(case) == unordered(cases[case.id]), name
        left = [leaf["expression"] for leaf in found[case.id]]
        assert not [place for place in left if not re.match(r"(\w+\.meta\.|Bundle\.)", place)], name


def unordered(case: fv.Case) -> Any:
    from fhir_vitiligo.case.io import case_data

    def sort(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: sort(value) for name, value in node.items()}
        if isinstance(node, list | tuple):
            items = [sort(item) for item in node]
            keyed = all(isinstance(item, dict) and "key" in item for item in items)
            return sorted(items, key=lambda item: item["key"]) if keyed else items
        return str(node)

    return sort(case_data(case))


def test_an_ehr_finds_the_patient_and_the_diagnosis(served: str) -> None:
    with httpx.Client(trust_env=False) as client:
        found = client.get(f"{served}/Condition", params={"code": "http://snomed.info/sct|403268000"}).json()
        patients = {entry["resource"]["subject"]["reference"] for entry in found["entry"]}
        expected = {
            "Patient/" + entry["resource"]["id"]
            for entry in fv.to_fhir(fv.example("case-report"))["entry"]
            if entry["resource"]["resourceType"] == "Patient"
        }
        assert expected <= patients
        (patient,) = expected
        ages = client.get(f"{served}/Observation", params={"patient": patient, "code": "30525-0"}).json()
        assert [entry["resource"]["valueQuantity"]["value"] for entry in ages["entry"]] == [19]
        missing = client.get(f"{served}/Patient/nobody")
        assert missing.status_code == 404
        assert missing.json()["resourceType"] == "OperationOutcome"


def test_the_score_goes_out_as_written_and_comes_back(tmp_path: Path) -> None:
    case_file = tmp_path / "case.yaml"
    case_file.write_text(run("examples", "case-report"))
    bundle = json.loads(run("to-fhir", str(case_file)))
    written = [e["resource"]["valueString"] for e in bundle["entry"] if "valueString" in e["resource"]]
    assert "7, 6" in written
    (tmp_path / "bundle.json").write_text(json.dumps(bundle))
    back, residue = tmp_path / "back.yaml", tmp_path / "residue.json"
    run("from-fhir", str(tmp_path / "bundle.json"), "-o", str(back), "--residue", str(residue))
    assert fv.read_case(back) == fv.example("case-report")
    assert json.loads(residue.read_text()) == []
