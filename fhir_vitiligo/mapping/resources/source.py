"""The source is a DocumentReference in R4 and R4B, which have no Citation, and a Citation in R5."""

from __future__ import annotations

from fhir_vitiligo.case.model import Source
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.codecs import Codec, DateCodec, StringCodec
from fhir_vitiligo.mapping.coded import LanguageCodec
from fhir_vitiligo.mapping.declaration import BEFORE_R5, R5, Demand, Field, Part
from fhir_vitiligo.mapping.documents import DoiCodec, SourceTextCodec
from fhir_vitiligo.mapping.words import DayWordsCodec, WordsCodec

_DETAIL = f"extension({urls.own('citation-detail')})"


def _detail(case: str, name: str, codec: Codec | None = None) -> Field:
    return Field(case, f"{_DETAIL}.extension({name}).value[x]", codec or WordsCodec())


DOCUMENT = Part(
    kind="source",
    model=Source,
    resource="DocumentReference",
    profile="vitiligo-source",
    title="Source",
    subject=None,
    releases=BEFORE_R5,
    constants=lambda: {"status": "current"},
    demands=(Demand("content[0].attachment"),),
    fields=(
        Field("doi", "masterIdentifier", DoiCodec()),
        Field("citation", "description", StringCodec()),
        Field("authors", "author[*].display", StringCodec()),
        Field("title", "content[0].attachment.title", StringCodec()),
        Field("url", "content[0].attachment.url", StringCodec("Url")),
        Field("language", "content[0].attachment.language", StringCodec("Code")),
        Field("text", "content[0].attachment.data", SourceTextCodec()),
        _detail("journal", "journal"),
        _detail("volume", "volume"),
        _detail("issue", "issue"),
        _detail("pages", "pages"),
        _detail("published", "published", DayWordsCodec()),
        _detail("licence", "licence"),
    ),
)


def _published_form(path: str) -> str:
    return f"citedArtifact.publicationForm[0].{path}"


CITATION = Part(
    kind="source",
    model=Source,
    resource="Citation",
    profile="vitiligo-citation",
    title="Source",
    subject=None,
    releases=R5,
    constants=lambda: {"status": "active"},
    fields=(
        Field("doi", "citedArtifact.identifier[0]", DoiCodec()),
        Field("citation", "description", StringCodec("Markdown")),
        Field("title", "citedArtifact.title[0].text", StringCodec("Markdown")),
        Field("text", "citedArtifact.abstract[0].text", StringCodec("Markdown")),
        Field("journal", _published_form("publishedIn.title"), StringCodec()),
        Field("volume", _published_form("volume"), StringCodec()),
        Field("issue", _published_form("issue"), StringCodec()),
        Field("published", _published_form("articleDate"), DateCodec()),
        Field("language", _published_form("language[0]"), LanguageCodec()),
        Field("pages", _published_form("pageString"), StringCodec()),
        Field("url", "citedArtifact.webLocation[0].url", StringCodec("Uri")),
        Field("authors", "citedArtifact.contributorship.entry[*].contributor.display", StringCodec()),
        Field("licence", "copyright", StringCodec("Markdown")),
    ),
)

PARTS = (DOCUMENT, CITATION)
