"""The record itself is a Provenance: what was made from what, what the case says of itself, and the ledger of
what is not mapped.
"""

from __future__ import annotations

from fhir_vitiligo.case.model import Case, Statement
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.codecs import CodeCodec, IdentifierCodec, StringCodec
from fhir_vitiligo.mapping.declaration import Field, Part
from fhir_vitiligo.mapping.groups import GroupCodec
from fhir_vitiligo.mapping.words import WordsCodec

_HEADER = f"extension({urls.own('case-header')})"
_KINDS = ("case-report", "registry", "phenopacket", "csv", "ehr")

PROVENANCE = Part(
    kind="case",
    model=Case,
    resource="Provenance",
    profile="vitiligo-provenance",
    title="Record",
    subject=None,
    identifiers="none",
    fields=(
        Field("id", f"{_HEADER}.extension(id).value[x]", StringCodec("Id")),
        Field("kind", f"{_HEADER}.extension(kind).value[x]", CodeCodec({word: word for word in _KINDS})),
        Field("consent", f"{_HEADER}.extension(consent).value[x]", WordsCodec()),
        Field(
            "deidentified",
            f"{_HEADER}.extension(deidentified).value[x]",
            WordsCodec("anonymised", "pseudonymised"),
        ),
        Field("identifiers", f"{_HEADER}.extension(identifier)[*].value[x]", IdentifierCodec()),
        Field(
            "statements",
            f"extension({urls.own('unmapped-statement')})[*]",
            GroupCodec(
                Statement,
                (
                    Field("text", "extension(text).value[x]", StringCodec()),
                    Field("reason", "extension(reason).value[x]", StringCodec()),
                ),
            ),
        ),
    ),
)

PARTS = (PROVENANCE,)
