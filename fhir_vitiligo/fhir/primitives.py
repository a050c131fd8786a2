"""The primitive types: which JSON value each takes and how it is written
(https://hl7.org/fhir/R4/datatypes.html#primitive).

Written by hand where the published regular expression is no use: base64Binary's backtracks without end, R5's
decimal has a stray brace, and none of them knows that February has no 30th. A test holds the others against
the published ones.
"""

from __future__ import annotations

import math
import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

# What is wrong with a value, to follow the element's name in a sentence; None when nothing is.
Check = Callable[[Any], str | None]

MAX_STRING = 1_048_576
_SHOWN = 60

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
# White space is ASCII's in a URI, as in HL7's engine.
_SPACE = re.compile(r"\s", re.ASCII)
# "No whitespace other than single spaces": not the tab and the no-break space that the published expression lets by.
_CODE = re.compile(r"[^\s]+( [^\s]+)*")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_DIV = re.compile(r"<([A-Za-z]+:)?div[\s>/]")
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE = r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DAY = r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12][0-9]|3[01])"
_DATE = re.compile(rf"([0-9]{{4}}|[0-9]{{4}}-(0[1-9]|1[0-2])|{_DAY})")
_DATE_TIME = re.compile(rf"([0-9]{{4}}|[0-9]{{4}}-(0[1-9]|1[0-2])|{_DAY}(T{_TIME}{_ZONE})?)")
_INSTANT = re.compile(rf"{_DAY}T{_TIME}{_ZONE}")
_TIME_OF_DAY = re.compile(_TIME)
_WHOLE_NUMBER = re.compile(r"0|[-+]?[1-9][0-9]{0,99}")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,999})(\.[0-9]{1,1000})?([eE][+-]?[0-9]{1,9})?")
_INTEGER64 = re.compile(r"0|[-+]?[1-9][0-9]*")


def shown(value: Any) -> str:
    """A value as an error message quotes it: short, and on one line."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return "an array"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…")
    text = str(value) if not isinstance(value, int) or value.bit_length() < 256 else "a very large number"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _quoted(value: Any, reader: Callable[[str], Any]) -> str:
    """Only the quotes are wrong; XML, which has none, is read before it is checked."""
    return " without quotes" if isinstance(value, str) and reader(value) != value else ""


def _boolean(value: Any) -> str | None:
    if value is True or value is False:
        return None
    # Text that is neither may come from XML, which has no quotes.
    quoted = "" if isinstance(value, str) and _truth(value) == value else ", without quotes"
    return f"is {shown(value)}: write true or false{quoted}."


def _integer(name: str, least: int, most: int) -> Check:
    def check(value: Any) -> str | None:
        if type(value) is int and least <= value <= most:
            return None
        return f"is {shown(value)}, not {name}: write a whole number from {least} to {most}{_quoted(value, _whole)}."

    return check


def _integer64(value: Any) -> str | None:
    # JSON numbers lose digits beyond 2^53 in most programs, which is why this one travels as a string.
    if isinstance(value, str) and len(value) <= 20 and _INTEGER64.fullmatch(value):
        return None if -(2**63) <= int(value) < 2**63 else f"is {value}, which does not fit in 64 bits."
    return f"is {shown(value)}, not an integer64: write a whole number as a string."


def _decimal(value: Any) -> str | None:
    kind = type(value)
    if kind is int or (kind is Decimal and value.is_finite()) or (kind is float and math.isfinite(value)):
        return None
    return f"is {shown(value)}, not a decimal: write a number{_quoted(value, _number)}."


def _text(value: Any) -> str | None:
    """What every string must keep to (https://hl7.org/fhir/R4/datatypes.html#string)."""
    if not isinstance(value, str):
        return f"is {shown(value)}: write a string."
    if not value:
        return "is an empty string: leave the element out instead."
    if len(value) > MAX_STRING:
        return f"has {len(value)} characters: a string has at most {MAX_STRING}."
    return None


def doubtful_text(value: str) -> str | None:
    """What the specification only advises against: a string of white space alone, a character below 32."""
    if value.isspace():
        return "has only white space: leave the element out instead."
    if value.isprintable() or (found := _CONTROL.search(value)) is None:
        return None
    return f"has the control character U+{ord(found[0]):04X}: use only tab, line feed and carriage return."


def _written(pattern: re.Pattern[str], told: str) -> Check:
    """A string that matches the whole pattern; ``told`` says what it is not and what would be right."""

    def check(value: Any) -> str | None:
        if isinstance(value, str) and pattern.fullmatch(value):
            return None
        return f"is {shown(value)}, not {told}."

    return check


def _calendar(pattern: re.Pattern[str], told: str) -> Check:
    def check(value: Any) -> str | None:
        # Longer than any date is no date; the bound keeps a hostile fraction of seconds from being read.
        found = pattern.fullmatch(value) if isinstance(value, str) and len(value) < 100 else None
        if found is None or value.startswith("0000"):
            return f"is {shown(value)}, not {told}."
        if found["day"] and int(found["day"]) > monthrange(int(found["year"]), int(found["month"]))[1]:
            return f"is {shown(value)}, but that month has no day {int(found['day'])}."
        return None

    return check


def _uri(value: Any) -> str | None:
    if isinstance(value, str) and value and not _SPACE.search(value):
        return None
    if isinstance(value, str) and value:
        return f"is {shown(value)}: a URI has no white space."
    return _text(value)


def _base64(value: Any) -> str | None:
    if not isinstance(value, str) or not value:
        return _text(value)
    # White space between the groups is allowed in R4 and removed by every reader.
    packed = "".join(value.split())
    if packed and len(packed) % 4 == 0 and _BASE64.fullmatch(packed):
        return None
    return f"is {shown(value)}, not base64: write groups of four of A-Z, a-z, 0-9, + and /, padded with =."


def _xhtml(value: Any) -> str | None:
    if not isinstance(value, str):
        return f"is {shown(value)}: write the narrative as a string that is one XHTML <div>."
    rest = value.lstrip()
    while rest.startswith(("<?", "<!--")):
        # An XML declaration and comments may stand in front.
        _, end, rest = rest.partition("-->" if rest.startswith("<!--") else "?>")
        rest = rest.lstrip() if end else ""
    if _DIV.match(rest) is None:
        return f"is {shown(value)}: the narrative is one XHTML <div> element."
    return None


_DATE_FORM = "write YYYY, YYYY-MM or YYYY-MM-DD"
_ZONE_FORM = "with a time zone (Z or +07:00)"

PRIMITIVES: Mapping[str, Check] = MappingProxyType(
    {
        "base64Binary": _base64,
        "boolean": _boolean,
        "canonical": _uri,
        "code": _written(_CODE, "a code: no white space at its ends, single spaces within"),
        "date": _calendar(_DATE, f"a date: {_DATE_FORM}"),
        "dateTime": _calendar(_DATE_TIME, f"a dateTime: {_DATE_FORM}, or YYYY-MM-DDThh:mm:ss {_ZONE_FORM}"),
        "decimal": _decimal,
        "id": _written(_ID, "an id: write 1 to 64 letters, digits, hyphens and dots"),
        "instant": _calendar(_INSTANT, f"an instant: write YYYY-MM-DDThh:mm:ss {_ZONE_FORM}"),
        "integer": _integer("an integer", -(2**31), 2**31 - 1),
        "integer64": _integer64,
        "markdown": _text,
        "oid": _written(_OID, "an OID: write urn:oid:1.2.3"),
        "positiveInt": _integer("a positiveInt", 1, 2**31 - 1),
        "string": _text,
        "time": _written(_TIME_OF_DAY, "a time: write hh:mm:ss"),
        "unsignedInt": _integer("an unsignedInt", 0, 2**31 - 1),
        "uri": _uri,
        "url": _uri,
        "uuid": _written(_UUID, "a UUID: write urn:uuid: and 8-4-4-4-12 lower-case hexadecimal digits"),
        "xhtml": _xhtml,
    }
)


def _whole(text: str) -> Any:
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else text


def _number(text: str) -> Any:
    found = _NUMBER.fullmatch(text)
    if found is None:
        return text
    if found[2] is None and found[3] is None and text != "-0":
        return int(text)
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _truth(text: str) -> Any:
    return {"true": True, "false": False}.get(text, text)


# What JSON has for the text of a value, for types that it does not write as text; the text where it is no value.
FROM_TEXT: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        "boolean": _truth,
        "decimal": _number,
        "integer": _whole,
        "positiveInt": _whole,
        "unsignedInt": _whole,
    }
)
