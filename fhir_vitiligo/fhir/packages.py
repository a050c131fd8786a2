"""FHIR packages: conformance resources by canonical url, each read when it is asked for.

https://hl7.org/fhir/packages.html, references.html#canonical. :func:`open_package` opens one, and
:class:`Packages` is several, with what they depend on. Core, HL7 Terminology and the extension pack are on
board already (:mod:`fhir_vitiligo.fhir.definitions`); the project's own package always comes along.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from fhir_vitiligo.errors import InputError, Issue, ReleaseError
from fhir_vitiligo.fhir.json import Json, loads, loads_object
from fhir_vitiligo.fhir.package_files import ArchiveFiles, Files, FolderFiles
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.own_package import own_package

_MANIFEST: Final = "package.json"
_INDEX: Final = ".index.json"
_CACHED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)#([A-Za-z0-9][A-Za-z0-9._+-]*)")
# What the compact definitions hold themselves.
_ON_BOARD = re.compile(
    r"hl7\.fhir\.r(?:4|4b|5)\.(?:core|expansions|examples)|hl7\.terminology(?:\.r(?:4|4b|5))?"
    r"|hl7\.fhir\.uv\.extensions(?:\.r(?:4|4b|5))?|hl7\.fhir\.xver-extensions"
)
_MOST_PACKAGES: Final = 200
_READ_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """A conformance resource of a package, not read yet."""

    resource_type: str
    url: str
    version: str | None
    id: str
    file: str


class Package:
    """One package. ``release`` is ``None`` where it names no release of FHIR that is spoken here; ``issues`` is
    what was wrong with how it is written, though it could be read.
    """

    def __init__(
        self, name: str, version: str, manifest: Json, files: Files, issues: Iterable[Issue] = ()
    ) -> None:
        self.name = name
        self.version = version
        self.manifest = manifest
        self.issues = tuple(issues)
        self._files = files
        self._read: dict[str, Json] = {}

    def __repr__(self) -> str:
        return f"<Package {self.name}#{self.version}>"

    @property
    def release(self) -> Release | None:
        return next(iter(self.releases), None)

    @property
    def releases(self) -> tuple[Release, ...]:
        """The releases that it says it is made for."""
        versions = self.manifest.get("fhirVersions") or self.manifest.get("fhir-version-list") or ()
        found = []
        for told in versions if isinstance(versions, list) else ():
            with suppress(ReleaseError):
                found.append(Release.of(str(told)))
        return tuple(found)

    @property
    def dependencies(self) -> Mapping[str, str]:
        """Name to version of what it needs."""
        told = self.manifest.get("dependencies")
        return {str(name): str(version) for name, version in told.items()} if isinstance(told, dict) else {}

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Every resource that has a canonical url, by file name."""
        listed = self._listed()
        return tuple(self._scanned() if listed is None else listed)

    @cached_property
    def by_url(self) -> Mapping[str, tuple[Entry, ...]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.url, []).append(entry)
        return {url: tuple(entries) for url, entries in found.items()}

    def read(self, entry: Entry) -> Json:
        """The resource; not to be changed. :class:`InputError` when its file is no such resource."""
        resource = self._read.get(entry.file)
        if resource is None:
            resource = loads_object(self.text(entry))
            if resource.get("url") != entry.url or resource.get("resourceType") != entry.resource_type:
                raise InputError(
                    f"{entry.file} of {self.name}#{self.version} is not the {entry.resource_type} {entry.url} "
                    "that the package's index says it is."
                )
            while len(self._read) >= _READ_KEPT:
                self._read.pop(next(iter(tuple(self._read))), None)
            self._read[entry.file] = resource
        return resource

    def text(self, entry: Entry) -> bytes:
        """The resource as it is written."""
        return self._files.read(entry.file)

    def _resource_names(self) -> list[str]:
        return [name for name in self._files.names if name != _MANIFEST and not name.startswith(".")]

    def _listed(self) -> list[Entry] | None:
        """What ``.index.json`` says, if it speaks of just the files that are there."""
        if _INDEX not in self._files.names:
            return None
        try:
            told = loads_object(self._files.read(_INDEX)).get("files")
        except InputError:
            return None
        lines = [line for line in told if isinstance(line, dict)] if isinstance(told, list) else []
        if {line.get("filename") for line in lines} != {*self._resource_names()}:
            return None
        return [entry for line in lines if (entry := entry_of(line, str(line["filename"]))) is not None]

    def _scanned(self) -> Iterator[Entry]:
        for name in self._resource_names():
            try:
                resource = loads(self._files.read(name))
            except InputError:
                continue  # a package may carry files of other kinds
            entry = entry_of(resource, name) if isinstance(resource, dict) else None
            if entry is not None:
                yield entry


def entry_of(told: Json, file: str) -> Entry | None:
    """What a file of a package defines, from its content or its line of the index."""
    kind, url, version = told.get("resourceType"), told.get("url"), told.get("version")
    if not (isinstance(kind, str) and isinstance(url, str) and url):
        return None
    return Entry(kind, url, version if isinstance(version, str) else None, str(told.get("id", "")), file)


# Where a package comes from; a dict is one conformance resource, or a Bundle of such.
Source = str | Path | Package | Json


def open_package(source: Source, home: Path | None = None) -> Package:
    """A folder, a ``.tgz``, ``name#version`` in ``home/.fhir/packages``, or one conformance resource (JSON, XML,
    or as a dict).

    ``home`` is the user's own unless told. ``name#latest`` and ``name#1.2.x`` mean the newest that fits.
    :class:`InputError` says what was looked for.
    """
    if isinstance(source, Package):
        return source
    if isinstance(source, dict):
        from fhir_vitiligo.fhir.single_package import package_of_resource

        return package_of_resource(source)
    path = Path(source)
    if path.is_dir():
        return _of_files(FolderFiles(path), path.resolve().name)
    if path.is_file():
        if path.name.endswith((".tgz", ".tar.gz")):
            return _of_files(ArchiveFiles(path), path.name.removesuffix(".gz").rpartition(".")[0])
        from fhir_vitiligo.fhir.single_package import package_of

        return package_of(path)
    named = _CACHED.fullmatch(str(source))
    if named is None:
        raise InputError(
            f"there is no package {str(source)!r}: name a folder, a .tgz file, a conformance resource, or "
            "name#version of a package in ~/.fhir/packages.",
            code="not-found",
        )
    return _cached(named[1], named[2], home or Path.home())


def _of_files(files: Files, name: str) -> Package:
    manifest: Json = loads_object(files.read(_MANIFEST)) if _MANIFEST in files.names else {}
    package = Package(str(manifest.get("name") or name), str(manifest.get("version") or "0"), manifest, files)
    if not manifest and not package.entries:
        raise InputError(
            f"{name} is not a FHIR package: it has neither a package.json nor a resource with a url.",
            code="not-found",
        )
    return package


def _cached(name: str, version: str, home: Path) -> Package:
    folder = home / ".fhir" / "packages"
    exact = folder / f"{name}#{version}"
    if exact.is_dir():
        return _of_files(FolderFiles(exact), exact.name)
    found = [path.name.partition("#")[2] for path in folder.glob(f"{name}#*") if path.is_dir()]
    fitting = sorted((one for one in found if _fits(one, version)), key=version_key)
    if not fitting:
        there = (
            f"there {'are' if len(found) > 1 else 'is'} {', '.join(sorted(found))}"
            if found
            else "it has no package of that name"
        )
        raise InputError(f"the package {name}#{version} is not in {folder}: {there}.", code="not-found")
    chosen = folder / f"{name}#{fitting[-1]}"
    return _of_files(FolderFiles(chosen), chosen.name)


def version_key(version: str | None) -> tuple[tuple[int, int, str], ...]:
    """Orders versions: ``1.2`` before ``1.10``, ``2.0.0-ballot`` before ``2.0.0``, none before all."""
    if not version:
        return ()
    release, dash, label = version.partition("+")[0].partition("-")
    parts = [(1, int(p), "") if p.isdecimal() and len(p) < 20 else (0, 0, p) for p in release.split(".")]
    # What has a label comes before what has none, so the end must outweigh a label.
    return (*parts, (0, 0, label) if dash else (0, 1, ""))


def _fits(version: str | None, wanted: str) -> bool:
    """Whether a version is what ``wanted`` means: itself, what it begins, ``1.2.x``, ``latest``."""
    if wanted in ("latest", "*") or version == wanted:
        return True
    begun = wanted.removesuffix(".x").removesuffix(".*")
    return version is not None and f"{version}.".startswith(f"{begun}.")


class Packages:
    """Several packages as one; ``issues`` tells what they need and is not there. Threads may share it."""

    def __init__(self, packages: Iterable[Package], issues: Iterable[Issue] = ()) -> None:
        self.packages = tuple(packages)
        self.issues = tuple(issues)

    @classmethod
    def load(
        cls,
        sources: Iterable[Source] = (),
        release: Release = Release.R4,
        home: Path | None = None,
    ) -> Packages:
        """The packages named, the project's own, and what all of them depend on, from the cache in ``home``.

        A dependency that is missing, a package made for another release, and what is wrong with how one
        is written become ``issues``; a source that cannot be opened raises :class:`InputError`.
        """
        opened = [open_package(source, home) for source in sources]
        issues = [issue for package in opened for issue in package.issues]
        issues += [issue for package in opened if (issue := _other_release(package, release)) is not None]
        if all(package.name != own(release).name for package in opened):
            opened.append(own(release))
        issues += _add_dependencies(opened, home)
        return cls(opened, issues)

    def resolve(self, canonical: str, resource_type: str | None = None) -> Json | None:
        """The resource of that ``url`` or ``url|version``; the newest where no version is asked for.

        Of two that are equally new, the one of the package named first. Not to be changed.
        """
        url, _, version = canonical.partition("|")
        best: tuple[Package, Entry] | None = None
        for package in self.packages:
            for entry in package.by_url.get(url, ()):
                if (
                    (resource_type is None or entry.resource_type == resource_type)
                    and (not version or _fits(entry.version, version))
                    and (best is None or version_key(entry.version) > version_key(best[1].version))
                ):
                    best = (package, entry)
        return None if best is None else best[0].read(best[1])

    def of_type(self, resource_type: str) -> Iterator[Json]:
        """Every resource of a type, package by package."""
        for package in self.packages:
            for entry in package.entries:
                if entry.resource_type == resource_type:
                    yield package.read(entry)


@cache
def own(release: Release) -> Package:
    """The project's own package for a release."""
    return open_package(own_package(release))


@cache
def own_packages(release: Release) -> Packages:
    """What is on board when nobody names a package."""
    return Packages.load((), release)


def _other_release(package: Package, release: Release) -> Issue | None:
    made_for = package.release
    # R4B is R4 restamped: a package for one serves the other.
    alike = {Release.R4, Release.R4B}
    if made_for is None or made_for is release or {made_for, release} <= alike:
        return None
    return Issue(
        "warning",
        "not-supported",
        "",
        f"The package {package.name}#{package.version} was made for FHIR {made_for.name}, not for "
        f"{release.name}: its definitions are used as they are.",
    )


def _add_dependencies(packages: list[Package], home: Path | None) -> list[Issue]:
    """Add what the packages need, and what that needs; an issue for each that is not there."""
    issues = []
    have = {package.name for package in packages}
    for package in packages:  # grows while it is walked
        for name, version in package.dependencies.items():
            if name in have or _ON_BOARD.fullmatch(name):
                continue
            have.add(name)
            try:
                if len(packages) >= _MOST_PACKAGES:
                    raise InputError(f"more than {_MOST_PACKAGES} packages depend on each other")
                packages.append(_cached(name, version, home or Path.home()))
            except InputError as error:
                needed = f"{package.name}#{package.version} needs {name}#{version}, which cannot be opened"
                issues.append(Issue("warning", "not-found", "", f"{needed}: {error.issues[0].text}"))
    return issues
