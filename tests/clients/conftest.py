"""A running server and the clients that talk to it: Python ones from the extra `clients`, Node ones from npm."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.support import running_server

_HERE = Path(__file__).resolve().parent
_INSTALLED = _HERE.parents[1] / ".cache" / "clients"

Scenario = Callable[..., Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.clients)


@pytest.fixture(scope="package")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The FHIR base of a server with the settings it has when nobody sets any."""
    with running_server(tmp_path_factory.mktemp("clients") / "store.sqlite") as server:
        yield server.base


@pytest.fixture(scope="package")
def clinic(base: str) -> dict[str, int]:
    """Seven patients `clinic-N` of the family Clinic with N conditions each, 28 in all; how many there are."""
    entries: list[dict[str, Any]] = []
    for number in range(7):
        patient = {
            "resourceType": "Patient",
            "id": f"clinic-{number}",
            "identifier": [{"system": "urn:clinic", "value": str(number)}],
            "name": [{"family": "Clinic", "given": [f"Number {number}"]}],
            "gender": "female" if number % 2 else "male",
            "birthDate": f"198{number}-01-02",
        }
        conditions = [
            {
                "resourceType": "Condition",
                "id": f"clinic-{number}-{part}",
                "code": {
                    "coding": [{"system": "http://snomed.info/sct", "code": "56727007"}],
                    "text": "Vitiligo",
                },
                "subject": {"reference": f"Patient/clinic-{number}"},
                "onsetDateTime": f"20{part:02}-05-06",
            }
            for part in range(number + 1)
        ]
        entries += [
            {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
            for one in (patient, *conditions)
        ]
    answer = httpx.post(
        f"{base}/", json={"resourceType": "Bundle", "type": "transaction", "entry": entries}, timeout=60
    )
    assert answer.status_code == 200, answer.text
    return {"Patient": 7, "Condition": 28}


@pytest.fixture(scope="session")
def node_clients() -> Path:
    """The folder with the Node clients and the scripts that use them; npm fetches the clients once."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node.js and npm are not here: the two clients for Node need them")
    _INSTALLED.mkdir(parents=True, exist_ok=True)
    wanted = (_HERE / "node" / "package.json").read_text()
    installed = _INSTALLED / "package.json"
    if (
        not (_INSTALLED / "node_modules").is_dir()
        or not installed.is_file()
        or installed.read_text() != wanted
    ):
        installed.write_text(wanted)
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        done = subprocess.run(command, cwd=_INSTALLED, capture_output=True, text=True, check=False)
        if done.returncode:
            installed.unlink()
            pytest.skip(
                f"npm could not fetch the clients for Node: {done.stderr[-300:] or done.stdout[-300:]}"
            )
    return _INSTALLED


@pytest.fixture(scope="session")
def node(node_clients: Path) -> Callable[[str], Scenario]:
    """``node("kit")(base, "name", argument...)`` runs a scenario of `node/kit.mjs`; gives what it printed as JSON."""

    def script(name: str) -> Scenario:
        # Node resolves a module's imports from where the file is.
        copy = shutil.copy(_HERE / "node" / f"{name}.mjs", node_clients / f"{name}.mjs")

        def run(base: str, scenario: str, *arguments: str) -> Any:
            done = subprocess.run(
                ["node", str(copy), base, scenario, *arguments],
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == 0, f"{scenario} of {name}.mjs failed:\n{done.stderr[-3000:]}"
            return json.loads(done.stdout)

        return run

    return script
