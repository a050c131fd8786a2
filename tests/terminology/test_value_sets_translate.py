"""Codes translated over ConceptMaps, R4's and R5's, forward and back."""

from __future__ import annotations

import pytest

from fhir_vitiligo.errors import TerminologyError
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.terminology.value_sets import Terminology, terminology_of
from tests.terminology.shelf import Shelf


def concept_map(name: str, **more: object) -> Json:
    return {"resourceType": "ConceptMap", "url": f"urn:{name}", **more}


FIRST = concept_map(
    "first",
    sourceUri="urn:vs:here",
    group=[
        {
            "source": "urn:here",
            "target": "urn:there",
            "element": [
                {"code": "a", "display": "A", "target": [
                    {"code": "x", "display": "X", "equivalence": "equivalent", "comment": "Just so."},
                    {"code": "y", "equivalence": "wider"},
                ]},
                {"code": "b", "target": [{"equivalence": "unmatched"}]},
                {"code": "n", "noMap": True},
            ],
            "unmapped": {"mode": "fixed", "code": "other", "display": "Other"},
        }
    ],
)  # fmt: skip
SECOND = concept_map(
    "second",
    version="2",
    group=[
        {
            "source": "urn:here|1",
            "target": "urn:yonder",
            "element": [
                {"code": "a", "target": [{"code": "x", "relationship": "source-is-narrower-than-target"}]}
            ],
            "unmapped": {"mode": "use-source-code", "relationship": "related-to"},
        }
    ],
)
BOARD = Terminology(Release.R4, Shelf(FIRST, SECOND))


def told(*args: str, **options: object) -> list[tuple[str, str, str]]:
    found = BOARD.translate(*args, **options)  # type: ignore[arg-type]
    return [(one.system, one.code, one.relationship) for one in found]


def test_a_code_is_translated_by_every_map_or_by_one() -> None:
    first = [("urn:there", "x", "equivalent"), ("urn:there", "y", "wider")]
    second = [("urn:yonder", "x", "source-is-narrower-than-target")]
    assert told("urn:here", "a") == first + second
    assert told("urn:here", "a", url="urn:first") == first
    assert told("urn:here", "a", url="urn:second|2") == second
    assert told("urn:here", "a", source="urn:vs:here") == first
    assert told("urn:here", "a", target="urn:yonder") == second
    assert told("urn:here", "a", target_system="urn:yonder") == second
    assert told("urn:elsewhere", "a") == []
    assert BOARD.translate("urn:here", "a")[0].display == "X"
    assert BOARD.translate("urn:here", "a")[0].comment == "Just so."
    assert BOARD.translate("urn:here", "a")[0].map_url == "urn:first"


def test_what_is_not_mapped_follows_the_group() -> None:
    assert told("urn:here", "zz", url="urn:first") == [("urn:there", "other", "equivalent")]
    assert told("urn:here", "zz", url="urn:second") == [("urn:yonder", "zz", "related-to")]
    # A code of which the map says that there is none is not mapped to "other".
    assert told("urn:here", "n", url="urn:first") == []
    assert told("urn:here", "b", url="urn:first") == []


def test_a_map_is_read_backwards() -> None:
    assert told("urn:there", "y", reverse=True) == [("urn:here", "a", "narrower")]
    assert told("urn:yonder", "x", reverse=True) == [("urn:here", "a", "source-is-broader-than-target")]
    assert BOARD.translate("urn:there", "x", reverse=True)[0].display == "A"
    assert told("urn:there", "zz", reverse=True) == []


def test_a_map_that_is_not_here_is_named() -> None:
    with pytest.raises(TerminologyError, match="The concept map urn:third is not on board"):
        BOARD.translate("urn:here", "a", url="urn:third")


def test_a_broken_map_breaks_nothing() -> None:
    broken = [
        concept_map("a", group={"source": "urn:here"}),
        concept_map(
            "b", group=[None, {"source": 5, "element": 3}, {"source": "urn:here", "element": [1, {}]}]
        ),
        concept_map(
            "c", group=[{"source": "urn:here", "element": [{"code": "a", "target": [{"code": 7}, 8]}]}]
        ),
        concept_map("d", group=[{"source": "urn:here", "unmapped": {"mode": "fixed"}}]),
    ]
    assert Terminology(Release.R4, Shelf(*broken)).translate("urn:here", "a") == []


@pytest.mark.parametrize("release", Release)
def test_the_project_s_own_maps_are_on_board(release: Release) -> None:
    found = terminology_of(release).translate(
        "https://w3id.org/fhir-vitiligo/CodeSystem/vitiligo",
        "diagnosis.vitiligo",
        target_system="http://snomed.info/sct",
    )
    assert [(one.code, one.relationship, one.is_match) for one in found] == [("56727007", "equivalent", True)]
