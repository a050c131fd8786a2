"""Of two versions of a resource only what differs is looked at; what is told to come and go makes of the rows of the one those
of the other.
"""

from __future__ import annotations

import bz2
import itertools
from collections import defaultdict
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_vitiligo.fhir import json, json_text
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.definitions import further_parameter
from fhir_vitiligo.search.extract import IndexRows, changed_rows, index_rows
from fhir_vitiligo.search.parameters import Parameters, parameters_of


def custom(code: str, kind: str, expression: str) -> dict[str, Any]:
    return {
        "resourceType": "SearchParameter",
        "url": f"http://x.org/SearchParameter/{code}",
        "name": code,
        "status": "active",
        "code": code,
        "base": ["Observation"],
        "type": kind,
        "expression": expression,
    }


# Beside core's those that look at several members together, at all of them, or from one at another.
FURTHER = [
    custom(
        "done-and-coded", "token", "Observation.status.where($this = 'final' and %resource.code.exists())"
    ),
    custom("whatever", "reference", "Observation.descendants().where(reference.exists())"),
    custom(
        "either",
        "token",
        "iif(Observation.code.exists(), Observation.code, Observation.component.first().code)",
    ),
    custom("count-note", "token", "Observation.note.exists().not()"),
]
R4 = parameters_of(Release.R4)
ALL = R4.with_further([further_parameter(one) for one in FURTHER])
CODES: Any = st.sampled_from(
    [{"coding": [{"system": "s", "code": "a"}]}, {"coding": [{"code": "b"}, {"code": "c"}]}, {"text": "x"}]
)
REFERENCES: Any = st.sampled_from(
    [{"reference": "Patient/1"}, {"reference": "Group/2"}, {"reference": "#p"}, {"display": "nobody"}]
)
COMPONENTS: Any = st.lists(
    st.fixed_dictionaries(
        {"code": CODES}, optional={"valueQuantity": st.just({"value": 1}), "valueCodeableConcept": CODES}
    ),
    max_size=2,
)
CONTAINED: Any = st.lists(
    st.sampled_from(
        [{"resourceType": "Patient", "id": "p", "gender": "male"}, {"resourceType": "Patient", "id": "q"}]
    ),
    max_size=2,
)
OBSERVATIONS: Any = st.fixed_dictionaries(
    {"resourceType": st.just("Observation")},
    optional={
        "meta": st.fixed_dictionaries(
            {}, optional={"tag": st.just([{"code": "t"}]), "source": st.just("urn:s")}
        ),
        "status": st.sampled_from(["final", "amended"]),
        "code": CODES,
        "subject": REFERENCES,
        "encounter": REFERENCES,
        "effectiveDateTime": st.sampled_from(["2020", "2021-02-03", "soon"]),
        "effectivePeriod": st.just({"start": "2020"}),
        "valueQuantity": st.sampled_from([{"value": 1}, {"value": 2, "code": "cm"}]),
        "valueCodeableConcept": CODES,
        "component": COMPONENTS,
        "note": st.just([{"text": "n"}]),
        "contained": CONTAINED,
        "made-up": st.integers(0, 2),
    },
)


def check_change(old: dict[str, Any], new: dict[str, Any], parameters: Parameters) -> None:
    of = parameters.of
    kind = of(old["resourceType"])
    texts = [json_text.members(json.dumps(one)) for one in (old, new)]
    for before, after in itertools.product((old, new), repeat=2):
        pair = [(one, texts[0] if one is old else texts[1]) for one in (before, after)]
        gone, come = changed_rows(pair[0], pair[1], kind, of)
        rows = as_set(index_rows(before, kind, None, of))
        assert as_set(gone) <= rows, "what goes was there"
        made = (rows - (as_set(gone) - as_set(come))) | as_set(come)
        assert made == as_set(index_rows(after, kind, None, of))


def as_set(found: IndexRows) -> set[Any]:
    return {(parameter, row) for parameter, rows in found.items() for row in rows}


@settings(max_examples=400, deadline=None)
@given(OBSERVATIONS, OBSERVATIONS, st.booleans())
def test_of_any_two_versions(old: dict[str, Any], new: dict[str, Any], with_further: bool) -> None:
    check_change(old, new, ALL if with_further else R4)


def test_of_versions_that_differ_in_one_member(synthea_dir: Path) -> None:
    files = sorted(synthea_dir.glob("*.json.bz2"), key=lambda path: path.stat().st_size)[:3]
    by_type: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in files:
        for entry in json.loads(bz2.decompress(path.read_bytes()))["entry"]:
            by_type[entry["resource"]["resourceType"]].append(entry["resource"])
    assert len(by_type) > 10
    for resources in by_type.values():
        for one, other in itertools.pairwise(resources[:12]):
            check_change(one, other, R4)
            for name in {*one, *other} - {"resourceType"}:
                changed = {key: value for key, value in one.items() if key != name}
                if name in other:
                    changed[name] = other[name]
                check_change(one, changed, R4)


def test_what_did_not_change_is_not_looked_at() -> None:
    kind = R4.of("Observation")
    old = {
        "resourceType": "Observation",
        "code": {"text": "x"},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": "2020",
    }
    new = {**old, "effectiveDateTime": "2021"}
    gone, come = changed_rows(*((one, json_text.members(json.dumps(one))) for one in (old, new)), kind, R4.of)
    assert {one.key for one in gone} == {one.key for one in come} == {"date"}
    same = (old, json_text.members(json.dumps(old)))
    assert changed_rows(same, same, kind, R4.of) == ({}, {})
