"""Token modifiers that ask a terminology: ``:in``, ``:not-in``, ``:above``, ``:below``
(https://hl7.org/fhir/R4/search.html#token), over what is on board.
"""

from __future__ import annotations

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.types.base import Alternative, Test, cut, split, unescape

TERMINOLOGY_MODIFIERS = frozenset({"in", "not-in", "above", "below"})


def subsumed(text: str, modifier: str, release: Release) -> tuple[Alternative, ...]:
    """The codes that ``text`` stands for; :class:`InputError` where they cannot be told here."""
    if modifier in ("in", "not-in"):
        return _in_value_set(unescape(text), release)
    return _related(text, modifier, release)


def _in_value_set(canonical: str, release: Release) -> tuple[Alternative, ...]:
    # Imported when it is asked for: compiling value sets is of no use to other searches.
    from fhir_vitiligo.terminology.value_sets import terminology_of

    found = terminology_of(release).value_set(canonical)
    if found is None:
        raise InputError(f"the value set {canonical[:200]!r} is not on board", code="not-supported")
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


def _related(text: str, modifier: str, release: Release) -> tuple[Alternative, ...]:
    from fhir_vitiligo.terminology.value_sets import terminology_of

    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) != 2 or not all(parts):
        raise InputError(
            f"{text[:100]!r} cannot be searched for: with :{modifier} a token is system|code", code="invalid"
        )
    system, code = parts
    found = terminology_of(release).code_system(system)
    if found is None or not found.is_complete or found.find(code) is None:
        reason = (
            "is not on board" if found is None or not found.is_complete else f"has no code {code[:100]!r}"
        )
        raise InputError(
            f"the code system {system[:200]!r} {reason}: what is {modifier} the code cannot be told here",
            code="not-supported",
        )
    others = found.descendants(code) if modifier == "below" else found.ancestors(code)
    return ((Test("system", "=", cut(system)), Test("code", "in", (cut(code), *map(cut, others)))),)
