"""What every item of a case has: a name of its own, and maybe a time."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from fhir_vitiligo.case import terms
from fhir_vitiligo.case.values import Fact, Identifier, Key, Model, Moment, Term, Text

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
