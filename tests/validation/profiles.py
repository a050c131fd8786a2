"""Small profiles for tests, in few words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation.context import Options
from fhir_vitiligo.validation.validator import Validator

CORE = "http://hl7.org/fhir/StructureDefinition/"
BASE = "http://example.org/StructureDefinition/"

Json = dict[str, Any]


class Held:
    """Conformance resources, as packages are resolved."""

    def __init__(self, *resources: Json) -> None:
        self.resources = resources

    def resolve(self, canonical: str, resource_type: str | None = None) -> Json | None:
        url = canonical.partition("|")[0]
        return next((one for one in self.resources if one["url"] == url), None)

    def of_type(self, resource_type: str) -> Iterator[Json]:
        yield from (one for one in self.resources if one["resourceType"] == resource_type)


def profile(name: str, kind: str, *elements: Json, base: str = "", **more: Any) -> Json:
    """A profile of the type ``kind``; paths are told without it (``name.family``), ``""`` is the type itself."""
    return {
        "resourceType": "StructureDefinition",
        "url": BASE + name,
        "name": name,
        "status": "active",
        "abstract": False,
        "type": kind,
        "baseDefinition": base or CORE + kind,
        "derivation": "constraint",
        "differential": {
            "element": [{**one, "path": f"{kind}.{one['path']}" if one["path"] else kind} for one in elements]
        },
        **more,
    }


def element(path: str, **said: Any) -> Json:
    """One element of a differential; ``slice`` is short for ``sliceName``."""
    if "slice" in said:
        said["sliceName"] = said.pop("slice")
    return {"path": path, **said}


def sliced(path: str, *discriminators: tuple[str, str], rules: str = "open", ordered: bool = False) -> Json:
    """The element of a differential that says how ``path`` is sliced."""
    told = [{"type": kind, "path": where} for kind, where in discriminators]
    return element(path, slicing={"discriminator": told, "rules": rules, "ordered": ordered})


def errors(resource: Json, *held: Json, release: Release = Release.R4, **options: Any) -> list[Issue]:
    """What is wrong with a resource against the first of the resources, the others at hand."""
    validator = Validator(release, Held(*held), Options(**options))
    profiles = [held[0]["url"]] if held else []
    return [issue for issue in validator.validate(resource, profiles) if issue.severity in ("error", "fatal")]


def told(resource: Json, *held: Json, **more: Any) -> list[tuple[str, str]]:
    """(rule, expression) of each error."""
    return [(str(issue.rule), issue.expression) for issue in errors(resource, *held, **more)]
