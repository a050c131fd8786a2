"""The patient, and what is known of them that FHIR has no place for in Patient."""

from __future__ import annotations

from fhir_vitiligo.case import terms
from fhir_vitiligo.case.model import Comorbidity, FamilyMember, Subject
from fhir_vitiligo.mapping.amounts import QuantityCodec
from fhir_vitiligo.mapping.codecs import CodeCodec, DateCodec
from fhir_vitiligo.mapping.coded import TermCodec, concept_json
from fhir_vitiligo.mapping.declaration import R5, Demand, Effective, Field, Part
from fhir_vitiligo.mapping.moments import OnsetCodec
from fhir_vitiligo.mapping.observations import ValueCodec
from fhir_vitiligo.mapping.resources.common import NOTE, component, observation
from fhir_vitiligo.mapping.resources.diagnosis import UNKNOWN_STATUS

PATIENT = Part(
    kind="subject",
    model=Subject,
    resource="Patient",
    profile="vitiligo-patient",
    title="Patient",
    subject=None,
    fields=(
        Field(
            "sex",
            "gender",
            CodeCodec({word: word for word in ("male", "female", "other", "unknown")}, fallback="unknown"),
        ),
        Field("birth_date", "birthDate", DateCodec()),
    ),
)

AGE = Part(
    kind="subject",
    name="age",
    model=Subject,
    resource="Observation",
    profile="vitiligo-age",
    title="Age",
    anchored=True,
    effective=Effective("effectiveDateTime", required=True),
    constants=observation("social-history", "age"),
    fields=(Field("age", "value[x]", ValueCodec(QuantityCodec())),),
)

PHOTOTYPE = Part(
    kind="subject",
    name="phototype",
    model=Subject,
    resource="Observation",
    profile="vitiligo-phototype",
    title="Skin phototype",
    anchored=True,
    effective=Effective("effectiveDateTime", required=True),
    constants=observation("exam", "phototype"),
    fields=(Field("phototype", "value[x]", ValueCodec(TermCodec(terms.PhototypeTerm))),),
)

ETHNICITY = Part(
    kind="subject",
    name="ethnicity",
    model=Subject,
    resource="Observation",
    profile="vitiligo-ethnicity",
    title="Ethnicity",
    anchored=True,
    effective=Effective("effectiveDateTime", required=True),
    constants=observation("social-history", "ethnicity"),
    fields=(Field("ethnicity", "value[x]", ValueCodec(TermCodec(terms.FreeTerm))),),
)

FAMILY_MEMBER = Part(
    kind="family-member",
    model=FamilyMember,
    resource="FamilyMemberHistory",
    profile="vitiligo-family-history",
    title="Family history",
    subject="patient",
    when=lambda member: member.presence == "present",
    sets={"presence": "present"},
    constants=lambda: {"status": "completed"},
    fields=(
        Field("relation", "relationship", TermCodec(terms.RelationTerm)),
        Field("condition", "condition[0].code", TermCodec(terms.ComorbidityTerm)),
        Field("onset", "condition[0].onset[x]", OnsetCodec(dates=False)),
        NOTE,
    ),
)

# FamilyMemberHistory cannot say that a relative does not have a condition; an Observation can.
FAMILY_MEMBER_ABSENT = Part(
    kind="family-member",
    model=FamilyMember,
    resource="Observation",
    profile="vitiligo-family-history-absent",
    title="Family history, absent",
    when=lambda member: member.presence == "absent",
    sets={"presence": "absent"},
    anchored=True,
    effective=Effective("effectiveDateTime", required=True),
    constants=lambda: {
        **observation("social-history", "family-history")(),
        "valueCodeableConcept": concept_json("presence", "absent"),
    },
    fields=(
        component("relation", "family-relation", TermCodec(terms.RelationTerm)),
        component("condition", "family-condition", TermCodec(terms.ComorbidityTerm)),
        NOTE,
    ),
)


_COMORBIDITY_FIELDS = (
    Field("name", "code", TermCodec(terms.ComorbidityTerm)),
    Field("onset", "onset[x]", OnsetCodec()),
    NOTE,
)

COMORBIDITY = Part(
    kind="comorbidity",
    model=Comorbidity,
    resource="Condition",
    profile="vitiligo-comorbidity",
    title="Comorbidity",
    when=lambda comorbidity: comorbidity.presence == "present",
    sets={"presence": "present"},
    demands=(Demand("clinicalStatus", releases=R5, value=UNKNOWN_STATUS),),
    fields=_COMORBIDITY_FIELDS,
)

COMORBIDITY_ABSENT = Part(
    kind="comorbidity",
    model=Comorbidity,
    resource="Condition",
    profile="vitiligo-comorbidity-absent",
    title="Comorbidity, absent",
    when=lambda comorbidity: comorbidity.presence == "absent",
    sets={"presence": "absent"},
    constants=lambda: {
        "verificationStatus": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "refuted"}
            ]
        },
    },
    demands=(Demand("clinicalStatus", releases=R5, value=UNKNOWN_STATUS),),
    fields=_COMORBIDITY_FIELDS,
)

PARTS = (
    PATIENT,
    AGE,
    PHOTOTYPE,
    ETHNICITY,
    FAMILY_MEMBER,
    FAMILY_MEMBER_ABSENT,
    COMORBIDITY,
    COMORBIDITY_ABSENT,
)
