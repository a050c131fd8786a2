"""A photograph is a DocumentReference: where the picture is and its hash, never the picture."""

from __future__ import annotations

from fhir_vitiligo.case import terms
from fhir_vitiligo.case.model import Photograph
from fhir_vitiligo.mapping.codecs import ReferenceCodec, StringCodec
from fhir_vitiligo.mapping.coded import TermCodec, concept_json
from fhir_vitiligo.mapping.declaration import Demand, Effective, Field, Part
from fhir_vitiligo.mapping.demanded import RequiredBinding
from fhir_vitiligo.mapping.documents import Sha1Codec
from fhir_vitiligo.mapping.resources.common import extension

PHOTOGRAPH = Part(
    kind="photograph",
    model=Photograph,
    resource="DocumentReference",
    profile="vitiligo-photograph",
    title="Photograph",
    effective=Effective("content[0].attachment.creation"),
    constants=lambda: {"status": "current", "type": concept_json("document", "photograph")},
    demands=(Demand("content[0].attachment"),),
    fields=(
        Field("at", "context.encounter[0]", ReferenceCodec("timepoint")),
        Field("lesions", "context.related[*]", ReferenceCodec("lesion")),
        Field("title", "content[0].attachment.title", StringCodec()),
        Field("url", "content[0].attachment.url", StringCodec("Url")),
        Field("content_type", "content[0].attachment.contentType", RequiredBinding(StringCodec("Code"))),
        Field("sha1", "content[0].attachment.hash", Sha1Codec()),
        extension("view", "photo-view", TermCodec(terms.PhotoViewTerm)),
        extension("modality", "photo-modality", TermCodec(terms.PhotoModalityTerm)),
    ),
)

PARTS = (PHOTOGRAPH,)
