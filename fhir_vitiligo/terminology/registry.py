"""The door to the project's terminology: concepts by key, by code and by text, and what may be written.

Loaded on first use, once. Recognition is exact: a code is known or it is not, and a text equals a key,
display or synonym after :func:`.text.normalised` or it does not; of instruments, words that any score may have
are taken off before (:mod:`.qualified_names`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from fhir_vitiligo.errors import TerminologyError
from fhir_vitiligo.terminology.check_digits import check_digit_fault
from fhir_vitiligo.terminology.codes import code_index
from fhir_vitiligo.terminology.concepts import Coding, Concept, concept_table
from fhir_vitiligo.terminology.qualified_names import plain_instrument
from fhir_vitiligo.terminology.systems import (
    DOID,
    EFO,
    HPO,
    ICD_10,
    ICD_10_CM,
    ICD_11_MMS,
    LOCAL,
    MONDO,
    UNDIVIDED_ICD_10,
    canonical_system,
    international_icd_10,
)
from fhir_vitiligo.terminology.text import normalised, normalised_unit

__all__ = [
    "Coding",
    "Concept",
    "Icd11Policy",
    "categories",
    "concept",
    "concepts",
    "diagnosis_codings",
    "may_emit",
    "recognise",
    "recognise_codings",
    "recognise_text",
    "refusal",
    "sources",
    "why_not",
]


class Icd11Policy(Enum):
    """In which form ICD-11 codes are written.

    Common practice writes the stem code (``ED63.0``); HL7's draft on ICD-11 in its terminology ecosystem
    guide (https://build.fhir.org/ig/HL7/fhir-tx-ecosystem-ig/icd-11.html) wants the entity id
    (``1894744640``). Until that is settled nothing is written unless asked for.
    """

    OFF = "off"
    STEM = "stem"
    ENTITY = "entity"
    BOTH = "both"


def categories() -> tuple[str, ...]:
    """The categories, in the order of ``concepts.csv``."""
    return tuple(concept_table())


def concepts(category: str) -> tuple[Concept, ...]:
    """The concepts of a category, in the order of ``concepts.csv``."""
    return tuple(_category(category).values())


def concept(category: str, key: str) -> Concept:
    """The concept with that key. :class:`TerminologyError` names the keys that look like it."""
    by_key = _category(category)
    found = by_key.get(key)
    if found is None:
        raise TerminologyError(
            f"There is no {category} {key!r}{_near(key, by_key)}", code="code-invalid", expression=category
        )
    return found


def recognise(category: str, system: str | None, code: str | None) -> Concept | None:
    """The concept of ``category`` that a code means, in whatever spelling of system and code; else ``None``.

    Codes that are broader than a concept do not give that concept: L80 is vitiligo, not its segmental form.
    """
    return _recognise(category, system, code) if system and code and len(code) <= 100 else None


# In one case and one registry the same codes and words come again and again.
@lru_cache(maxsize=16384)
def _recognise(category: str, system: str, code: str) -> Concept | None:
    by_code = _by_code(category)
    for place in _spellings(system, code):
        if place in by_code:
            return by_code[place]
    return None


def recognise_codings(category: str, codings: Iterable[tuple[str | None, str | None]]) -> Concept | None:
    """The most specific concept among those that the (system, code) pairs of one CodeableConcept mean.

    EHRs put a precise code and a classification side by side (segmental vitiligo and L80). ``None`` when no
    pair is recognised, and also when two contradict each other, neither being the more general one.
    """
    found: dict[str, Concept] = {}
    for system, code in codings:
        one = recognise(category, system, code)
        if one is not None:
            found[one.key] = one
    general = {key for one in found.values() for key in _ancestors(one)}
    specific = [one for key, one in found.items() if key not in general]
    return specific[0] if len(specific) == 1 else None


def recognise_text(category: str, text: str | None) -> Concept | None:
    """The concept whose key, display or synonym ``text`` is, disregarding case, accents and punctuation."""
    return _recognise_text(category, text) if text and len(text) <= 500 else None


@lru_cache(maxsize=16384)
def _recognise_text(category: str, text: str) -> Concept | None:
    by_key = _category(category)
    if text in by_key:
        return by_key[text]
    by_text = _by_text(category)
    found = by_text.get(_normal_form(category)(text))
    return plain_instrument(text, by_text) if found is None and category == "instrument" else found


def diagnosis_codings(concept: Concept, icd11: Icd11Policy = Icd11Policy.OFF) -> tuple[Coding, ...]:
    """``concept.codings``, and as the policy says the ICD-11 code of it or its nearest ancestor."""
    if icd11 is Icd11Policy.OFF:
        return concept.codings
    by_key = _category(concept.category)
    for one in (concept, *(by_key[key] for key in _ancestors(concept))):
        codes = [
            coding for coding, relation in one.also if coding.system == ICD_11_MMS and relation == "exact"
        ]
        chosen = [
            coding
            for coding in codes
            if icd11 is Icd11Policy.BOTH or coding.code.isdigit() == (icd11 is Icd11Policy.ENTITY)
        ]
        if codes:
            return (*concept.codings, *(coding for coding in chosen if may_emit(coding.system, coding.code)))
    return concept.codings


def may_emit(system: str, code: str) -> bool:
    """Whether a resource may carry the code: verified, listed as partly verified, or the project's own."""
    system = canonical_system(system)
    if system == LOCAL:
        return code in _local_codes()
    known = code_index().get((system, code))
    return known is not None and known.may_emit


def why_not(system: str, code: str) -> str | None:
    """Why a code is never written, as a sentence; ``None`` when it may be."""
    if may_emit(system, code):
        return None
    system = canonical_system(system)
    if system == LOCAL:
        return f"{code!r} is not a code of the project's CodeSystem."
    fault = check_digit_fault(system, code)
    if fault is not None:
        return fault
    known = code_index().get((system, code))
    if known is not None:
        seen = {"yes": "seen", "partial": "only partly verified", "no": "unverified"}[known.verified]
        return f"{code} ({known.display}) is never written: {seen}; {known.note}"
    icd = international_icd_10(system, code)
    if icd is not None and icd.partition(".")[0] in UNDIVIDED_ICD_10:
        category, _, subdivision = icd.partition(".")
        if subdivision:
            return f"{code} does not exist: {category} has no subdivisions; write {category}."
        return f"{code} is another spelling of {category}: write {category} of {ICD_10}."
    return f"{code} of {system} is unverified: codes.csv has no line for it."


def refusal(system: str, code: str) -> str | None:
    """Why a code that a source states may not be passed on as a code, as a sentence.

    ``None`` when it may be. Milder than :func:`why_not`: what the registry does not know is the source's
    affair. Refused are a wrong check digit, a subdivision that does not exist, a code known to be retired,
    and one of ours that is not defined.
    """
    canonical = canonical_system(system)
    known = code_index().get((canonical, code))
    undivided = (international_icd_10(canonical, code) or "").partition(".")[0] in UNDIVIDED_ICD_10
    wrong = (
        canonical == LOCAL
        or check_digit_fault(canonical, code) is not None
        or (known is not None and known.emit == "never")
        or (undivided and not any(place in code_index() for place in _spellings(canonical, code)))
    )
    return why_not(system, code) if wrong else None


def sources(system: str, code: str) -> str:
    """Where a code that may be written was seen. :class:`TerminologyError` says why when it may not be."""
    reason = why_not(system, code)
    if reason is not None:
        raise TerminologyError(reason, code="code-invalid")
    if canonical_system(system) == LOCAL:
        return "the project's own CodeSystem (concepts.csv)"
    return code_index()[canonical_system(system), code].source


def _category(category: str) -> Mapping[str, Concept]:
    table = concept_table()
    if category not in table:
        raise TerminologyError(
            f"There is no category {category!r}{_near(category, table)}", code="code-invalid"
        )
    return table[category]


def _ancestors(concept: Concept) -> tuple[str, ...]:
    by_key = _category(concept.category)
    keys: list[str] = []
    parent = concept.parent
    while parent is not None and parent not in keys:
        keys.append(parent)
        parent = by_key[parent].parent
    return tuple(keys)


def _near(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # only on the way out with an error

    names = list(known)
    near = get_close_matches(word, names, n=3, cutoff=0.5)
    if near:
        return f": did you mean {' or '.join(repr(name) for name in near)}?"
    return f": there are {', '.join(names[:12])}{' ...' if len(names) > 12 else ''}."


def _normal_form(category: str) -> Callable[[str], str]:
    return normalised_unit if category == "unit" else normalised


_PREFIXED: Final = {HPO: "HP", MONDO: "MONDO", DOID: "DOID", EFO: "EFO"}
_DIGITS_LAST = re.compile(r"(?:.*[:_/#])?([0-9]+)")


def _spellings(system: str, code: str) -> Iterable[tuple[str, str]]:
    """The codes, as codes.csv writes them, that this may be another spelling of; the given one first."""
    system = canonical_system(system)
    code = code.strip()
    yield system, code
    prefix = _PREFIXED.get(system)
    if prefix is not None:
        digits = _DIGITS_LAST.fullmatch(code)
        if digits is not None:
            yield system, f"{prefix}:{digits[1]}"
    elif system == ICD_11_MMS:
        # An entity is also written as its URI.
        yield system, code.rpartition("/")[2].upper()
    elif (icd := international_icd_10(system, code)) is not None:
        yield ICD_10_CM if system == ICD_10_CM else ICD_10, icd
    elif system != LOCAL:
        yield system, code.upper()


@lru_cache(maxsize=256)
def _by_code(category: str) -> Mapping[tuple[str, str], Concept]:
    index: dict[tuple[str, str], Concept] = {}
    for one in concepts(category):
        exact = [
            coding for coding, relation in zip(one.codings, one.relations, strict=True) if relation == "exact"
        ]
        if one.local_code is not None:
            exact.append(one.local_coding)
        for coding in (*exact, *(coding for coding, _ in one.also)):
            other = index.setdefault((coding.system, coding.code), one)
            if other is not one:
                raise TerminologyError(
                    f"concepts.csv: {coding.system}|{coding.code} stands for the {category} {other.key!r} "
                    f"and {one.key!r}: it can mean one of them; say broader, or take it out of one line."
                )
    return MappingProxyType(index)


@lru_cache(maxsize=256)
def _by_text(category: str) -> Mapping[str, Concept]:
    index: dict[str, Concept] = {}
    normal_form = _normal_form(category)
    for one in concepts(category):
        for text in (one.key, one.display, *one.synonyms):
            other = index.setdefault(normal_form(text), one)
            if other is not one:
                raise TerminologyError(
                    f"concepts.csv: {text!r} stands for the {category} {other.key!r} and {one.key!r}: "
                    "a text can mean one of them; take it out of one line."
                )
    return MappingProxyType(index)


@lru_cache(maxsize=1)
def _local_codes() -> frozenset[str]:
    return frozenset(
        one.local_code
        for category in categories()
        for one in concepts(category)
        if one.local_code is not None
    )
