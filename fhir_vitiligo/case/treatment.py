"""What was done: products, devices, treatments, and what came of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from fhir_vitiligo.case import terms
from fhir_vitiligo.case.items import Item, Visit
from fhir_vitiligo.case.times import is_before
from fhir_vitiligo.case.values import Fact, Key, Model, Moment, Quantity, Schedule, Text


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


# What only a procedure has, and what says that of the use of a product.
_OF_PROCEDURES = {"name": "product", "device": "note", "donor_site": "site", "outcome": "a response"}
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
        if self.start is not None and self.end is not None and self.start.value and self.end.value:
            start, end = self.start.value, self.end.value
            if is_before(end, start):
                raise ValueError(f"the end {end} is before the start {start}")
        if self.stop_reason is not None and (
            self.status is None or self.status.value not in ("stopped", "not-done", "on-hold")
        ):
            raise ValueError("a stop_reason goes with a status of stopped, not-done or on-hold")
        if self.dose is not None and self.dose.value is not None and self.dose.value.comparator is not None:
            raise ValueError(
                f"a dose is an amount, not a bound: write {{raw: '{self.dose.value}', status: ambiguous}}"
            )
        if self.is_medication:
            for field, instead in _OF_PROCEDURES.items():
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
        """Whether this is use of a product rather than something done to the skin. Of a product of which it is not known
        whether it is applied or taken (``other``) too, unless it has what only a procedure has.
        """
        if self.kind in ("topical", "systemic"):
            return True
        if self.product is None:
            return False
        if self.kind == "other":
            return all(getattr(self, field) is None for field in _OF_PROCEDURES)
        return self.kind in MEDICATION_KINDS


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
