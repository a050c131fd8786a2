"""A score is an Observation whose code names the instrument, variant included, and whose components are its
regions and items.
"""

from __future__ import annotations

from fhir_vitiligo.case import terms
from fhir_vitiligo.case.model import Assessment
from fhir_vitiligo.mapping import profiles, urls
from fhir_vitiligo.mapping.amounts import QuantityCodec
from fhir_vitiligo.mapping.codecs import ReferenceCodec, StringCodec
from fhir_vitiligo.mapping.coded import TermCodec
from fhir_vitiligo.mapping.components import ComponentCodec
from fhir_vitiligo.mapping.declaration import Effective, Field, Part
from fhir_vitiligo.mapping.observations import ValueCodec
from fhir_vitiligo.mapping.resources.common import AT, NOTE, component, observation

_DEFINITION = f"extension({urls.own('instrument-definition')})"

SCORE = Part(
    kind="assessment",
    model=Assessment,
    resource="Observation",
    profile=profiles.SCORE,
    title="Score",
    effective=Effective("effectiveDateTime", required=True),
    constants=observation("survey"),
    fields=(
        Field("instrument", "code", TermCodec(terms.InstrumentTerm)),
        Field("variant", f"{_DEFINITION}.extension(variant).value[x]", StringCodec()),
        Field("version", f"{_DEFINITION}.extension(version).value[x]", StringCodec()),
        Field("region_set", f"{_DEFINITION}.extension(regionSet).value[x]", TermCodec(terms.RegionSetTerm)),
        AT,
        Field("lesions", "focus[*]", ReferenceCodec("lesion")),
        Field("total", "value[x]", ValueCodec(QuantityCodec())),
        component("rater", "rater", TermCodec(terms.RaterTerm)),
        Field("components", "component[*]", ComponentCodec()),
        component("interpretation", "score-band", TermCodec(terms.InterpretationTerm)),
        NOTE,
    ),
)

PARTS = (SCORE,)
