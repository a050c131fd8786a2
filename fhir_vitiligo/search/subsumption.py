"""Token modifiers that ask a terminology: ``:in``, ``:not-in``, ``:above``, ``:below``
(https://hl7.org/fhir/R4/search.html#token), over what is on board and what whoever asks puts beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.types.base import Alternative, Test, cut, split, unescape

if TYPE_CHECKING:  # compiling value sets is of no use to other searches
    from fhir_vitiligo.terminology.value_sets import Terminology

TERMINOLOGY_MODIFIERS = frozenset({"in", "not-in", "above", "below"})


def subsumed(
    text: str, modifier: str, release: Release, terminology: Terminology | None = None
) -> tuple[Alternative, ...]:
    """The codes that ``text`` stands for, by ``terminology`` (None: what is on board); :class:`InputError` where they
    cannot be told here.
    """
    missing = "is neither on board nor stored here"
    if terminology is None:
        from fhir_vitiligo.terminology.value_sets import terminology_of

        terminology, missing = terminology_of(release), "is not on board"
    if modifier in ("in", "not-in"):
        return _in_value_set(unescape(text), terminology, missing)
    return _related(text, modifier, terminology, missing)


def asked_of_terminology(name: str, value: str) -> Iterator[tuple[str, str]]:
    """What a parameter of a query asks a terminology, also at the end of a chain: ``("ValueSet", canonical or reference)``
    and ``("CodeSystem", address)``.
    """
    modifier = name.rpartition(":")[2]
    if modifier not in TERMINOLOGY_MODIFIERS:
        return
    for text in split(value, ","):
        if modifier in ("in", "not-in"):
            yield "ValueSet", unescape(text)
        else:
            yield "CodeSystem", unescape(split(text, "|")[0])


def _in_value_set(canonical: str, terminology: Terminology, missing: str) -> tuple[Alternative, ...]:
    found = terminology.value_set(canonical)
    if found is None:
        raise InputError(f"the value set {canonical[:200]!r} {missing}", code="not-supported")
    members = [*found.by_system.items(), ("every other system", found.rest)]
    for system, membership in members:
        if membership.codes is None or membership.gap is not None:
            raise InputError(
                f"the value set {canonical[:200]!r} cannot be listed here: it takes codes of {system}",
                code="not-supported",
            )
    codes = {
        system: tuple(cut(code) for code in held.codes or ()) for system, held in found.by_system.items()
    }
    alternatives = [
        (Test("system", "=", cut(system)), Test("code", "in", held)) for system, held in codes.items() if held
    ]
    # An element of type code has no system: it is that of its binding.
    bare = tuple(dict.fromkeys(code for held in codes.values() for code in held))
    if bare:
        alternatives.append((Test("system", "=", ""), Test("code", "in", bare)))
    return tuple(alternatives)


def _related(text: str, modifier: str, terminology: Terminology, missing: str) -> tuple[Alternative, ...]:
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) != 2 or not all(parts):
        raise InputError(
            f"{text[:100]!r} cannot be searched for: with :{modifier} a token is system|code", code="invalid"
        )
    system, code = parts
    found = terminology.code_system(system)
    if found is None or not found.is_complete or found.find(code) is None:
        is_listed = found is not None and found.is_complete
        reason = f"has no code {code[:100]!r}" if is_listed else missing
        raise InputError(
            f"the code system {system[:200]!r} {reason}: what is {modifier} the code cannot be told here",
            code="not-supported",
        )
    others = found.descendants(code) if modifier == "below" else found.ancestors(code)
    return ((Test("system", "=", cut(system)), Test("code", "in", (cut(code), *map(cut, others)))),)
