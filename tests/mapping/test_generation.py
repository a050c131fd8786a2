"""The functions that write: what they make is new each time, and their source can be read."""

from __future__ import annotations

import linecache
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

import fhir_vitiligo
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.mapper import Mapper
from fhir_vitiligo.mapping.parts import kinds
from fhir_vitiligo.mapping.templates import Hole, maker

Json = dict[str, Any]


def _containers(node: Any) -> Iterator[Any]:
    stack = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, dict | list):
            yield one
            stack.extend(one.values() if isinstance(one, dict) else one)


@pytest.mark.parametrize("release", Release)
@pytest.mark.parametrize("name", fhir_vitiligo.examples())
def test_nothing_in_a_bundle_is_shared(name: str, release: Release) -> None:
    case, mapper = fhir_vitiligo.example(name), Mapper(release)
    one, other = mapper.to_fhir(case, type="collection"), mapper.to_fhir(case, type="collection")
    places = [id(container) for bundle in (one, other) for container in _containers(bundle)]
    assert len(set(places)) == len(places)


def test_a_bundle_may_be_changed_without_changing_the_next() -> None:
    case = fhir_vitiligo.example("universal-mbeh")
    before = json.dumps(Mapper().to_fhir(case))
    for container in list(_containers(Mapper().to_fhir(case))):
        container.clear()
    assert json.dumps(Mapper().to_fhir(case)) == before


def test_a_template_makes_new_json_with_its_holes_filled() -> None:
    made = maker({"a": [{"b": 1, "c": None}, Hole("x")], "d": {"e": {}, "f": [True]}}, "x")
    assert made("it's") == {"a": [{"b": 1, "c": None}, "it's"], "d": {"e": {}, "f": [True]}}
    one, other = made(1), made(1)
    assert {id(each) for each in _containers(one)}.isdisjoint(id(each) for each in _containers(other))


def test_a_template_refuses_what_it_could_not_spell() -> None:
    with pytest.raises(TypeError, match=r"Decimal\('1.50'\) is no constant of a template"):
        maker({"a": [Decimal("1.50")]})


@pytest.mark.parametrize("release", Release)
def test_the_source_of_every_function_can_be_read(release: Release) -> None:
    """A debugger and a traceback show the line."""
    for kind in kinds(release).values():
        for part in (*kind.main, *kind.further):
            place = part.write.__code__.co_filename
            assert linecache.getline(place, 1) == "def write(to, key, item):\n"


def test_markup_in_a_text_is_escaped_in_the_narrative_alone() -> None:
    text = "<b>5 < 6 & 'x'</b>"
    content: Json = {"id": "c", "subject": {}, "lesions": [{"key": "l", "label": text}]}
    (lesion,) = (
        one
        for one in Mapper().resources(Case.model_validate(content))
        if one["resourceType"] == "BodyStructure"
    )
    assert lesion["description"] == text
    assert lesion["text"]["div"].endswith(
        "<p>Lesion</p><ul><li>Label: &lt;b&gt;5 &lt; 6 &amp; 'x'&lt;/b&gt;</li></ul></div>"
    )


def test_a_procedure_within_the_use_of_a_medication_says_so_in_an_extension() -> None:
    """Procedure.partOf may be a Procedure, but no MedicationStatement."""
    interventions = [
        {"key": "cream", "kind": "topical"},
        {"key": "course", "kind": "procedure"},
        {"key": "in-cream", "kind": "procedure", "part_of": "cream"},
        {"key": "in-course", "kind": "procedure", "part_of": "course"},
    ]
    case = Case.model_validate({"id": "c", "subject": {}, "interventions": interventions})
    for release in Release:
        found = {
            one["identifier"][0]["value"].rpartition("/")[2]: one
            for one in Mapper(release).resources(case)
            if one["resourceType"] in ("Procedure", "MedicationStatement")
        }
        (extension,) = found["in-cream"]["extension"]
        assert extension["url"] == "https://w3id.org/fhir-vitiligo/StructureDefinition/part-of-use"
        assert extension["valueReference"] == {"reference": f"urn:uuid:{found['cream']['id']}"}
        assert "partOf" not in found["in-cream"]
        assert found["in-course"]["partOf"] == [{"reference": f"urn:uuid:{found['course']['id']}"}]
        assert fhir_vitiligo.from_fhir(Mapper(release).to_fhir(case)) == (case, [])


@pytest.mark.parametrize("release", Release)
def test_a_treatment_of_which_no_time_is_said_says_that_it_is_unknown(release: Release) -> None:
    schedule = {"key": "b", "kind": "procedure", "schedule": "1 per 2 wk"}
    content = {
        "interventions": [{"key": "a", "kind": "procedure"}, schedule, {"key": "c", "kind": "topical"}]
    }
    case = Case.model_validate({"id": "c", "subject": {}, **content})
    unknown = {
        "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
        ]
    }
    done, repeated, used = (
        one
        for one in Mapper(release).resources(case)
        if one["resourceType"] in ("Procedure", "MedicationStatement")
    )
    period = "occurrencePeriod" if release is Release.R5 else "performedPeriod"
    assert done[period] == used["effectivePeriod"] == unknown
    # R5 has one occurrence[x], which the schedule takes.
    assert (period in repeated) == (release is not Release.R5)
    assert fhir_vitiligo.from_fhir(Mapper(release).to_fhir(case)) == (case, [])
