"""Texts as people write them, in the one form in which they are compared."""

from __future__ import annotations

import re
import unicodedata

# Letters that NFKD does not take apart, and signs that carry meaning ("VES+" is not "VES").
_SPELT_OUT = str.maketrans(
    {
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i",
        "+": " plus ", "%": " percent ", "&": " and ",
        "<": " under ", ">": " over ", "≤": " up to ", "≥": " at least ",
        "'": "", "’": "", "‘": "", "ʼ": "", "`": "", "´": "",
    }
)  # fmt: skip
_ACCENTS = re.compile("[\u0300-\u036f]")
_ASCII_GAPS = re.compile(r"[^a-z0-9]+")
_GAPS = re.compile(r"[\W_]+")


def normalised(text: str) -> str:
    """``text`` in lower case, without accents, apostrophes and punctuation, words one space apart.

    Two texts mean the same here exactly when their normal forms are equal: nothing is stemmed or guessed.
    """
    spelt = text.lower().translate(_SPELT_OUT) if text.isascii() else _unaccented(text)
    return (_ASCII_GAPS if spelt.isascii() else _GAPS).sub(" ", spelt).strip()


def _unaccented(text: str) -> str:
    # Apostrophes go first: NFKD would turn an acute accent that stands alone into a space.
    taken_apart = unicodedata.normalize("NFKD", text.casefold().translate(_SPELT_OUT))
    # Only the accents of Latin, Greek and Cyrillic go: in other scripts marks are part of the letter.
    return unicodedata.normalize("NFC", _ACCENTS.sub("", taken_apart)).translate(_SPELT_OUT)


def normalised_unit(text: str) -> str:
    """A unit in lower case, superscripts as digits, spaces closed up. Signs stay: ``/d`` is not ``d``."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())
