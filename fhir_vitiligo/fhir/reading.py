"""A FHIR document read to be worked with: JSON or XML (https://hl7.org/fhir/R4/formats.html).

:mod:`fhir_vitiligo.fhir.source` tells what is wrong and reads on, as a validator wants it. Here a document is read
whole or refused, so that nothing of it is lost in silence.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fhir_vitiligo.errors import InputError, Issue
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.source import Document, parse

_OPENINGS = (b"", b"{", b"[", b"<")
# Of XML whose elements stand in another order, everything was read.
_HARMLESS = frozenset({"order"})


def read_document(data: bytes, release: Release | None = None) -> Any:
    """The resource, Bundle or list of resources that a text holds, decimals as written.

    XML is read by the definitions of ``release``, else of the one that it states, else of R4. Raises
    :class:`InputError` with line, column and what would be right for all that keeps the text from being read
    whole: what is not well-formed, a member that stands twice, an XML element that no definition knows.
    """
    return read_whole(data, release).resource


def read_whole(data: bytes, release: Release | None = None, fallback: Release = Release.R4) -> Document:
    """The same with the places of what is in it; ``fallback`` is the release of one that states none."""
    document = parse(data, release, fallback=fallback)
    faults = [
        issue
        for issue in document.issues
        if issue.severity in ("fatal", "error") and issue.rule not in _HARMLESS
    ]
    if not faults:
        return document
    if (
        document.format == "json"
        and data[:1024].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1] not in _OPENINGS
    ):
        text = "this is neither FHIR JSON nor FHIR XML, which begin with { or <."
        raise InputError(Issue("error", "structure", "", text, line=1, column=1))
    raise InputError(replace(fault, severity="error") for fault in faults)
