"""JSON as text: change a member of an object and leave every other byte as it was received.

A resource is signed, compared and quoted by its text, so a store that only sets ``id`` and
``meta.versionId`` has no business respelling numbers, escapes or the order of members
(https://hl7.org/fhir/R4/json.html: canonical forms and decimals). Second half of the home of the JSON
library.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


def members(text: bytes) -> dict[str, bytes]:
    """The members of a JSON object, each value as the text it was written in. :class:`InputError` for
    anything else.
    """
    try:
        return {name: bytes(value) for name, value in _MEMBERS.decode(text).items()}
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(f"not valid JSON: {error}", code="structure") from None
    except RecursionError:
        raise InputError("not readable JSON: nested too deeply", code="too-costly") from None


def elements(text: bytes) -> list[bytes]:
    """The elements of a JSON array, each as the text it was written in. :class:`InputError` for anything
    else.
    """
    try:
        return [bytes(value) for value in _ELEMENTS.decode(text)]
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(f"not valid JSON: {error}", code="structure") from None
    except RecursionError:
        raise InputError("not readable JSON: nested too deeply", code="too-costly") from None


def object_text(parts: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> bytes:
    """A JSON object made of members whose values are JSON text already."""
    pairs = parts.items() if isinstance(parts, Mapping) else parts
    return b"{" + b",".join(json.dumps(name) + b":" + value for name, value in pairs) + b"}"


def indented(text: bytes) -> bytes:
    """The same JSON for people: its white space changes, and nothing else."""
    return msgspec.json.format(text, indent=2)


def repeats_no_member(text: bytes, value: object) -> bool:
    """True when no object of the text surely has the same member twice; ``value`` is what it was read to.

    Written anew, a value has each member once: the same text without its white space proves that nothing was
    overwritten. False only means that someone has to look (escapes and exponents may be spelled otherwise).
    """
    written = json.dumps(value)
    # Without a copy of those that are compact already.
    return text == written or (len(text) > len(written) and msgspec.json.format(text, indent=-1) == written)


def check_depth(value: object, limit: int = json.MAX_DEPTH) -> None:
    """Raises :class:`InputError` when arrays and objects are nested deeper than ``limit``.

    What walks a resource recursively is then safe from the interpreter's own limit. Not recursive itself.
    """
    level: list[object] = [value]
    for _ in range(limit):
        below: list[object] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        level = [item for item in below if isinstance(item, (dict, list))]
        if not level:
            return
    raise InputError(
        f"the JSON is nested more than {limit} levels deep, which no FHIR resource needs", code="too-costly"
    )


def may_be_deep(text: bytes, limit: int = json.MAX_DEPTH) -> bool:
    """False when the text has too few brackets to be nested deeper than ``limit``: spares nearly all inputs
    the walk.
    """
    return text.count(b"{") + text.count(b"[") > limit
