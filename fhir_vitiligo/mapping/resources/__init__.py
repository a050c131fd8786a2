"""The maps: declarations only, one file for each clinical concept. A new concept is one file and one line
here.
"""

from __future__ import annotations

from fhir_vitiligo.mapping.declaration import Part
from fhir_vitiligo.mapping.resources import (
    assessment,
    diagnosis,
    event,
    intervention,
    lesion,
    photograph,
    product,
    provenance,
    response,
    source,
    subject,
    timepoint,
)

PARTS: tuple[Part, ...] = (
    *subject.PARTS,
    *timepoint.PARTS,
    *diagnosis.PARTS,
    *lesion.PARTS,
    *assessment.PARTS,
    *product.PARTS,
    *intervention.PARTS,
    *response.PARTS,
    *event.PARTS,
    *photograph.PARTS,
    *source.PARTS,
    *provenance.PARTS,
)
