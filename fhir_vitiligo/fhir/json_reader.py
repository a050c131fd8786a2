"""JSON that is not quite JSON, read as far as it makes sense: every fault is told with its place and what would
be right (RFC 8259; https://hl7.org/fhir/R4/json.html).

The slow way round: :mod:`fhir_vitiligo.fhir.source` comes here when the quick parser refused a text, or when a
member may stand twice. Each fault is passed over as its writer most likely meant it, so that the rest of the
resource can be checked as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from json.decoder import JSONDecoder
from typing import Any

from fhir_vitiligo.fhir.json import MAX_DEPTH
from fhir_vitiligo.fhir.primitives import shown

MAX_FAULTS = 100

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![\w.+-])")
_WORD = re.compile(r"[\w.+$-]+")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\.)*+"')
_LOOSE = re.compile(r'"((?:[^"\\\n]++|\\.)*+)"|' + r"'((?:[^'\\\n]++|\\.)*+)'", re.DOTALL)
_LINES = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_CURLY = re.compile('[\u201c\u201d"\n]')
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
_decode = JSONDecoder().raw_decode
_LITERALS = {"true": True, "false": False, "null": None}
_MEANT = {
    "True": True,
    "False": False,
    "None": None,
    "TRUE": True,
    "FALSE": False,
    "undefined": None,
    "nil": None,
}
_MAX_DIGITS = 4000


@dataclass(frozen=True, slots=True)
class JsonFault:
    """``keys`` are the names and indexes that lead to the object or array it was found in."""

    rule: str
    text: str
    offset: int
    keys: tuple[str | int, ...] = ()


class Unreadable(Exception):  # noqa: N818 - the end of a reading, told as a fault
    """Nobody can say how it was meant to go on."""


@dataclass(slots=True)
class JsonReading:
    """``value`` is what could be read; ``whole`` is false where the reading broke off. ``children`` are, by
    the offset of each object and array, the offsets of what is in it: (key, value) by name, or of each entry.
    """

    value: Any = None
    whole: bool = True
    faults: list[JsonFault] = field(default_factory=list)
    children: dict[int, dict[str, tuple[int, int]] | list[int]] = field(default_factory=dict)


def read(text: str) -> JsonReading:
    """Read a text. Never raises for what is in it."""
    reader = _Reader(text)
    result = reader.result
    try:
        at = reader.space(0)
        if at >= len(text):
            reader.fault("json", "there is nothing here: a resource is a JSON object { ... }", at)
            result.whole = False
            return result
        result.value, at = reader.value(at)
        at = reader.space(at)
        if at < len(text):
            more = (
                "another document follows: write one resource a file, or each on a line of its own (.ndjson)"
            )
            what = (
                more
                if text[at] in "{["
                else f"{shown(text[at : at + 20])} stands after the end: leave it out"
            )
            reader.fault("json", what, at)
    except (Unreadable, RecursionError):
        result.whole = False
    return result


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.result = JsonReading()
        self._keys: list[str | int] = []

    def fault(self, rule: str, text: str, offset: int) -> None:
        if len(self.result.faults) >= MAX_FAULTS:
            raise Unreadable
        self.result.faults.append(JsonFault(rule, text, offset, tuple(self._keys)))

    def stop(self, text: str, offset: int) -> Unreadable:
        self.fault("json", text, offset)
        return Unreadable()

    def space(self, at: int) -> int:
        """Past white space, and past comments, which JSON has not."""
        while True:
            found = _SPACE.match(self.text, at)
            at = found.end() if found else at
            opening = self.text[at : at + 2]
            if opening not in ("//", "/*"):
                return at
            self.fault("json", "JSON has no comments: leave it out", at)
            end = self.text.find("\n" if opening == "//" else "*/", at + 2)
            if end < 0 and opening == "/*":
                raise self.stop("the comment is never closed", at)
            at = len(self.text) if end < 0 else end + (0 if opening == "//" else 2)

    def value(self, at: int) -> tuple[Any, int]:
        sign = self.text[at : at + 1]
        if sign in ("{", "["):
            if len(self._keys) >= MAX_DEPTH:
                self.fault(
                    "depth",
                    f"the JSON is nested more than {MAX_DEPTH} levels deep, which no FHIR resource needs",
                    at,
                )
                raise Unreadable
            return self._object(at) if sign == "{" else self._array(at)
        if sign in ('"', "'", "\u201c", "\u201d"):
            return self._string(at)
        if not sign:
            raise self.stop("the text ends where a value should stand", at)
        return self._plain(at)

    def _object(self, start: int) -> tuple[dict[str, Any], int]:
        result: dict[str, Any] = {}
        places: dict[str, tuple[int, int]] = {}
        self.result.children[start] = places
        at = self.space(start + 1)
        after_comma = -1
        while True:
            sign = self.text[at : at + 1]
            if sign == "}":
                if after_comma >= 0:
                    self.fault("json", "a comma stands before the closing }: leave it out", after_comma)
                return result, at + 1
            if not sign:
                raise self.stop("the object that begins here is never closed: a } is missing", start)
            if sign in (",", "]"):
                if sign == "]":
                    raise self.stop("a ] stands where the object needs a }", at)
                self.fault("json", "a comma too many: leave it out", at)
                at = self.space(at + 1)
                continue
            key_at = at
            key, at = self._key(at)
            at = self.space(at)
            if self.text[at : at + 1] == ":":
                at = self.space(at + 1)
            elif self.text[at : at + 1] == "=":
                self.fault("json", f"write a colon after `{key[:64]}`, not =", at)
                at = self.space(at + 1)
            else:
                raise self.stop(f"a colon and a value should follow `{key[:64]}`", at)
            value_at = at
            self._keys.append(key)
            item, at = self.value(at)
            self._keys.pop()
            if key in result:
                line = self.text.count("\n", 0, places[key][0]) + 1
                told = f"`{key[:64]}` stands twice in this object (first in line {line}): leave one out"
                self.fault("duplicate-key", told, key_at)
            result[key] = item
            places[key] = (key_at, value_at)
            at, after_comma = self._separator(at, "}")

    def _array(self, start: int) -> tuple[list[Any], int]:
        result: list[Any] = []
        places: list[int] = []
        self.result.children[start] = places
        at = self.space(start + 1)
        after_comma = -1
        while True:
            sign = self.text[at : at + 1]
            if sign == "]":
                if after_comma >= 0:
                    self.fault("json", "a comma stands before the closing ]: leave it out", after_comma)
                return result, at + 1
            if not sign:
                raise self.stop("the array that begins here is never closed: a ] is missing", start)
            if sign in (",", "}"):
                if sign == "}":
                    raise self.stop("a } stands where the array needs a ]", at)
                self.fault("json", "a comma too many: leave it out", at)
                at = self.space(at + 1)
                continue
            places.append(at)
            self._keys.append(len(result))
            item, at = self.value(at)
            self._keys.pop()
            result.append(item)
            at, after_comma = self._separator(at, "]")

    def _separator(self, at: int, closing: str) -> tuple[int, int]:
        """Past the comma behind a value; where it stood, or -1 for none."""
        end = at
        at = self.space(at)
        sign = self.text[at : at + 1]
        if sign == ",":
            return self.space(at + 1), at
        if sign == ";":
            self.fault("json", "write a comma, not a semicolon", at)
            return self.space(at + 1), -1
        if sign and sign != closing and sign not in "}]":
            self.fault("json", "a comma is missing here", end)
        return at, -1

    def _key(self, at: int) -> tuple[str, int]:
        if self.text[at] in "\"'\u201c\u201d":
            return self._string(at)
        found = _WORD.match(self.text, at)
        if found is None:
            raise self.stop(f"a name in double quotes should stand here, not {shown(self.text[at])}", at)
        self.fault("json", f'write the name in double quotes: "{found[0][:64]}"', at)
        return found[0], found.end()

    def _string(self, at: int) -> tuple[str, int]:
        if _STRING.match(self.text, at):
            try:
                value, end = _decode(self.text, at)
            except ValueError:
                pass  # an escape that is none
            else:
                return self._joined(value, at), end
        sign = self.text[at]
        if sign in "\u201c\u201d":
            self.fault("json", 'write straight double quotes ", not typographic ones', at)
            close = _CURLY.search(self.text, at + 1)
            if close is None:
                raise self.stop("the string that begins here is never closed", at)
            return self.text[at + 1 : close.start()], close.end()
        found = _LOOSE.match(self.text, at) or _LINES.match(self.text, at)
        if found is None:
            raise self.stop('the string that begins here is never closed: a " is missing', at)
        inside = found[1] if sign == '"' else found[2]
        if sign == "'":
            self.fault("json", "write double quotes, not single ones", at)
        return self._unescaped(inside, at + 1, sign), found.end()

    def _unescaped(self, inside: str, at: int, quote: str) -> str:
        """The string meant by what is between its quotes, control characters and wrong escapes told."""
        wrong = next((i for i, sign in enumerate(inside) if sign < " "), -1)
        if wrong >= 0:
            how = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(inside[wrong], f"\\u{ord(inside[wrong]):04x}")
            name = {"\n": "a line break", "\r": "a line break", "\t": "a tab"}.get(
                inside[wrong], "a control character"
            )
            self.fault("json", f"{name} inside a string is written {how}", at + wrong)
        parts: list[str] = []
        done = 0
        for found in _ESCAPE.finditer(inside):
            parts.append(inside[done : found.start()])
            done = found.end()
            try:
                parts.append(_decode(f'"{found[0]}"')[0])
            except ValueError:
                if quote == '"' or found[0] != "\\'":
                    told = f"{found[0]} is no escape of JSON: write \\\\ for a backslash"
                    self.fault("json", told, at + found.start())
                parts.append(found[0][1:])
        return self._joined("".join([*parts, inside[done:]]), at)

    def _joined(self, value: str, at: int) -> str:
        """The string with the halves of surrogate pairs, which two escapes are, made one character."""
        if not any("\ud800" <= sign <= "\udfff" for sign in value):
            return value
        joined = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if "\ufffd" in joined and "\ufffd" not in value:
            self.fault("json", "half of a surrogate pair (\\ud800 to \\udfff) is no character", at)
        return joined

    def _plain(self, at: int) -> tuple[Any, int]:
        found = _NUMBER.match(self.text, at)
        if found is not None:
            return self._number(found, at), found.end()
        word = _WORD.match(self.text, at)
        if word is None:
            raise self.stop(f"a value should stand here, not {shown(self.text[at])}", at)
        told, end = word[0], word.end()
        if told in _LITERALS:
            return _LITERALS[told], end
        if told in _MEANT:
            meant = {True: "true", False: "false", None: "null"}[_MEANT[told]]
            self.fault("json", f"write {meant}, not {told}", at)
            return _MEANT[told], end
        number = _NUMBER.fullmatch(_mended(told))
        if number is not None:
            self.fault(
                "json",
                f"{shown(told)[1:-1]} is not how JSON writes a number: write {shown(number[0])[1:-1]}",
                at,
            )
            return self._number(number, at), end
        self.fault("json", f"write {shown(told)[1:-1]} in double quotes, if a string is meant", at)
        return told, end

    def _number(self, found: re.Match[str], at: int) -> Any:
        text = found[0]
        if len(text) > _MAX_DIGITS:
            self.fault("json", f"a number of {len(text)} characters is more than anybody can mean", at)
            return 0
        if found[1] is None and found[2] is None:
            return int(text)
        try:
            return Decimal(text)
        except InvalidOperation:
            self.fault("json", f"{shown(text)[1:-1]} is out of the range of numbers", at)
            return 0


def _mended(word: str) -> str:
    """``+1``, ``007``, ``.5`` and ``5.`` as JSON writes them."""
    sign, digits = ("-", word[1:]) if word.startswith("-") else ("", word.removeprefix("+"))
    whole, point, rest = digits.partition(".")
    return f"{sign}{whole.lstrip('0') or '0'}{point + rest if rest else ''}" if len(word) < 100 else word
