"""Regular expressions, bounded in time.

A pattern comes from a profile, a questionnaire or a value set and the text from a resource: neither may make a search run
for hours, as ``(a+)+$`` does. Where no repetition holds another, the steps of a search are bounded by a power of the text's
length, and while that is small it runs in Python's ``re``; any other runs in ``regex``, which stops by the clock. The dialect
is what both and Java's, which profiles are written for, have in common: ``\\d`` and ``\\w`` are ASCII.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextvars import ContextVar, Token
from functools import lru_cache
from typing import Any, Literal, Protocol

MAX_PATTERN = 2_000
MAX_TEXT = 100_000
# For one search, and for all of those together that take long enough to count.
SECONDS, SECONDS_TOGETHER = 0.2, 2.0
_COUNTS = 0.01
# What a search in ``re`` may cost: a tenth of a second.
_MOST_STEPS = 5_000_000

# What can stand in a pattern, as far as repetitions are concerned.
_PIECE = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+\]|(?P<open>\()|(?P<close>\))|(?P<repeat>[*+]|\{\d+(?:,(?P<most>\d*))?\})|.",
    re.DOTALL,
)

# What is left of the seconds for all, where somebody bounds them.
_left: ContextVar[list[float] | None] = ContextVar("left", default=None)


class PatternError(ValueError):
    """``limit``: too long a pattern, text or search; ``broken``: no regular expression."""

    def __init__(self, kind: Literal["limit", "broken"], text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Pattern(Protocol):
    def search(self, text: str) -> Any: ...
    def fullmatch(self, text: str) -> Any: ...
    def sub(self, replacement: str, text: str) -> str: ...


class BoundedTogether:
    """Within it all searches that take long share :data:`SECONDS_TOGETHER`: a resource with a thousand texts takes no longer
    than one. Within another one it does nothing, unless it stands ``apart``.
    """

    __slots__ = ("_apart", "_before")

    def __init__(self, *, apart: bool = False) -> None:
        self._apart = apart
        self._before: Token[list[float] | None] | None = None

    def __enter__(self) -> None:
        if self._apart or _left.get() is None:
            self._before = _left.set([SECONDS_TOGETHER])

    def __exit__(self, *exception: object) -> None:
        if self._before is not None:
            _left.reset(self._before)


def fullmatch(pattern: str, text: str) -> bool:
    """Whether the whole text is what the pattern says, where ``.`` is no line break; :class:`PatternError` where that cannot be
    told.
    """
    return bool(run(pattern, text, lambda compiled: compiled.fullmatch(text), over_lines=False))


def check_pattern(pattern: str) -> None:
    """:class:`PatternError` for what is no regular expression, or too long a one."""
    run(pattern, "", lambda _: None, over_lines=False)


def run(pattern: str, text: str, apply: Callable[[Pattern], Any], *, over_lines: bool) -> Any:
    """What ``apply`` does with the compiled pattern on that text; ``over_lines``: ``.`` matches a line break too."""
    if len(pattern) > MAX_PATTERN or len(text) > MAX_TEXT:
        what, most = ("pattern", MAX_PATTERN) if len(pattern) > MAX_PATTERN else ("text to search", MAX_TEXT)
        raise PatternError("limit", f"the {what} is longer than {most} characters")
    power, factor = _cost(pattern)
    try:
        return apply(_compiled(pattern, (len(text) + 1) ** power * factor > _MOST_STEPS, over_lines))
    except TimeoutError:
        raise PatternError("limit", f"the pattern {pattern[:60]!r} takes too long on this text") from None
    except (re.error, IndexError, OverflowError, RecursionError) as error:
        raise PatternError("broken", f"{pattern[:60]!r} is not a regular expression: {error}") from None


@lru_cache(maxsize=512)
def _compiled(pattern: str, costly: bool, over_lines: bool) -> Pattern:
    if not costly:
        try:
            return re.compile(pattern, re.ASCII | (re.DOTALL if over_lines else 0))
        except re.error:
            pass  # \p{L} and the like, which `regex` knows
    return _Timed(pattern, over_lines)


class _Timed:
    """A pattern of the library that can stop."""

    def __init__(self, pattern: str, over_lines: bool) -> None:
        import regex  # type: ignore[import-untyped, unused-ignore]

        try:
            # ASCII would take the letters of other scripts from \p{L} too.
            ascii_ = 0 if "\\p{" in pattern or "\\P{" in pattern else regex.ASCII
            lines = regex.DOTALL if over_lines else 0
            self._pattern = regex.compile(pattern, lines | regex.VERSION0 | ascii_)
        except regex.error as error:
            raise re.error(str(error)) from None

    def search(self, text: str) -> Any:
        return _timed(lambda seconds: self._pattern.search(text, timeout=seconds))

    def fullmatch(self, text: str) -> Any:
        return _timed(lambda seconds: self._pattern.fullmatch(text, timeout=seconds))

    def sub(self, replacement: str, text: str) -> str:
        return str(_timed(lambda seconds: self._pattern.sub(replacement, text, timeout=seconds)))


def _timed(apply: Callable[[float], Any]) -> Any:
    left = _left.get()
    seconds = SECONDS if left is None else min(SECONDS, left[0])
    if seconds <= 0:
        raise TimeoutError
    started = time.monotonic()
    try:
        return apply(seconds)
    finally:
        spent = time.monotonic() - started
        if left is not None and spent > _COUNTS:
            left[0] -= spent


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
