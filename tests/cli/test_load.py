"""``load``: what is stored, what is refused and told, and what becomes of a case that was loaded before."""

from __future__ import annotations

import bz2
from pathlib import Path
from typing import Any

import pytest

import fhir_vitiligo as fv
from fhir_vitiligo.cli.into_r4 import _ELSEWHERE_IN_R4B
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.conversion import CONVERTED
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import schemas_of
from fhir_vitiligo.fhir.xml import to_xml
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.storage.sqlite import SqliteRepository
from tests.cli.conftest import Call

LESIONS = "- {key: face, sites: [{text: face}]}\n- {key: hand, sites: [{text: hand}]}\n"
CASE = f"id: c1\nsubject: {{sex: male}}\nlesions:\n{LESIONS}"
WITHOUT_HAND = CASE.replace(LESIONS.splitlines()[1] + "\n", "")
WRONG = {"resourceType": "Patient", "id": "wrong", "gender": "m"}
RIGHT = {"resourceType": "Patient", "id": "right", "gender": "male"}


def write(path: Path, *documents: Any) -> None:
    """Documents to a file, a line each."""
    path.write_bytes(b"\n".join(json.dumps(document) for document in documents))


def stored(db: Path, kind: str, id: str) -> Json | None:
    """The resource that is there."""
    with SqliteRepository(db, parameters_of(Release.R4)) as repository:
        version = repository.run(lambda session: session.read(kind, id))
    return None if version is None or version.content is None else json.loads_object(version.content)


def entry(resource: Json, method: str = "PUT", url: str = "") -> Json:
    target = url or f"{resource['resourceType']}/{resource['id']}"
    return {"resource": resource, "request": {"method": method, "url": target}}


def bundle(kind: str, *entries: Json) -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def lesion(case: str, key: str) -> str:
    """The id of the BodyStructure of a lesion."""
    (found,) = (
        one["resource"]["id"]
        for one in fv.to_fhir(fv.read_case(case.encode()))["entry"]
        if one["resource"]["resourceType"] == "BodyStructure"
        and one["resource"]["identifier"][0]["value"].endswith(f"/{key}")
    )
    return str(found)


# What is checked


def test_what_is_not_valid_is_told_and_not_stored(call: Call, tmp_path: Path) -> None:
    write(tmp_path / "x.ndjson", WRONG, RIGHT)
    told = call("load", "x.ndjson", status=1).stderr.splitlines()
    assert told == [
        "error: x.ndjson:1:49 Patient.gender: `gender` is 'm': use female, male, other or unknown.",
        "vitiligo.sqlite: 1 document, resources: 1 created, 0 updated",
        "not in vitiligo.sqlite, because it failed: 1 of the input",
    ]
    assert stored(tmp_path / "vitiligo.sqlite", "Patient", "wrong") is None
    assert stored(tmp_path / "vitiligo.sqlite", "Patient", "right") is not None


@pytest.mark.parametrize("kind", ["transaction", "batch", "collection", "searchset"])
def test_a_bundle_with_an_error_is_not_stored_at_all(call: Call, tmp_path: Path, kind: str) -> None:
    (tmp_path / "b.json").write_bytes(json.dumps_pretty(bundle(kind, entry(RIGHT), entry(WRONG))))
    told = call("load", "b.json", status=1).stderr
    assert "error: b.json:" in told
    assert " Bundle.entry[1].resource.gender: `gender` is 'm'" in told
    assert "vitiligo.sqlite: 0 documents, resources: 0 created" in told
    assert stored(tmp_path / "vitiligo.sqlite", "Patient", "right") is None


def test_what_is_checked_is_what_validation_says(call: Call, tmp_path: Path) -> None:
    vital = "http://hl7.org/fhir/StructureDefinition/vitalsigns"
    claims = {"resourceType": "Observation", "id": "o", "meta": {"profile": [vital]}, "status": "final"}
    claims |= {"code": {"text": "weight"}}
    write(tmp_path / "claims.json", claims)
    write(tmp_path / "wrong.json", WRONG)
    assert "Observation.category" in call("load", "claims.json", status=1).stderr
    assert "Observation.category" in call("load", "claims.json", "--validation", "profile", status=1).stderr
    call("load", "claims.json", "--validation", "structure")
    assert "`gender` is 'm'" in call("load", "wrong.json", "--validation", "structure", status=1).stderr
    call("load", "wrong.json", "--validation", "off")


def test_a_part_of_a_resource_is_refused_even_unchecked(call: Call, tmp_path: Path) -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
    write(tmp_path / "part.json", RIGHT | {"meta": {"tag": [{"system": system, "code": "SUBSETTED"}]}})
    told = call("load", "part.json", "--validation", "off", status=1).stderr
    assert "the tag SUBSETTED says that this is only a part of a resource" in told


def test_references_within_a_bundle_are_no_errors(call: Call, tmp_path: Path) -> None:
    urn = "urn:uuid:0b8c9d6e-6a51-4a1d-b3a0-0d4c1c6c9a01"
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{urn}">he</a></div>'
    refers = {
        "resourceType": "Condition",
        "text": {"status": "generated", "div": div},
        "subject": {"reference": urn},
    }
    patient = entry({"resourceType": "Patient"}, "POST", "Patient") | {"fullUrl": urn}
    write(tmp_path / "b.json", bundle("transaction", patient, entry(refers, "POST", "Condition")))
    assert call("load", "b.json").stderr == "vitiligo.sqlite: 1 document, resources: 2 created, 0 updated\n"


def test_what_a_patch_makes_is_checked(call: Call, tmp_path: Path) -> None:
    write(tmp_path / "right.json", RIGHT)
    call("load", "right.json")
    patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
        {"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": "Patient.gender"},
        {"name": "value", "valueCode": "m"}]}]}  # fmt: skip
    write(tmp_path / "patch.json", bundle("transaction", entry(patch, "PATCH", "Patient/right")))
    assert "`gender` is 'm'" in call("load", "patch.json", status=1).stderr
    call("load", "patch.json", "--validation", "off")
    assert stored(tmp_path / "vitiligo.sqlite", "Patient", "right")["gender"] == "m"  # type: ignore[index]


def test_the_definitions_of_a_package_are_checked_when_that_is_asked(call: Call, tmp_path: Path) -> None:
    call("package", "-o", "v.tgz")
    first = call("load", "--db", "a.sqlite", "v.tgz").stderr
    checked = call("load", "--db", "a.sqlite", "--validation", "profile", "v.tgz").stderr
    created = first.partition("resources: ")[2].partition(" created")[0]
    assert checked.endswith(f" resources: 0 created, {created} updated\n")


def test_synthea_is_loaded_without_a_word(call: Call, synthea_dir: Path) -> None:
    files = sorted(synthea_dir.glob("*.json.bz2"))
    common = [path for path in files if path.name.startswith("0-")]
    smallest = sorted((path for path in files if path not in common), key=lambda path: path.stat().st_size)[
        :5
    ]
    count = sum(
        len(json.loads_object(bz2.decompress(path.read_bytes()))["entry"]) for path in common + smallest
    )
    told = call("load", *common, *smallest).stderr
    assert told == f"vitiligo.sqlite: {len(common) + 5} documents, resources: {count} created, 0 updated\n"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "x.json",
            "",
            "the file is empty: load takes cases, which have an `id`, and FHIR, which has a `resourceType`",
        ),
        ("x.json", " \n ", "the file is empty: load takes cases"),
        ("x.yaml", "", "the file is empty: load takes cases"),
        ("x.json", "{}", "this is neither a case nor FHIR: load takes cases, which have an `id`, and FHIR"),
        ("x.json", '{"a": 1}', "this is neither a case nor FHIR"),
        ("x.json", '{"resourceType": 1}', "this is neither a case nor FHIR"),
        (
            "x.json",
            "[]",
            "a list is neither a case nor FHIR: give a Bundle, or a line to each resource or case (NDJSON)",
        ),
        ("x.json", '[{"resourceType": "Patient"}]', "a list is neither a case nor FHIR"),
        ("x.json", '{"a"', "x.json: not valid JSON"),
        (
            "x.json",
            '{"resourceType": "Patiant"}',
            "'Patiant' is no resource type of FHIR: did you mean Patient?",
        ),
    ],
)
def test_what_is_neither_a_case_nor_fhir_is_told_as_that(
    call: Call, tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    (tmp_path / name).write_text(text)
    told = call("load", name, status=1).stderr.splitlines()
    assert sentence in told[0]
    assert len(told) == 3, told


# Other releases


def medication(release: Release) -> Json:
    found = {"resourceType": "MedicationStatement", "id": "m", "subject": {"reference": "Patient/right"}}
    code = {"text": "ointment"}
    if release is Release.R5:
        return found | {"status": "recorded", "medication": {"concept": code}}
    return found | {"status": "active", "medicationCodeableConcept": code}


def test_r5_becomes_r4_where_it_is_told_or_seen(call: Call, tmp_path: Path) -> None:
    r5 = medication(Release.R5)
    write(tmp_path / "r5.json", r5)
    write(tmp_path / "bundle.json", bundle("transaction", entry(r5)))
    (tmp_path / "r5.xml").write_bytes(to_xml(r5, Release.R5))
    calls = (["r5.json", "--release", "r5"], ["r5.json"], ["bundle.json"], ["r5.xml", "--release", "r5"])
    for number, one in enumerate(calls):
        call("load", *one, "--db", f"{number}.sqlite")
        found = stored(tmp_path / f"{number}.sqlite", "MedicationStatement", "m")
        assert found is not None
        assert found["medicationCodeableConcept"] == {"text": "ointment"}
        assert "medication" not in found
    told = call("load", "r5.json", "--release", "r4", status=1).stderr
    assert "`medication` is not allowed: `MedicationStatement.medication[x]` takes" in told


def test_r5_that_is_not_valid_is_told_as_r5(call: Call, tmp_path: Path) -> None:
    write(tmp_path / "x.json", medication(Release.R5) | {"status": "active"})
    told = call("load", "x.json", status=1).stderr.splitlines()
    assert "MedicationStatement.status: `status` is 'active': use " in told[0]
    assert told[1] == (
        "information: x.json: taken for R5, because it has elements that only R5 has: give --release r4 if it is R4"
    )


def test_r4b_is_stored_as_it_is(call: Call, tmp_path: Path) -> None:
    case = fv.example("case-report")
    write(tmp_path / "b.json", fv.to_fhir(case, Release.R4B))
    count = len(fv.to_fhir(case)["entry"])
    told = call("load", "b.json", "--release", "r4b").stderr
    assert told == f"vitiligo.sqlite: 1 document, resources: {count} created, 0 updated\n"


@pytest.mark.parametrize("release", [Release.R5, Release.R4B])
def test_a_case_in_another_release_is_the_case(call: Call, tmp_path: Path, release: Release) -> None:
    case = fv.example("mixed-thyroid")
    write(tmp_path / "b.json", fv.to_fhir(case, release))
    call("load", "b.json")
    for one in fv.to_fhir(case)["entry"]:
        found = stored(tmp_path / "vitiligo.sqlite", one["resource"]["resourceType"], one["resource"]["id"])
        assert found is not None


def test_a_type_that_r4_has_not_is_told_with_what_to_do(call: Call, tmp_path: Path) -> None:
    write(tmp_path / "r5.json", fv.to_fhir(fv.example("case-report"), Release.R5))
    told = call("load", "r5.json", status=1).stderr
    assert (
        "].resource: R4, which the store holds, has no Citation (R4B and R5 have): leave it out; what a case"
        in told
    )
    assert (
        "comes from is a DocumentReference there: load the case itself, or what `to-fhir --release r4` makes"
        in told
    )
    write(tmp_path / "q.json", {"resourceType": "Questionnaire", "status": "active"})
    told = call("load", "q.json", "--release", "r5", status=1).stderr
    assert "a Questionnaire is not converted from R5 to R4, which the store holds: load it in R4" in told
    write(tmp_path / "i.json", {"resourceType": "InventoryItem", "status": "active"})
    assert "has no InventoryItem (R5 has): leave it out\n" in call("load", "i.json", status=1).stderr


def test_what_has_no_place_in_r4_is_refused_and_nothing_of_it_stored(call: Call, tmp_path: Path) -> None:
    observation = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}}
    event = {"resourceType": "AdverseEvent", "id": "e", "status": "entered-in-error", "actuality": "actual"}
    event |= {"subject": {"reference": "Patient/p"}}
    write(tmp_path / "b.json", bundle("transaction", entry(observation), entry(event)))
    told = call("load", "b.json", status=1).stderr
    assert "FHIR 4.0.1 has no place for Bundle.entry[1].resource.status, and what it says changes" in told
    assert stored(tmp_path / "vitiligo.sqlite", "Observation", "o") is None


def test_a_package_for_another_release_is_refused_once(call: Call, tmp_path: Path) -> None:
    call("package", "-o", "v.tgz", "--release", "r5")
    told = call("load", "v.tgz", status=1).stderr.splitlines()
    assert told == [
        "error: v.tgz: this package is for FHIR R5, the store holds R4, and definitions are not converted: load the one that the "
        "same guide has for R4, if it has one",
        "vitiligo.sqlite: 0 documents, resources: 0 created, 0 updated",
        "not in vitiligo.sqlite, because it failed: 1 of the input",
    ]


def test_what_r4b_writes_otherwise_than_r4_is_known() -> None:
    """The types that both have and that are not the same: all others go from one to the other as they are."""

    def shape(release: Release, place: str) -> Any:
        schema = schemas_of(release).of(place)
        return {
            name: (
                one.kind,
                one.content,
                one.is_list,
                shape(release, one.content) if _below(one, place) else None,
            )
            for name, one in schema.properties.items()
        }

    def _below(one: Any, place: str) -> bool:
        return one.kind == "complex" and one.content.startswith(place + ".")

    both = set(definitions_of(Release.R4).resource_types) & set(definitions_of(Release.R4B).resource_types)
    differs = {kind for kind in both if shape(Release.R4, kind) != shape(Release.R4B, kind)}
    assert differs == _ELSEWHERE_IN_R4B
    assert not differs & CONVERTED


# A case that was loaded before


def test_a_case_replaces_the_case_of_its_id(call: Call, tmp_path: Path) -> None:
    (tmp_path / "v1.yaml").write_text(CASE)
    (tmp_path / "v2.yaml").write_text(WITHOUT_HAND)
    db, hand = tmp_path / "vitiligo.sqlite", lesion(CASE, "hand")
    call("load", "v1.yaml")
    assert stored(db, "BodyStructure", hand) is not None
    told = call("load", "v2.yaml").stderr
    assert told == "vitiligo.sqlite: 1 document, resources: 0 created, 3 updated, 1 deleted\n"
    assert stored(db, "BodyStructure", hand) is None
    assert stored(db, "BodyStructure", lesion(CASE, "face")) is not None
    assert (
        call("load", "v2.yaml").stderr == "vitiligo.sqlite: 1 document, resources: 0 created, 3 updated\n"
    ), "once"
    told = call("load", "v1.yaml").stderr
    assert told == "vitiligo.sqlite: 1 document, resources: 1 created, 3 updated\n"
    with SqliteRepository(db, parameters_of(Release.R4)) as repository:
        version = repository.run(lambda session: session.read_version("BodyStructure", hand, 1))
    assert version is not None, "the history has it"
    assert version.content is not None


def test_two_versions_in_one_run_leave_the_later(call: Call, tmp_path: Path) -> None:
    (tmp_path / "v1.yaml").write_text(CASE)
    (tmp_path / "v2.yaml").write_text(WITHOUT_HAND)
    told = call("load", "v1.yaml", "v2.yaml").stderr.splitlines()
    assert told[0].startswith(
        "warning: v2.yaml id: 'c1' is also the id of the case in v1.yaml: a store takes them for one case"
    )
    assert told[1] == "vitiligo.sqlite: 2 documents, resources: 4 created, 3 updated, 1 deleted"


def test_every_kind_of_resource_that_a_case_no_longer_has_goes(call: Call, tmp_path: Path) -> None:
    """Of every example case only the head is left: nothing but the patient and the record stays."""
    for name in fv.examples():
        case = fv.example(name)
        (tmp_path / "whole.json").write_bytes(json.dumps(fv.case_data(case)))
        write(tmp_path / "head.json", {"id": case.id})
        first = fv.to_fhir(case)["entry"]
        kept = {
            one["resource"]["id"] for one in fv.to_fhir(fv.read_case(json.dumps({"id": case.id})))["entry"]
        }
        call("load", "whole.json")
        assert f", {len(first) - len(kept)} deleted\n" in call("load", "head.json").stderr
        for one in first:
            resource = one["resource"]
            there = stored(tmp_path / "vitiligo.sqlite", resource["resourceType"], resource["id"])
            assert (there is not None) == (resource["id"] in kept), resource["resourceType"]


def test_what_others_added_is_not_touched(call: Call, tmp_path: Path) -> None:
    (tmp_path / "v1.yaml").write_text(CASE)
    (tmp_path / "v2.yaml").write_text(WITHOUT_HAND)
    call("load", "v1.yaml")
    db, hand = tmp_path / "vitiligo.sqlite", lesion(CASE, "hand")
    patient = fv.to_fhir(fv.read_case(CASE.encode()))["entry"][0]["resource"]
    about = {"status": "final", "code": {"text": "x"}, "subject": {"reference": f"Patient/{patient['id']}"}}
    # With the identifier of a lesion, and with a reference to it.
    copied = {"system": patient["identifier"][0]["system"], "value": "c1/lesion/hand"}
    copy = {"resourceType": "Observation", "id": "copy", "identifier": [copied], **about}
    about["focus"] = [{"reference": f"BodyStructure/{hand}"}]
    write(tmp_path / "others.ndjson", copy, {"resourceType": "Observation", "id": "others", **about})
    call("load", "others.ndjson")
    told = call("load", "v2.yaml").stderr.splitlines()
    assert told == [
        f"warning: v2.yaml: BodyStructure/{hand} is no longer in the case 'c1', but stays, because Observation/others refers "
        "to it",
        "vitiligo.sqlite: 1 document, resources: 0 created, 3 updated",
    ]
    assert all(stored(db, "Observation", id) for id in ("copy", "others"))
    assert stored(db, "BodyStructure", hand) is not None


def test_a_bundle_of_a_case_tells_what_it_leaves(call: Call, tmp_path: Path) -> None:
    (tmp_path / "v1.yaml").write_text(CASE)
    (tmp_path / "v2.yaml").write_text(WITHOUT_HAND)
    call("to-fhir", "v2.yaml", "-o", "v2.json")
    call("load", "v1.yaml")
    hand = lesion(CASE, "hand")
    told = call("load", "v2.json").stderr.splitlines()
    assert told == [
        f"warning: v2.json: of an earlier version of the case 'c1' this is still there and no longer in the Bundle: "
        f"BodyStructure/{hand}; load the case itself to replace it, or delete them",
        "vitiligo.sqlite: 1 document, resources: 0 created, 3 updated",
    ]
    assert stored(tmp_path / "vitiligo.sqlite", "BodyStructure", hand) is not None
    assert ", 1 deleted\n" in call("load", "v2.yaml").stderr, "what the Bundle left is known from the history"


def test_the_document_of_an_earlier_version_goes_with_it(call: Call, tmp_path: Path) -> None:
    (tmp_path / "v1.yaml").write_text(CASE)
    (tmp_path / "v2.yaml").write_text(WITHOUT_HAND)
    call("to-fhir", "v1.yaml", "--type", "document", "-o", "v1.json")
    call("load", "v1.json")
    assert " deleted" not in call("load", "v1.yaml").stderr, "it is that of this case"
    assert ", 2 deleted\n" in call("load", "v2.yaml").stderr


def test_cases_stay_apart(call: Call, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(CASE)
    (tmp_path / "other.yaml").write_text(CASE.replace("id: c1", "id: c1.b"))
    (tmp_path / "less.yaml").write_text(WITHOUT_HAND)
    call("load", "one.yaml", "other.yaml")
    assert ", 1 deleted\n" in call("load", "less.yaml").stderr
    other = lesion(CASE.replace("id: c1", "id: c1.b"), "hand")
    assert stored(tmp_path / "vitiligo.sqlite", "BodyStructure", other) is not None
