"""FHIR packages: opened from wherever they lie, resolved by canonical, bounded where they are hostile."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import package_files
from fhir_vitiligo.fhir.package_archive import archive, read_package
from fhir_vitiligo.fhir.packages import Package, Packages, open_package, own_packages, version_key
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.own_package import own_package

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "packages"
Json = dict[str, Any]


def value_set(local: str, version: str | None = "1.0.0", **more: Any) -> Json:
    told = {"resourceType": "ValueSet", "url": f"http://example.org/{local}", "id": local, **more}
    return told if version is None else {**told, "version": version}


def write(folder: Path, *resources: Json, **manifest: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, resource in enumerate(resources):
        (folder / f"{resource['resourceType']}-{number}.json").write_text(json.dumps(resource))
    if manifest:
        (folder / "package.json").write_text(json.dumps(manifest))
    return folder


def cached(home: Path, name: str, version: str, *resources: Json, **manifest: Any) -> None:
    folder = home / ".fhir" / "packages" / f"{name}#{version}" / "package"
    write(folder, *resources, name=name, version=version, **manifest)


def tgz(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            packed.addfile(entry, io.BytesIO(data))
    return path


# Opening


def test_a_folder_is_a_package(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "p",
        value_set("a"),
        {"resourceType": "Patient", "id": "x"},
        name="my.package",
        version="1.2.3",
        fhirVersions=["4.0.1"],
        dependencies={"hl7.fhir.r4.core": "4.0.1"},
    )
    (folder / "broken.json").write_text("{")
    (folder / ".hidden.json").write_text("{}")
    for package in (open_package(folder), open_package(str(folder))):
        assert (package.name, package.version, package.release) == ("my.package", "1.2.3", Release.R4)
        assert package.dependencies == {"hl7.fhir.r4.core": "4.0.1"}
        assert [(entry.resource_type, entry.url, entry.version) for entry in package.entries] == [
            ("ValueSet", "http://example.org/a", "1.0.0")
        ]
        assert package.read(package.entries[0])["id"] == "a"
    # As it is laid out in a cache, and without a manifest.
    assert open_package(write(tmp_path / "q" / "package", value_set("a"), name="q").parent).name == "q"
    assert open_package(write(tmp_path / "loose", value_set("a"))).name == "loose"


def test_a_tgz_is_a_package_and_says_the_same_as_its_folder(tmp_path: Path) -> None:
    folder = own_package(Release.R4)
    packed = tmp_path / "own.tgz"
    packed.write_bytes(archive(read_package(folder)))
    ours, theirs = open_package(packed), open_package(folder)
    assert (ours.name, ours.version, ours.release) == (theirs.name, theirs.version, Release.R4)
    assert {entry.url for entry in ours.entries} == {entry.url for entry in theirs.entries}
    assert len(ours.entries) > 100
    for entry in ours.entries[:20]:
        assert ours.read(entry) == theirs.read(theirs.by_url[entry.url][0])


@pytest.mark.parametrize("name", ["hl7.fhir.uv.extensions.r4-5.3.0-ballot-tc1", "hl7.terminology.r4-7.0.1"])
def test_published_packages_are_read(name: str) -> None:
    path = CACHE / f"{name}.tgz"
    if not path.exists():
        pytest.skip(f"{name} is not in .cache/packages: run tools/build_definitions.py once to fetch it.")
    package = open_package(path)
    assert f"{package.name}-{package.version}" == name
    assert len(package.entries) > 800
    assert package.release is Release.R4


def test_a_single_resource_is_a_package_in_json_and_xml(tmp_path: Path) -> None:
    (tmp_path / "v.json").write_text(json.dumps(value_set("a")))
    (tmp_path / "v.xml").write_text(
        '<ValueSet xmlns="http://hl7.org/fhir"><url value="http://example.org/x"/><version value="2"/>'
        '<status value="draft"/></ValueSet>'
    )
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": value_set("b")}, {}]}
    (tmp_path / "b.json").write_text(json.dumps(bundle))
    for file, url in (("v.json", "a"), ("v.xml", "x"), ("b.json", "b")):
        found = Packages([open_package(tmp_path / file)]).resolve(f"http://example.org/{url}")
        assert found is not None
        assert found["resourceType"] == "ValueSet"


def test_a_package_of_the_cache_is_found_by_name_and_version(tmp_path: Path) -> None:
    for version in ("1.2.0", "1.10.1", "1.10.1-ballot", "2.0.0-beta"):
        cached(tmp_path, "some.guide", version, value_set("a", version))
    for asked, given in (
        ("1.2.0", "1.2.0"), ("1.2.x", "1.2.0"), ("1.x", "1.10.1"), ("1.10", "1.10.1"), ("latest", "2.0.0-beta"),
    ):  # fmt: skip
        assert open_package(f"some.guide#{asked}", tmp_path).version == given


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("no/such/place", "there is no package 'no/such/place': name a folder, a .tgz file"),
        ("some.guide#3.0.0", r"the package some\.guide#3\.0\.0 is not in .*: there is 1\.0\.0\."),
        ("other#1", "the package other#1 is not in .*: it has no package of that name"),
        ("../../etc#1", "there is no package"),
        ("a#../../x", "there is no package"),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, source: str, words: str) -> None:
    cached(tmp_path, "some.guide", "1.0.0")
    with pytest.raises(InputError, match=words):
        open_package(source, tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("p.json", b'{"resourceType": "Patient"}', "p.json defines nothing: it is a Patient without a url"),
        ("p.json", b"[1]", "p.json: expected one resource, or a Bundle of them"),
        ("p.json", b"{", "not valid JSON"),
        ("p.xml", b"<ValueSet>", "p.xml is not a FHIR resource in XML"),
        ("p.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><ValueSet/>', "p.xml is not a FHIR resource in XML"),
        ("p.tgz", b"no archive", "p.tgz cannot be read as a package"),
        ("p.tgz", gzip.compress(b"no tar " * 200), "p.tgz cannot be read as a package"),
        ("p.tgz", gzip.compress(b""), "p is not a FHIR package"),
    ],
)
def test_what_is_no_package_is_told(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        open_package(tmp_path / name)


@pytest.mark.parametrize("marked", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
def test_a_definition_written_carelessly_is_used_and_told(tmp_path: Path, marked: bytes) -> None:
    text = (
        b'<ValueSet xmlns="http://hl7.org/fhir"><name value="A"/><url value="http://x.org/a"/>'
        b'<status value="draft"/></ValueSet>'
    )
    (tmp_path / "a.xml").write_bytes(marked + text)
    packages = Packages.load([tmp_path / "a.xml"], Release.R4)
    assert packages.resolve("http://x.org/a") == {
        "resourceType": "ValueSet", "name": "A", "url": "http://x.org/a", "status": "draft",
    }  # fmt: skip
    (issue,) = packages.issues
    assert (issue.severity, issue.source, issue.line) == ("warning", "a.xml", 1)
    assert issue.text == "<url> stands too late: the order of elements is fixed; move it in front of <name>."


def test_a_member_written_twice_in_a_definition_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        '{"resourceType": "ValueSet", "url": "http://x.org/a", "status": "draft", "status": "active"}'
    )
    packages = Packages.load([tmp_path / "a.json"], Release.R4)
    assert packages.resolve("http://x.org/a") is not None
    assert [(issue.severity, issue.rule) for issue in packages.issues] == [("warning", "duplicate-key")]


def test_an_empty_folder_is_no_package(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"is not a FHIR package: it has neither a package\.json nor a resource"
    ):
        open_package(tmp_path)


# Indexes


def test_an_index_is_believed_only_if_it_names_the_files_that_are_there(tmp_path: Path) -> None:
    folder = write(tmp_path / "p", value_set("a"), value_set("b"), name="p")
    line = {"filename": "ValueSet-0.json", "resourceType": "ValueSet", "url": "http://example.org/lie"}
    for files in ([line], [line, {"filename": "../x.json"}], "none", [5]):
        (folder / ".index.json").write_text(json.dumps({"files": files}))
        assert {entry.url[-1] for entry in open_package(folder).entries} == {"a", "b"}
    other = {**line, "filename": "ValueSet-1.json", "url": "http://example.org/b"}
    (folder / ".index.json").write_text(json.dumps({"files": [line, other]}))
    package = open_package(folder)
    with pytest.raises(
        InputError, match=r"ValueSet-0\.json of p#0 is not the ValueSet http://example\.org/lie"
    ):
        Packages([package]).resolve("http://example.org/lie")


# Resolution


def test_a_canonical_means_its_version_or_the_newest(tmp_path: Path) -> None:
    versions = ["1.2.0", "1.10.0", "1.10.0-draft", None]
    first = open_package(write(tmp_path / "p", *(value_set("a", v, name=str(v)) for v in versions), name="p"))
    second = open_package(write(tmp_path / "q", value_set("a", "1.10.0", name="later"), name="q"))
    packages = Packages([first, second])

    def name(canonical: str, resource_type: str | None = None) -> str | None:
        found = packages.resolve(canonical, resource_type)
        return None if found is None else found["name"]

    assert name("http://example.org/a") == "1.10.0"
    assert name("http://example.org/a|1.2.0") == "1.2.0"
    assert name("http://example.org/a|1.2") == "1.2.0"
    assert name("http://example.org/a|1.2.x") == "1.2.0"
    assert name("http://example.org/a|2") is None
    assert name("http://example.org/a", "ValueSet") == "1.10.0"
    assert name("http://example.org/a", "CodeSystem") is None
    assert name("http://example.org/b") is None
    assert [one["name"] for one in packages.of_type("ValueSet")][-1] == "later"


def test_versions_are_ordered_as_people_number_them() -> None:
    told = ["3.0.0-ballot", "1.10.0", "2.0.0", "1.2", "1.2.1", "3.0.0", "2.0.0-beta"]
    assert sorted(told, key=version_key) == [
        "1.2", "1.2.1", "1.10.0", "2.0.0-beta", "2.0.0", "3.0.0-ballot", "3.0.0",
    ]  # fmt: skip
    assert version_key(None) < version_key("0") < version_key("0.0.1")
    assert version_key("9" * 5000) is not None


def test_dependencies_come_from_the_cache_and_missing_ones_are_told(tmp_path: Path) -> None:
    cached(tmp_path, "base", "1.0.0", value_set("base"), dependencies={"deep": "1.0.x", "circle": "1"})
    cached(tmp_path, "deep", "1.0.5", value_set("deep"), dependencies={"hl7.terminology.r4": "5.0.0"})
    cached(tmp_path, "circle", "1", value_set("circle"), dependencies={"base": "1.0.0", "gone": "7"})
    root = write(
        tmp_path / "root",
        value_set("root"),
        name="root",
        version="1",
        fhirVersions=["5.0.0"],
        dependencies={"hl7.fhir.r5.core": "5.0.0", "base": "1.0.0"},
    )
    packages = Packages.load([root], Release.R4, tmp_path)
    for name in ("root", "base", "deep", "circle"):
        assert packages.resolve(f"http://example.org/{name}") is not None
    assert [issue.severity for issue in packages.issues] == ["warning", "warning"]
    made_for, missing = (issue.text for issue in packages.issues)
    assert made_for == (
        "The package root#1 was made for FHIR R5, not for R4: its definitions are used as they are."
    )
    assert missing.startswith("circle#1 needs gone#7, which cannot be opened: the package gone#7 is not in ")
    assert [package.name for package in packages.packages] == [
        "root",
        "fhir.vitiligo",
        "base",
        "deep",
        "circle",
    ]


def test_ours_is_always_there_unless_another_version_of_it_is_named(tmp_path: Path) -> None:
    own = "https://w3id.org/fhir-vitiligo/CodeSystem/vitiligo"
    for release in Release:
        assert own_packages(release).resolve(own) is not None
        assert own_packages(release).issues == ()
        assert own_packages(release) is own_packages(release)
    other = write(tmp_path / "mine", value_set("a"), name="fhir.vitiligo", version="9")
    assert [package.version for package in Packages.load([other]).packages] == ["9"]


def test_a_package_for_r4_serves_r4b() -> None:
    package = Package("p", "1", {"fhirVersions": ["4.0.1"]}, package_files.HeldFiles({}))
    assert Packages.load([package], Release.R4B).issues == ()
    silent = Package("p", "1", {"fhirVersions": ["1.0.2", 7]}, package_files.HeldFiles({}))
    assert silent.release is None
    assert (
        Package("p", "1", {"fhirVersions": 4, "dependencies": []}, package_files.HeldFiles({})).dependencies
        == {}
    )


# Hostile archives

SOUND = json.dumps(value_set("a")).encode()


def test_paths_that_lead_out_lead_nowhere(tmp_path: Path) -> None:
    path = tgz(
        tmp_path / "p.tgz",
        {
            "package/package.json": b'{"name": "p"}',
            "package/a.json": SOUND,
            "../../outside.json": SOUND,
            "/etc/outside.json": SOUND,
            "package/../../outside.json": SOUND,
            "package/inner/outside.json": SOUND,
            "outside.json": SOUND,
        },
    )
    before = {*tmp_path.rglob("*")}
    package = open_package(path)
    assert [entry.file for entry in package.entries] == ["a.json"]
    assert {*tmp_path.rglob("*")} == before


def test_links_and_devices_are_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "p.tgz"
    with tarfile.open(path, "w:gz") as packed:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            entry = tarfile.TarInfo("package/link.json")
            entry.type, entry.linkname = kind, "/etc/passwd"
            packed.addfile(entry)
        entry = tarfile.TarInfo("package/a.json")
        entry.size = len(SOUND)
        packed.addfile(entry, io.BytesIO(SOUND))
    assert [entry.file for entry in open_package(path).entries] == ["a.json"]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_are_read(tmp_path: Path, form: int) -> None:
    path = tmp_path / "p.tgz"
    name = f"package/{'long-' * 40}.json"
    with tarfile.open(path, "w:gz", format=form) as packed:
        entry = tarfile.TarInfo(name)
        entry.size = len(SOUND)
        packed.addfile(entry, io.BytesIO(SOUND))
    assert [f"package/{entry.file}" for entry in open_package(path).entries] == [name]


def test_an_archive_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_files, "MOST_BYTES", 64 * package_files.MEBIBYTE)
    path = tmp_path / "bomb.tgz"
    header = tarfile.TarInfo("package/readme.txt")
    header.size = 500 * package_files.MEBIBYTE
    with gzip.open(path, "wb", compresslevel=1) as packed:
        packed.write(header.tobuf())
        for _ in range(500):
            packed.write(bytes(package_files.MEBIBYTE))
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(InputError, match=r"bomb\.tgz is refused: it holds more than 64 MiB unpacked"):
        open_package(path)
    assert time.process_time() - began < 2
    assert tracemalloc.get_traced_memory()[1] < 20 * package_files.MEBIBYTE
    tracemalloc.stop()


def test_one_huge_file_and_too_many_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_files, "LARGEST_FILE", package_files.MEBIBYTE)
    monkeypatch.setattr(package_files, "MOST_FILES", 20)
    huge = tgz(tmp_path / "huge.tgz", {"package/a.json": b" " * (2 * package_files.MEBIBYTE)})
    many = tgz(tmp_path / "many.tgz", {f"package/{n}.txt": b"" for n in range(30)})
    with pytest.raises(
        InputError, match=r"huge\.tgz is refused: it holds a file of more than 1 MiB \(a\.json\)"
    ):
        open_package(huge)
    with pytest.raises(InputError, match=r"many\.tgz is refused: it holds more than 20 files"):
        open_package(many)
    folder = write(tmp_path / "folder", *(value_set(str(number)) for number in range(30)))
    with pytest.raises(InputError, match="folder is refused: it holds more than 20 files"):
        open_package(folder)


def test_lying_headers_end_in_a_sentence(tmp_path: Path) -> None:
    sound = tarfile.TarInfo("package/a.json")
    sound.size = 10_000
    cut = sound.tobuf() + b"{}"
    negative = tarfile.TarInfo("package/a.json")
    negative.size = -512
    extended = tarfile.TarInfo("x")
    extended.type, extended.size = tarfile.XHDTYPE, 1 << 40
    for data in (cut, negative.tobuf(tarfile.GNU_FORMAT), extended.tobuf(tarfile.GNU_FORMAT), b"\xff" * 1024):
        path = tmp_path / "p.tgz"
        path.write_bytes(gzip.compress(data))
        with pytest.raises(InputError):
            open_package(path)
    path.write_bytes(gzip.compress(cut)[:-20])
    with pytest.raises(InputError, match="cannot be read as a package"):
        open_package(path)


def test_opening_ours_is_cheap() -> None:
    began = time.process_time()
    package = open_package(own_package(Release.R4))
    assert package.by_url
    assert time.process_time() - began < 0.05
