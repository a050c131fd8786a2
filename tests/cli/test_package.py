"""``package``: a FHIR package that tools load, the same bytes each time."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.package_archive import archive, index, read_package
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.own_package import own_examples, own_package
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.server.app import create_app
from fhir_vitiligo.storage.sqlite import SqliteRepository
from tests.server.support import Client

from .conftest import Call

CANONICAL = "https://w3id.org/fhir-vitiligo"
VERSION = json.loads((own_package() / "package.json").read_text(encoding="utf-8"))["version"]


def files(packed: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as tar:
        found = {}
        for entry in tar.getmembers():
            assert entry.isfile()
            content = tar.extractfile(entry)
            assert content is not None
            found[entry.name] = content.read()
        return found


def json_of(packed: dict[str, bytes], name: str) -> Any:
    return json.loads(packed[name])


@pytest.mark.parametrize(
    ("release", "name", "version"), [("r4", "fhir.vitiligo", "4.0.1"), ("r5", "fhir.vitiligo.r5", "5.0.0")]
)
def test_a_package_says_what_it_is(call: Call, tmp_path: Path, release: str, name: str, version: str) -> None:
    result = call("package", "--release", release)
    target = tmp_path / f"{name}-{VERSION}.tgz"
    packed = files(target.read_bytes())
    assert result.stderr == f"{target.name}: {name} {VERSION}, {len(packed)} files\n"
    assert next(iter(packed)) == "package/package.json"
    manifest = json_of(packed, "package/package.json")
    assert manifest["name"] == name
    assert manifest["version"] == VERSION
    assert manifest["type"] == "IG"
    assert manifest["license"] == "Apache-2.0"
    assert manifest["canonical"] == manifest["url"] == CANONICAL
    assert manifest["fhirVersions"] == [version]
    # R5 core has neither the extensions nor the code systems of HL7 that R4 core has.
    further = {"hl7.fhir.uv.extensions.r5", "hl7.terminology.r5"} if release == "r5" else set()
    assert manifest["dependencies"].keys() == {f"hl7.fhir.{release}.core"} | further
    assert manifest["dependencies"][f"hl7.fhir.{release}.core"] == version


def test_the_index_names_each_file_and_what_it_holds(call: Call, tmp_path: Path) -> None:
    call("package", "-o", "out.tgz")
    packed = files((tmp_path / "out.tgz").read_bytes())
    listed = json_of(packed, "package/.index.json")
    assert listed["index-version"] == 2
    by_name = {line["filename"]: line for line in listed["files"]}
    resources = {
        name.removeprefix("package/")
        for name in packed
        if name.count("/") == 1 and name not in ("package/package.json", "package/.index.json")
    }
    assert set(by_name) == resources
    assert by_name["StructureDefinition-vitiligo-condition.json"] == {
        "filename": "StructureDefinition-vitiligo-condition.json",
        "resourceType": "StructureDefinition",
        "id": "vitiligo-condition",
        "url": f"{CANONICAL}/StructureDefinition/vitiligo-condition",
        "version": VERSION,
        "kind": "resource",
        "type": "Condition",
        "derivation": "constraint",
    }
    assert by_name["CodeSystem-vitiligo.json"]["content"] == "complete"
    for name, line in by_name.items():
        assert json_of(packed, f"package/{name}")["url"] == line["url"]
    kinds = {line["resourceType"] for line in by_name.values()}
    assert kinds >= {
        "StructureDefinition",
        "ValueSet",
        "CodeSystem",
        "ConceptMap",
        "SearchParameter",
        "OperationDefinition",
        "CapabilityStatement",
    }


@pytest.mark.parametrize("release", [Release.R4, Release.R5])
def test_the_index_that_is_committed_is_that_of_the_package(release: Release) -> None:
    folder = own_package(release)
    assert (folder / ".index.json").read_bytes() == read_package(folder)["package/.index.json"]


def test_the_same_package_has_the_same_bytes(call: Call, tmp_path: Path) -> None:
    call("package", "-o", "one.tgz")
    call("package", "-o", "two.tgz")
    one = (tmp_path / "one.tgz").read_bytes()
    assert one == (tmp_path / "two.tgz").read_bytes()
    assert call("package", "-o", "-").stdout_bytes == one
    with tarfile.open(fileobj=io.BytesIO(one)) as tar:
        entries = tar.getmembers()
    assert {(entry.mtime, entry.uid, entry.gid, entry.uname, entry.mode) for entry in entries} == {
        (499162500, 0, 0, "", 0o644)
    }


def test_examples_lie_in_a_folder_with_an_index_of_its_own(tmp_path: Path) -> None:
    shown = tmp_path / "examples"
    shown.mkdir()
    (shown / "vitiligo-age.json").write_text(
        '{"resourceType": "Observation", "id": "a", "type": {"text": "no word"}}', encoding="utf-8"
    )
    packed = files(archive(read_package(own_package(), shown)))
    assert json_of(packed, "package/example/.index.json")["files"] == [
        {"filename": "vitiligo-age.json", "resourceType": "Observation", "id": "a"}
    ]
    assert packed["package/example/vitiligo-age.json"] == (shown / "vitiligo-age.json").read_bytes()
    listed = json_of(packed, "package/.index.json")["files"]
    assert "vitiligo-age.json" not in {line["filename"] for line in listed}


@pytest.mark.parametrize("release", [Release.R4, Release.R5])
def test_the_examples_of_the_project_are_in_its_package(call: Call, tmp_path: Path, release: Release) -> None:
    folder = own_examples(release)
    if folder is None:
        pytest.skip("there are no examples of the profiles in this checkout")
    call("package", "--release", release.value, "-o", "out.tgz")
    packed = files((tmp_path / "out.tgz").read_bytes())
    assert {path.name for path in folder.glob("*.json")} == {
        line["filename"] for line in json_of(packed, "package/example/.index.json")["files"]
    }


def test_the_order_of_files_does_not_matter() -> None:
    some = {"package/b.json": b"{}", "package/package.json": b"{}", "package/a.json": b"{}"}
    assert archive(some) == archive(dict(reversed(some.items())))
    assert json.loads(index({"b.json": b"{}", "a.json": b"{}"}))["files"] == [
        {"filename": "a.json"},
        {"filename": "b.json"},
    ]


def test_it_installs_where_fhir_tools_look(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / ".fhir" / "packages" / f"fhir.vitiligo#{VERSION}"
    assert call("package", "--install").stdout == f"{folder}\n"
    call("package", "-o", "out.tgz")
    packed = files((tmp_path / "out.tgz").read_bytes())
    assert {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    } == packed

    # What is there of an earlier build gives way, whole.
    (folder / "package" / "ValueSet-former.json").write_text("{}", encoding="utf-8")
    call("package", "--install")
    assert not (folder / "package" / "ValueSet-former.json").exists()
    assert [path.name for path in (tmp_path / "home" / ".fhir").iterdir()] == ["packages"]
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("-o", "vitiligo.zip"), "vitiligo.zip: a FHIR package is a .tgz; give a name that ends so"),
        (("-o", "v.tgz", "--install"), "--install puts the package into ~/.fhir/packages: leave -o out"),
        (("--release", "r4b"), "'r4b' is not one of 'r4', 'r5'"),
        (("-o", "nowhere/v.tgz"), "there is no directory nowhere to write v.tgz to"),
    ],
)
def test_a_wrong_call_says_what_would_be_right(call: Call, arguments: tuple[str, ...], sentence: str) -> None:
    assert sentence in call("package", *arguments, status=2).stderr


def test_a_cache_that_cannot_be_written_is_named(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    result = call("package", "--install", status=2)
    assert f"{tmp_path / 'home' / '.fhir'}" in result.stderr
    assert "cannot be written: Not a directory" in result.stderr


def test_a_folder_without_package_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not a FHIR package: it has no package\.json"):
        read_package(tmp_path)


def test_the_definitions_of_a_package_are_loaded_and_not_its_examples(call: Call, tmp_path: Path) -> None:
    call("package", "-o", "v.tgz")
    definitions = json_of(files((tmp_path / "v.tgz").read_bytes()), "package/.index.json")["files"]
    result = call("load", "--db", "s.sqlite", "v.tgz")
    count = len(definitions)
    assert result.stderr == f"s.sqlite: {count} documents, resources: {count} created, 0 updated\n"
    with SqliteRepository(tmp_path / "s.sqlite", parameters_of(Release.R4)) as repository:
        client = Client(create_app(repository))

        def total(query: str) -> int:
            return int(client.get(f"/fhir/{query}&_summary=count").json()["total"])

        assert total(f"StructureDefinition?url={CANONICAL}/StructureDefinition/vitiligo-vetf") == 1
        assert total(f"OperationDefinition?url={CANONICAL}/OperationDefinition/from-fhir") == 1
        assert total("Patient?_lastUpdated=gt2000") == 0


def test_a_broken_package_stops_nothing_else(call: Call, tmp_path: Path) -> None:
    (tmp_path / "bad.tgz").write_bytes(b"nonsense")
    (tmp_path / "p.json").write_bytes(b'{"resourceType": "Patient", "id": "p"}')
    told = call("load", "--db", "s.sqlite", "bad.tgz", "p.json", status=1).stderr
    assert "bad.tgz cannot be read as a package: it should be a .tgz file" in told
    assert "s.sqlite: 1 document, resources: 1 created, 0 updated" in told


@pytest.mark.parametrize("command", ["load", "validate"])
def test_a_package_that_is_not_there_is_no_archive(call: Call, command: str) -> None:
    assert "there is no file nix.tgz" in call(command, "nix.tgz", status=2).stderr


@pytest.mark.parametrize("command", ["to-fhir", "from-fhir", "explain", "validate"])
def test_an_archive_is_told_as_one(call: Call, tmp_path: Path, command: str) -> None:
    (tmp_path / "guide.tgz").write_bytes(b"")
    told = call(command, "guide.tgz", status=2).stderr
    assert "guide.tgz is an archive, not a resource: unpack it and name its folder" in told
