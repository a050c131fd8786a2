"""HL7's validation cases broken at one place: values, structure, and how the text is written, in JSON and XML.

What :mod:`.mutations` does to every element of good resources, and beside it what these cases are about: values of each
primitive type as people get them wrong, addresses and canonicals, Bundles and what is contained, extensions in other
places, profiles of another name, and the text itself (comments, byte order marks, namespaces, instructions, entities).
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.validation.case_json import ways_of_json
from tests.validation.case_xml import ways_of_xml


@dataclass(frozen=True, slots=True)
class Broken:
    """A text that differs from its original at one place."""

    kind: str
    where: str
    text: str


def broken(text: str, in_xml: bool, count: int, seed: str) -> Iterator[Broken]:
    """``count`` ways to break a text, evenly over the kinds of breaking; the same ones for a seed."""
    draw = random.Random(seed)
    found: dict[str, list[Callable[[], Broken]]] = defaultdict(list)
    for kind, where, make in (ways_of_xml if in_xml else ways_of_json)(text, draw):
        found[kind.partition(":")[0]].append(
            lambda kind=kind, where=where, make=make: Broken(kind, where, make())
        )
    for group in found.values():
        draw.shuffle(group)
    made = 0
    kinds = sorted(found)
    draw.shuffle(kinds)
    # Values are what these cases are about most.
    kinds += ["revalued"] * 3 if "revalued" in kinds else []
    while made < count and kinds:
        for kind in list(kinds):
            if made < count and found[kind]:
                one = found[kind].pop()()
                if one.text != text:
                    made += 1
                    yield one
            if not found[kind]:
                kinds.remove(kind)
