"""Check digits of SNOMED CT identifiers and LOINC codes.

SNOMED CT: Verhoeff's dihedral scheme over the whole identifier
(https://docs.snomed.org/snomed-ct-specifications, release file specification, section "SCTID check-digit").
LOINC: the mod 10 (Luhn) digit after the hyphen (LOINC Users' Guide, "LOINC code structure"). A digit that
fits proves that nothing was mistyped, not that the code exists or is still active.
"""

from __future__ import annotations

import re

from fhir_vitiligo.terminology.systems import LOINC, SNOMED_CT, canonical_system

_SCTID = re.compile(r"[1-9][0-9]{5,17}")
_LOINC_CODE = re.compile(r"([0-9]{1,8})-([0-9])")

# The dihedral group D5: 0-4 are turns, 5-9 flips.
_PRODUCT = tuple(
    tuple((a + b) % 5 + 5 * (b >= 5) if a < 5 else (a - b) % 5 + 5 * (b < 5) for b in range(10))
    for a in range(10)
)
_FIRST_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _permutations() -> tuple[tuple[int, ...], ...]:
    rows = [tuple(range(10))]
    for _ in range(7):
        rows.append(tuple(_FIRST_PERMUTATION[digit] for digit in rows[-1]))
    return tuple(rows)


_PERMUTED = _permutations()


def verhoeff_ok(sctid: str) -> bool:
    """Whether ``sctid`` is 6 to 18 digits, the first not 0, the last the Verhoeff digit of the others."""
    if not _SCTID.fullmatch(sctid):
        return False
    remainder = 0
    for place, digit in enumerate(reversed(sctid)):
        remainder = _PRODUCT[remainder][_PERMUTED[place % 8][int(digit)]]
    return remainder == 0


def loinc_ok(code: str) -> bool:
    """Whether ``code`` has the form ``12345-6`` and its last digit is the mod 10 digit of the others."""
    found = _LOINC_CODE.fullmatch(code)
    if found is None:
        return False
    total = 0
    for place, digit in enumerate(reversed(found[1])):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return (10 - total % 10) % 10 == int(found[2])


def check_digit_fault(system: str, code: str) -> str | None:
    """What is wrong with the form or check digit of ``code``, as a sentence.

    ``None`` when nothing is, or when the system has no check digit.
    """
    match canonical_system(system):
        case s if s == SNOMED_CT:
            if not _SCTID.fullmatch(code):
                return f"{code!r} is not a SNOMED CT identifier: these are 6 to 18 digits, the first not 0."
            if not verhoeff_ok(code):
                return f"SNOMED CT {code} fails its Verhoeff check digit: it was mistyped somewhere."
        case s if s == LOINC:
            # Answers, answer lists and parts (LA, LL, LP) follow another rule, for which no source was found.
            if code[:2] in ("LA", "LL", "LP"):
                return None
            if not _LOINC_CODE.fullmatch(code):
                return f"{code!r} is not a LOINC code: digits, a hyphen and one check digit, as in 30525-0."
            if not loinc_ok(code):
                return f"LOINC {code} fails its mod 10 check digit: it was mistyped somewhere."
    return None
