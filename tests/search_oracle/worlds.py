"""Resources to search: awkward ones, vitiligo cases, a part of Synthea."""

from __future__ import annotations

import bz2
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.mapper import Mapper
from tests.properties.draws import Seeded
from tests.properties.strategies import case

from .values import BASE, UCUM, Resource

DATES = (
    "2019", "2019-12", "2020-01", "2020-01-01", "2020-02-29", "2020-01-01T00:00:00Z", "2019-12-31T19:00:00-05:00",
    "2020-01-01T05:30:00+05:30", "2020-01-01T00:00:00.250Z", "2020-06-15T12:00:00Z", "2021", "1970-01-01", "2020-01-31",
)  # fmt: skip
AMOUNTS = ("1", "1.0", "0.5", "1000", "999.6", "1000.4", "5.4", "5.35", "-3", "0", "100", "1e2", "0.0010")
UNITS = (
    ("g", "g"),
    ("mg", "mg"),
    ("kg", "kg"),
    ("cm", "cm"),
    ("mm", "mm"),
    ("%", "%"),
    ("Cel", "°C"),
    ("[degF]", "°F"),
)
CODES = (
    ("http://loinc.org", "8302-2"),
    ("http://loinc.org", "29463-7"),
    ("urn:s", "a|b,c"),
    ("", "a"),
    ("urn:s", "a"),
    ("urn:t", "A"),
)
CLASS_CODES = (
    "vgicc-class.segmental",
    "diagnosis.vitiligo",
    "diagnosis.eyelid",
    "diagnosis.eyelid-periocular",
    "diagnosis.eyelid-periocular-left-upper",
)
CLASSES = "https://w3id.org/fhir-vitiligo/CodeSystem/vitiligo"
NAMES = (
    "Müller",
    "Mueller",
    "MÜLLER",
    "Ångström",
    "angstrom",
    "de la Cruz",
    "O'Neil",
    "李",
    "Straße",
    "Strasse",
    "Anna-Lena",
)
URLS = (
    "http://x.org/a",
    "http://x.org/a/b",
    "http://x.org/a/b/c",
    "http://x.org/ab",
    "urn:uuid:5",
    "http://y.org/",
)


FORMS = (
    "http://x.org/form",
    "urn:uuid:6",
    "http://x.org/fhir/Questionnaire/form",
    f"{BASE}/Questionnaire/r1",
)


class Awkward:
    """Random resources out of few values, so that they meet; every kind of value the search types know."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.made: list[Resource] = []
        self.inside: dict[str, Resource] = {}

    def resources(self, count: int) -> list[Resource]:
        makers: list[Callable[[], Resource]] = [
            self.observation,
            self.observation,
            self.patient,
            self.condition,
            self.location,
            self.value_set,
            self.questionnaire,
            self.answers,
            self.organization,
            self.task,
            self.risk,
        ]
        for number in range(count):
            self.inside = {}
            made = self.random.choice(makers)()
            inside = {"contained": list(self.inside.values())} if self.inside else {}
            self.made.append({**made, **inside, "id": f"r{number}"})
        return self.made

    def some(self, *values: Any) -> Any:
        return self.random.choice(values)

    def perhaps(self, name: str, make: Any, chance: float = 0.7) -> dict[str, Any]:
        return {name: make()} if self.random.random() < chance else {}

    def several(self, make: Any, most: int = 2) -> list[Any]:
        return [make() for _ in range(self.random.randint(1, most))]

    def date(self) -> str:
        return str(self.some(*DATES))

    def moment(self) -> str:
        return str(self.some(*(one for one in DATES if "T" in one)))

    def period(self) -> Resource:
        return {**self.perhaps("start", self.date), **self.perhaps("end", self.date)} or {
            "start": self.date()
        }

    def timing(self) -> Resource:
        if self.random.random() < 0.3:
            return {"repeat": {"boundsPeriod": self.period()}}
        return {"event": self.several(self.date, 3)}

    def amount(self) -> Decimal:
        return Decimal(str(self.some(*AMOUNTS)))

    def quantity(self) -> Resource:
        code, word = self.some(*UNITS)
        return {
            "value": self.amount(),
            **self.perhaps("comparator", lambda: self.some("<", "<=", ">", ">="), 0.15),
            **self.some(
                {"system": UCUM, "code": code},
                {"system": UCUM, "code": code, "unit": word},
                {"unit": word},
                {},
            ),
        }

    def coding(self) -> Resource:
        system, code = self.some(*CODES)
        found = {"code": code, **self.perhaps("display", lambda: self.some(*NAMES), 0.3)}
        return {"system": system, **found} if system else found

    def concept(self) -> Resource:
        found = {**self.perhaps("coding", lambda: self.several(self.coding), 0.9)}
        return {**found, **self.perhaps("text", lambda: self.some(*NAMES), 0.4)} or {"text": "x"}

    def identifier(self) -> Resource:
        return {
            **self.perhaps("system", lambda: self.some("urn:s", "urn:t")),
            "value": self.some("1", "2", "a"),
            **self.perhaps("type", self.concept, 0.4),
        }

    def reference(self, *types: str) -> Resource:
        known = [one for one in self.made if one["resourceType"] in types]
        if known and self.random.random() < 0.8:
            one = self.random.choice(known)
            head = self.some("", "", "", f"{BASE}/")
            return {"reference": f"{head}{one['resourceType']}/{one['id']}{self.some('', '', '/_history/1')}"}
        if self.random.random() < 0.3:
            return {"reference": f"#{self.contained(types[-1])}"}
        elsewhere: Resource = self.some(
            {"reference": f"{types[0]}/nobody"},
            {"reference": f"http://there.org/fhir/{types[0]}/r1"},
            {"identifier": self.identifier()},
            {"reference": "#inside"},
            {"display": "somebody"},
        )
        return elsewhere

    def contained(self, resource_type: str) -> str:
        """The id of a new one, or of one that is there."""
        id = f"c{len(self.inside)}"
        for other, one in self.inside.items():
            if one.get("resourceType") == resource_type and self.random.random() < 0.5:
                return other
        self.inside[id] = {}
        self.inside[id] = {**getattr(self, resource_type.lower())(), "id": id}
        return id

    def human_name(self) -> Resource:
        return {
            **self.perhaps("family", lambda: self.some(*NAMES)),
            "given": self.several(lambda: self.some(*NAMES)),
            **self.perhaps("text", lambda: f"{self.some(*NAMES)}  {self.some(*NAMES)}", 0.3),
            **self.perhaps("period", self.period, 0.1),
        }

    def meta(self) -> Resource:
        return {
            **self.perhaps("profile", lambda: [self.some(*URLS)], 0.4),
            **self.perhaps("tag", lambda: [self.coding()], 0.4),
            **self.perhaps("source", lambda: self.some(*URLS), 0.2),
        }

    def value(self) -> Resource:
        makers: dict[str, Callable[[], Resource]] = {
            "quantity": lambda: {"valueQuantity": self.quantity()},
            "concept": lambda: {"valueCodeableConcept": self.concept()},
            "string": lambda: {"valueString": self.some(*NAMES)},
            "date": lambda: {"valueDateTime": self.date()},
            "period": lambda: {"valuePeriod": self.period()},
            "none": dict,
        }
        return makers[self.some("quantity", "quantity", "quantity", *makers)]()

    def component(self) -> Resource:
        return {"code": self.concept(), **{k: v for k, v in self.value().items() if k != "valueNothing"}}

    def observation(self) -> Resource:
        survey = {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"}
            ]
        }
        return {
            "resourceType": "Observation",
            **self.perhaps("meta", self.meta, 0.3),
            "status": self.some("final", "preliminary"),
            **self.perhaps("category", lambda: [self.some(survey, self.concept())], 0.5),
            **self.perhaps("code", self.concept, 0.95),
            **self.perhaps("subject", lambda: self.reference("Patient", "Location")),
            **self.some(
                {"effectiveDateTime": self.date()},
                {"effectivePeriod": self.period()},
                {"effectiveTiming": self.timing()},
                {"effectiveInstant": self.moment()},
                {},
            ),
            **self.value(),
            **self.perhaps("component", lambda: self.several(self.component), 0.4),
            **self.perhaps("hasMember", lambda: [self.reference("Observation")], 0.3),
        }

    def patient(self) -> Resource:
        return {
            "resourceType": "Patient",
            **self.perhaps("meta", self.meta, 0.3),
            **self.perhaps("active", lambda: self.some(True, False)),
            **self.perhaps("identifier", lambda: self.several(self.identifier)),
            **self.perhaps("name", lambda: self.several(self.human_name)),
            **self.perhaps("gender", lambda: self.some("male", "female", "other")),
            **self.perhaps("birthDate", lambda: self.some("1970", "1970-01", "1970-01-01", "2020-02-29")),
            **self.perhaps(
                "telecom", lambda: [{"system": self.some("phone", "email"), "value": self.some("1", "2")}]
            ),
            **self.perhaps(
                "address", lambda: [{"city": self.some(*NAMES), "country": "DE", "line": ["A 1", "Hof"]}], 0.4
            ),
            **self.perhaps("managingOrganization", lambda: self.reference("Organization")),
            **self.perhaps("generalPractitioner", lambda: [self.reference("Organization")], 0.3),
            **self.some({"deceasedBoolean": self.some(True, False)}, {"deceasedDateTime": "2020-01-01"}, {}),
        }

    def condition(self) -> Resource:
        own = {"system": CLASSES, "code": self.some(*CLASS_CODES)}
        return {
            "resourceType": "Condition",
            "code": self.some(self.concept(), {"coding": [own]}),
            "subject": self.reference("Patient"),
            **self.some(
                {"onsetDateTime": self.date()},
                {"onsetAge": {"value": self.amount(), "system": UCUM, "code": self.some("a", "mo", "d")}},
                {"onsetPeriod": self.period()},
                {"onsetRange": {"low": self.quantity(), "high": {"value": Decimal(2000), "unit": "x"}}},
                {"onsetString": self.some(*NAMES)},
            ),
            **self.perhaps("recordedDate", self.date),
        }

    def organization(self) -> Resource:
        return {
            "resourceType": "Organization",
            "name": self.some(*NAMES),
            **self.perhaps("partOf", lambda: self.reference("Organization"), 0.5),
            **self.perhaps("identifier", lambda: [self.identifier()], 0.5),
        }

    def location(self) -> Resource:
        return {
            "resourceType": "Location",
            "name": self.some(*NAMES),
            **self.perhaps("partOf", lambda: self.reference("Location"), 0.5),
            **self.perhaps("managingOrganization", lambda: self.reference("Organization")),
        }

    def value_set(self) -> Resource:
        context = {
            "code": self.coding(),
            **self.some({"valueQuantity": self.quantity()}, {"valueCodeableConcept": self.concept()}),
        }
        return {
            "resourceType": "ValueSet",
            "status": "draft",
            **self.perhaps("url", lambda: self.some(*URLS)),
            **self.perhaps("date", self.date),
            **self.perhaps("title", lambda: self.some(*NAMES)),
            **self.perhaps("useContext", lambda: [context], 0.5),
        }

    def questionnaire(self) -> Resource:
        return {
            "resourceType": "Questionnaire",
            "status": self.some("draft", "active"),
            **self.perhaps("url", lambda: self.some(*FORMS)),
            **self.perhaps("title", lambda: self.some(*NAMES)),
        }

    def answers(self) -> Resource:
        return {
            "resourceType": "QuestionnaireResponse",
            "status": self.some("completed", "in-progress"),
            **self.perhaps("questionnaire", lambda: self.some(*FORMS) + self.some("", "", "|1")),
            **self.perhaps("subject", lambda: self.reference("Patient")),
        }

    def task(self) -> Resource:
        return {
            "resourceType": "Task",
            "status": "draft",
            "intent": "order",
            **self.perhaps("for", lambda: self.reference("Patient")),
            **self.perhaps("executionPeriod", self.period),
            **self.perhaps("partOf", lambda: [self.reference("Task")], 0.4),
        }

    def risk(self) -> Resource:
        return {
            "resourceType": "RiskAssessment",
            "status": "final",
            "subject": self.reference("Patient"),
            "prediction": [
                self.some(
                    {"probabilityDecimal": self.amount()},
                    {"probabilityRange": {"low": {"value": self.amount()}}},
                )
            ],
        }


def awkward(seed: int, count: int) -> list[Resource]:
    return Awkward(seed).resources(count)


def vitiligo(seeds: range) -> list[Resource]:
    """The resources of generated cases, as the mapping writes them."""
    found: dict[tuple[str, str], Resource] = {}
    mapper = Mapper(Release.R4)
    for seed in seeds:
        bundle = json.loads_object(json.dumps(mapper.to_fhir(case(Seeded(seed)), type="collection")))
        for entry in bundle["entry"]:
            resource = entry["resource"]
            if "id" in resource:
                found[resource["resourceType"], resource["id"]] = resource
    return list(found.values())


def synthea(folder: Path, patients: int, most: int) -> list[Resource]:
    """Of the smallest patients, with references as a transaction would have written them."""
    files = sorted(
        (path for path in folder.glob("*.json.bz2") if not path.name.startswith("0-")),
        key=lambda path: path.stat().st_size,
    )
    found: list[Resource] = []
    for path in files[:patients]:
        text = bz2.decompress(path.read_bytes())
        entries = json.loads(text)["entry"]
        for entry in entries:
            resource = entry["resource"]
            text = text.replace(
                f'"urn:uuid:{resource["id"]}"'.encode(),
                f'"{resource["resourceType"]}/{resource["id"]}"'.encode(),
            )
        found += [entry["resource"] for entry in json.loads(text)["entry"]][: most // patients]
    return found
