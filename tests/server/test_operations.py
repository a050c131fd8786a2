"""Operations, called as a client calls them, over the packaged case report."""

from __future__ import annotations

from typing import Any

import pytest

import fhir_vitiligo as fv
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server.app import create_app
from fhir_vitiligo.server.operations.table import HANDLERS, definitions, served
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.storage.load import load_document
from fhir_vitiligo.storage.sqlite import SqliteRepository

from .support import Client, told

GENDER = "http://hl7.org/fhir/ValueSet/administrative-gender"
GENDERS = "http://hl7.org/fhir/administrative-gender"
OWN = "https://w3id.org/fhir-vitiligo/CodeSystem/vitiligo"


@pytest.fixture
def patient(client: Client, repository: SqliteRepository) -> str:
    load_document(repository, fv.to_fhir(fv.example("case-report"), "r4"))
    return str(client.get("/fhir/Patient").json()["entry"][0]["resource"]["id"])


def parameters(**values: Any) -> dict[str, Any]:
    """``valueString__case="..."`` becomes a parameter ``case`` with ``valueString``."""
    listed = [
        {"name": name.partition("__")[2], name.partition("__")[0]: value} for name, value in values.items()
    ]
    return {"resourceType": "Parameters", "parameter": listed}


def values(answer: Any) -> dict[str, Any]:
    body = answer.json()
    assert body["resourceType"] == "Parameters", body
    return {
        one["name"]: next(value for key, value in one.items() if key != "name") for one in body["parameter"]
    }


def types(answer: Any, mode: str) -> list[str]:
    assert answer.status_code == 200, answer.text
    return sorted(
        {
            entry["resource"]["resourceType"]
            for entry in answer.json()["entry"]
            if entry["search"]["mode"] == mode
        }
    )


def test_every_handler_has_a_definition_and_is_told_in_the_capability_statement(client: Client) -> None:
    assert {name for name, _ in definitions(Release.R4)} == set(HANDLERS)
    rest = client.get("/fhir/metadata").json()["rest"][0]
    told_of = {one["name"] for one in rest["operation"]} | {
        one["name"] for resource in rest["resource"] for one in resource.get("operation", ())
    }
    assert told_of == set(served(Release.R4))


def test_validate_a_bare_resource(client: Client) -> None:
    answer = client.send(
        "POST", "/fhir/Patient/$validate", {"resourceType": "Patient", "contact": [{"name": {"family": 1}}]}
    )
    assert answer.status_code == 200
    assert "Patient.contact[0].name.family" in [issue["expression"][0] for issue in answer.json()["issue"]]


def test_validate_on_the_base(client: Client) -> None:
    answer = client.send("POST", "/fhir/$validate", {"resourceType": "Patient", "gender": "x"})
    assert answer.status_code == 200
    assert answer.json()["issue"][0]["expression"] == ["Patient.gender"]


def test_validate_in_parameters_against_a_profile(client: Client) -> None:
    body = parameters(
        resource__resource={"resourceType": "Observation", "status": "final", "code": {"text": "x"}},
        valueUri__profile="https://w3id.org/fhir-vitiligo/StructureDefinition/vitiligo-vetf",
    )
    answer = client.send("POST", "/fhir/Observation/$validate", body)
    assert "Observation" in str(
        [issue.get("expression") for issue in answer.json()["issue"] if issue["severity"] == "error"]
    )


def test_validate_a_stored_resource_and_a_parameters_resource_itself(client: Client, patient: str) -> None:
    assert "error" not in {
        issue["severity"] for issue in client.get(f"/fhir/Patient/{patient}/$validate").json()["issue"]
    }
    itself = {"resourceType": "Parameters", "parameter": [{"name": "x", "valueStrin": "y"}]}
    assert "valueStrin" in told(client.send("POST", "/fhir/Parameters/$validate", itself))


def test_validate_tells_a_wrong_type_and_a_wrong_mode(client: Client) -> None:
    wrong = client.send("POST", "/fhir/Patient/$validate", {"resourceType": "Basic", "code": {"text": "x"}})
    assert "was sent to be validated as a Patient" in told(wrong)
    assert client.get("/fhir/Patient/$validate?mode=fly").status_code == 400


def test_everything_of_a_patient(client: Client, patient: str) -> None:
    answer = client.get(f"/fhir/Patient/{patient}/$everything")
    assert answer.json()["entry"][0]["resource"]["resourceType"] == "Patient"
    assert {"Condition", "Encounter", "MedicationStatement", "Observation", "Procedure"} <= set(
        types(answer, "match")
    )
    assert types(answer, "include") == ["DocumentReference", "Medication"]
    narrow = client.get(f"/fhir/Patient/{patient}/$everything?_type=Condition")
    assert types(narrow, "match") == ["Condition"]
    assert client.get(f"/fhir/Patient/{patient}/$everything?_since=2999-01-01T00:00:00Z").json()["total"] == 0
    assert client.get("/fhir/Patient/nobody/$everything").status_code == 404
    assert "no resource type" in told(client.get(f"/fhir/Patient/{patient}/$everything?_type=Conditon"))


def pages(client: Client, url: str) -> list[dict[str, Any]]:
    found = []
    while url:
        answer = client.get(url)
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        links = {link["relation"]: link["url"] for link in found[-1]["link"]}
        url = links.get("next", "")
    return found


def matches(bundle: dict[str, Any], mode: str = "match") -> list[str]:
    return [
        f"{one['resource']['resourceType']}/{one['resource']['id']}"
        for one in bundle.get("entry", ())
        if one["search"]["mode"] == mode
    ]


@pytest.mark.parametrize("count", [1, 2, 7, 1000])
@pytest.mark.parametrize("more", ["", "&_type=Condition,Observation,Patient", "&_type=Condition"])
def test_everything_comes_in_pages(client: Client, patient: str, count: int, more: str) -> None:
    whole = client.get(f"/fhir/Patient/{patient}/$everything?{more[1:]}").json()
    found = pages(client, f"/fhir/Patient/{patient}/$everything?_count={count}{more}")
    assert [one for page in found for one in matches(page)] == matches(whole)
    assert all(len(matches(page)) == count for page in found[:-1])
    assert found[0]["total"] == whole["total"] == len(matches(whole))
    assert not any("total" in page for page in found[1:])
    included = {one for page in found for one in matches(page, "include")}
    assert included == set(matches(whole, "include"))
    assert included.isdisjoint(matches(whole))


def test_pages_of_everything_are_stable_while_others_write(client: Client, patient: str) -> None:
    before = matches(client.get(f"/fhir/Patient/{patient}/$everything").json())
    first = client.get(f"/fhir/Patient/{patient}/$everything?_count=4").json()
    note = {
        "resourceType": "Basic", "code": {"text": "late"}, "subject": {"reference": f"Patient/{patient}"}
    }  # fmt: skip
    assert client.send("POST", "/fhir/Basic", note).status_code == 201
    changed = client.get(f"/fhir/{before[2]}").json()
    changed["language"] = "de"
    assert client.send("PUT", f"/fhir/{before[2]}", changed).status_code == 200
    (link,) = [one["url"] for one in first["link"] if one["relation"] == "next"]
    after = matches(first) + [one for page in pages(client, link) for one in matches(page)]
    assert after[:-1] == before
    assert after[-1].startswith("Basic/")


def test_everything_of_all_patients_comes_in_pages_too(client: Client, patient: str) -> None:
    other = client.send("POST", "/fhir/Patient", {"resourceType": "Patient"}).json()["id"]
    for number in range(3):
        note = {
            "resourceType": "Basic", "code": {"text": str(number)}, "subject": {"reference": f"Patient/{other}"}
        }  # fmt: skip
        client.send("POST", "/fhir/Basic", note)
    client.send("POST", "/fhir/Basic", {"resourceType": "Basic", "code": {"text": "of nobody"}})
    whole = client.get("/fhir/Patient/$everything").json()
    each = [matches(client.get(f"/fhir/Patient/{one}/$everything").json()) for one in (patient, other)]
    assert sorted(matches(whole)) == sorted(each[0] + each[1])
    found = pages(client, "/fhir/Patient/$everything?_count=5")
    assert sorted(one for page in found for one in matches(page)) == sorted(matches(whole))


def test_everything_by_post_is_followed_by_get(client: Client, patient: str) -> None:
    asked = parameters(valueInteger___count=3, valueCode___type="Observation")
    first = client.send("POST", f"/fhir/Patient/{patient}/$everything", asked).json()
    (link,) = [one["url"] for one in first["link"] if one["relation"] == "next"]
    (itself,) = [one["url"] for one in first["link"] if one["relation"] == "self"]
    assert itself.endswith("/$everything?_count=3&_type=Observation")
    assert matches(client.get(itself).json()) == matches(first)
    rest = [one for page in pages(client, link) for one in matches(page)]
    whole = client.get(f"/fhir/Patient/{patient}/$everything?_type=Observation").json()
    assert matches(first) + rest == matches(whole)


@pytest.mark.parametrize(
    "query", ["_count=-1", "_count=x", "_count=2&_after=x", "_after=WzFd&_count=2&_count=3"]
)
def test_pages_of_everything_that_are_none(client: Client, patient: str, query: str) -> None:
    assert client.get(f"/fhir/Patient/{patient}/$everything?{query}").status_code == 400


def test_how_many_everything_is(client: Client, patient: str) -> None:
    whole = client.get(f"/fhir/Patient/{patient}/$everything").json()
    counted = client.get(f"/fhir/Patient/{patient}/$everything?_count=0").json()
    assert (counted["total"], matches(counted)) == (whole["total"], [])
    assert [link["relation"] for link in counted["link"]] == ["self"]


def test_meta(client: Client, patient: str) -> None:
    tag = {"system": "urn:x", "code": "y"}
    added = client.send(
        "POST", f"/fhir/Patient/{patient}/$meta-add", parameters(valueMeta__meta={"tag": [tag]})
    )
    assert values(added)["return"]["tag"] == [tag]
    again = client.send(
        "POST", f"/fhir/Patient/{patient}/$meta-add", parameters(valueMeta__meta={"tag": [tag]})
    )
    assert values(again)["return"]["versionId"] == values(added)["return"]["versionId"], (
        "nothing changed, so no new version"
    )
    assert values(client.get("/fhir/Patient/$meta"))["return"]["tag"] == [tag]
    taken = client.send(
        "POST", f"/fhir/Patient/{patient}/$meta-delete", parameters(valueMeta__meta={"tag": [tag]})
    )
    assert "tag" not in values(taken)["return"]
    assert client.get(f"/fhir/Patient/{patient}/$meta-add").status_code in (400, 405)


def test_expand(client: Client) -> None:
    expansion = client.get(f"/fhir/ValueSet/$expand?url={GENDER}").json()["expansion"]
    assert (expansion["total"], [one["code"] for one in expansion["contains"]]) == (
        4,
        ["male", "female", "other", "unknown"],
    )
    page = client.get(f"/fhir/ValueSet/$expand?url={GENDER}&offset=1&count=1").json()["expansion"]
    assert [one["code"] for one in page["contains"]] == ["female"]
    given = {
        "resourceType": "ValueSet",
        "compose": {"include": [{"system": GENDERS, "concept": [{"code": "other"}]}]},
    }
    posted = client.send("POST", "/fhir/ValueSet/$expand", given).json()["expansion"]
    assert [one["code"] for one in posted["contains"]] == ["other"]
    assert client.get("/fhir/ValueSet/$expand?url=urn:nowhere").status_code == 404


def test_an_expansion_says_what_it_obeyed(client: Client) -> None:
    asked = "filter=male&offset=0&count=1&activeOnly=true&includeDesignations=true&displayLanguage=de"
    expansion = client.get(f"/fhir/ValueSet/$expand?url={GENDER}&{asked}").json()["expansion"]
    assert expansion["parameter"] == [
        {"name": "filter", "valueString": "male"},
        {"name": "offset", "valueInteger": 0},
        {"name": "count", "valueInteger": 1},
        {"name": "activeOnly", "valueBoolean": True},
        {"name": "includeDesignations", "valueBoolean": True},
        {"name": "displayLanguage", "valueCode": "de"},
    ]
    assert "parameter" not in client.get(f"/fhir/ValueSet/$expand?url={GENDER}").json()["expansion"]


@pytest.mark.parametrize(
    ("query", "result", "message"),
    [
        (f"url={GENDER}&code=male&system={GENDERS}", True, None),
        (f"url={GENDER}&code=mal&system={GENDERS}", False, "The code system has no such code."),
        (
            f"url={GENDER}&code=male&system={GENDERS}&display=Woman",
            False,
            "The display is not one of the code's: Male.",
        ),
    ],
)
def test_validate_code(client: Client, query: str, result: bool, message: str | None) -> None:
    found = values(client.get(f"/fhir/ValueSet/$validate-code?{query}"))
    assert (found["result"], found.get("message")) == (result, message)


def test_lookup_and_translate(client: Client) -> None:
    assert (
        values(client.get(f"/fhir/CodeSystem/$lookup?system={OWN}&code=vgicc-class.segmental"))["display"]
        == "Segmental vitiligo"
    )
    assert client.get(f"/fhir/CodeSystem/$lookup?system={OWN}&code=nothing").status_code == 404
    answer = client.get(
        f"/fhir/ConceptMap/$translate?system={OWN}&code=vgicc-class.segmental&targetsystem=http://snomed.info/sct"
    )
    matches = [one["part"] for one in answer.json()["parameter"] if one["name"] == "match"]
    assert "403268000" in [
        part["valueCoding"]["code"] for parts in matches for part in parts if part["name"] == "concept"
    ]


def test_lastn(client: Client, patient: str) -> None:
    for index, when in enumerate(("2020-01-01", "2021-01-01", "2019")):
        client.put(
            {
                "resourceType": "Observation",
                "id": f"o{index}",
                "status": "final",
                "category": [{"coding": [{"code": "vital-signs"}]}],
                "code": {"coding": [{"system": "urn:x", "code": "height"}]},
                "subject": {"reference": f"Patient/{patient}"},
                "effectiveDateTime": when,
            }
        )
    url = f"/fhir/Observation/$lastn?patient={patient}&category=vital-signs"
    assert [entry["resource"]["id"] for entry in client.get(url).json()["entry"]] == ["o1"]
    assert [entry["resource"]["id"] for entry in client.get(f"{url}&max=2").json()["entry"]] == ["o1", "o0"]
    assert "needs a patient or subject" in told(client.get("/fhir/Observation/$lastn?category=x"))


def test_document_and_summary(client: Client, patient: str, repository: SqliteRepository) -> None:
    summary = client.get(f"/fhir/Patient/{patient}/$summary").json()
    assert (summary["type"], summary["entry"][0]["resource"]["resourceType"]) == ("document", "Composition")
    composition = {
        "resourceType": "Composition", "id": "c", "status": "final", "type": {"text": "x"}, "date": "2024", "title": "t",
        "author": [{"display": "a"}], "subject": {"reference": f"Patient/{patient}"},
    }  # fmt: skip
    client.put(composition)
    document = client.get("/fhir/Composition/c/$document").json()
    assert [entry["resource"]["resourceType"] for entry in document["entry"]] == ["Composition", "Patient"]
    assert document["identifier"]
    assert document["timestamp"]
    kept = client.get("/fhir/Composition/c/$document?persist=true").json()
    assert client.get(f"/fhir/Bundle/{kept['id']}").status_code == 200
    client.put({"resourceType": "Patient", "id": "other"})
    assert client.get("/fhir/Patient/other/$summary").status_code == 422


def test_a_case_goes_in_and_comes_back(client: Client, patient: str) -> None:
    text = fv.dump_case(fv.example("case-report"))
    bundle = client.send("POST", "/fhir/$to-fhir", parameters(valueString__case=text))
    assert json.loads(bundle.content) == fv.to_fhir(fv.example("case-report"), "r4")
    back = client.send("POST", "/fhir/$from-fhir", bundle.content).json()["parameter"][0]["part"]
    assert (back[0]["valueString"], len(back)) == (text, 1)
    stored = client.get(f"/fhir/Patient/{patient}/$from-fhir").json()["parameter"][0]["part"]
    assert stored[0]["valueString"] == text


def test_a_case_with_faults_is_answered_with_all_of_them(client: Client) -> None:
    answer = client.send(
        "POST", "/fhir/$to-fhir", parameters(valueString__case="id: x\nsubject: {sex: 7, agee: 3}\n")
    )
    assert answer.status_code == 400
    assert "agee" in told(answer)
    assert len(answer.json()["issue"]) > 1


@pytest.mark.parametrize(
    ("url", "status", "sentence"),
    [
        ("/fhir/$nope", 404, "there is no operation $nope: this server has $diff"),
        ("/fhir/Patient/$expand", 404, "$expand is not served here, but on a type, a resource (ValueSet)"),
        ("/fhir/Patient/$validate?mod=create", 400, "$validate has no parameter 'mod': did you mean mode?"),
        ("/fhir/ValueSet/$expand", 400, "which value set? give url or valueSet"),
        (
            f"/fhir/ValueSet/$expand?url={GENDER}&exclude-system={GENDERS}",
            400,
            "$expand does not obey exclude-system: name the systems",
        ),
        (
            f"/fhir/CodeSystem/$lookup?system={GENDERS}&code=male&date=2010",
            400,
            "$lookup does not obey date: a code system is known as it is now",
        ),
        ("/fhir/Nothing/$validate", 404, "is no resource type"),
    ],
)
def test_a_wrong_call_says_what_would_be_right(client: Client, url: str, status: int, sentence: str) -> None:
    answer = client.get(url)
    assert answer.status_code == status
    assert sentence in told(answer)


def test_diff_is_a_patch_that_makes_the_later_version(client: Client) -> None:
    older = {
        "resourceType": "Patient",
        "id": "p",
        "active": True,
        "name": [{"given": ["A", "B"]}, {"text": "x"}],
        "deceasedBoolean": False,
    }
    newer = {
        "resourceType": "Patient", "id": "p", "name": [{"given": ["A"], "family": "C"}], "deceasedDateTime": "2024",
        "contact": [{"name": {"text": "y"}, "telecom": [{"value": "1"}, {"value": "2"}]}], "gender": "other",
    }  # fmt: skip
    client.put(older)
    client.put(newer)
    patch = client.get("/fhir/Patient/p/$diff").json()
    client.put(older)
    answer = client.request(
        "PATCH", "/fhir/Patient/p", json=patch, headers={"content-type": "application/fhir+json"}
    )
    assert {key: value for key, value in answer.json().items() if key != "meta"} == newer
    assert client.get("/fhir/$diff?from=Patient/p/_history/2&to=Patient/p").json() == {
        "resourceType": "Parameters"
    }
    assert client.get("/fhir/Patient/p/$diff?fromVersion=99").status_code == 404
    assert "from is not asked here: give fromVersion" in told(
        client.get("/fhir/Patient/p/$diff?from=Patient/p")
    )
    assert "fromVersion is not asked here" in told(client.get("/fhir/$diff?from=Patient/p&fromVersion=1"))
    client.put({"resourceType": "Patient", "id": "new"})
    assert "Patient/new has one version: none came before it" in told(client.get("/fhir/Patient/new/$diff"))


def test_reindex_tells_how_many(client: Client, patient: str) -> None:
    answer = client.send("POST", "/fhir/Patient/$reindex", {"resourceType": "Parameters"})
    assert answer.status_code == 200
    assert "1 resource was indexed" in told(answer)
    assert client.get("/fhir/Patient/$reindex").status_code == 405


def test_meta_of_a_type_and_of_everything_is_that_of_all_pages(repository: SqliteRepository) -> None:
    client = Client(create_app(repository, Settings(max_count=2, validation="off", check_targets=False)))
    for number in range(5):
        meta = {"tag": [{"system": "urn:t", "code": f"t{number}", "display": "T"}], "profile": ["urn:p"]}
        client.put({"resourceType": "Patient", "id": f"p{number}", "meta": meta})
    client.put({"resourceType": "Group", "id": "g", "meta": {"security": [{"system": "urn:s", "code": "s"}]}})
    of_type = values(client.get("/fhir/Patient/$meta"))["return"]
    assert [tag["code"] for tag in of_type["tag"]] == ["t0", "t1", "t2", "t3", "t4"]
    assert of_type["tag"][0]["display"] == "T"
    assert of_type["profile"] == ["urn:p"]
    assert "security" not in of_type
    everything = values(client.get("/fhir/$meta"))["return"]
    assert len(everything["tag"]) == 5
    assert everything["security"] == [{"system": "urn:s", "code": "s"}]


def test_what_meta_add_makes_is_checked_like_any_write(strict: Client) -> None:
    strict.put({"resourceType": "Patient", "id": "p"})
    profile = "https://w3id.org/fhir-vitiligo/StructureDefinition/vitiligo-patient"
    body = parameters(valueMeta__meta={"profile": [profile]})
    answer = strict.send("POST", "/fhir/Patient/p/$meta-add", body)
    assert answer.status_code == 422
    assert "vitiligo-patient" in told(answer)
    assert strict.get("/fhir/Patient/p").json()["meta"]["versionId"] == "1"
    body = parameters(valueMeta__meta={"tag": [{"system": "urn:t", "code": "t", "displ": "x"}]})
    assert strict.send("POST", "/fhir/Patient/p/$meta-add", body).status_code == 422


def test_meta_of_what_was_deleted_is_gone(client: Client) -> None:
    client.put({"resourceType": "Patient", "id": "p"})
    client.request("DELETE", "/fhir/Patient/p")
    body = parameters(valueMeta__meta={"tag": [{"system": "urn:t", "code": "t"}]})
    assert client.send("POST", "/fhir/Patient/p/$meta-add", body).status_code == 410


def test_meta_where_nothing_is_in_use_and_what_would_be_passed_over(client: Client) -> None:
    assert client.get("/fhir/Group/$meta").json() == {"resourceType": "Parameters"}
    client.put({"resourceType": "Patient", "id": "p"})
    for meta, sentence in (
        (
            {"profil": ["urn:p"]},
            "'profil' is none of what is added to a meta or taken away: profile, security, tag",
        ),
        ({"tag": {"system": "urn:t", "code": "t"}}, "`tag` is not an array: write it in brackets"),
    ):
        answer = client.send("POST", "/fhir/Patient/p/$meta-add", parameters(valueMeta__meta=meta))
        assert answer.status_code == 400
        assert sentence in told(answer)
    given = values(client.get("/fhir/Patient/p/$meta"))["return"]
    body = parameters(valueMeta__meta={**given, "tag": [{"system": "urn:t", "code": "t"}]})
    assert client.send("POST", "/fhir/Patient/p/$meta-add", body).status_code == 200
