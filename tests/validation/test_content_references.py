"""What is said of an element holds for those that take their content from it: a question in a question, a section in a
section (https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.contentReference).
"""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from tests.validation.profiles import Json, told

NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}


def questionnaire(item: Json, depth: int) -> Json:
    """An item within ``depth`` groups."""
    for level in range(depth):
        item = {"linkId": f"g{level}", "text": "A group", "type": "group", "item": [item]}
    return definition("Questionnaire", item=[item])


def definition(kind: str, **more: Any) -> Json:
    url = f"http://acme.test/{kind}/d"
    return {
        "resourceType": kind,
        "id": "d",
        "url": url,
        "name": "Name",
        "status": "draft",
        "text": NARRATIVE,
        **more,
    }


@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize(
    ("item", "key"),
    [
        ({"type": "display", "code": [{"system": "http://acme.test/c", "code": "x"}]}, "que-3"),
        ({"type": "display", "required": True}, "que-6"),
        ({"type": "reference", "maxLength": 3}, "que-10"),
        ({"type": "string", "maxLength": 3}, None),
    ],
)
def test_items_at_every_depth(item: Json, key: str | None, depth: int) -> None:
    resource = questionnaire({"linkId": "1", "text": "A question", **item}, depth)
    place = "Questionnaire" + ".item[0]" * (depth + 1)
    assert told(resource) == ([(key, place)] if key else [])


PARAMETERS: Json = {
    "resourceType": "Parameters",
    "parameter": [{"name": "a", "part": [{"name": "b"}, {"name": "c", "valueString": "x"}]}],
}
OBSERVATION: Json = {
    "resourceType": "Observation",
    "text": NARRATIVE,
    "status": "final",
    "code": {"text": "VASI"},
    "component": [
        {"code": {"text": "hands"}, "valueString": "x", "referenceRange": [{"type": {"text": "healthy"}}]}
    ],
}
CODES = {"system": "http://hl7.org/fhir/administrative-gender"}
VALUE_SET = definition(
    "ValueSet", compose={"include": [CODES], "exclude": [{"concept": [{"code": "male"}]}, {**CODES}]}
)
EXPANSION = definition(
    "ValueSet",
    expansion={
        "timestamp": "2024-01-01T00:00:00Z",
        "contains": [{**CODES, "code": "male", "contains": [{"abstract": True}]}],
    },
)


@pytest.mark.parametrize("release", list(Release))
@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (PARAMETERS, [("inv-1", "Parameters.parameter[0].part[0]")]),
        (OBSERVATION, [("obs-3", "Observation.component[0].referenceRange[0]")]),
        (
            VALUE_SET,
            [("vsd-1", "ValueSet.compose.exclude[0]"), ("vsd-2", "ValueSet.compose.exclude[0]")],
        ),
        (
            EXPANSION,
            [("vsd-6", "ValueSet.expansion.contains[0].contains[0]")],
        ),
    ],
    ids=["part", "referenceRange", "exclude", "contains"],
)
def test_other_elements(resource: Json, expected: list[tuple[str, str]], release: Release) -> None:
    found = [one for one in told(resource, release=release) if one[0] in {key for key, _ in expected}]
    assert found == expected
