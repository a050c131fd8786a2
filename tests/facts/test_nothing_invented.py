"""Over the whole Bundle: no date, no per cent but the strength, no resource too many, one answer only."""

from __future__ import annotations

import re
from collections import Counter

from fhir_vitiligo.case.model import Case
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.back import from_fhir
from fhir_vitiligo.mapping.mapper import Mapper

from .view import Json, View, leaves, quantities, texts

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
DATE = re.compile(r"(19|20)\d\d[-/.](0?[1-9]|1[0-2])\b|\b\d{1,2}[./]\d{1,2}[./](19|20)?\d\d|\d\d:\d\d")
MONTH = re.compile(
    r"\b(january|february|march|april|june|july|august|september|october|november|december)\b", re.IGNORECASE
)
YEAR = re.compile(r"\b(19|20)\d\d\b")

NO_DATES = ("10.33545/26649411.2024.v7.i2c.213", "chandra-2024", 'xmlns="http://www.w3.org/1999/xhtml"')


def _words(node: object) -> list[tuple[str, str]]:
    """String leaves without what looks like a date and is none: ids, URLs, the DOI."""
    found = []
    for path, text in texts(node):
        if not path.endswith(("url", "system")):
            for other in NO_DATES:
                text = text.replace(other, "")
            found.append((path, UUID.sub("", text)))
    return found


def test_there_is_no_calendar_date_anywhere(view: View) -> None:
    assert [
        (path, text) for path, text in _words(view.bundle) if DATE.search(text) or MONTH.search(text)
    ] == []


def test_a_year_stands_in_the_citation_only(view: View) -> None:
    for resource in view.resources:
        if resource["resourceType"] in ("DocumentReference", "Citation"):
            continue
        found = [(path, text) for path, text in _words(resource) if YEAR.search(text)]
        assert found == [], f"{resource['resourceType']} has a year"


def test_the_only_per_cent_is_the_strength_of_the_serum(view: View) -> None:
    found = [
        (path, q["value"]) for path, q in quantities(view.bundle) if "%" in (q.get("code"), q.get("unit"))
    ]
    assert [value for _, value in found] == [5]
    assert "ingredient" in found[0][0]
    for resource in view.resources:
        if resource["resourceType"] != "Medication":
            assert [text for _, text in _words(resource) if "%" in text] == []


def test_every_number_is_one_of_the_abstract(view: View) -> None:
    """19 years, 1 month, 9 months, 1 per 2 weeks, 0.3 mL, 2 per 1 day, 5 % (of 1), 5.6."""
    numbers = [str(value) for _, value in leaves(view.bundle) if not isinstance(value, str | bool)]
    expected = ["19", "1", "9", "1", "2", "0.3", "2", "1", "5", "5.6", *([] if view.r5 else ["1"])]
    assert sorted(numbers) == sorted(expected)


def test_the_resources_are_these_and_no_others(view: View) -> None:
    assert Counter(resource["resourceType"] for resource in view.resources) == {
        "Patient": 1, "Encounter": 2, "Condition": 1, "BodyStructure": 1, "Observation": 6, "Medication": 1,
        "Procedure": 1, "MedicationStatement": 2, "Citation" if view.r5 else "DocumentReference": 1,
        "Provenance": 1,
    }  # fmt: skip


def test_a_second_run_gives_the_same_bytes(case: Case, release: Release, view: View) -> None:
    again = json.dumps(Mapper(release).to_fhir(case))
    assert again == json.dumps(Mapper(release).to_fhir(case.model_copy(deep=True)))
    assert json.loads(again) == view.bundle
    identities = [resource["id"] for resource in view.resources]
    assert len(set(identities)) == len(identities)


def test_a_second_run_updates_and_does_not_duplicate(view: View) -> None:
    for entry in view.bundle["entry"]:
        resource = entry["resource"]
        assert entry["request"] == {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}


def test_the_time_of_conversion_is_an_argument(case: Case, release: Release) -> None:
    def provenance(**arguments: str) -> Json:
        return View(Mapper(release).to_fhir(case, **arguments), release).one("Provenance")  # type: ignore[arg-type]

    assert "recorded" not in provenance()
    assert provenance(recorded="2025-01-02T03:04:05Z")["recorded"] == "2025-01-02T03:04:05Z"


def test_nothing_is_lost_on_the_way_back(case: Case, view: View) -> None:
    back, residue = from_fhir(view.bundle, view.release)
    assert back == case
    assert residue == []
