"""A Bundle as its receiver sees it: resources by type and code, references followed, leaves by path."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from fhir_vitiligo.fhir.release import Release

Json = dict[str, Any]

SCT = "http://snomed.info/sct"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
OWN_CODES = "https://w3id.org/fhir-vitiligo/CodeSystem/vitiligo"
HL7 = "http://hl7.org/fhir/StructureDefinition/"
READING = "https://w3id.org/fhir-vitiligo/StructureDefinition/reading"
UNKNOWN: Json = {"extension": [{"url": HL7 + "data-absent-reason", "valueCode": "unknown"}]}


class View:
    """The resources of a Bundle in one release."""

    def __init__(self, bundle: Json, release: Release) -> None:
        self.bundle, self.release = bundle, release
        self.resources: list[Json] = [entry["resource"] for entry in bundle["entry"]]
        self._by_url = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}

    @property
    def r5(self) -> bool:
        return self.release is Release.R5

    def all(self, kind: str) -> list[Json]:
        return [resource for resource in self.resources if resource["resourceType"] == kind]

    def one(self, kind: str) -> Json:
        """The only resource of its type."""
        found = self.all(kind)
        assert len(found) == 1, f"{len(found)} resources of type {kind}"
        return found[0]

    def coded(self, kind: str, system: str, code: str) -> list[Json]:
        """The resources of a type whose code has this coding."""
        return [resource for resource in self.all(kind) if (system, code) in codings(resource.get("code"))]

    def get(self, reference: Json) -> Json:
        """The resource that a Reference points to."""
        return self._by_url[reference["reference"]]

    # What is asked for again and again.

    @property
    def first_visit(self) -> Json:
        (found,) = [
            e for e in self.all("Encounter") if "dermatology clinic" in [text for _, text in texts(e)]
        ]
        return found

    @property
    def follow_up(self) -> Json:
        (found,) = [e for e in self.all("Encounter") if e["type"][0]["text"] == "follow-up"]
        return found

    @property
    def examination(self) -> Json:
        (found,) = self.coded("Observation", SCT, "271303006")
        return found

    @property
    def statements(self) -> tuple[Json, Json]:
        """Use of the serum in the session (part of the Procedure) and at home."""
        (session,) = [s for s in self.all("MedicationStatement") if "partOf" in s]
        (home,) = [s for s in self.all("MedicationStatement") if "partOf" not in s]
        return session, home

    def vetf(self, visit: Json) -> Json:
        """The VETF score of a visit."""
        (found,) = [
            score
            for score in self.coded("Observation", OWN_CODES, "instrument.vetf")
            if self.get(score["encounter"]) is visit
        ]
        return found


def component(observation: Json, name: str) -> Json:
    """The component whose code reads ``name``."""
    (found,) = [part for part in observation["component"] if part["code"]["text"] == name]
    assert isinstance(found, dict)
    return found


def codings(concept: Any) -> list[tuple[str | None, str | None]]:
    """(system, code) of each coding of a CodeableConcept."""
    return [(c.get("system"), c.get("code")) for c in (concept or {}).get("coding", [])]


def extension(element: Json, url: str) -> Json:
    """The only extension of that URL."""
    (found,) = [e for e in element.get("extension", []) if e["url"] == url]
    assert isinstance(found, dict)
    return found


def original_text(element: Json) -> str:
    """What was written, by HL7's extension."""
    return str(extension(element, HL7 + "originalText")["valueString"])


def reading(element: Json) -> dict[str, str]:
    """How a value came to be known: status, method (and no candidates)."""
    return {
        part["url"]: part.get("valueCode", part.get("valueString", ""))
        for part in extension(element, READING)["extension"]
    }


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, str | bool | int | Decimal]]:
    """Every leaf of a resource or Bundle with its path."""
    if isinstance(node, dict):
        for name, item in node.items():
            yield from leaves(item, f"{path}.{name}" if path else name)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, node


def texts(node: Any) -> Iterator[tuple[str, str]]:
    """Every string leaf with its path."""
    for path, value in leaves(node):
        if isinstance(value, str):
            yield path, value


def urls(node: Any) -> set[str]:
    """The URLs of all extensions, nested ones too."""
    return {text for path, text in texts(node) if path.endswith(".url") and "extension" in path}


def all_codings(node: Any) -> Iterator[tuple[str | None, str]]:
    """(system, code) of everything anywhere that has a code and a system: codings and quantities."""
    if isinstance(node, dict):
        if "code" in node and isinstance(node["code"], str):
            yield node.get("system"), node["code"]
        for item in node.values():
            yield from all_codings(item)
    elif isinstance(node, list):
        for item in node:
            yield from all_codings(item)


def quantities(node: Any, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every element with a numeric ``value``, with its path."""
    if isinstance(node, dict):
        if isinstance(node.get("value"), int | Decimal):
            yield path, node
        for name, item in node.items():
            yield from quantities(item, f"{path}.{name}" if path else name)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from quantities(item, f"{path}[{index}]")
