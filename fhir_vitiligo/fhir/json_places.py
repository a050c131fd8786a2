"""Where in a JSON text something stands: only the objects and arrays on the way to it are looked at, and each
once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from json.decoder import JSONDecoder

from fhir_vitiligo.fhir.place_steps import Step

_SPACE = re.compile(r"[ \t\r\n]*")
# Skips a value at the speed of C; numbers stay text, so that none is too long to be read.
_skip = JSONDecoder(parse_float=str, parse_int=str, parse_constant=str).raw_decode

Children = dict[int, dict[str, tuple[int, int]] | list[int]]


class JsonPlaces:
    """Finds members of one document; offsets are characters of ``text``. ``children`` is what is known
    already, as :mod:`fhir_vitiligo.fhir.json_reader` tells it; a text that is not JSON needs all of it.
    """

    def __init__(self, text: str, children: Children | None = None) -> None:
        self._text = text
        self._complete = children is not None
        self._children: Children = {} if children is None else children
        # Comments may stand before a document that is not JSON; whatever it is, it is the first of all there is.
        self._start = min(children) if children else self._past_space(0)

    def locate(self, steps: Sequence[Step], member: str | None = None, root: int | None = None) -> int:
        """Where the steps lead, or as near as they go. A plain value is told by where it begins, an object or
        array by its name. ``member`` is the name of something inside that is meant rather; ``root`` is where
        the resource begins, if it is not the whole document.
        """
        at = shown = self._start if root is None else root
        for number, step in enumerate(steps):
            goes_on = number + 1 < len(steps)
            found = self._step(at, step, goes_on)
            if found is None:
                return shown
            shown, at = found
        if member is not None and isinstance(inside := self._inside(at), dict) and member in inside:
            return inside[member][0]
        return shown if self._text[at : at + 1] in ("{", "[") else at

    def entry(self, index: int) -> int | None:
        """Where an entry of the document begins, when the document is an array."""
        inside = self._inside(self._start)
        return inside[index] if isinstance(inside, list) and index < len(inside) else None

    def _step(self, at: int, step: Step, goes_on: bool) -> tuple[int, int] | None:
        """(what to show, where the value begins) of a step within the object at ``at``."""
        inside = self._inside(at)
        if not isinstance(inside, dict):
            return None
        best: tuple[int, int] | None = None
        for key in self._keys(inside, step):
            key_at, value_at = inside[key]
            listed = self._inside(value_at) if self._text[value_at : value_at + 1] == "[" else None
            if isinstance(listed, list):
                index = step.index or 0
                if index >= len(listed):
                    best = best or (key_at, value_at)
                    continue
                key_at, value_at = (
                    (listed[index], listed[index]) if step.index is not None else (key_at, listed[index])
                )
            # Ids and extensions of a plain value stand beside it, in the member with the underscore.
            if self._text[value_at : value_at + 1] == "{" or not (goes_on or self._is_null(value_at)):
                return key_at, value_at
            best = best or (key_at, value_at)
        return best

    def _keys(self, inside: dict[str, tuple[int, int]], step: Step) -> list[str]:
        keys = [key for key in step.keys if key in inside or f"_{key}" in inside]
        if not keys:
            # A choice told without its type.
            size = len(step.name)
            keys = [key.removeprefix("_") for key in inside if key.removeprefix("_").startswith(step.name)]
            keys = [key for key in keys if key[size : size + 1].isupper()][:1]
        return [name for key in keys for name in (key, f"_{key}") if name in inside]

    def _is_null(self, at: int) -> bool:
        return self._text.startswith("null", at)

    def _inside(self, at: int) -> dict[str, tuple[int, int]] | list[int] | None:
        found = self._children.get(at)
        if found is None and not self._complete and self._text[at : at + 1] in ("{", "["):
            found = self._children[at] = self._members(at) if self._text[at] == "{" else self._entries(at)
        return found

    def _members(self, start: int) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        at = self._past_space(start + 1)
        while self._text[at] == '"':
            key, end = _skip(self._text, at)
            value_at = self._past_space(self._past_space(end) + 1)
            found[key] = (at, value_at)
            at = self._after(value_at)
        return found

    def _entries(self, start: int) -> list[int]:
        found: list[int] = []
        at = self._past_space(start + 1)
        while self._text[at] != "]":
            found.append(at)
            at = self._after(at)
        return found

    def _after(self, value_at: int) -> int:
        """Where the next member begins; behind the closing bracket when there is none."""
        at = self._past_space(_skip(self._text, value_at)[1])
        return self._past_space(at + 1) if self._text[at] == "," else at

    def _past_space(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at
