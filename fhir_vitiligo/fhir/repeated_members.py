"""A member that stands twice in a JSON object: what is read of it is the last, and the first is lost in silence
(RFC 8259, 4: names should be unique; https://hl7.org/fhir/R4/json.html: they have to be).

Looked for in two steps, because nearly every text has none: the text is what it was read to, written anew; or no object of it
has fewer names than members.
"""

from __future__ import annotations

from json.decoder import JSONDecoder
from typing import Any

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir import json_text

_RULE = "duplicate-key"


class _StandsTwice(Exception):  # noqa: N818 - an answer, not a fault
    pass


def repeated_members(text: bytes, value: object = None) -> list[Issue]:
    """An error with line and column for each; ``value`` is what the text was read to, where that is known: with it most
    texts are told at a third of the cost. Nothing is said of what is no JSON.
    """
    if value is not None and json_text.repeats_no_member(text, value):
        return []
    try:
        _SCAN(text.decode())
        return []
    except _StandsTwice:
        pass
    except (ValueError, RecursionError):
        return []
    from fhir_vitiligo.fhir.source import parse

    return [issue for issue in parse(text, format="json").issues if issue.rule == _RULE]


def _seen(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _StandsTwice


# Nothing of what is read is kept: all of a large Bundle takes ten times the memory of its text.
_SCAN = JSONDecoder(object_pairs_hook=_seen, parse_float=len, parse_int=len).decode
