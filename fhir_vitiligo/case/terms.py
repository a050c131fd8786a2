"""The kinds of terms a case uses, one class for each category of the registry."""

from __future__ import annotations

from fhir_vitiligo.case.values import Term


class DiagnosisTerm(Term):
    category = "diagnosis"


class SubtypeTerm(Term):
    category = "subtype"


class FacialSegmentalTypeTerm(Term):
    category = "facial-segmental-type"


class SiteTerm(Term):
    category = "site"


class ColourTerm(Term):
    category = "colour"


class BorderTerm(Term):
    category = "border"


class EdgeTerm(Term):
    category = "edge"


class MorphologyTerm(Term):
    category = "morphology"


class DistributionTerm(Term):
    category = "distribution"


class PhototypeTerm(Term):
    category = "phototype"


class InstrumentTerm(Term):
    category = "instrument"


class InstrumentItemTerm(Term):
    category = "instrument-item"


class RegionTerm(Term):
    category = "region"


class RegionSetTerm(Term):
    category = "region-set"


class RaterTerm(Term):
    category = "rater"


class ProcedureTerm(Term):
    category = "procedure"


class DrugTerm(Term):
    category = "drug"


class RouteTerm(Term):
    category = "route"


class QuartileTerm(Term):
    category = "quartile"


class PatternTerm(Term):
    category = "response-pattern"


class ColourMatchTerm(Term):
    category = "colour-match"


class TrendTerm(Term):
    category = "trend"


class EndpointTerm(Term):
    category = "response-threshold"


class FindingTerm(Term):
    category = "finding"


class ComorbidityTerm(Term):
    category = "comorbidity"


class RelationTerm(Term):
    category = "relation"


class InterpretationTerm(Term):
    """The band of a score. Only DLQI's bands are verified; others stay text."""

    category = "dlqi-band"


class PhotoViewTerm(Term):
    category = "photo-view"


class PhotoModalityTerm(Term):
    category = "photo-modality"


class FreeTerm(Term):
    """A term no category of the registry covers: text, and codes as the source stated them."""
