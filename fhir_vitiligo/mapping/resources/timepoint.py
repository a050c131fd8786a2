"""A time point is an Encounter: the anchor that offsets refer to."""

from __future__ import annotations

from fhir_vitiligo.case.model import TimePoint
from fhir_vitiligo.mapping.codecs import StringCodec
from fhir_vitiligo.mapping.declaration import BEFORE_R5, Demand, Field, Part
from fhir_vitiligo.mapping.demanded import Required
from fhir_vitiligo.mapping.moments import PeriodStartCodec
from fhir_vitiligo.mapping.resources.common import ENCOUNTER_CLASS

ENCOUNTER = Part(
    kind="timepoint",
    model=TimePoint,
    resource="Encounter",
    profile="vitiligo-visit",
    title="Visit",
    demands=(Demand("class", releases=BEFORE_R5),),
    constants=lambda: {"status": "finished"},
    fields=(
        Field("setting", "class", Required(ENCOUNTER_CLASS, releases=BEFORE_R5)),
        Field("label", "type[0].text", StringCodec()),
        Field("service", "serviceType.text", StringCodec()),
        Field("when", "period", PeriodStartCodec()),
    ),
)

PARTS = (ENCOUNTER,)
