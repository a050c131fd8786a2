"""Before and after SUSHI: its configuration for one release, and its output as a FHIR package.

A package is a folder of JSON resources with a ``package.json`` (https://hl7.org/fhir/packages.html#2.1.10.4).
``tools/build_profiles.sh`` calls this::

    profile_package.py config  r5 profiles/sushi-config.yaml OUT.yaml
    profile_package.py collect r5 profiles/sushi-config.yaml fsh-generated/resources profiles/package-r5
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

FHIR_VERSIONS = {"r4": "4.0.1", "r5": "5.0.0"}
# R4 is the release of record, so its package has the plain name; others say which they are, as HL7's own do.
ID_SUFFIXES = {"r4": "", "r5": ".r5"}
# The other settings are for package.json; SUSHI warns of them when it makes no implementation guide.
FOR_SUSHI = ("canonical", "status", "version", "fhirVersion", "FSHOnly", "dependencies")


def configure(release: str, config: dict[str, Any]) -> dict[str, Any]:
    """SUSHI's configuration for a release: its FHIR version, and the same dependencies made for it."""
    dependencies = {
        f"{package_id.removesuffix('.r4')}.{release}" if package_id.endswith(".r4") else package_id: version
        for package_id, version in config.get("dependencies", {}).items()
    }
    changed = {**config, "fhirVersion": FHIR_VERSIONS[release], "dependencies": dependencies}
    return {key: changed[key] for key in FOR_SUSHI}


def manifest(release: str, config: dict[str, Any]) -> dict[str, Any]:
    """``package.json``. Only core is a dependency: what SUSHI reads besides is not needed by who uses it."""
    return {
        "name": config["id"] + ID_SUFFIXES[release],
        "version": config["version"],
        "description": config["description"],
        "author": config["publisher"]["name"],
        "license": config["license"],
        "canonical": config["canonical"],
        "url": config["canonical"],
        "title": config["title"],
        "type": "IG",
        "fhirVersions": [FHIR_VERSIONS[release]],
        "dependencies": {f"hl7.fhir.{release}.core": FHIR_VERSIONS[release]},
    }


def collect(release: str, config: dict[str, Any], compiled: Path, package: Path) -> None:
    """Replace ``package`` by what was compiled, with publisher and without the time of compilation."""
    package.mkdir(parents=True, exist_ok=True)
    for stale in package.glob("*.json"):
        stale.unlink()
    for source in sorted(compiled.glob("*.json")):
        resource = json.loads(source.read_text(encoding="utf-8"))
        resource.pop("date", None)
        if "url" in resource:  # a definition, not an example
            resource.setdefault("publisher", config["publisher"]["name"])
        write(package / source.name, resource)
    write(package / "package.json", manifest(release, config))


def write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="SUSHI's configuration for a release, and its output as a package."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("config", "collect"):
        command = commands.add_parser(name)
        command.add_argument("release", choices=FHIR_VERSIONS)
        command.add_argument("config", type=Path)
        if name == "collect":
            command.add_argument("compiled", type=Path)
        command.add_argument("target", type=Path)
    given = parser.parse_args(arguments)
    config = yaml.safe_load(given.config.read_text(encoding="utf-8"))
    if given.command == "config":
        text = yaml.safe_dump(configure(given.release, config), sort_keys=False, allow_unicode=True)
        given.target.write_text(text, encoding="utf-8")
    else:
        collect(given.release, config, given.compiled, given.target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
