"""Systems whose codes follow a grammar, or carry a check digit, instead of standing in a list on board.

https://hl7.org/fhir/R4/terminologies-systems.html. A grammar that is the whole truth (UCUM, URIs) decides; one
that only says what a code looks like (languages, countries, currencies, SNOMED CT, LOINC) refuses what does
not, and leaves open whether the code exists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fhir_vitiligo.fhir.units import unit
from fhir_vitiligo.terminology.check_digits import check_digit_fault
from fhir_vitiligo.terminology.systems import LOINC, SNOMED_CT, UCUM

_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Grammar:
    """``is_whole``: every well-formed code exists. ``fault`` says what is wrong with a code, or ``None``."""

    is_whole: bool
    fault: Callable[[str], str | None]

    def allows(self, code: str) -> bool:
        return self.fault(code) is None


def _pattern(expression: str, wanted: str) -> Callable[[str], str | None]:
    compiled = re.compile(expression)

    def fault(code: str) -> str | None:
        fits = len(code) <= _LONGEST and compiled.fullmatch(code)
        return None if fits else f"{code[:80]!r} is not {wanted}."

    return fault


def _ucum(code: str) -> str | None:
    return (
        None
        if unit(code) is not None
        else f"{code[:80]!r} is not a UCUM unit, such as mg, mJ/cm2 or {{score}}."
    )


def _snomed(code: str) -> str | None:
    # A post-coordinated expression is a code of SNOMED CT too: its grammar is not checked here.
    return None if any(mark in code for mark in ":+=|") else check_digit_fault(SNOMED_CT, code)


def _loinc(code: str) -> str | None:
    return check_digit_fault(LOINC, code)


# RFC 5646, section 2.1, in the parts that occur; IANA's registry is not on board.
_LANGUAGE = (
    r"(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*"
    r"(?:-[xX](?:-[A-Za-z0-9]{1,8})+)?|[xX](?:-[A-Za-z0-9]{1,8})+|[iI]-[A-Za-z]{2,8}"
)
# RFC 6838, section 4.2, and the parameters of RFC 2045.
_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE = rf'{_NAME}/(?:{_NAME}|\*)(?: ?; ?[A-Za-z0-9!#$&^_.+-]+=(?:[^\s;"]+|"[^"]*"))*;?'

GRAMMARS: Mapping[str, Grammar] = {
    UCUM: Grammar(True, _ucum),
    SNOMED_CT: Grammar(False, _snomed),
    LOINC: Grammar(False, _loinc),
    "urn:ietf:bcp:47": Grammar(False, _pattern(_LANGUAGE, "a language tag, such as en or pt-BR")),
    "urn:ietf:bcp:13": Grammar(False, _pattern(_MEDIA_TYPE, "a media type, such as image/jpeg")),
    "urn:ietf:rfc:3986": Grammar(True, _pattern(r"\S+", "a URI: it holds white space")),
    "urn:iso:std:iso:3166": Grammar(
        False,
        _pattern(
            r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?|[A-Z]{3,4}|[0-9]{3}",
            "a code of ISO 3166, such as SA, SAU, 682 or US-CA",
        ),
    ),
    "urn:iso:std:iso:4217": Grammar(False, _pattern(r"[A-Z]{3}", "a currency of ISO 4217, such as SAR")),
}
