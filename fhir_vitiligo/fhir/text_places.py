"""Bytes to text, and where in it something stands: lines and columns from 1, columns in characters
(https://hl7.org/fhir/R4/http.html#mime-type: FHIR is always written in UTF-8).
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16, whose little-endian mark this one begins with.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_XML_ENCODING = re.compile(rb"""\s*<\?xml\s[^>]{0,100}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
# What is still met in files; a name from a stranger is not handed to every codec that Python has.
_READABLE = re.compile(
    r"(?i)iso-?8859-?\d+|latin-?1|us-ascii|(windows-|cp)125\d|shift_jis|euc-(jp|kr)|gb2312|gbk|big5"
)
# A line of a minified document can be megabytes long; nobody reads more of it than this.
_WINDOW = 100


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text without its byte order mark. ``faults`` are (offset into the text, sentence); ``marked`` is
    whether a UTF-8 mark was there.
    """

    text: str
    faults: tuple[tuple[int, str], ...] = ()
    marked: bool = False


def decode(data: bytes) -> Decoded:
    """The text of bytes that should be UTF-8. What is not is told and read as far as it can be, so that the
    rest is checked too.
    """
    mark, encoding = next((bom for bom in _BOMS if data.startswith(bom[0])), (b"", ""))
    declared = _XML_ENCODING.match(data, len(mark) if encoding == "utf-8" else 0)
    faults: list[tuple[int, str]] = []
    name = encoding or (declared[1].decode() if declared else "utf-8")
    if name.lower() not in ("utf-8", "utf8"):
        faults.append((0, f"the encoding is {name.upper()}: FHIR is written in UTF-8"))
        if encoding or _READABLE.fullmatch(name):
            with suppress(LookupError):  # iso-8859-0
                return Decoded(data.decode(name, "replace"), tuple(faults))
    try:
        text = data[len(mark) :].decode()
    except UnicodeDecodeError as error:
        wrong = error.object[error.start]
        text = error.object.decode("utf-8", "replace")
        told = f"the byte 0x{wrong:02X} is not UTF-8: save the file as UTF-8"
        faults.append((len(error.object[: error.start].decode()), told))
    return Decoded(text, tuple(faults), marked=bool(mark))


@dataclass(frozen=True, slots=True)
class Snippet:
    """A line of the source, cut to what fits on a screen, and where in it to put the caret (from 0)."""

    text: str
    caret: int

    def __str__(self) -> str:
        return f"{self.text}\n{' ' * self.caret}^"


class Lines:
    """Lines and columns of a text. Where the lines begin is worked out once, when the first is asked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts: list[int] | None = None

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of the character at ``offset``."""
        starts = self._line_starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def snippet(self, line: int, column: int) -> Snippet:
        """The line, or the part of a long one around the column; tabs and control characters become spaces
        and dots.
        """
        starts = self._line_starts()
        if not 1 <= line <= len(starts):
            return Snippet("", 0)
        start = starts[line - 1]
        end = starts[line] if line < len(starts) else len(self.text)
        left = 0 if column <= _WINDOW * 2 // 3 else column - _WINDOW // 2
        shown = self.text[start + left : min(end, start + left + _WINDOW)].rstrip("\r\n")
        more = start + left + _WINDOW < end and not self.text[start + left + _WINDOW : end].isspace()
        head, tail = ("…" if left else ""), ("…" if more else "")
        clean = "".join(" " if sign == "\t" else sign if sign.isprintable() else "·" for sign in shown)
        indent = 0 if head else len(clean) - len(clean.lstrip())
        return Snippet(head + clean[indent:] + tail, max(column - 1 - left - indent + len(head), 0))

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            starts, at = [0], self.text.find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = self.text.find("\n", at + 1)
            self._starts = starts
        return self._starts
