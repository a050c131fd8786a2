"""Bundles as transactions: order, links, conditions, all or nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fhir_vitiligo.errors import ConflictError, FhirVitiligoError, InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.storage.entries import read_entries
from fhir_vitiligo.storage.load import load_bundles, load_document
from fhir_vitiligo.storage.repository import Repository
from fhir_vitiligo.storage.transaction import Done, run_transaction


def entry(
    method: str, url: str, resource: dict[str, Any] | None = None, full_url: str = "", **request: str
) -> Any:
    made: dict[str, Any] = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        made["resource"] = resource
    if full_url:
        made["fullUrl"] = full_url
    return made


def run(repository: Repository, *entries: Any, base: str = "") -> list[Done]:
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}
    read = read_entries(bundle, repository.parameters, base=base)
    return repository.run(lambda session: run_transaction(session, read, repository.parameters, base=base))


def content(repository: Repository, resource_type: str, id: str) -> dict[str, Any]:
    version = asyncio.run(repository.read(resource_type, id))
    assert version is not None
    assert version.content is not None
    return json.loads_object(version.content)


def test_links_to_a_full_url_become_the_stored_id(repository: Repository) -> None:
    urn = "urn:uuid:0c6f5bd0-1111-4222-8333-444455556666"
    observation = {
        "resourceType": "Observation",
        "subject": {"reference": urn},
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": urn}],
        "extension": [{"url": "http://x", "valueUri": urn}],
        "text": {"div": f'<div><a href="{urn}">he</a> {urn}</div>'},
    }
    done = run(
        repository,
        entry("POST", "Observation", observation),
        entry("POST", "Patient", {"resourceType": "Patient", "id": "ignored"}, urn),
    )
    assert [one.status for one in done] == [201, 201]
    patient, stored = done[1].version, done[0].version
    assert patient is not None
    assert stored is not None
    target = f"Patient/{patient.id}"
    assert patient.id != "ignored"
    found = content(repository, "Observation", stored.id)
    assert found["subject"] == {"reference": target}
    assert found["extension"][0]["valueUri"] == target
    assert found["text"]["div"] == f'<div><a href="{target}">he</a> {urn}</div>'
    assert found["identifier"][0]["value"] == urn, "an identifier is no link"


def test_absolute_full_urls_resolve_relative_links_of_the_same_server(repository: Repository) -> None:
    done = run(
        repository,
        entry("POST", "Patient", {"resourceType": "Patient"}, "http://old/fhir/Patient/7"),
        entry(
            "PUT", "Observation/o",
            {"resourceType": "Observation", "id": "o", "subject": {"reference": "Patient/7"}},
            "http://old/fhir/Observation/o",
        ),
        entry(
            "PUT", "Observation/q",
            {"resourceType": "Observation", "id": "q", "subject": {"reference": "Patient/7"}},
            "http://elsewhere/fhir/Observation/q",
        ),
    )  # fmt: skip
    assert done[0].version is not None
    assert content(repository, "Observation", "o")["subject"]["reference"] == f"Patient/{done[0].version.id}"
    assert content(repository, "Observation", "q")["subject"]["reference"] == "Patient/7"


def test_a_second_load_updates_and_never_doubles(repository: Repository) -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            entry("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"}, "urn:uuid:1"),
            entry(
                "PUT", "Condition/c",
                {"resourceType": "Condition", "id": "c", "subject": {"reference": "urn:uuid:1"}},
                "urn:uuid:2",
            ),
        ],
    }  # fmt: skip
    first = load_bundles(repository, [bundle])
    assert (first.created, first.updated) == (2, 0)
    second = load_bundles(repository, [bundle])
    assert (second.created, second.updated) == (0, 2)
    assert [v.version for v in asyncio.run(repository.history("Condition", "c"))] == [2, 1]
    assert content(repository, "Condition", "c")["subject"]["reference"] == "Patient/p"


def test_other_documents_are_stored_under_their_own_ids(repository: Repository) -> None:
    collection = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "p"}},
            {"resource": {"resourceType": "Condition", "subject": {"reference": "urn:uuid:1"}}},
            {
                "resource": {
                    "resourceType": "Observation",
                    "id": "o",
                    "subject": {"reference": "urn:uuid:none"},
                }
            },
        ],
    }
    counts = load_bundles(repository, [collection, {"resourceType": "Basic", "id": "b"}])
    assert (counts.documents, counts.created) == (2, 4)
    assert counts.by_type == {"Patient": 1, "Condition": 1, "Observation": 1, "Basic": 1}
    assert content(repository, "Observation", "o")["subject"]["reference"] == "urn:uuid:none"
    assert content(repository, "Basic", "b")["resourceType"] == "Basic"


def test_a_conditional_create_makes_one_and_finds_it_again(repository: Repository) -> None:
    organization = {"resourceType": "Organization", "identifier": [{"system": "s", "value": "1"}]}
    create = entry("POST", "Organization", organization, "urn:uuid:o", ifNoneExist="identifier=s|1")
    linking = {"resourceType": "Patient", "managingOrganization": {"reference": "urn:uuid:o"}}
    first = run(repository, create)
    second = run(repository, create, entry("POST", "Patient", linking))
    assert [one.status for one in first + second] == [201, 200, 201]
    assert first[0].version == second[0].version
    assert first[0].version is not None
    assert second[1].version is not None
    found = content(repository, "Patient", second[1].version.id)
    assert found["managingOrganization"]["reference"] == f"Organization/{first[0].version.id}"
    run(repository, entry("POST", "Organization", organization))
    with pytest.raises(ConflictError, match=r"Bundle\.entry\[0\]: the condition fits Organization/"):
        run(repository, create)


def test_a_conditional_reference_becomes_the_one_resource_it_fits(repository: Repository) -> None:
    practitioner = {"resourceType": "Practitioner", "id": "dr", "identifier": [{"system": "s", "value": "1"}]}
    run(repository, entry("PUT", "Practitioner/dr", practitioner))
    link = {
        "resourceType": "Observation",
        "id": "o",
        "performer": [{"reference": "Practitioner?identifier=s|1"}],
    }
    run(repository, entry("PUT", "Observation/o", link))
    assert content(repository, "Observation", "o")["performer"] == [{"reference": "Practitioner/dr"}]
    nobody = {"resourceType": "Observation", "performer": [{"reference": "Practitioner?identifier=s|2"}]}
    with pytest.raises(ConflictError, match=r"'Practitioner\?identifier=s|2' fits no resource here"):
        run(repository, entry("POST", "Observation", nobody))


def test_deletes_come_before_creates_and_creates_before_updates(repository: Repository) -> None:
    run(repository, entry("PUT", "Patient/a", {"resourceType": "Patient", "id": "a"}))
    done = run(
        repository,
        entry("PUT", "Patient/b", {"resourceType": "Patient", "id": "b"}),
        entry("POST", "Patient", {"resourceType": "Patient"}),
        entry("DELETE", "Patient/a"),
    )
    assert [one.status for one in done] == [201, 201, 204], "told in the order of the Bundle"
    updated = [one.version.updated for one in done if one.version is not None]
    assert updated[2] < updated[1] < updated[0]


def test_a_fault_in_one_entry_undoes_all(repository: Repository) -> None:
    good = entry("PUT", "Patient/a", {"resourceType": "Patient", "id": "a"})
    bad = entry("PUT", "Patient/b", {"resourceType": "Patient", "id": "b"}, ifMatch='W/"3"')
    with pytest.raises(ConflictError, match=r"Bundle\.entry\[1\]: Patient/b was expected in version 3"):
        run(repository, good, bad)
    assert asyncio.run(repository.read("Patient", "a")) is None
    with pytest.raises(InputError, match="urn:uuid:9 is the fullUrl of no entry"):
        run(
            repository,
            good,
            entry("POST", "Basic", {"resourceType": "Basic", "subject": {"reference": "urn:uuid:9"}}),
        )
    assert asyncio.run(repository.read("Patient", "a")) is None


def test_all_faults_of_a_bundle_are_told_at_once(repository: Repository) -> None:
    patient = {"resourceType": "Patient", "id": "a"}
    with pytest.raises(InputError) as caught:
        run(
            repository,
            entry("PUT", "Patient/a", patient),
            entry("PUT", "Patient/a", patient),
            entry("PUT", "Patient/b", patient),
            entry("POST", "Observation", patient),
            entry("POST", "Patientt", {"resourceType": "Patientt"}),
            entry("COPY", "Patient/a"),
            entry("PUT", "Patient?idntifier=1", patient),
            entry("POST", "Patient"),
            {"resource": patient},
            entry("POST", "Patient", patient, ifNoneExist="idntifier=1"),
            entry("POST", "Patient", patient, ifNoneExist="_foo=1"),
        )
    told = {issue.expression: issue.text for issue in caught.value.issues}
    assert "Bundle.entry[0]" not in told
    for place, sentence in {
        "Bundle.entry[1]": "Patient/a is written by Bundle.entry[0] already",
        "Bundle.entry[2].resource.id": "the resource has the id 'a', but the url says 'b'",
        "Bundle.entry[3].resource": "the resource is a Patient, but the url is one of Observation",
        "Bundle.entry[4].request.url": "'Patientt' is no resource type",
        "Bundle.entry[5].request.method": "the method 'COPY' is not served in a Bundle",
        "Bundle.entry[6].idntifier": "did you mean identifier?",
        "Bundle.entry[7].resource": "POST needs `resource`",
        "Bundle.entry[8].request": "the entry needs `request`",
        "Bundle.entry[9].idntifier": "did you mean identifier?",
        "Bundle.entry[10]": "names '_foo', by which Patient is not searched",
    }.items():
        assert sentence in told[place], (place, told)


def test_a_document_that_fails_is_named_and_those_before_it_stay(repository: Repository) -> None:
    with pytest.raises(FhirVitiligoError) as caught:
        load_bundles(repository, [{"resourceType": "Patient", "id": "a"}, {"resourceType": "Nothing"}])
    assert caught.value.__notes__ == ["document 2 was not loaded; the ones before it were"]
    assert content(repository, "Patient", "a")["id"] == "a"


def test_the_text_of_an_entry_is_kept_where_no_link_changed(repository: Repository) -> None:
    text = b'{"resourceType":"Basic","id":"b","x":1.500,"y":"\\u00e9"}'
    bundle = {"entry": [{"resource": json.loads(text), "request": {"method": "PUT", "url": "Basic/b"}}]}
    read = read_entries(bundle, repository.parameters, [text])
    repository.run(lambda session: run_transaction(session, read, repository.parameters))
    version = asyncio.run(repository.read("Basic", "b"))
    assert version is not None
    assert version.content is not None
    assert version.content.endswith(b',"x":1.500,"y":"\\u00e9"}')


def test_load_document_tells_what_became_of_each(repository: Repository) -> None:
    done = load_document(repository, {"resourceType": "Patient", "id": "a"})
    assert [(one.status, one.entry.type) for one in done] == [(201, "Patient")]


def test_an_escaped_urn_of_no_entry_is_noticed_too(repository: Repository) -> None:
    """JSON may spell a colon as an escape; the text of the resource is looked at before it is walked."""
    resource = {"resourceType": "Observation", "subject": {"reference": "urn:uuid:0-0"}}
    text = b'{"resourceType":"Observation","subject":{"reference":"urn:uuid\\u003a0-0"}}'
    request = {"method": "POST", "url": "Observation"}
    document = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"resource": resource, "request": request}],
    }
    entries = read_entries(document, repository.parameters, [text], "http://here/fhir")
    with pytest.raises(InputError, match="urn:uuid:0-0 is the fullUrl of no entry of this Bundle"):
        repository.run(
            lambda session: run_transaction(session, entries, repository.parameters, base="http://here/fhir")
        )
