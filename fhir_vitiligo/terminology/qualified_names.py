"""Names of instruments with words about them that change nothing: "VES (Vitiligo Extent Score)", "DLQI total score (0-30)".

EHRs name a result, not an instrument. What is left when such words are taken off has to be a name of the registry, exactly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fhir_vitiligo.terminology.concepts import Concept
from fhir_vitiligo.terminology.text import normalised

_ASIDE = re.compile(r"([^()]+)\(([^()]*)\)([^()]*)")
_SCALE = re.compile(r"\s*[+-]?\d+\s*(?:-|\u2013|to)\s*\+?\d+\s*")
_OF_ANY_SCORE = frozenset({"score", "total", "result", "value"})


def plain_instrument(text: str, by_text: Mapping[str, Concept]) -> Concept | None:
    """The instrument whose name ``text`` is, without words at its end that every score may have, and without brackets
    that hold its scale or another of its names. ``by_text`` has the names in their normal form.
    """
    aside = _ASIDE.fullmatch(text)
    other: Concept | None = None
    if aside is not None:
        if _SCALE.fullmatch(aside[2]) is None:
            other = by_text.get(normalised(aside[2]))
            if other is None:
                return None
        text = f"{aside[1]} {aside[3]}"
    words = normalised(text).split()
    while words:
        found = by_text.get(" ".join(words))
        if found is not None:
            return found if other is None or other is found else None
        if words.pop() not in _OF_ANY_SCORE:
            return None
    return None
