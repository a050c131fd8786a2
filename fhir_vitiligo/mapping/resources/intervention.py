"""A treatment is a MedicationStatement (use of a product) or a Procedure: one for the whole course, with its
schedule.
"""

from __future__ import annotations

from fhir_vitiligo.case import terms
from fhir_vitiligo.case.model import Intervention
from fhir_vitiligo.mapping import profiles, urls
from fhir_vitiligo.mapping.amounts import QuantityCodec, ScheduleCodec
from fhir_vitiligo.mapping.codecs import CodeCodec, ReferenceCodec, StringCodec
from fhir_vitiligo.mapping.coded import ConceptCodec, TermCodec
from fhir_vitiligo.mapping.declaration import BEFORE_R5, R5, Demand, Field, Part
from fhir_vitiligo.mapping.moments import InstantCodec
from fhir_vitiligo.mapping.resources.common import AT, NOTE, extension
from fhir_vitiligo.mapping.treatments import AdherenceCodec, PartOfCodec, PeriodCodec

_SETTING = extension("setting", "treatment-setting", ConceptCodec("setting"))
_CUMULATIVE = extension("cumulative_dose", "cumulative-dose", QuantityCodec())
_SESSIONS = extension("sessions_done", "sessions-done", QuantityCodec())
_KIND = Field("kind", "category", ConceptCodec("intervention-kind"))

_STATEMENT_STATUS = {
    "planned": "intended", "active": "active", "completed": "completed", "stopped": "stopped",
    "on-hold": "on-hold", "not-done": "not-taken",
}  # fmt: skip
_PROCEDURE_STATUS = {
    "planned": "preparation", "active": "in-progress", "completed": "completed", "stopped": "stopped",
    "on-hold": "on-hold", "not-done": "not-done",
}  # fmt: skip

STATEMENT = Part(
    kind="intervention",
    model=Intervention,
    resource="MedicationStatement",
    profile=profiles.MEDICATION,
    title="Treatment",
    when=lambda intervention: intervention.is_medication,
    constants=lambda: {"status": "unknown"},
    # The International Patient Summary wants a time of every treatment, known or not.
    demands=(
        Demand("medicationCodeableConcept", unless=("medicationReference",)),
        Demand("effectivePeriod"),
    ),
    fields=(
        Field("status", "status", CodeCodec(_STATEMENT_STATUS, fallback="unknown"), BEFORE_R5),
        Field("status", "adherence.code", AdherenceCodec(_STATEMENT_STATUS), R5),
        Field("stop_reason", "statusReason[0]", TermCodec(terms.FreeTerm)),
        _KIND,
        Field("product", "medicationReference", ReferenceCodec("product")),
        Field("at", "context", ReferenceCodec("timepoint")),
        Field("start", "effectivePeriod.start", InstantCodec()),
        Field("end", "effectivePeriod.end", InstantCodec()),
        Field("instructions", "dosage[0].text", StringCodec()),
        Field("schedule", "dosage[0].timing", ScheduleCodec()),
        Field("route", "dosage[0].route", TermCodec(terms.RouteTerm)),
        Field("site", "dosage[0].site", TermCodec(terms.FreeTerm)),
        Field("dose", "dosage[0].doseAndRate[0].doseQuantity", QuantityCodec()),
        Field("part_of", "partOf[0]", ReferenceCodec("intervention")),
        Field(
            "lesions", f"extension({urls.own('treated-lesion')})[*].valueReference", ReferenceCodec("lesion")
        ),
        _SETTING,
        _CUMULATIVE,
        _SESSIONS,
        NOTE,
    ),
)

PROCEDURE = Part(
    kind="intervention",
    model=Intervention,
    resource="Procedure",
    profile=profiles.PROCEDURE,
    title="Treatment",
    when=lambda intervention: not intervention.is_medication,
    constants=lambda: {"status": "unknown"},
    demands=(Demand("performedPeriod", unless=("performedPeriod", "occurrenceTiming")),),
    fields=(
        Field("status", "status", CodeCodec(_PROCEDURE_STATUS, fallback="unknown")),
        Field("stop_reason", "statusReason", TermCodec(terms.FreeTerm)),
        _KIND,
        Field("name", "code", TermCodec(terms.ProcedureTerm)),
        AT,
        Field("start", "performedPeriod.start", InstantCodec(), BEFORE_R5),
        Field("end", "performedPeriod.end", InstantCodec(), BEFORE_R5),
        Field("schedule", f"extension({urls.PROCEDURE_SCHEDULE}).value[x]", ScheduleCodec()),
        Field("start", "start", PeriodCodec("start"), R5),
        Field("end", "end", PeriodCodec("end"), R5),
        Field("site", "bodySite[0]", TermCodec(terms.FreeTerm)),
        Field("device.name", "usedCode[0]", TermCodec(terms.FreeTerm)),
        Field("product", "usedReference[0]", ReferenceCodec("product")),
        extension("device.wavelength", "wavelength", QuantityCodec()),
        Field("part_of", "partOf", PartOfCodec()),
        Field("lesions", f"extension({urls.PROCEDURE_TARGET})[*].valueReference", ReferenceCodec("lesion")),
        extension("dose", "session-dose", QuantityCodec()),
        _CUMULATIVE,
        _SESSIONS,
        extension("donor_site", "donor-site", TermCodec(terms.SiteTerm)),
        _SETTING,
        Field("outcome", "outcome", TermCodec(terms.FreeTerm)),
        NOTE,
    ),
)

PARTS = (PROCEDURE, STATEMENT)
