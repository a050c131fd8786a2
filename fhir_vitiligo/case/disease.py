"""The vitiligo: its diagnosis, its patches, and what it scores."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from fhir_vitiligo.case import terms
from fhir_vitiligo.case.instruments import derive
from fhir_vitiligo.case.items import Item, Presence, Site, Visit
from fhir_vitiligo.case.times import is_before
from fhir_vitiligo.case.values import Fact, Key, Model, Moment, Quantity, Text


class Diagnosis(Item):
    """The vitiligo, classified as the Vitiligo Global Issues Consensus Conference does (Ezzedine 2012)."""

    at: Key | None = Field(None, description="The time point it was made at, by key.")
    name: Fact[terms.DiagnosisTerm] | None = Field(
        None, description="The diagnosis: class of vitiligo, or any form the registry knows."
    )
    subtype: Fact[terms.SubtypeTerm] | None = Field(
        None, description="The subtype within the class, only where it is stated."
    )
    facial_type: Fact[terms.FacialSegmentalTypeTerm] | None = Field(
        None, description="Facial segmental type I-a to V (Kim 2011)."
    )
    verification: (
        Fact[Literal["unconfirmed", "provisional", "differential", "confirmed", "refuted"]] | None
    ) = Field(None, description="How certain it is.")
    status: Fact[Literal["active", "recurrence", "relapse", "inactive", "remission", "resolved"]] | None = (
        Field(None, description="Whether it is active.")
    )
    onset: Fact[Moment] | None = Field(
        None, description="When it began: a date, an age, an offset from a visit, or words."
    )
    abatement: Fact[Moment] | None = Field(None, description="When it ended.")
    course: tuple[Fact[Text], ...] = Field((), description="How it developed, as written.")
    stable_for: Fact[Quantity] | None = Field(None, description="How long without change, such as 12 mo.")
    sites: tuple[Site, ...] = Field((), description="Where it is.")
    staged_by: tuple[Key, ...] = Field((), description="The assessments that stage it, by key.")

    @model_validator(mode="after")
    def _fitting(self) -> Diagnosis:
        onset, abatement = (one.value if one is not None else None for one in (self.onset, self.abatement))
        if onset is not None and abatement is not None and is_before(abatement, onset):
            raise ValueError(f"the abatement {abatement} is before the onset {onset}")
        if self.abatement is not None and (
            self.status is None or self.status.value not in ("inactive", "remission", "resolved")
        ):
            raise ValueError("an abatement goes with a status of inactive, remission or resolved")
        return self


class Lesion(Visit):
    """A patch, or all patches of one area, with what the examination found."""

    label: Fact[Text] | None = Field(None, description="What the source calls it.")
    sites: tuple[Site, ...] = Field((), description="Where it is, each site with its own side.")
    target: Fact[bool] | None = Field(None, description="Whether it is followed as a target lesion.")
    morphology: Fact[terms.MorphologyTerm] | None = Field(
        None, description="What kind of change it is: macule, depigmentation."
    )
    colour: Fact[terms.ColourTerm] | None = Field(None, description="Its colour.")
    border: Fact[terms.BorderTerm] | None = Field(None, description="How sharply it ends.")
    edge: Fact[terms.EdgeTerm] | None = Field(None, description="The shape of its edge.")
    distribution: Fact[terms.DistributionTerm] | None = Field(None, description="How it is distributed.")
    multiplicity: Fact[terms.FreeTerm] | None = Field(None, description="How many, in words: multiple, few.")
    count: Fact[Quantity] | None = Field(None, description="How many, as a number that was stated.")
    size: Fact[Quantity] | None = Field(None, description="In cm or cm2.")
    shape: Fact[terms.FreeTerm] | None = Field(None, description="Its shape.")
    variation: Fact[Text] | None = Field(None, description="How patches differ, as written.")
    leukotrichia: Fact[Presence] | None = Field(None, description="White hairs within it.")
    koebner: Fact[Presence] | None = Field(None, description="Koebner phenomenon.")
    confetti: Fact[Presence] | None = Field(None, description="Confetti-like small macules.")
    halo_naevi: Fact[Presence] | None = Field(None, description="Halo naevi.")
    mucosal: Fact[Presence] | None = Field(None, description="Involvement of mucosa.")


class Component(Model):
    """One number of an instrument: an item, a region, or an item of a region."""

    item: terms.InstrumentItemTerm | None = Field(
        None, description="The item or dimension of the instrument."
    )
    region: terms.RegionTerm | None = Field(None, description="The body region it was taken of.")
    value: Fact[Quantity] = Field(description="The number.")

    @model_validator(mode="after")
    def _named(self) -> Component:
        if self.item is None and self.region is None:
            raise ValueError("a component names its item, its region, or both")
        return self


class Assessment(Visit):
    """A score by an instrument. Different instruments share names, so variant, version and region set belong
    to the result.
    """

    instrument: Fact[terms.InstrumentTerm] = Field(
        description="The instrument, variant included: vetf, f-vasi or f-vasi-ftu."
    )
    variant: Text | None = Field(None, description="A variant the instrument's name does not say.")
    version: Text | None = Field(None, description="Its version or publication.")
    region_set: terms.RegionSetTerm | None = Field(None, description="The regions that were scored.")
    rater: Fact[terms.RaterTerm] | None = Field(
        None, description="Who scored: clinician, patient, parent, photo."
    )
    lesions: tuple[Key, ...] = Field((), description="The lesions it is of, by key.")
    components: tuple[Component, ...] = Field((), description="Its parts, by item and region.")
    total: Fact[Quantity] | None = Field(
        None,
        description="The score; derived from the components where a verified formula allows. "
        "What a verified range excludes is no score: keep it as `{raw: ..., status: ambiguous}`.",
    )
    interpretation: Fact[terms.InterpretationTerm] | None = Field(
        None, description="The band the score falls into; derived where verified bands exist."
    )
    note: Fact[Text] | None = Field(None, description="A remark.")

    @model_validator(mode="after")
    def _derive(self) -> Assessment:
        for name, fact in derive(self).items():
            object.__setattr__(self, name, fact)
        return self
