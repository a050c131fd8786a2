"""The vitiligo case record: the data dictionary, as frozen types.

A case is one patient's vitiligo as a clinic, a registry or an author holds it. Items (a lesion, an assessment,
a treatment) have a ``key`` of their own, by which others refer to them. A field that is not there says nothing;
a fact that is known to be missing says so (``status: absent`` with its reason).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from fhir_vitiligo.case import consistency, terms
from fhir_vitiligo.case.instruments import derive
from fhir_vitiligo.case.values import (
    Day,
    Fact,
    Identifier,
    Key,
    Model,
    Moment,
    Quantity,
    Schedule,
    Term,
    Text,
    Url,
)

Sha1 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$", to_lower=True)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$")]
MimeType = Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-zA-Z0-9.+-]+$", max_length=100)]
Presence = Literal["present", "absent", "unknown"]
Side = Literal["right", "left", "both", "midline", "unilateral"]


class Item(Model):
    """Anything with a name of its own within the case, and the identifiers other systems gave it."""

    key: Key = Field(
        description="Its name within the case, by which others refer to it: letters, digits, dots, hyphens."
    )
    identifiers: tuple[Identifier, ...] = Field((), description="What other systems call it.")


class Visit(Item):
    """An item that was observed or done at a time point, or on a date of its own."""

    at: Key | None = Field(None, description="The time point it belongs to, by key.")
    date: Fact[Moment] | None = Field(
        None, description="Its own time, where that differs from the time point's."
    )


class Source(Model):
    """Where the case comes from: a publication, a registry, a chart."""

    identifiers: tuple[Identifier, ...] = Field((), description="What other systems call it.")
    doi: Fact[Text] | None = Field(None, description="Digital object identifier, without the resolver.")
    citation: Fact[Text] | None = Field(None, description="The citation as written.")
    title: Fact[Text] | None = Field(None, description="The title.")
    authors: tuple[Text, ...] = Field((), description="Who wrote it; not who treated the patient.")
    journal: Fact[Text] | None = Field(None, description="The journal.")
    volume: Fact[Text] | None = Field(None, description="The volume.")
    issue: Fact[Text] | None = Field(None, description="The issue.")
    pages: Fact[Text] | None = Field(None, description="The pages.")
    published: Fact[Day] | None = Field(None, description="Date of publication; never the date of a visit.")
    url: Fact[Url] | None = Field(None, description="Where it can be read.")
    language: Fact[Language] | None = Field(None, description="BCP 47 language of the source, such as en.")
    licence: Fact[Text] | None = Field(None, description="The licence it is under.")
    text: Text | None = Field(None, description="The source's text, which the spans of facts point into.")


class FamilyMember(Item):
    """A relative and what is known of vitiligo or another condition in them."""

    relation: Fact[terms.RelationTerm] = Field(description="How they are related: mother, sibling.")
    condition: Fact[terms.ComorbidityTerm] | None = Field(None, description="What they have or do not have.")
    presence: Literal["present", "absent"] = Field("present", description="Whether they have it.")
    onset: Fact[Moment] | None = Field(None, description="When it began in them.")
    note: Fact[Text] | None = Field(None, description="A remark.")

    @model_validator(mode="after")
    def _fitting(self) -> FamilyMember:
        if self.onset is not None and (self.condition is None or self.presence == "absent"):
            raise ValueError("an onset goes with a condition that is present")
        return self


class Comorbidity(Item):
    """Another condition of the patient, present or absent."""

    name: Fact[terms.ComorbidityTerm] = Field(description="The condition.")
    presence: Literal["present", "absent"] = Field("present", description="Whether the patient has it.")
    onset: Fact[Moment] | None = Field(None, description="When it began.")
    note: Fact[Text] | None = Field(None, description="A remark.")


class Subject(Model):
    """The patient, with no more identity than the record needs."""

    identifiers: tuple[Identifier, ...] = Field((), description="Pseudonyms and record numbers.")
    sex: Fact[Literal["male", "female", "other", "unknown"]] | None = Field(
        None, description="Administrative sex."
    )
    birth_date: Fact[Day] | None = Field(None, description="As precise as known; never computed from an age.")
    age: Fact[Quantity] | None = Field(
        None, description="Age at the first time point, such as 19 a or 74 mo."
    )
    phototype: Fact[terms.PhototypeTerm] | None = Field(
        None, description="Fitzpatrick skin phototype I to VI."
    )
    ethnicity: Fact[terms.FreeTerm] | None = Field(None, description="As the record states it.")
    family_history: tuple[FamilyMember, ...] = Field((), description="Relatives with or without a condition.")
    comorbidities: tuple[Comorbidity, ...] = Field((), description="Other conditions, present or absent.")


class TimePoint(Item):
    """A visit or other anchor in time; the first one of a case is what ages and offsets count from."""

    label: Fact[Text] | None = Field(None, description="What the source calls it: baseline, week 12.")
    when: Fact[Moment] | None = Field(
        None, description="A date, or an offset from another time point; absent when unstated."
    )
    setting: Fact[Literal["clinic", "home", "hospital", "remote"]] | None = Field(
        None, description="Where the patient was seen."
    )
    service: Fact[Text] | None = Field(None, description="The clinic or service as written.")


class Site(Model):
    """A body site with its side, where the side is stated of this very site. Plain form: the site alone."""

    site: terms.SiteTerm = Field(description="The body site.")
    side: Side | None = Field(None, description="Its side.")

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: object) -> object:
        if isinstance(data, str | Term) or (isinstance(data, dict) and data and "site" not in data):
            return {"site": data}
        return data


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
        None, description="The score; derived from the components where a verified formula allows."
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


class Ingredient(Model):
    """What a product contains."""

    name: Fact[terms.DrugTerm] = Field(description="The substance.")
    strength: Fact[Quantity] | None = Field(
        None, description="Such as 5 %; whether by weight or volume only if stated."
    )
    basis: Literal["w/w", "w/v", "v/v"] | None = Field(
        None, description="What the percentage refers to, only if stated."
    )


class Product(Item):
    """A medicine, a cell-derived product, a cosmetic: what was applied or taken."""

    name: Fact[terms.DrugTerm] = Field(description="What it is called.")
    form: Fact[terms.FreeTerm] | None = Field(None, description="Cream, serum, tablet.")
    ingredients: tuple[Ingredient, ...] = Field((), description="What it contains.")
    licence: Fact[Literal["licensed", "unlicensed"]] | None = Field(
        None, description="Whether it is licensed."
    )


class Device(Model):
    """What a treatment was given with."""

    name: Fact[terms.FreeTerm] | None = Field(None, description="What it is called, as written.")
    wavelength: Fact[Quantity] | None = Field(None, description="In nm.")

    @model_validator(mode="after")
    def _said(self) -> Device:
        if self.name is None and self.wavelength is None:
            raise ValueError("a device has a name or a wavelength")
        return self


MEDICATION_KINDS = frozenset({"topical", "systemic", "depigmentation", "camouflage"})


class Intervention(Item):
    """A treatment: a medication used, or a whole course of procedures with its schedule, never invented
    sessions.
    """

    kind: Literal[
        "topical", "systemic", "phototherapy", "laser", "procedure", "surgery", "depigmentation",
        "camouflage", "psychological", "other",
    ] = Field(description="What sort of treatment it is.")  # fmt: skip
    at: Key | None = Field(None, description="The time point it was given or begun at, by key.")
    name: Fact[terms.ProcedureTerm] | None = Field(
        None, description="What was done; a medication is named by its product."
    )
    product: Key | None = Field(None, description="What was used, by key.")
    status: Fact[Literal["planned", "active", "completed", "stopped", "on-hold", "not-done"]] | None = Field(
        None, description="Whether it is planned, under way, done or stopped."
    )
    stop_reason: Fact[terms.FreeTerm] | None = Field(
        None, description="Why it was stopped, paused or not done."
    )
    schedule: Fact[Schedule] | None = Field(None, description="How often and for how long.")
    start: Fact[Moment] | None = Field(None, description="When it began.")
    end: Fact[Moment] | None = Field(None, description="When it ended.")
    dose: Fact[Quantity] | None = Field(None, description="Amount each time, such as 0.3 mL or 400 mJ/cm2.")
    cumulative_dose: Fact[Quantity] | None = Field(None, description="The dose of the whole course so far.")
    sessions_done: Fact[Quantity] | None = Field(
        None, description="How many sessions were given, where that is stated."
    )
    route: Fact[terms.RouteTerm] | None = Field(None, description="How a product enters or meets the body.")
    instructions: Fact[Text] | None = Field(None, description="How to use the product, as written.")
    site: Fact[terms.FreeTerm] | None = Field(None, description="Where it was applied, as written.")
    donor_site: Fact[terms.SiteTerm] | None = Field(None, description="Where a graft was taken.")
    lesions: tuple[Key, ...] = Field((), description="The lesions treated, by key.")
    setting: Fact[Literal["clinic", "home", "hospital", "remote"]] | None = Field(
        None, description="Where it is done."
    )
    device: Device | None = Field(None, description="What it is done with.")
    part_of: Key | None = Field(None, description="The course this is a part of, by key.")
    outcome: Fact[terms.FreeTerm] | None = Field(
        None, description="The treating clinician's or author's judgement."
    )
    note: Fact[Text] | None = Field(None, description="A remark.")

    @model_validator(mode="after")
    def _fitting(self) -> Intervention:
        if self.stop_reason is not None and (
            self.status is None or self.status.value not in ("stopped", "not-done", "on-hold")
        ):
            raise ValueError("a stop_reason goes with a status of stopped, not-done or on-hold")
        if self.dose is not None and self.dose.value is not None and self.dose.value.comparator is not None:
            raise ValueError(
                f"a dose is an amount, not a bound: write {{raw: '{self.dose.value}', status: ambiguous}}"
            )
        if self.is_medication:
            for field, instead in (
                ("name", "product"),
                ("device", "note"),
                ("donor_site", "site"),
                ("outcome", "a response"),
            ):
                if getattr(self, field) is not None:
                    raise ValueError(f"a {self.kind} treatment with a product has no {field}: use {instead}")
        else:
            for field in ("route", "instructions"):
                if getattr(self, field) is not None:
                    raise ValueError(
                        f"a {self.kind} treatment has no {field}: give what is applied as a topical "
                        "part of it (part_of)"
                    )
        return self

    @property
    def is_medication(self) -> bool:
        """Whether this is use of a product rather than something done to the skin."""
        return self.kind in ("topical", "systemic") or (
            self.kind in MEDICATION_KINDS and self.product is not None
        )


class Response(Visit):
    """What came of it."""

    lesions: tuple[Key, ...] = Field((), description="The lesions it is of, by key.")
    interventions: tuple[Key, ...] = Field((), description="The treatments it is a response to, by key.")
    repigmentation: Fact[Quantity] | None = Field(None, description="Per cent repigmented.")
    quartile: Fact[terms.QuartileTerm] | None = Field(
        None, description="Repigmentation as a band: 0-25, 26-50, 51-79, 80-100 per cent."
    )
    text: Fact[Text] | None = Field(None, description="The response as written.")
    trend: Fact[terms.TrendTerm] | None = Field(None, description="Improved, stable or worsened.")
    pattern: Fact[terms.PatternTerm] | None = Field(
        None, description="How pigment returned: perifollicular, marginal, diffuse."
    )
    colour_match: Fact[terms.ColourMatchTerm] | None = Field(None, description="How the new colour fits.")
    endpoint: Fact[terms.EndpointTerm] | None = Field(None, description="An endpoint such as F-VASI75.")
    endpoint_reached: Fact[bool] | None = Field(None, description="Whether the endpoint was reached.")
    improvement: Fact[Quantity] | None = Field(
        None, description="Per cent improvement of the score from baseline."
    )
    derived_from: tuple[Key, ...] = Field(
        (), description="The assessments it was computed from, baseline first."
    )
    maintained: Fact[bool] | None = Field(None, description="Whether gained repigmentation was kept.")
    maintained_for: Fact[Quantity] | None = Field(None, description="How long it was kept.")
    rater: Fact[terms.RaterTerm] | None = Field(None, description="Who judged.")
    note: Fact[Text] | None = Field(None, description="A remark.")


class Event(Visit):
    """An adverse event, or the stated absence of one."""

    name: Fact[terms.FindingTerm] = Field(description="What happened, or is stated not to have happened.")
    presence: Literal["present", "absent"] = Field("present", description="Whether it happened.")
    severity: Fact[Literal["mild", "moderate", "severe"]] | None = Field(
        None, description="How severe it was."
    )
    interventions: tuple[Key, ...] = Field((), description="The treatments it is related to, by key.")
    causality: Fact[terms.FreeTerm] | None = Field(
        None, description="How sure the relation to a treatment is."
    )
    outcome: Fact[Literal["ongoing", "recovering", "resolved", "resolved-with-sequelae", "fatal"]] | None = (
        Field(None, description="What became of it.")
    )
    lesions: tuple[Key, ...] = Field((), description="The lesions it concerns, by key.")
    note: Fact[Text] | None = Field(None, description="A remark.")

    @model_validator(mode="after")
    def _fitting(self) -> Event:
        if self.presence == "absent":
            for field in ("severity", "causality", "outcome"):
                if getattr(self, field) is not None:
                    raise ValueError(f"an event that did not happen has no {field}")
        elif self.causality is not None and not self.interventions:
            raise ValueError("a causality needs the interventions it is judged of")
        return self


class Photograph(Visit):
    """A picture, by reference and hash: the record never holds the picture."""

    title: Fact[Text] | None = Field(None, description="Its title or file name.")
    lesions: tuple[Key, ...] = Field((), description="The lesions it shows, by key.")
    view: Fact[terms.PhotoViewTerm] | None = Field(None, description="The view: frontal, close-up.")
    modality: Fact[terms.PhotoModalityTerm] | None = Field(None, description="Visible light or Wood's lamp.")
    url: Fact[Url] | None = Field(None, description="Where the picture is.")
    content_type: Fact[MimeType] | None = Field(None, description="Its MIME type, such as image/jpeg.")
    sha1: Fact[Sha1] | None = Field(None, description="SHA-1 of the file, 40 hexadecimal digits.")


class Statement(Model):
    """What the source says that is no fact of this patient, or that no field takes, with the reason: the loss
    ledger.
    """

    text: Text = Field(description="What the source says.")
    reason: Text | None = Field(None, description="Why it is not mapped.")


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
