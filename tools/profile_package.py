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

from fhir_vitiligo.fhir.package_archive import index

FHIR_VERSIONS = {"r4": "4.0.1", "r5": "5.0.0"}
# R4 is the release of record, so its package has the plain name; others say which they are, as HL7's own do.
ID_SUFFIXES = {"r4": "", "r5": ".r5"}
# The other settings are for package.json; SUSHI warns of them when it makes no implementation guide.
FOR_SUSHI = ("canonical", "status", "version", "fhirVersion", "FSHOnly", "dependencies")

# What SUSHI dates with the time of compilation; a date that the FSH states of anything else stays.
COMPILED = ("StructureDefinition", "ValueSet", "CodeSystem")


def configure(release: str, config: dict[str, Any]) -> dict[str, Any]:
    """SUSHI's configuration for a release: its FHIR version, and the same dependencies made for it."""
    dependencies = {
        f"{package_id.removesuffix('.r4')}.{release}" if package_id.endswith(".r4") else package_id: version
        for package_id, version in config.get("dependencies", {}).items()
    }
    changed = {**config, "fhirVersion": FHIR_VERSIONS[release], "dependencies": dependencies}
    return {key: changed[key] for key in FOR_SUSHI}


def manifest(release: str, config: dict[str, Any]) -> dict[str, Any]:
    """``package.json``. R4 core has all that is referred to; R5 has its extensions and HL7's code systems in packages
    of their own.
    """
    needed = {f"hl7.fhir.{release}.core": FHIR_VERSIONS[release]}
    if release != "r4":
        needed |= configure(release, config)["dependencies"]
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
        "dependencies": needed,
    }


def collect(release: str, config: dict[str, Any], compiled: Path, package: Path) -> None:
    """Replace ``package`` by what was compiled, with version and publisher, without the time of compilation."""
    package.mkdir(parents=True, exist_ok=True)
    for stale in package.glob("*.json"):
        stale.unlink()
    for source in sorted(compiled.glob("*.json")):
        resource = json.loads(source.read_text(encoding="utf-8"))
        if resource["resourceType"] in COMPILED:
            resource.pop("date", None)
        if resource["resourceType"] == "StructureDefinition":
            trim(resource)
        if "url" in resource:  # a definition, not an example
            # SUSHI states the version of a StructureDefinition or ValueSet, and not of an instance.
            resource.setdefault("version", config["version"])
            resource.setdefault("publisher", config["publisher"]["name"])
        write(package / source.name, resource)
    definitions = {path.name: path.read_bytes() for path in package.glob("*-*.json")}
    (package / ".index.json").write_bytes(index(definitions))
    write(package / "package.json", manifest(release, config))


# What a snapshot inherits of core that binds nobody: mappings to HL7's older standards, examples, reasons. Some of
# it points to packages that are not on board, and it is half of the size.
INHERITED_PROSE = ("mapping", "example", "requirements", "alias")
TOOLS = "http://hl7.org/fhir/tools/"


def trim(definition: dict[str, Any]) -> None:
    """Leave out of a StructureDefinition what it inherits and what no reader or validator of it needs."""
    for name in ("mapping", "extension"):  # the extensions of a definition are those of what it constrains
        definition.pop(name, None)
    for element in definition["snapshot"]["element"]:
        for name in INHERITED_PROSE:
            element.pop(name, None)
        binding = element.get("binding", {})
        kept = [one for one in binding.get("extension", ()) if not one["url"].startswith(TOOLS)]
        if kept:
            binding["extension"] = kept
        else:
            binding.pop("extension", None)


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
