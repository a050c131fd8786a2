"""Check digits: Verhoeff of SNOMED CT, mod 10 of LOINC."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_vitiligo.terminology.check_digits import check_digit_fault, loinc_ok, verhoeff_ok
from fhir_vitiligo.terminology.systems import ICD_10, LOINC, SNOMED_CT


@pytest.mark.parametrize(
    "sctid", ["56727007", "403268000", "330901000119104", "330931000119106", "156437000", "1217123003"]
)
def test_sctids_of_public_lists_pass(sctid: str) -> None:
    assert verhoeff_ok(sctid)


def test_the_misprint_of_a_public_list_fails() -> None:
    # One list prints 330931000119104 where another has 330901000119104.
    assert not verhoeff_ok("330931000119104")


@pytest.mark.parametrize(
    "text", ["", "56727", "056727007", "5672700x", " 56727007", "56727007\n", "5" * 19, "５６７２７００７"]
)
def test_what_is_not_an_sctid_fails(text: str) -> None:
    assert not verhoeff_ok(text)


@pytest.mark.parametrize("code", ["30525-0", "66555-4", "72170-4", "96000-5", "95977-5", "8277-6", "88099-7"])
def test_loinc_codes_pass(code: str) -> None:
    assert loinc_ok(code)


@pytest.mark.parametrize(
    "code", ["30525-1", "30552-0", "305250", "30525-", "-0", "30525-00", "LL1937-3", "30525-0 "]
)
def test_wrong_loinc_codes_fail(code: str) -> None:
    assert not loinc_ok(code)


@given(st.integers(min_value=10**5, max_value=10**16).map(str))
def test_exactly_one_verhoeff_digit_fits(number: str) -> None:
    assert sum(verhoeff_ok(number + digit) for digit in "0123456789") == 1


@given(st.integers(min_value=10**5, max_value=10**16).map(str), st.data())
def test_verhoeff_sees_every_single_slip_and_every_swap_of_neighbours(
    number: str, data: st.DataObject
) -> None:
    good = next(number + digit for digit in "0123456789" if verhoeff_ok(number + digit))
    place = data.draw(st.integers(1, len(good) - 1))
    slip = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != good[place]]))
    assert not verhoeff_ok(good[:place] + slip + good[place + 1 :])
    swapped = good[: place - 1] + good[place] + good[place - 1] + good[place + 1 :]
    assert swapped == good or not verhoeff_ok(swapped)


@given(st.integers(min_value=1, max_value=10**7).map(str))
def test_exactly_one_loinc_digit_fits(number: str) -> None:
    assert sum(loinc_ok(f"{number}-{digit}") for digit in range(10)) == 1


def test_faults_are_sentences() -> None:
    assert check_digit_fault(SNOMED_CT, "330931000119104") == (
        "SNOMED CT 330931000119104 fails its Verhoeff check digit: it was mistyped somewhere."
    )
    assert check_digit_fault("urn:oid:2.16.840.1.113883.6.96", "L80") == (
        "'L80' is not a SNOMED CT identifier: these are 6 to 18 digits, the first not 0."
    )
    assert (
        check_digit_fault(LOINC, "30525-1")
        == "LOINC 30525-1 fails its mod 10 check digit: it was mistyped somewhere."
    )
    assert check_digit_fault(LOINC, "Age") == (
        "'Age' is not a LOINC code: digits, a hyphen and one check digit, as in 30525-0."
    )


def test_no_fault() -> None:
    assert check_digit_fault(SNOMED_CT, "56727007") is None
    assert check_digit_fault(LOINC, "LL1937-3") is None
    assert check_digit_fault(ICD_10, "L80") is None
