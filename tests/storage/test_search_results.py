"""Links, order, pages, what comes along, and search parameters of users: the contract of every store."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from fhir_vitiligo.errors import ConflictError, InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.search.cursor import to_text
from fhir_vitiligo.search.query import Limits, parse_query, query_pairs
from fhir_vitiligo.storage.draft import draft
from fhir_vitiligo.storage.repository import Draft, Page, Repository, Session

BASE = "http://here/fhir"


def put(repository: Repository, resource_type: str, id: str, **members: Any) -> None:
    resource = {"resourceType": resource_type, "id": id, **members}
    ready = draft(resource, repository.parameters, id=id)
    repository.run(lambda session: session.update(ready))


def search(repository: Repository, url: str, **more: Any) -> Page:
    resource_type, _, text = url.partition("?")
    query = parse_query(
        repository.parameters, resource_type, query_pairs(text), base=BASE, limits=Limits(50, 1000), **more
    )
    return asyncio.run(repository.search(query))


def ids(repository: Repository, url: str, **more: Any) -> str:
    return " ".join(version.id for version in search(repository, url, **more).versions)


def included(repository: Repository, url: str) -> list[str]:
    return sorted(f"{version.type}/{version.id}" for version in search(repository, url).included)


@pytest.fixture
def clinic(repository: Repository) -> Repository:
    put(repository, "Organization", "hospital", name="Hospital")
    put(repository, "Organization", "ward", name="Ward", partOf={"reference": "Organization/hospital"})
    put(
        repository,
        "Patient",
        "a",
        name=[{"family": "Ängel"}],
        managingOrganization={"reference": "Organization/ward"},
    )
    put(repository, "Patient", "b", name=[{"family": "Berg"}], gender="male", birthDate="1980")
    put(repository, "Questionnaire", "q", url="http://x.org/q", status="active")
    put(repository, "Questionnaire", "q2", url="http://x.org/fhir/Questionnaire/form", title="Form")
    put(repository, "QuestionnaireResponse", "qr2", questionnaire="http://x.org/fhir/Questionnaire/form")
    put(
        repository,
        "QuestionnaireResponse",
        "qr",
        questionnaire="http://x.org/q|1",
        subject={"reference": "Patient/a"},
    )
    for number, (patient, date, code, value) in enumerate(
        [
            ("a", "2020-01-01", "x", 3),
            ("a", "2021-01-01", "y", 1),
            ("b", "2019-06", "x", 2),
            ("b", None, "x", None),
            ("a", "2020-01-01", "y", 5),
        ]
    ):
        put(
            repository,
            "Observation",
            f"o{number}",
            status="final",
            code={"coding": [{"system": "urn:s", "code": code}]},
            subject={"reference": f"{BASE}/Patient/{patient}" if number == 1 else f"Patient/{patient}"},
            **({"effectiveDateTime": date} if date else {}),
            **({"valueQuantity": {"value": value, "unit": "mg"}} if value else {}),
        )
    put(repository, "Location", "l1", position={"latitude": 48.137, "longitude": 11.575})
    put(repository, "Location", "l2", position={"latitude": 52.52, "longitude": 13.405})
    put(repository, "List", "mine", entry=[{"item": {"reference": "Patient/b"}}])
    return repository


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("Observation?patient.name=angel", "o0 o1 o4"),
        ("Observation?subject:Patient.name=berg&code=x", "o2 o3"),
        ("Observation?patient.organization.partof.name=hosp", "o0 o1 o4"),
        ("Observation?patient.gender:not=male", "o0 o1 o4"),
        ("Observation?patient.gender:missing=true", "o0 o1 o4"),
        ("Observation?patient._id=b", "o2 o3"),
        ("Observation?patient.name=nobody", ""),
        ("Patient?_has:Observation:patient:code=y", "a"),
        ("Patient?_has:Observation:patient:value-quantity=gt4", "a"),
        ("Organization?_has:Patient:organization:_has:Observation:patient:code=y", "ward"),
        ("Organization?_has:Patient:organization:_has:Observation:patient:code=z", ""),
        ("Patient?_list=mine", "b"),
        ("Patient?_list=mine,yours", "b"),
        ("QuestionnaireResponse?questionnaire.status=active", "qr"),
        ("QuestionnaireResponse?questionnaire.title=form", "qr2"),
        ("QuestionnaireResponse?questionnaire=http://x.org/fhir/Questionnaire/form", "qr2"),
        ("QuestionnaireResponse?questionnaire=form", ""),
        ("Questionnaire?_has:QuestionnaireResponse:questionnaire:patient=a", "q"),
        ("Questionnaire?_has:QuestionnaireResponse:questionnaire:patient:missing=true", "q2"),
        ("Questionnaire?_has:QuestionnaireResponse:questionnaire:patient=b", ""),
        ("Observation?status=http://hl7.org/fhir/observation-status|final&code=x", "o0 o2 o3"),
        ("Observation?status:not=http://hl7.org/fhir/observation-status|final", ""),
        ("Patient?gender:not=http://hl7.org/fhir/administrative-gender|male", "a"),
        ("Observation?_sort=code&_sort=-value-quantity", "o0 o2 o3 o4 o1"),
        ("Observation?code-value-quantity=urn:s|y$gt2", "o4"),
        ("Observation?code-value-quantity=x$2,y$1", "o1 o2"),
        ("Observation?code-value-quantity:missing=true", "o3"),
        ("Location?near=48.1|11.6|20|km", "l1"),
        ("Location?near=48.1|11.6|600|km", "l1 l2"),
        ("Location?near=48.1|11.6|100|m", ""),
        ("Observation?_sort=date", "o2 o0 o4 o1 o3"),
        ("Observation?_sort=-date", "o1 o0 o4 o2 o3"),
        ("Observation?_sort=code,-value-quantity", "o0 o2 o3 o4 o1"),
        ("Observation?_sort=-_id&code=x", "o3 o2 o0"),
        ("Patient?_sort=-family", "b a"),
        ("Patient?_sort=-_lastUpdated", "b a"),
        ("Observation?_sort=patient,-date", "o1 o0 o4 o2 o3"),
        ("?_type=Patient,Organization&_sort=_id", "a b hospital ward"),
        ("?_type=Patient&gender=male", "b"),
        ("?_id=a,ward", "ward a"),
    ],
)  # fmt: skip
def test_a_search_finds_in_this_order(clinic: Repository, url: str, found: str) -> None:
    assert ids(clinic, url) == found
    total = len(found.split())
    assert search(clinic, f"{url}&_count=0").total == total
    # page after page it comes to the same
    seen, after = [], ""
    while True:
        page = search(clinic, f"{url}&_count=1{after}")
        seen += [version.id for version in page.versions]
        if page.next is None:
            break
        after = f"&_after={to_text(page.next)}"
    assert " ".join(seen) == found


def test_chains_enter_contained_resources(repository: Repository) -> None:
    def order(id: str, code: str, **inside: Any) -> None:
        medication = {
            "resourceType": "Medication",
            "id": "m",
            "code": {"coding": [{"system": "urn:s", "code": code}]},
            "manufacturer": {"reference": "#o"},
        }
        person = {"resourceType": "Patient", "id": "p", "name": [{"family": f"Inside {id}"}]}
        other = {"resourceType": "Organization", "id": "o", "name": "Maker", **inside}
        put(
            repository,
            "MedicationRequest",
            id,
            contained=[person, medication, other],
            medicationReference={"reference": "#m"},
            subject={"reference": "#p"},
        )

    put(repository, "Organization", "outside", name="Outside")
    put(repository, "Medication", "stored", code={"coding": [{"system": "urn:s", "code": "A"}]})
    order("a", "A", partOf={"reference": "Organization/outside"})
    order("b", "B")
    put(
        repository,
        "MedicationRequest",
        "c",
        contained=[{"resourceType": "Medication", "id": "m", "code": {"coding": [{"code": "B"}]}}],
        medicationReference={"reference": "Medication/stored"},
        subject={"reference": "#nobody"},
    )
    for url, found in {
        "MedicationRequest?medication.code=A": "a c",
        "MedicationRequest?medication.code=urn:s|B": "b",
        "MedicationRequest?medication.code:not=A": "b",
        "MedicationRequest?medication.code=B&medication.code=A": "",
        "MedicationRequest?patient.name=inside": "a b",
        "MedicationRequest?subject:Patient.name=inside%20b": "b",
        "MedicationRequest?medication.manufacturer.name=maker": "a b",
        "MedicationRequest?medication.manufacturer.partof.name=outside": "a",
        "MedicationRequest?medication.manufacturer:missing=true": "c",
        "MedicationRequest?medication.manufacturer:missing=false": "a b",
        "MedicationRequest?medication._id=m": "",
        "MedicationRequest?medication=m": "",
        "MedicationRequest?medication:missing=true": "",
        # They are found by nothing else.
        "Medication?code=A": "stored",
        "Medication?code=B": "",
        "Organization?name=maker": "",
        "Organization?_has:Medication:manufacturer:code=A": "",
    }.items():
        assert ids(repository, url) == found, url
        assert search(repository, f"{url}&_count=0").total == len(found.split()), url
    order("a", "C")
    assert ids(repository, "MedicationRequest?medication.code=A") == "c"
    assert ids(repository, "MedicationRequest?medication.manufacturer.partof.name=outside") == ""
    repository.run(lambda session: session.delete("MedicationRequest", "b"))
    assert ids(repository, "MedicationRequest?patient.name=inside") == "a"
    asyncio.run(repository.reindex())
    assert ids(repository, "MedicationRequest?patient.name=inside") == "a"


def test_a_deleted_resource_is_no_link_any_more(clinic: Repository) -> None:
    clinic.run(lambda session: session.delete("Patient", "a"))
    assert ids(clinic, "Observation?patient.name=angel") == ""
    assert ids(clinic, "Observation?subject=Patient/a") == "o0 o1 o4"
    assert included(clinic, "Observation?code=y&_include=Observation:subject") == []


def test_what_comes_along(clinic: Repository) -> None:
    both = included(clinic, "Observation?_include=Observation:subject")
    assert both == ["Patient/a", "Patient/b"]
    assert included(clinic, "Observation?_include=Observation:subject:Group") == []
    assert included(clinic, "Observation?_id=o1&_include=*") == ["Patient/a"]
    assert included(clinic, "Observation?_id=o1&_include=Observation:*") == ["Patient/a"]
    once = "Observation?_id=o1&_include=Observation:subject&_include=Patient:organization"
    assert included(clinic, once) == ["Patient/a"]
    iterated = once.replace("_include=Patient", "_include:iterate=Patient")
    assert included(clinic, iterated) == ["Organization/ward", "Patient/a"]
    assert included(clinic, f"{iterated}&_include:iterate=Organization:partof") == [
        "Organization/hospital",
        "Organization/ward",
        "Patient/a",
    ]
    assert included(clinic, "Patient?_id=a&_revinclude=Observation:patient") == [
        "Observation/o0",
        "Observation/o1",
        "Observation/o4",
    ]
    assert "QuestionnaireResponse/qr" in included(clinic, "Patient?_id=a&_revinclude=*")
    assert included(clinic, "QuestionnaireResponse?_include=QuestionnaireResponse:questionnaire") == [
        "Questionnaire/q",
        "Questionnaire/q2",
    ]
    assert included(clinic, "Questionnaire?_revinclude=QuestionnaireResponse:questionnaire") == [
        "QuestionnaireResponse/qr",
        "QuestionnaireResponse/qr2",
    ]
    # a result is no include, and the total counts results
    page = search(clinic, "Organization?_include=Organization:partof")
    assert (page.total, page.included) == (2, ())


def test_a_compartment_leaves_its_members(clinic: Repository) -> None:
    assert ids(clinic, "Observation", compartment=("Patient", "b")) == "o2 o3"
    assert ids(clinic, "Observation?code=x", compartment=("Patient", "a")) == "o0"
    assert ids(clinic, "", compartment=("Patient", "b")) == "b o2 o3"


def test_sorted_pages_go_on_behind_the_last_result_whatever_is_written(clinic: Repository) -> None:
    first = search(clinic, "Observation?_sort=-date&_count=2")
    assert [one.id for one in first.versions] == ["o1", "o0"]
    assert first.next is not None
    put(clinic, "Observation", "new", status="final", effectiveDateTime="2024")
    clinic.run(lambda session: session.delete("Observation", "o1"))
    rest = search(clinic, f"Observation?_sort=-date&_after={to_text(first.next)}")
    assert [one.id for one in rest.versions] == ["o4", "o2", "o3"]


SHADE = {
    "url": "http://x.org/SearchParameter/shade",
    "name": "Shade",
    "status": "active",
    "code": "shade",
    "base": ["Patient"],
    "type": "string",
    "expression": "Patient.extension.where(url = 'http://x.org/shade' and value.exists()).value.as(string).lower()",
}


def test_a_stored_search_parameter_is_searchable_after_a_reindexing(clinic: Repository) -> None:
    shade = [{"url": "http://x.org/shade", "valueString": "Light"}]
    put(clinic, "Patient", "c", extension=shade)
    put(clinic, "SearchParameter", "shade", **SHADE)
    with pytest.raises(InputError, match="no search parameter 'shade'"):
        search(clinic, "Patient?shade=light")
    before = clinic.parameters.revision
    assert asyncio.run(clinic.reindex()) > 10
    assert clinic.parameters.revision != before
    assert ids(clinic, "Patient?shade=light") == "c"
    put(clinic, "Patient", "d", extension=shade)
    assert ids(clinic, "Patient?shade=light&_sort=-_id") == "d c"
    put(clinic, "Patient", "c")
    assert ids(clinic, "Patient?shade=light") == "d"
    # altered, it takes effect by the next one; retired, it is gone
    put(clinic, "SearchParameter", "shade", **{**SHADE, "expression": "Patient.name.family"})
    assert ids(clinic, "Patient?shade=light") == "d"
    asyncio.run(clinic.reindex())
    assert (ids(clinic, "Patient?shade=light"), ids(clinic, "Patient?shade=berg")) == ("", "b")
    put(clinic, "SearchParameter", "shade", **{**SHADE, "status": "retired"})
    asyncio.run(clinic.reindex())
    with pytest.raises(InputError, match="no search parameter 'shade'"):
        search(clinic, "Patient?shade=berg")


def create(ready: Draft, session: Session) -> None:
    session.create(ready)


def test_searches_and_writes_go_on_while_the_index_is_made(clinic: Repository) -> None:
    for number in range(600):
        put(
            clinic,
            "Patient",
            f"p{number}",
            gender="other",
            extension=[{"url": "http://x.org/shade", "valueString": "dark"}],
        )
    put(clinic, "SearchParameter", "shade", **SHADE)

    async def both() -> int:
        task = asyncio.create_task(clinic.reindex())
        await asyncio.sleep(0)
        with pytest.raises(ConflictError, match="made again already"):
            await clinic.reindex()
        answered = 0
        query = parse_query(clinic.parameters, "Patient", query_pairs("gender=other&_count=0"))
        while not task.done():
            assert (await clinic.search(query)).total == 600 + answered
            ready = draft(
                {
                    "resourceType": "Patient",
                    "gender": "other",
                    "extension": [{"url": "http://x.org/shade", "valueString": "dark"}],
                },
                clinic.parameters,
                id=f"late{answered}",
            )
            await clinic.write(partial(create, ready))
            answered += 1
        await task
        return answered

    answered = asyncio.run(both())
    assert answered > 1
    assert search(clinic, "Patient?shade=dark&_count=0").total == 600 + answered


def test_one_resource_or_one_type_is_indexed_by_itself(clinic: Repository) -> None:
    assert asyncio.run(clinic.reindex("Patient", "a")) == 1
    assert asyncio.run(clinic.reindex("Patient")) == 2
    put(clinic, "SearchParameter", "shade", **{**SHADE, "expression": "Patient.name.family"})
    asyncio.run(clinic.reindex("Observation"))
    with pytest.raises(InputError):
        search(clinic, "Patient?shade=berg")
    asyncio.run(clinic.reindex("Patient"))
    assert ids(clinic, "Patient?shade=berg") == "b"
    assert json.loads_object(search(clinic, "Patient?shade=berg").versions[0].content or b"")["id"] == "b"


def test_patient_and_code_together_are_what_each_finds_of_the_other(repository: Repository) -> None:
    """The two have index rows of their own side by side (fhir_vitiligo.storage.plan_pairs)."""
    subjects = [
        "Patient/p",
        f"{BASE}/Patient/p",
        "http://there/fhir/Patient/p",
        "Patient/q",
        "Group/p",
        "urn:uuid:p",
        None,
    ]
    codings: list[list[dict[str, str]]] = [
        [{"system": "s", "code": "1"}],
        [{"system": "t", "code": "1"}, {"code": "2"}],
        [{"code": "1"}],
        [{"system": "s", "code": "2"}, {"system": "s", "code": "1"}],
        [{}],
    ]
    number = 0
    for subject in subjects:
        for coding in codings:
            number += 1
            members: dict[str, Any] = {} if subject is None else {"subject": {"reference": subject}}
            date = f"20{10 + number % 9}-0{1 + number % 7}"
            put(
                repository,
                "Observation",
                f"o{number}",
                code={"coding": coding},
                effectiveDateTime=date,
                **members,
            )
    put(repository, "Observation", "o1", code={"coding": codings[4]}, subject={"reference": "Patient/p"})
    repository.run(lambda session: session.delete("Observation", "o4"))

    def found(url: str) -> set[str]:
        return set(ids(repository, url).split())

    patients = ["p", "Patient/p", f"{BASE}/Patient/p", "http://there/fhir/Patient/p", "q", "p,q", "nobody"]
    codes = ["1", "s|1", "|1", "s|", "t|1", "2", "1,2", "s|1,|2", "none"]
    several = 0
    for patient in patients:
        for code in codes:
            both = f"Observation?patient={patient}&code={code}&_count=100"
            expected = found(f"Observation?patient={patient}&_count=100") & found(
                f"Observation?code={code}&_count=100"
            )
            assert found(both) == expected, both
            assert found(f"{both}&_sort=-date") == expected
            assert search(repository, both.replace("_count=100", "_count=0")).total == len(expected)
            dated = f"{both}&date=ge2013&date=lt2017"
            assert found(dated) == expected & found("Observation?date=ge2013&date=lt2017&_count=100")
            several += len(expected) > 1
    assert several > 15
    assert found("Observation?patient=p&code:not=1&_count=100") == found(
        "Observation?patient=p&_count=100"
    ) - found("Observation?code=1&_count=100")
    assert found("Observation?patient=p&code:missing=true") == set()
    assert found("Observation?patient=p&code=1&code=2") == found("Observation?patient=p&code=1") & found(
        "Observation?code=2&_count=100"
    )
    walked: list[str] = []
    cursor: dict[str, Any] = {}
    for _ in range(20):
        query = parse_query(
            repository.parameters,
            "Observation",
            query_pairs("patient=p&code=1,2&_sort=date&_count=1"),
            base=BASE,
        )
        page = asyncio.run(repository.search(replace(query, **cursor)))
        walked += [version.id for version in page.versions]
        if page.next is None:
            break
        cursor = {"after": page.next}
    assert len(walked) == len(set(walked)) == len(found("Observation?patient=p&code=1,2&_count=100"))


def test_by_last_change_every_page_goes_on_where_the_one_before_ended(repository: Repository) -> None:
    for number in range(9):
        put(repository, "Basic", f"b{number}")
    for number in (3, 7, 1):
        put(repository, "Basic", f"b{number}", language="de")
    put(repository, "Patient", "other")
    repository.run(lambda session: session.delete("Basic", "b5"))
    expected = ["b0", "b2", "b4", "b6", "b8", "b3", "b7", "b1"]
    for sort, order in (("_lastUpdated", expected), ("-_lastUpdated", expected[::-1])):
        query = parse_query(repository.parameters, "Basic", query_pairs(f"_sort={sort}&_count=3"), base=BASE)
        page = asyncio.run(repository.search(query))
        assert page.total == 8
        found = [version.id for version in page.versions]
        while page.next is not None:
            page = asyncio.run(repository.search(replace(query, after=page.next)))
            found += [version.id for version in page.versions]
        assert found == order
    both = ids(repository, "?_type=Basic,Patient&_sort=-_lastUpdated&_count=50").split()
    assert both == ["other", *expected[::-1]]


def test_what_changed_since_comes_in_the_order_of_the_changes(repository: Repository) -> None:
    for number in range(6):
        put(repository, "Basic", f"b{number}")
    mark = asyncio.run(repository.read("Basic", "b5"))
    assert mark is not None
    since = mark.last_updated.isoformat().replace("+00:00", "Z")
    for number in (4, 0, 2):
        put(repository, "Basic", f"b{number}", language="de")
    query = parse_query(
        repository.parameters, "Basic", query_pairs(f"_lastUpdated=gt{since}&_count=2"), base=BASE
    )
    page = asyncio.run(repository.search(query))
    assert ([version.id for version in page.versions], page.total) == (["b4", "b0"], 3)
    put(repository, "Basic", "b4", language="fr")  # meanwhile
    assert page.next is not None
    page = asyncio.run(repository.search(replace(query, after=page.next)))
    assert [version.id for version in page.versions] == ["b2", "b4"]
    assert ids(repository, f"Basic?_lastUpdated=gt{since}&_sort=_id") == "b0 b2 b4"
    assert ids(repository, f"Basic?_lastUpdated=le{since}") == "b1 b3 b5"
    assert ids(repository, f"Basic?_lastUpdated=gt{since}&_id=b0,b1") == "b0"
    assert ids(repository, f"?_type=Basic,Patient&_lastUpdated=le{since}") == "b1 b3 b5"
    text = f"Basic?_lastUpdated=gt{since}&_count=1"
    following = query_pairs(text.partition("?")[2])
    parsed = parse_query(repository.parameters, "Basic", following, base=BASE)
    page = asyncio.run(repository.search(parsed))
    assert page.next is not None
    again = parse_query(repository.parameters, "Basic", parsed.following(page.next), base=BASE)
    assert [version.id for version in asyncio.run(repository.search(again)).versions] == ["b2"]
