"""What the differential run over HL7's cases is made of: each text is broken at one place, the same one for a seed."""

from __future__ import annotations

import difflib

import pytest

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.source import parse
from fhir_vitiligo.fhir.xml import to_xml
from tests.validation.case_mutations import broken
from tests.validation.case_values import values_for

PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
    "identifier": [{"system": "urn:oid:1.2.3.4", "value": "1"}],
    "birthDate": "1990-05-01",
    "multipleBirthInteger": 2,
    "managingOrganization": {"reference": "Organization/1"},
}
TEXTS = {False: json.dumps(PATIENT).decode(), True: to_xml(PATIENT, Release.R4).decode()}


@pytest.mark.parametrize("in_xml", [False, True])
def test_a_seed_breaks_a_text_in_the_same_ways_each_at_one_place(in_xml: bool) -> None:
    text = TEXTS[in_xml]
    found = list(broken(text, in_xml, 200, "1"))
    assert found == list(broken(text, in_xml, 200, "1"))
    assert found != list(broken(text, in_xml, 200, "2"))
    assert len({one.kind for one in found}) > 20
    for one in found:
        assert one.text != text
        if one.kind == "revalued":
            changes = difflib.SequenceMatcher(None, text, one.text, autojunk=False).get_opcodes()
            span = [change for change in changes if change[0] != "equal"]
            assert span[-1][2] - span[0][1] < 60, one


@pytest.mark.parametrize("in_xml", [False, True])
def test_most_broken_texts_are_read_and_judged_by_more_than_their_form(in_xml: bool) -> None:
    found = list(broken(TEXTS[in_xml], in_xml, 200, "1"))
    read = [one for one in found if parse(one.text.encode(), Release.R4).resource is not None]
    assert len(read) > 0.7 * len(found)


def test_values_are_those_of_what_an_element_is_called_or_looks_like() -> None:
    assert "2012-02-30" in values_for("birthDate", "1990-05-01")
    assert "urn:oid:01.2.3" in values_for("system", "urn:oid:1.2.3")
    assert "Patient/1/_history/2" in values_for("reference", "Organization/1")
    assert "2147483648" in values_for("multipleBirthInteger", "2")
    assert "8867-4" in values_for("gender", "male")
    assert " leading" in values_for("family", "Meyer")
