"""What the record rests on: where it comes from, pictures, and what it says beside the facts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from fhir_vitiligo.case import terms
from fhir_vitiligo.case.items import Visit
from fhir_vitiligo.case.values import Day, Fact, Identifier, Key, Model, Text, Url

Sha1 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$", to_lower=True)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$")]
MimeType = Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-zA-Z0-9.+-]+$", max_length=100)]


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
