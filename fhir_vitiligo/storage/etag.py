"""Entity tags: the version of a resource as HTTP has it, ``W/"3"``
(https://hl7.org/fhir/R4/http.html#concurrency).
"""

from __future__ import annotations

import re

from fhir_vitiligo.errors import InputError

_ETAG = re.compile(r'(?:W/)?"(?P<quoted>\d{1,18})"|(?P<bare>\d{1,18})', re.ASCII)


def parse_etag(text: str) -> int:
    """The version in ``W/"3"``, ``"3"`` or ``3``; :class:`InputError` for anything else."""
    match = _ETAG.fullmatch(text.strip())
    if match is None:
        raise InputError(f'{text[:100]!r} is no version: it is written W/"3"', code="invalid")
    return int(match["quoted"] or match["bare"])


def names_version(tags: str, version: int) -> bool:
    """Whether a list of tags (If-None-Match) names the version, or any by ``*``."""
    wanted = {tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")}
    return str(version) in wanted or "*" in wanted
