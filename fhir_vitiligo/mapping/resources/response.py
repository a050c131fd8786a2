"""What came of a treatment is an Observation: per cent, quartile or words as its value, the rest as
components.
"""

from __future__ import annotations

from fhir_vitiligo.case import terms
from fhir_vitiligo.case.model import Response
from fhir_vitiligo.mapping import profiles
from fhir_vitiligo.mapping.amounts import QuantityCodec
from fhir_vitiligo.mapping.codecs import BooleanCodec, ReferenceCodec, StringCodec
from fhir_vitiligo.mapping.coded import TermCodec
from fhir_vitiligo.mapping.components import HeadlineCodec
from fhir_vitiligo.mapping.declaration import Effective, Field, Part
from fhir_vitiligo.mapping.resources.common import AT, NOTE, component, observation

REPIGMENTATION = Part(
    kind="response",
    model=Response,
    resource="Observation",
    profile=profiles.RESPONSE,
    title="Response",
    effective=Effective("effectiveDateTime", required=True),
    constants=observation("exam", "repigmentation"),
    fields=(
        AT,
        Field("lesions", "focus[*]", ReferenceCodec("lesion")),
        Field("interventions", "partOf[*]", ReferenceCodec("intervention")),
        Field("derived_from", "derivedFrom[*]", ReferenceCodec("assessment")),
        Field("repigmentation", "value[x]", HeadlineCodec("repigmentation-percent", QuantityCodec())),
        Field(
            "quartile", "value[x]", HeadlineCodec("repigmentation-quartile", TermCodec(terms.QuartileTerm))
        ),
        Field("text", "value[x]", HeadlineCodec("response-description", StringCodec())),
        component("trend", "trend", TermCodec(terms.TrendTerm)),
        component("pattern", "repigmentation-pattern", TermCodec(terms.PatternTerm)),
        component("colour_match", "colour-match", TermCodec(terms.ColourMatchTerm)),
        component("endpoint", "response-threshold", TermCodec(terms.EndpointTerm)),
        component("endpoint_reached", "response-threshold-reached", BooleanCodec()),
        component("improvement", "percent-improvement", QuantityCodec()),
        component("maintained", "maintenance", BooleanCodec()),
        component("maintained_for", "maintenance-duration", QuantityCodec()),
        component("rater", "rater", TermCodec(terms.RaterTerm)),
        NOTE,
    ),
)

PARTS = (REPIGMENTATION,)
