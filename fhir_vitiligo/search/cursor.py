"""Where the next page begins, as an opaque text in its link: the sort values of the last result and its key.

https://hl7.org/fhir/R4/search.html#paging. Whatever is written meanwhile, the results behind that place are
the ones that follow; an offset would skip or repeat some.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json

Cursor = tuple[str | int | float | None, ...]
FIRST: Cursor = ()
_LONGEST = 8000


def to_text(cursor: Cursor) -> str:
    """The cursor as it stands in a link."""
    # JSON has no infinity, which a quantity may reach to: doubles are told by a letter in front, and texts too.
    parts = [
        f"d{value.hex()}" if isinstance(value, float) else f"t{value}" if isinstance(value, str) else value
        for value in cursor
    ]
    return base64.urlsafe_b64encode(json.dumps(parts)).rstrip(b"=").decode()


def from_text(text: str, length: int) -> Cursor:
    """The cursor of a link that is sorted by ``length`` - 1 keys; :class:`InputError` for any other text."""
    found: Cursor = ()
    if len(text) <= _LONGEST:
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            parts = json.loads(data)
            found = tuple(map(_value, parts)) if isinstance(parts, list) else ()
        except (InputError, binascii.Error, ValueError, OverflowError):
            pass
    if len(found) != length or not isinstance(found[-1], int):
        raise InputError(
            "_after is the end of a page as a next link has it: follow that link", code="invalid"
        )
    return found


def _value(part: Any) -> str | int | float | None:
    if part is None or (type(part) is int and abs(part) < 2**63):
        return part
    if isinstance(part, str) and part[:1] in ("d", "t"):
        return part[1:] if part[0] == "t" else float.fromhex(part[1:])
    raise ValueError(part)
