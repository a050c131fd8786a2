"""The vitiligo case record: the data dictionary, as frozen types.

A case is one patient's vitiligo as a clinic, a registry or an author holds it. Items (a lesion, an assessment, a treatment)
have a ``key`` of their own, by which others refer to them. A field that is not there says nothing; a fact that is known to be
missing says so (``status: absent`` with its reason).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from fhir_vitiligo.case import consistency, terms
from fhir_vitiligo.case.instruments import derive
from fhir_vitiligo.case.values import Day, Fact, Identifier, Key, Model, Moment, Quantity, Schedule, Term, Text

Sha1 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$", to_lower=True)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$")]
MimeType = Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-zA-Z0-9.+-]+$", max_length=100)]
Presence = Literal["present", "absent", "unknown"]
Side = Literal["right", "left", "both", "midline", "unilateral"]


class Item(Model):
    """Anything with a name of its own within the case, and the identifiers other systems gave it."""

    key: Key
    identifiers: tuple[Identifier, ...] = ()


class Visit(Item):
    """An item that was observed or done at a time point, or on a date of its own."""

    at: Key | None = Field(None, description="The time point it belongs to, by key.")
    date: Fact[Moment] | None = Field(None, description="Its own time, where that differs from the time point's.")


class Source(Model):
    """Where the case comes from: a publication, a registry, a chart."""

    identifiers: tuple[Identifier, ...] = ()
    doi: Fact[Text] | None = None
    citation: Fact[Text] | None = Field(None, description="The citation as written.")
    title: Fact[Text] | None = None
    authors: tuple[Text, ...] = Field((), description="Who wrote it; not who treated the patient.")
    journal: Fact[Text] | None = None
    volume: Fact[Text] | None = None
    issue: Fact[Text] | None = None
    pages: Fact[Text] | None = None
    published: Fact[Day] | None = Field(None, description="Date of publication; never the date of a visit.")
    url: Fact[Text] | None = None
    language: Fact[Language] | None = Field(None, description="BCP 47 language of the source, such as en.")
    licence: Fact[Text] | None = None
    text: Text | None = Field(None, description="The source's text, which the spans of facts point into.")


class FamilyMember(Item):
    """A relative and what is known of vitiligo or another condition in them."""

    relation: Fact[terms.RelationTerm]
    condition: Fact[terms.ComorbidityTerm] | None = None
    presence: Literal["present", "absent"] = "present"
    onset: Fact[Moment] | None = None
    note: Fact[Text] | None = None

    @model_validator(mode="after")
    def _fitting(self) -> FamilyMember:
        if self.onset is not None and (self.condition is None or self.presence == "absent"):
            raise ValueError("an onset goes with a condition that is present")
        return self


class Comorbidity(Item):
    """Another condition of the patient, present or absent."""

    name: Fact[terms.ComorbidityTerm]
    presence: Literal["present", "absent"] = "present"
    onset: Fact[Moment] | None = None
    note: Fact[Text] | None = None


class Subject(Model):
    """The patient, with no more identity than the record needs."""

    identifiers: tuple[Identifier, ...] = ()
    sex: Fact[Literal["male", "female", "other", "unknown"]] | None = None
    birth_date: Fact[Day] | None = Field(None, description="As precise as known; never computed from an age.")
    age: Fact[Quantity] | None = Field(None, description="Age at the first time point, such as 19 a or 74 mo.")
    phototype: Fact[terms.PhototypeTerm] | None = Field(None, description="Fitzpatrick skin phototype I to VI.")
    ethnicity: Fact[terms.FreeTerm] | None = None
    family_history: tuple[FamilyMember, ...] = ()
    comorbidities: tuple[Comorbidity, ...] = ()


class TimePoint(Item):
    """A visit or other anchor in time; the first one of a case is the one that ages and offsets count from."""

    label: Fact[Text] | None = None
    when: Fact[Moment] | None = Field(None, description="A date, or an offset from another time point; absent when unstated.")
    setting: Fact[Literal["clinic", "home", "hospital", "remote"]] | None = None
    service: Fact[Text] | None = Field(None, description="The clinic or service as written.")


class Site(Model):
    """A body site with its side, where the side is stated of this very site. Plain form: the site alone."""

    site: terms.SiteTerm
    side: Side | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: object) -> object:
        if isinstance(data, str | Term) or (isinstance(data, dict) and data and "site" not in data):
            return {"site": data}
        return data


class Diagnosis(Item):
    """The vitiligo, classified as the Vitiligo Global Issues Consensus Conference does (Ezzedine 2012)."""

    at: Key | None = Field(None, description="The time point it was made at, by key.")
    name: Fact[terms.DiagnosisTerm] | None = None
    subtype: Fact[terms.SubtypeTerm] | None = None
    facial_type: Fact[terms.FacialSegmentalTypeTerm] | None = Field(None, description="Facial segmental type I-a to V (Kim 2011).")
    verification: Fact[Literal["unconfirmed", "provisional", "differential", "confirmed", "refuted"]] | None = None
    status: Fact[Literal["active", "recurrence", "relapse", "inactive", "remission", "resolved"]] | None = None
    onset: Fact[Moment] | None = None
    abatement: Fact[Moment] | None = None
    course: tuple[Fact[Text], ...] = Field((), description="How it developed, as written.")
    stable_for: Fact[Quantity] | None = Field(None, description="How long without change, such as 12 mo.")
    sites: tuple[Site, ...] = ()
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

    label: Fact[Text] | None = None
    sites: tuple[Site, ...] = ()
    target: Fact[bool] | None = Field(None, description="Whether it is followed as a target lesion.")
    morphology: Fact[terms.MorphologyTerm] | None = None
    colour: Fact[terms.ColourTerm] | None = None
    border: Fact[terms.BorderTerm] | None = None
    edge: Fact[terms.EdgeTerm] | None = None
    distribution: Fact[terms.DistributionTerm] | None = None
    multiplicity: Fact[terms.FreeTerm] | None = Field(None, description="How many, in words: multiple, few.")
    count: Fact[Quantity] | None = Field(None, description="How many, as a number that was stated.")
    size: Fact[Quantity] | None = Field(None, description="In cm or cm2.")
    shape: Fact[terms.FreeTerm] | None = None
    variation: Fact[Text] | None = Field(None, description="How patches differ, as written.")
    leukotrichia: Fact[Presence] | None = None
    koebner: Fact[Presence] | None = None
    confetti: Fact[Presence] | None = None
    halo_naevi: Fact[Presence] | None = None
    mucosal: Fact[Presence] | None = None


class Component(Model):
    """One number of an instrument: an item, a region, or an item of a region."""

    item: terms.InstrumentItemTerm | None = None
    region: terms.RegionTerm | None = None
    value: Fact[Quantity]

    @model_validator(mode="after")
    def _named(self) -> Component:
        if self.item is None and self.region is None:
            raise ValueError("a component names its item, its region, or both")
        return self


class Assessment(Visit):
    """A score by an instrument. Different instruments share names, so variant, version and region set belong to the result."""

    instrument: Fact[terms.InstrumentTerm]
    variant: Text | None = None
    version: Text | None = None
    region_set: terms.RegionSetTerm | None = None
    rater: Fact[terms.RaterTerm] | None = None
    lesions: tuple[Key, ...] = ()
    components: tuple[Component, ...] = ()
    total: Fact[Quantity] | None = Field(None, description="The score; derived from the components where a verified formula allows.")
    interpretation: Fact[terms.InterpretationTerm] | None = Field(None, description="The band the score falls into; derived where verified bands exist.")
    note: Fact[Text] | None = None

    @model_validator(mode="after")
    def _derive(self) -> Assessment:
        for name, fact in derive(self).items():
            object.__setattr__(self, name, fact)
        return self


class Ingredient(Model):
    """What a product contains."""

    name: Fact[terms.DrugTerm]
    strength: Fact[Quantity] | None = Field(None, description="Such as 5 %; whether by weight or volume only if stated.")
    basis: Literal["w/w", "w/v", "v/v"] | None = None


class Product(Item):
    """A medicine, a cell-derived product, a cosmetic: what was applied or taken."""

    name: Fact[terms.DrugTerm]
    form: Fact[terms.FreeTerm] | None = None
    ingredients: tuple[Ingredient, ...] = ()
    licence: Fact[Literal["licensed", "unlicensed"]] | None = None


class Device(Model):
    """What a treatment was given with."""

    name: Fact[terms.FreeTerm] | None = None
    wavelength: Fact[Quantity] | None = Field(None, description="In nm.")

    @model_validator(mode="after")
    def _said(self) -> Device:
        if self.name is None and self.wavelength is None:
            raise ValueError("a device has a name or a wavelength")
        return self


MEDICATION_KINDS = frozenset({"topical", "systemic", "depigmentation", "camouflage"})


class Intervention(Item):
    """A treatment: a medication used, or a whole course of procedures with its schedule, never invented sessions."""

    kind: Literal[
        "topical", "systemic", "phototherapy", "laser", "procedure", "surgery", "depigmentation", "camouflage",
        "psychological", "other",
    ]  # fmt: skip
    at: Key | None = Field(None, description="The time point it was given or begun at, by key.")
    name: Fact[terms.ProcedureTerm] | None = Field(None, description="What was done; a medication is named by its product.")
    product: Key | None = Field(None, description="What was used, by key.")
    status: Fact[Literal["planned", "active", "completed", "stopped", "on-hold", "not-done"]] | None = None
    stop_reason: Fact[terms.FreeTerm] | None = None
    schedule: Fact[Schedule] | None = None
    start: Fact[Moment] | None = None
    end: Fact[Moment] | None = None
    dose: Fact[Quantity] | None = Field(None, description="Amount each time, such as 0.3 mL or 400 mJ/cm2.")
    cumulative_dose: Fact[Quantity] | None = None
    sessions_done: Fact[Quantity] | None = Field(None, description="How many sessions were given, where that is stated.")
    route: Fact[terms.RouteTerm] | None = None
    site: Fact[terms.FreeTerm] | None = Field(None, description="Where it was applied, as written.")
    donor_site: Fact[terms.SiteTerm] | None = None
    lesions: tuple[Key, ...] = Field((), description="The lesions treated, by key.")
    setting: Fact[Literal["clinic", "home", "hospital", "remote"]] | None = None
    device: Device | None = None
    part_of: Key | None = Field(None, description="The course this is a part of, by key.")
    outcome: Fact[terms.FreeTerm] | None = Field(None, description="The treating clinician's or author's judgement.")
    note: Fact[Text] | None = None

    @model_validator(mode="after")
    def _fitting(self) -> Intervention:
        if self.stop_reason is not None and (self.status is None or self.status.value not in ("stopped", "not-done", "on-hold")):
            raise ValueError("a stop_reason goes with a status of stopped, not-done or on-hold")
        if self.dose is not None and self.dose.value is not None and self.dose.value.comparator is not None:
            raise ValueError(f"a dose is an amount, not a bound: write {{raw: '{self.dose.value}', status: ambiguous}}")
        if self.is_medication:
            for field, instead in (("name", "product"), ("device", "note"), ("donor_site", "site"), ("outcome", "a response")):
                if getattr(self, field) is not None:
                    raise ValueError(f"a {self.kind} treatment with a product has no {field}: use {instead}")
        elif self.route is not None:
            raise ValueError(f"a {self.kind} treatment has no route: give what is applied as a topical part of it (part_of)")
        return self

    @property
    def is_medication(self) -> bool:
        """Whether this is use of a product rather than something done to the skin."""
        return self.kind in ("topical", "systemic") or (self.kind in MEDICATION_KINDS and self.product is not None)


class Response(Visit):
    """What came of it."""

    lesions: tuple[Key, ...] = ()
    interventions: tuple[Key, ...] = ()
    repigmentation: Fact[Quantity] | None = Field(None, description="Per cent repigmented.")
    quartile: Fact[terms.QuartileTerm] | None = None
    text: Fact[Text] | None = Field(None, description="The response as written.")
    trend: Fact[terms.TrendTerm] | None = None
    pattern: Fact[terms.PatternTerm] | None = None
    colour_match: Fact[terms.ColourMatchTerm] | None = None
    endpoint: Fact[terms.EndpointTerm] | None = Field(None, description="An endpoint such as F-VASI75.")
    endpoint_reached: Fact[bool] | None = None
    improvement: Fact[Quantity] | None = Field(None, description="Per cent improvement of the score from baseline.")
    derived_from: tuple[Key, ...] = Field((), description="The assessments it was computed from, baseline first.")
    maintained: Fact[bool] | None = Field(None, description="Whether gained repigmentation was kept.")
    maintained_for: Fact[Quantity] | None = None
    rater: Fact[terms.RaterTerm] | None = None
    note: Fact[Text] | None = None


class Event(Visit):
    """An adverse event, or the stated absence of one."""

    name: Fact[terms.FindingTerm]
    presence: Literal["present", "absent"] = "present"
    severity: Fact[Literal["mild", "moderate", "severe"]] | None = None
    interventions: tuple[Key, ...] = Field((), description="The treatments it is related to, by key.")
    causality: Fact[terms.FreeTerm] | None = None
    outcome: Fact[Literal["ongoing", "recovering", "resolved", "resolved-with-sequelae", "fatal"]] | None = None
    lesions: tuple[Key, ...] = ()
    note: Fact[Text] | None = None

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

    title: Fact[Text] | None = None
    lesions: tuple[Key, ...] = ()
    view: Fact[terms.PhotoViewTerm] | None = None
    modality: Fact[terms.PhotoModalityTerm] | None = Field(None, description="Visible light or Wood's lamp.")
    url: Fact[Text] | None = None
    content_type: Fact[MimeType] | None = None
    sha1: Fact[Sha1] | None = Field(None, description="SHA-1 of the file, 40 hexadecimal digits.")


class Statement(Model):
    """What the source says that is no fact of this patient, or that no field takes, with the reason: the loss ledger."""

    text: Text
    reason: Text | None = None


class Case(Model):
    """One patient's vitiligo."""

    id: Key = Field(description="Stable and unique among your cases: ids of what is made from the case derive from it.")
    identifiers: tuple[Identifier, ...] = ()
    kind: Literal["case-report", "registry", "phenopacket", "csv", "ehr"] | None = None
    synthetic: bool = Field(False, description="True for invented data; it is then marked as test data everywhere.")
    consent: Fact[Text] | None = None
    deidentified: Fact[Literal["anonymised", "pseudonymised"]] | None = None
    source: Source | None = None
    subject: Subject = Field(default_factory=lambda: Subject())
    timepoints: tuple[TimePoint, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    lesions: tuple[Lesion, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    products: tuple[Product, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    responses: tuple[Response, ...] = ()
    events: tuple[Event, ...] = ()
    photographs: tuple[Photograph, ...] = ()
    statements: tuple[Statement, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Case:
        consistency.check(self)
        for name, items in consistency.normal(self).items():
            object.__setattr__(self, name, items)
        return self
