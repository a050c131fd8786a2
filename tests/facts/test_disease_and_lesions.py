"""Facts 5 to 15: onset, what was seen on the skin, and the diagnosis."""

from __future__ import annotations

from .view import (
    HL7,
    OWN_CODES,
    SCT,
    UCUM,
    View,
    all_codings,
    codings,
    component,
    extension,
    original_text,
    quantities,
    reading,
    texts,
    urls,
)

FACE, CHEEK, NOSE = (SCT, "73897004"), (SCT, "36141000"), (SCT, "113179006")
RIGHT, UNILATERAL_RIGHT, LEFT = (SCT, "24028007"), (SCT, "419465000"), (SCT, "7771000")


def test_fact_05_onset_one_month_before_the_first_visit(view: View) -> None:
    condition = view.one("Condition")
    onset = condition["_onsetDateTime"]
    visit = view.first_visit
    path = "actualPeriod" if view.r5 else "period"
    assert extension(onset, HL7 + "cqf-relativeDateTime") == {
        "url": "http://hl7.org/fhir/StructureDefinition/cqf-relativeDateTime",
        "extension": [
            {"url": "target", "valueReference": {"reference": f"urn:uuid:{visit['id']}"}},
            {"url": "targetPath", "valueString": path},
            {"url": "relationship", "valueCode": "before"},
            {"url": "offset", "valueDuration": {"value": 1, "unit": "mo", "system": UCUM, "code": "mo"}},
        ],
    }
    assert path in visit
    assert original_text(onset) == "since one month prior"
    # 18 or 19 years old at onset: not said, so neither an age nor a date.
    assert [name for name in condition if "onset" in name.lower()] == ["_onsetDateTime"]


def test_fact_06_milky_white(view: View) -> None:
    colour = component(view.examination, "Colour of the lesion")["valueCodeableConcept"]
    assert codings(colour) == [(SCT, "371251000")]
    assert colour["text"] == "milky white"


def test_fact_07_right_side_of_face_cheeks_and_nose(view: View) -> None:
    sites = view.one("Condition")["bodySite"]
    assert [codings(site) for site in sites] == [[FACE], [CHEEK], [NOSE]]
    assert sites[1]["text"] == "cheeks"
    assert [list(all_codings(site)).count(RIGHT) for site in sites] == [1, 0, 0]

    lesion = view.one("BodyStructure")
    assert lesion["description"] == "patches on the right side of his face, cheeks and nose"
    found = list(all_codings(lesion))
    assert {FACE, CHEEK, NOSE} <= set(found)
    if view.r5:
        structures = lesion["includedStructure"]
        assert [codings(part["structure"]) for part in structures] == [[FACE], [CHEEK], [NOSE]]
        assert [codings(part.get("laterality")) for part in structures] == [[RIGHT], [], []]
    else:
        assert codings(lesion["location"]) == [FACE]
        assert [codings(qualifier) for qualifier in lesion["locationQualifier"]] == [[UNILATERAL_RIGHT]]
        assert RIGHT not in found
    assert found.count(RIGHT) + found.count(UNILATERAL_RIGHT) == 1
    assert LEFT not in list(all_codings(view.bundle))


def test_fact_08_small_then_expanded_and_multiplied(view: View) -> None:
    assert [note["text"] for note in view.one("Condition")["note"]] == ["small, then expanded and multiplied"]
    # Neither a rate nor a score of activity is made of it.
    scores = {
        code
        for system, code in all_codings(view.bundle)
        if system == OWN_CODES and code.startswith("instrument")
    }
    assert scores == {"instrument.vetf"}


def test_fact_09_multiple(view: View) -> None:
    assert component(view.examination, "Number of lesions in words")["valueCodeableConcept"] == {
        "text": "multiple"
    }
    assert list(quantities(view.examination)) == []
    assert not [name for part in view.examination["component"] for name in part if name == "valueInteger"]


def test_fact_10_depigmented_macula_plaques(view: View) -> None:
    assert view.one("BodyStructure")["morphology"] == {"text": "depigmented macula-plaques"}


def test_fact_11_firm_borders(view: View) -> None:
    assert component(view.examination, "Border of the lesion")["valueCodeableConcept"] == {
        "text": "firm borders"
    }


def test_fact_12_irregular_edges(view: View) -> None:
    edge = component(view.examination, "Edge of the lesion")["valueCodeableConcept"]
    assert codings(edge) == [(SCT, "49608001")]
    assert edge["text"] == "irregular edges"


def test_fact_13_unilateral_distribution(view: View) -> None:
    distribution = component(view.examination, "Distribution of lesions")["valueCodeableConcept"]
    assert distribution["text"] == "unilateral distribution"
    # 66459002 "Unilateral" is read as "left or right": never.
    assert (SCT, "66459002") not in list(all_codings(view.bundle))
    assert view.get(view.examination["focus"][0]) is view.one("BodyStructure")


def test_fact_14_varied_shape_and_size(view: View) -> None:
    assert (
        component(view.examination, "Variation among lesions")["valueString"] == "varying in shape and size"
    )
    assert {part["code"]["text"] for part in view.examination["component"]} == {
        "Colour of the lesion", "Border of the lesion", "Edge of the lesion", "Distribution of lesions",
        "Number of lesions in words", "Variation among lesions",
    }  # fmt: skip


def test_fact_15_segmental_vitiligo(view: View) -> None:
    condition = view.one("Condition")
    assert codings(condition["code"])[0] == (SCT, "403268000")
    assert {system for system, _ in codings(condition["code"])} == {SCT, OWN_CODES}
    assert condition["code"]["text"] == "Segmental vitiligo"
    assert original_text(condition["code"]) == "Segmental Vitiligo"
    terminology = "http://terminology.hl7.org/CodeSystem/"
    assert codings(condition["verificationStatus"]) == [(terminology + "condition-ver-status", "confirmed")]
    assert codings(condition["clinicalStatus"]) == [(terminology + "condition-clinical", "active")]
    assert reading(condition["clinicalStatus"])["status"] == "derived"
    assert view.get(condition["encounter"]) is view.first_visit
    # No uni-, bi- or plurisegmental, no facial type.
    assert not [
        code
        for system, code in all_codings(view.bundle)
        if system == OWN_CODES and code.startswith(("subtype", "facial"))
    ]
    assert not [
        url for url in urls(view.bundle) if url.endswith(("vitiligo-subtype", "facial-segmental-type"))
    ]
    assert not [text for _, text in texts(view.bundle) if "unisegmental" in text.lower()]
