"""Addresses as such: what makes one absolute (https://hl7.org/fhir/R4/datatypes.html#uri)."""

from __future__ import annotations

import re

_ABSOLUTE = re.compile(r"[a-z][a-z0-9+._-]*:[^ ]+", re.ASCII)


def is_absolute(text: str) -> bool:
    """Whether ``text`` is an absolute address: a scheme, which is written in lower-case letters
    (https://www.rfc-editor.org/rfc/rfc3986#section-3.1: others are produced by nobody), and something behind it.
    """
    return _ABSOLUTE.fullmatch(text) is not None
