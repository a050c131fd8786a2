"""The vitiligo case record: the data dictionary, as frozen types.

A case is one patient's vitiligo as a clinic, a registry or an author holds it. Items (a lesion, an assessment,
a treatment) have a ``key`` of their own, by which others refer to them. A field that is not there says nothing;
a fact that is known to be missing says so (``status: absent`` with its reason).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from fhir_vitiligo.case import consistency
from fhir_vitiligo.case.disease import Assessment, Component, Diagnosis, Lesion
from fhir_vitiligo.case.items import Item, Presence, Side, Site, TimePoint, Visit
from fhir_vitiligo.case.sources import Language, MimeType, Photograph, Sha1, Source, Statement
from fhir_vitiligo.case.subject import Comorbidity, FamilyMember, Subject
from fhir_vitiligo.case.treatment import (
    MEDICATION_KINDS,
    Device,
    Event,
    Ingredient,
    Intervention,
    Product,
    Response,
)
from fhir_vitiligo.case.values import Fact, Identifier, Key, Model, Text

__all__ = [
    "MEDICATION_KINDS",
    "Assessment",
    "Case",
    "Comorbidity",
    "Component",
    "Device",
    "Diagnosis",
    "Event",
    "FamilyMember",
    "Ingredient",
    "Intervention",
    "Item",
    "Language",
    "Lesion",
    "MimeType",
    "Photograph",
    "Presence",
    "Product",
    "Response",
    "Sha1",
    "Side",
    "Site",
    "Source",
    "Statement",
    "Subject",
    "TimePoint",
    "Visit",
]


class Case(Model):
    """One patient's vitiligo."""

    id: Key = Field(
        description="Stable and unique among your cases: ids of what is made from the case derive from it."
    )
    identifiers: tuple[Identifier, ...] = Field((), description="What other systems call the case.")
    kind: Literal["case-report", "registry", "phenopacket", "csv", "ehr"] | None = Field(
        None, description="What kind of record it is."
    )
    synthetic: bool = Field(
        False, description="True for invented data; it is then marked as test data everywhere."
    )
    consent: Fact[Text] | None = Field(None, description="What the record says of consent.")
    deidentified: Fact[Literal["anonymised", "pseudonymised"]] | None = Field(
        None, description="Whether and how it was de-identified."
    )
    source: Source | None = Field(None, description="Where it comes from.")
    subject: Subject = Field(default_factory=lambda: Subject(), description="The patient.")
    timepoints: tuple[TimePoint, ...] = Field(
        (), description="Visits and other anchors in time; ages count from the first."
    )
    diagnoses: tuple[Diagnosis, ...] = Field((), description="The vitiligo.")
    lesions: tuple[Lesion, ...] = Field((), description="The patches and what the examination found.")
    assessments: tuple[Assessment, ...] = Field((), description="Scores.")
    products: tuple[Product, ...] = Field((), description="What was applied or taken.")
    interventions: tuple[Intervention, ...] = Field((), description="Treatments.")
    responses: tuple[Response, ...] = Field((), description="What came of them.")
    events: tuple[Event, ...] = Field((), description="Adverse events, present or stated absent.")
    photographs: tuple[Photograph, ...] = Field((), description="Pictures, by reference.")
    statements: tuple[Statement, ...] = Field((), description="What is not mapped, with the reason.")

    @model_validator(mode="after")
    def _whole(self) -> Case:
        consistency.check(self)
        for name, items in consistency.normal(self).items():
            object.__setattr__(self, name, items)
        return self

    def _repr_html_(self) -> str:
        from fhir_vitiligo.case.table import html_table

        return html_table(self)
