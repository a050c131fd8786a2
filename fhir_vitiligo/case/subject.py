"""The patient: no more identity than the record needs, the family, other conditions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from fhir_vitiligo.case import terms
from fhir_vitiligo.case.items import Item
from fhir_vitiligo.case.values import Day, Fact, Identifier, Model, Moment, Quantity, Text


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
