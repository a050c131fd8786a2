"""Regular expressions of ``matches()`` and ``replaceMatches()``, bounded in time.

http://hl7.org/fhirpath/N1/#matches. A pattern comes from a profile and the text from a resource: neither may make a
search run for hours, as ``(a+)+$`` does. Where no repetition holds another, the steps of a search are bounded by a
power of the text's length, and while that is small it runs in Python's ``re``; any other runs in ``regex``, which
stops by the clock. The dialect is what both and Java's, which profiles are written for, have in common: ``.`` matches
a line break too, ``\\d`` and ``\\w`` are ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

from fhir_vitiligo.fhir.fhirpath.faults import Place

MAX_PATTERN = 2_000
MAX_TEXT = 100_000
SECONDS = 0.2
# What a search in ``re`` may cost: a tenth of a second.
_MOST_STEPS = 5_000_000

# What can stand in a pattern, as far as repetitions are concerned.
_PIECE = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+\]|(?P<open>\()|(?P<close>\))|(?P<repeat>[*+]|\{\d+(?:,(?P<most>\d*))?\})|.",
    re.DOTALL,
)
_REPLACEMENT = re.compile(r"\\(.)|\$(\d)|\$\{(\w+)\}", re.DOTALL)


class Pattern(Protocol):
    def search(self, text: str) -> Any: ...
    def fullmatch(self, text: str) -> Any: ...
    def sub(self, replacement: str, text: str) -> str: ...


def search(pattern: str, text: str, place: Place) -> bool:
    return bool(_run(pattern, text, place, lambda compiled: compiled.search(text)))


def matches_whole(pattern: str, text: str, place: Place) -> bool:
    return bool(_run(pattern, text, place, lambda compiled: compiled.fullmatch(text)))


def replace(pattern: str, replacement: str, text: str, place: Place) -> str:
    """Java's ``$1`` names a group in the replacement, a backslash takes a character as it is."""

    def written(found: re.Match[str]) -> str:
        if found[1]:
            return "\\\\" if found[1] == "\\" else found[1]
        return f"\\g<{found[2] or found[3]}>"

    made = _REPLACEMENT.sub(written, replacement)
    return str(_run(pattern, text, place, lambda compiled: compiled.sub(made, text)))


def _run(pattern: str, text: str, place: Place, apply: Callable[[Pattern], Any]) -> Any:
    if len(pattern) > MAX_PATTERN or len(text) > MAX_TEXT:
        what, most = ("pattern", MAX_PATTERN) if len(pattern) > MAX_PATTERN else ("text to search", MAX_TEXT)
        raise place.error(f"the {what} is longer than {most} characters", "limit")
    power, factor = _cost(pattern)
    try:
        return apply(_compiled(pattern, (len(text) + 1) ** power * factor > _MOST_STEPS))
    except TimeoutError:
        raise place.error(f"the pattern {pattern[:60]!r} takes too long on this text", "limit") from None
    except (re.error, IndexError, OverflowError, RecursionError) as error:
        raise place.error(f"{pattern[:60]!r} is not a regular expression: {error}") from None


@lru_cache(maxsize=512)
def _compiled(pattern: str, costly: bool) -> Pattern:
    if not costly:
        try:
            return re.compile(pattern, re.DOTALL | re.ASCII)
        except re.error:
            pass  # \p{L} and the like, which `regex` knows
    return _Timed(pattern)


class _Timed:
    """A pattern of the library that can stop."""

    def __init__(self, pattern: str) -> None:
        import regex  # type: ignore[import-untyped, unused-ignore]

        try:
            # ASCII would take the letters of other scripts from \p{L} too.
            ascii_ = 0 if "\\p{" in pattern or "\\P{" in pattern else regex.ASCII
            self._pattern = regex.compile(pattern, regex.DOTALL | regex.VERSION0 | ascii_)
        except regex.error as error:
            raise re.error(str(error)) from None

    def search(self, text: str) -> Any:
        return self._pattern.search(text, timeout=SECONDS)

    def fullmatch(self, text: str) -> Any:
        return self._pattern.fullmatch(text, timeout=SECONDS)

    def sub(self, replacement: str, text: str) -> str:
        return str(self._pattern.sub(replacement, text, timeout=SECONDS))


@lru_cache(maxsize=512)
def _cost(pattern: str) -> tuple[int, int]:
    """Bounds of a search's steps: the power of the text's length, and a factor. A repetition in another has no bound."""
    power, factor, inside = 1, 1, [False]
    for piece in _PIECE.finditer(pattern):
        if piece["open"]:
            inside.append(False)
        elif piece["close"] and len(inside) > 1:
            held = inside.pop()
            inside[-1] = inside[-1] or held
            after = _PIECE.match(pattern, piece.end())
            if held and after is not None and after["repeat"]:
                return _NO_BOUND
        elif piece["repeat"]:
            inside[-1] = True
            if piece["repeat"] in "*+" or piece["most"] == "":
                power += 1
            else:
                factor *= max(1, int(piece["most"] or piece["repeat"].strip("{,}")))
        elif piece[0] == "|" or piece[0] == "?":
            # Every alternative may have to be tried at every place, and once more in each round of a repetition.
            inside[-1] = True
            factor *= 2
    return (power, factor) if power < 8 and factor < _MOST_STEPS else _NO_BOUND


_NO_BOUND = (1, _MOST_STEPS + 1)
