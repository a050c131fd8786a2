"""Resources that use an extension, made from its definition: one a context and type, and one with each fault.

What an extension may hold is read off the snapshot, so that a new extension needs one FSH file and is tested
at once; a context that no other extension has needs one entry in :func:`host`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

# A value of each type that our extensions have.
SAMPLES: Json = {
    "boolean": True,
    "code": "some-code",
    "id": "some-id",
    "date": "2020-05",
    "dateTime": "2020-05",
    "decimal": 1.5,
    "integer": 1,
    "markdown": "some *words*",
    "positiveInt": 1,
    "string": "some words",
    "unsignedInt": 0,
    "uri": "urn:oid:1.2.3",
    "Age": {"value": 19, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"},
    "Annotation": {"text": "some words"},
    "CodeableConcept": {"text": "some words"},
    "Coding": {"display": "some words"},
    "Duration": {"value": 9, "unit": "mo", "system": "http://unitsofmeasure.org", "code": "mo"},
    "Identifier": {"value": "some-identifier"},
    "Period": {"start": "2020-05", "end": "2020-06"},
    "Quantity": {"value": 1.5, "unit": "J/cm2", "system": "http://unitsofmeasure.org", "code": "J/cm2"},
    "Range": {"low": {"value": 1}, "high": {"value": 2}},
    "Reference": {"display": "some thing"},
    "Timing": {"repeat": {"frequency": 1, "period": 2, "periodUnit": "wk"}},
}
NOT_OURS = {"valueBase64Binary": "aGk="}  # of a type that no extension of ours has

TYPE, SUB_TYPE = "Extension_EXT_Type", "Extension_PROF_Type"
UNKNOWN = "Extension_EXT_SubExtension_Invalid"
MINIMUM, MAXIMUM = "Validation_VAL_Profile_Minimum_SLICE", "Validation_VAL_Profile_Maximum"


class ExtensionDefinition:
    """What the StructureDefinition of an extension allows. ``codes``: a code of each required value set."""

    def __init__(self, definition: Json, codes: dict[str, str]) -> None:
        self.url: str = definition["url"]
        self.contexts: list[str] = [context["expression"] for context in definition["context"]]
        self._elements: dict[str, Json] = {
            element["id"]: element for element in definition["snapshot"]["element"]
        }
        self._codes = codes

    def uses(self) -> list[Json]:
        """The extension with all it can hold; once for each type of its value."""
        return [{"url": self.url, **content} for content in self._contents("Extension")]

    def faults(self) -> Iterator[tuple[Json, str]]:
        """The extension with one fault, and the engine's name of what is wrong."""
        use = self.uses()[0]
        if "extension" not in use:
            yield {"url": self.url, **NOT_OURS}, TYPE
            return
        parts = use["extension"]
        yield {**use, "extension": [*parts, {"url": "nobody", "valueString": "knows"}]}, UNKNOWN
        for i, part in enumerate(parts):
            others = parts[:i] + parts[i + 1 :]
            slice_ = self._elements[f"Extension.extension:{part['url']}"]
            if slice_["min"]:
                # An extension with nothing in it is another fault.
                yield {**use, "extension": others or [{"url": "nobody", "valueString": "knows"}]}, MINIMUM
            if slice_["max"] == "1":
                yield {**use, "extension": [*parts, copy.deepcopy(part)]}, MAXIMUM
            if "extension" not in part:
                yield {**use, "extension": [*others, {"url": part["url"], **NOT_OURS}]}, SUB_TYPE

    def _contents(self, at: str) -> list[Json]:
        names = [
            found.group(1)
            for found in (
                re.fullmatch(re.escape(at) + r"\.extension:([^.:]+)", id_) for id_ in self._elements
            )
            if found
        ]
        if names:
            return [
                {
                    "extension": [
                        {"url": name, **self._contents(f"{at}.extension:{name}")[0]} for name in names
                    ]
                }
            ]
        value = self._elements[f"{at}.value[x]"]
        return [
            {f"value{type_['code'][0].upper()}{type_['code'][1:]}": self._sample(value, type_)}
            for type_ in value["type"]
        ]

    def _sample(self, element: Json, type_: Json) -> Any:
        binding = element.get("binding", {})
        if binding.get("strength") == "required":
            return self._codes[binding["valueSet"]]
        if targets := type_.get("targetProfile"):
            return {"reference": f"{targets[0].rpartition('/')[2]}/some-id"}
        return SAMPLES[type_["code"]]


def host(release: str, context: str, extension: Json) -> Json:
    """A resource of the release that has the extension at the context, and is otherwise without a fault."""
    r5 = release == "r5"
    inner: Json = {"extension": [extension]}
    concept: Json = {"text": "some words"}
    item: Json = {"item": {"concept": concept}} if r5 else {"itemCodeableConcept": concept}
    patient: Json = {"reference": "Patient/p"}
    active = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
    }
    condition: Json = {"clinicalStatus": active, "subject": patient}
    observation: Json = {"status": "final", "code": concept, "subject": patient}
    medication: Json = {"medication": {"concept": concept}} if r5 else {"medicationCodeableConcept": concept}
    event: Json = {"actuality": "actual", "subject": patient} | ({"status": "completed"} if r5 else {})
    body_site: Json = {"includedStructure": [{"structure": concept}]} if r5 else {"location": concept}
    agent = {"who": {"display": "fhir-vitiligo"}}
    bodies: dict[str, tuple[str, Json]] = {
        "AdverseEvent": ("AdverseEvent", event | inner),
        "Attachment": (
            "DocumentReference",
            {"status": "current", "content": [{"attachment": {"title": "some words"} | inner}]},
        ),
        "BodyStructure": ("BodyStructure", {"patient": patient} | body_site | inner),
        "CodeableConcept": ("Condition", condition | {"code": concept | inner}),
        "Coding": ("Condition", condition | {"code": {"coding": [{"display": "some words"} | inner]}}),
        "Condition": ("Condition", condition | inner),
        "dateTime": ("Condition", condition | {"_onsetDateTime": inner}),
        "DocumentReference": (
            "DocumentReference",
            {"status": "current", "content": [{"attachment": {"title": "some words"}}]} | inner,
        ),
        "Element": ("Observation", observation | {"valueInteger": 3, "_valueInteger": inner}),
        "Medication": ("Medication", {"code": concept} | inner),
        "Medication.ingredient": ("Medication", {"ingredient": [item | inner]}),
        "MedicationStatement": (
            "MedicationStatement",
            {"status": "recorded" if r5 else "completed", "subject": patient} | medication | inner,
        ),
        "Observation": ("Observation", observation | {"valueInteger": 3} | inner),
        "Observation.component": (
            "Observation",
            observation | {"component": [{"code": concept, "valueInteger": 3} | inner]},
        ),
        "Procedure": ("Procedure", {"status": "completed", "code": concept, "subject": patient} | inner),
        "Provenance": (
            "Provenance",
            {"target": [{"reference": "Condition/c"}], "recorded": "2026-01-01T00:00:00Z", "agent": [agent]}
            | inner,
        ),
        "string": ("Condition", condition | {"_onsetString": inner}),
    }
    type_, body = bodies[context]
    return {"resourceType": type_, **body}
