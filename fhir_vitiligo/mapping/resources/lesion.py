"""A lesion is a BodyStructure; what the examination found of it an Observation about that BodyStructure."""

from __future__ import annotations

from fhir_vitiligo.case import terms
from fhir_vitiligo.case.model import Lesion
from fhir_vitiligo.mapping.amounts import QuantityCodec
from fhir_vitiligo.mapping.codecs import StringCodec
from fhir_vitiligo.mapping.coded import TermCodec
from fhir_vitiligo.mapping.declaration import BEFORE_R5, R5, Demand, Effective, Field, Part
from fhir_vitiligo.mapping.resources.common import AT, PRESENCE, component, extension, observation
from fhir_vitiligo.mapping.sites import LocationCodec, StructureCodec
from fhir_vitiligo.mapping.words import YesNoCodec

BODY_STRUCTURE = Part(
    kind="lesion",
    model=Lesion,
    resource="BodyStructure",
    profile="vitiligo-lesion",
    title="Lesion",
    subject="patient",
    demands=(Demand("includedStructure[0].structure", unless=("includedStructure",), releases=R5),),
    fields=(
        Field("label", "description", StringCodec()),
        Field("sites", "location", LocationCodec(), BEFORE_R5),
        Field("sites", "includedStructure[*]", StructureCodec(), R5),
        Field("morphology", "morphology", TermCodec(terms.MorphologyTerm)),
        extension("target", "target-lesion", YesNoCodec()),
    ),
)

FINDINGS = Part(
    kind="lesion",
    name="findings",
    model=Lesion,
    resource="Observation",
    profile="vitiligo-skin-examination",
    title="Skin examination",
    effective=Effective("effectiveDateTime", required=True),
    constants=observation("exam", "skin-examination"),
    focus="lesion",
    fields=(
        AT,
        component("colour", "colour", TermCodec(terms.ColourTerm)),
        component("border", "border", TermCodec(terms.BorderTerm)),
        component("edge", "edge", TermCodec(terms.EdgeTerm)),
        component("distribution", "distribution", TermCodec(terms.DistributionTerm)),
        component("multiplicity", "lesion-multiplicity", TermCodec(terms.FreeTerm)),
        component("count", "lesion-count", QuantityCodec()),
        component("size", "size", QuantityCodec()),
        component("shape", "shape", TermCodec(terms.FreeTerm)),
        component("variation", "lesion-variation", StringCodec()),
        component("leukotrichia", "finding/leukotrichia", PRESENCE),
        component("koebner", "finding/koebner-phenomenon", PRESENCE),
        component("confetti", "finding/confetti", PRESENCE),
        component("halo_naevi", "finding/halo-naevus", PRESENCE),
        component("mucosal", "finding/mucosal-involvement", PRESENCE),
    ),
)

PARTS = (BODY_STRUCTURE, FINDINGS)
