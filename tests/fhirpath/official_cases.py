"""HL7's own FHIRPath tests for R4: read from their XML, with the resources they are asked of."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fhir_vitiligo.fhir.json import loads_object
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.xml import to_json

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "fhirpath"


@dataclass(frozen=True)
class Case:
    name: str
    expression: str
    file: str | None
    invalid: str | None
    predicate: bool
    strict: bool
    ordered: bool
    check_order: bool
    outputs: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return self.name


def cases() -> list[Case]:
    path = FOLDER / "tests-fhir-r4.xml"
    if not path.exists():
        return []
    found, names = [], set()
    for test in ET.parse(path).getroot().iter("test"):
        expression = test.find("expression")
        assert expression is not None
        name = test.get("name") or ""
        while name in names:
            name += "+"
        names.add(name)
        found.append(
            Case(
                name,
                expression.text or "",
                test.get("inputfile"),
                expression.get("invalid"),
                test.get("predicate") == "true",
                test.get("mode") == "strict",
                test.get("ordered") != "false",
                test.get("checkOrderedFunctions") == "true",
                tuple((out.get("type", ""), out.text or "") for out in test.iter("output")),
            )
        )
    return found


@cache
def resource(file: str) -> dict[str, Any]:
    data = (FOLDER / file).read_bytes()
    if file.endswith(".json"):
        return loads_object(data)
    read = to_json(data, Release.R4).resource
    assert read is not None
    return read
