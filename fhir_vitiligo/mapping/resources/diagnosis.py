"""The diagnosis is a Condition; how long it has been stable an Observation about that Condition."""

from __future__ import annotations

from fhir_vitiligo.case import terms
from fhir_vitiligo.case.model import Diagnosis
from fhir_vitiligo.mapping.amounts import QuantityCodec
from fhir_vitiligo.mapping.codecs import ReferenceCodec, StringCodec
from fhir_vitiligo.mapping.coded import CodedCodec, TermCodec
from fhir_vitiligo.mapping.declaration import BEFORE_R5, R5, Demand, Effective, Field, Json, Part
from fhir_vitiligo.mapping.demanded import Required, RequiredBinding
from fhir_vitiligo.mapping.moments import OnsetCodec
from fhir_vitiligo.mapping.observations import ValueCodec
from fhir_vitiligo.mapping.resources.common import AT, extension, observation
from fhir_vitiligo.mapping.sites import SiteCodec

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"

UNKNOWN_STATUS: Json = {"coding": [{"system": CLINICAL, "code": "unknown"}]}
"""R5 demands a clinical status and has a code for not knowing it."""

_STATUS = CodedCodec(
    CLINICAL, {w: w for w in ("active", "recurrence", "relapse", "inactive", "remission", "resolved")}
)

CONDITION = Part(
    kind="diagnosis",
    model=Diagnosis,
    resource="Condition",
    profile="vitiligo-condition",
    title="Vitiligo",
    demands=(Demand("code"), Demand("clinicalStatus", releases=R5, value=UNKNOWN_STATUS)),
    fields=(
        Field(
            "status",
            "clinicalStatus",
            RequiredBinding(Required(_STATUS, fallback=UNKNOWN_STATUS, releases=R5), releases=BEFORE_R5),
        ),
        Field(
            "verification",
            "verificationStatus",
            RequiredBinding(
                CodedCodec(
                    VERIFICATION,
                    {w: w for w in ("unconfirmed", "provisional", "differential", "confirmed", "refuted")},
                )
            ),
        ),
        Field("name", "code", Required(TermCodec(terms.DiagnosisTerm))),
        extension("subtype", "vitiligo-subtype", TermCodec(terms.SubtypeTerm)),
        extension("facial_type", "facial-segmental-type", TermCodec(terms.FacialSegmentalTypeTerm)),
        Field("sites", "bodySite[*]", SiteCodec()),
        AT,
        Field("onset", "onset[x]", OnsetCodec()),
        Field("abatement", "abatement[x]", OnsetCodec()),
        Field("staged_by", "stage[0].assessment[*]", ReferenceCodec("assessment")),
        Field("course", "note[*].text", StringCodec("Markdown")),
    ),
)

STABILITY = Part(
    kind="diagnosis",
    name="stability",
    model=Diagnosis,
    resource="Observation",
    profile="vitiligo-stability",
    title="Stability",
    effective=Effective("effectiveDateTime", required=True),
    constants=observation("exam", "stability-duration"),
    focus="diagnosis",
    fields=(Field("stable_for", "value[x]", ValueCodec(QuantityCodec())),),
)

PARTS = (CONDITION, STABILITY)
