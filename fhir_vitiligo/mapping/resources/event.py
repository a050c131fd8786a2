"""An adverse event is an AdverseEvent; the stated absence of one an Observation with the value Absent."""

from __future__ import annotations

from fhir_vitiligo.case import terms
from fhir_vitiligo.case.model import Event
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.codecs import ReferenceCodec, StringCodec
from fhir_vitiligo.mapping.coded import CodedCodec, TermCodec, concept_json
from fhir_vitiligo.mapping.declaration import BEFORE_R5, Effective, Field, Part
from fhir_vitiligo.mapping.demanded import RequiredBinding
from fhir_vitiligo.mapping.resources.common import AT, NOTE, observation

ADVERSE_EVENT = Part(
    kind="event",
    model=Event,
    resource="AdverseEvent",
    profile="vitiligo-adverse-event",
    title="Adverse event",
    when=lambda event: event.presence == "present",
    sets={"presence": "present"},
    identifiers="one",
    effective=Effective("date"),
    constants=lambda: {"actuality": "actual"},
    fields=(
        Field("name", "event", TermCodec(terms.FindingTerm)),
        AT,
        Field(
            "severity",
            "severity",
            RequiredBinding(
                CodedCodec(
                    "http://terminology.hl7.org/CodeSystem/adverse-event-severity",
                    {word: word for word in ("mild", "moderate", "severe")},
                ),
                BEFORE_R5,
            ),
        ),
        Field(
            "outcome",
            "outcome",
            RequiredBinding(
                CodedCodec(
                    "http://terminology.hl7.org/CodeSystem/adverse-event-outcome",
                    {
                        "ongoing": "ongoing",
                        "recovering": "recovering",
                        "resolved": "resolved",
                        "resolved-with-sequelae": "resolvedWithSequelae",
                        "fatal": "fatal",
                    },
                ),
                BEFORE_R5,
            ),
        ),
        Field("interventions", "suspectEntity[*].instance", ReferenceCodec("intervention")),
        Field("causality", "suspectEntity[0].causality[0].assessment", TermCodec(terms.FreeTerm)),
        Field(
            "lesions", f"extension({urls.own('treated-lesion')})[*].valueReference", ReferenceCodec("lesion")
        ),
        Field("note", f"extension({urls.own('event-note')}).valueAnnotation.text", StringCodec("Markdown")),
    ),
)

ABSENT = Part(
    kind="event",
    model=Event,
    resource="Observation",
    profile="vitiligo-event-absent",
    title="Adverse event, absent",
    when=lambda event: event.presence == "absent",
    sets={"presence": "absent"},
    effective=Effective("effectiveDateTime", required=True),
    constants=lambda: {**observation("exam")(), "valueCodeableConcept": concept_json("presence", "absent")},
    fields=(
        Field("name", "code", TermCodec(terms.FindingTerm)),
        AT,
        Field("lesions", "focus[*]", ReferenceCodec("lesion")),
        Field("interventions", "partOf[*]", ReferenceCodec("intervention")),
        NOTE,
    ),
)

PARTS = (ADVERSE_EVENT, ABSENT)
