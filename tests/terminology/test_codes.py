"""The table of codes: what may be written, from where it comes, and what is wrong with a faulty line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from fhir_vitiligo.errors import TerminologyError
from fhir_vitiligo.terminology import registry
from fhir_vitiligo.terminology.check_digits import check_digit_fault
from fhir_vitiligo.terminology.codes import Code, code_index, read_codes
from fhir_vitiligo.terminology.systems import (
    ATC,
    DOID,
    ICD_10,
    ICD_10_CM,
    ICD_11_MMS,
    LOCAL,
    LOINC,
    ORPHANET,
    RXNORM,
    SNOMED_CT,
    UCUM,
    canonical_system,
)

HEADER = "system,code,display,version,source,verified,emit,note\n"
WRITTEN = [code for code in code_index().values() if code.may_emit]


@pytest.mark.parametrize("code", WRITTEN, ids=lambda code: f"{code.system}|{code.code}")
def test_every_code_that_is_written_has_a_source_and_passes_its_check_digit(code: Code) -> None:
    assert len(registry.sources(code.system, code.code)) > 10
    assert code.source.lower() not in ("same", "ditto", "memory only")
    assert "memory" not in code.source
    assert check_digit_fault(code.system, code.code) is None
    assert code.verified == "yes" or code.emit == "partial-listed"


def test_the_partly_verified_codes_that_are_written_are_these() -> None:
    listed = {(code.system, code.code) for code in WRITTEN if code.emit == "partial-listed"}
    assert listed == {(LOINC, "30525-0"), (UCUM, "J/cm2"), (UCUM, "mJ/cm2")}


@pytest.mark.parametrize(
    ("system", "code", "reason"),
    [
        (SNOMED_CT, "156437000", "LEGACY"),
        (SNOMED_CT, "4001001", "RETIRED"),
        (SNOMED_CT, "330931000119104", "fails its Verhoeff check digit"),
        (SNOMED_CT, "18655006", "only partly verified"),
        (SNOMED_CT, "14240001", "only partly verified"),
        (SNOMED_CT, "128177006", "only partly verified"),
        (SNOMED_CT, "276322001", "only partly verified"),
        (SNOMED_CT, "31394004", "only partly verified"),
        (SNOMED_CT, "112629002", "unverified"),
        (SNOMED_CT, "1522000", "unverified"),
        (SNOMED_CT, "60819002", "TRAP"),
        (SNOMED_CT, "128188000", "unverified: codes.csv has no line for it"),
        (ICD_10, "L80.0", "L80.0 does not exist: L80 has no subdivisions; write L80."),
        (ICD_10, "L80.7", "L80.7 does not exist"),
        (ICD_10_CM, "L80.3", "L80.3 does not exist"),
        (ICD_11_MMS, "ED63.00", "unverified"),
        (ICD_11_MMS, "ED63.01", "unverified"),
        (LOINC, "8277-6", "NOT % affected"),
        (LOINC, "88099-7", "burns only"),
        (LOINC, "30525-1", "fails its mod 10 check digit"),
        (RXNORM, "2590", "single source"),
        (ATC, "L04AD02", "recognised only"),
        (ORPHANET, "247871", "obsolete"),
        (DOID, "DOID:12306", "recognised only"),
        (UCUM, "{score}", "only partly verified"),
        (UCUM, "cc", "unverified"),
        (LOCAL, "site.elbo", "'site.elbo' is not a code of the project's CodeSystem."),
        (LOCAL, "unit.mL", "is not a code of the project's CodeSystem"),
    ],
)
def test_codes_that_are_never_written(system: str, code: str, reason: str) -> None:
    assert not registry.may_emit(system, code)
    assert reason in (registry.why_not(system, code) or "")
    with pytest.raises(TerminologyError) as caught:
        registry.sources(system, code)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("system", "code", "refused"),
    [
        (SNOMED_CT, "4001001", True),
        (SNOMED_CT, "156437000", True),
        (SNOMED_CT, "330931000119104", True),
        (ICD_10, "L80.3", True),
        (ICD_10_CM, "L80.3", True),
        (LOINC, "8302-3", True),
        (LOCAL, "site.nowhere", True),
        # What the registry does not vouch for may still be what the source said.
        (SNOMED_CT, "40930008", False),
        (SNOMED_CT, "60819002", False),
        (RXNORM, "2590", False),
        (LOINC, "8302-2", False),
        (ICD_10, "L80", False),
        ("http://hl7.org/fhir/sid/icd-10-se", "L80.9", False),
        (LOCAL, "site.elbow", False),
        ("http://example.org/mine", "x", False),
    ],
)
def test_codes_of_a_source_that_are_not_passed_on(system: str, code: str, refused: bool) -> None:
    assert (registry.refusal(system, code) is not None) == refused


def test_may_emit_knows_other_names_of_a_system() -> None:
    assert registry.may_emit("urn:oid:2.16.840.1.113883.6.96", "403268000")
    assert registry.sources("urn:oid:2.16.840.1.113883.6.96", "403268000").startswith("PEDSnet")


def test_the_list_of_origin_is_carried_over(shared_dir: Path) -> None:
    """Every fact of the domain notes' list stands in ours; what is not verified there is not written here."""
    path = shared_dir / "domain" / "codes.csv"
    if not path.is_file():
        pytest.skip("shared/domain/codes.csv is not here")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["code"]]
    for row in rows:
        ours = code_index()[canonical_system(row["system"]), row["code"]]
        assert (ours.display, ours.verified) == (row["display"], row["verified"])
        assert row["source"] in (ours.source, "same")
        assert not ours.may_emit or row["verified"] == "yes" or ours.emit == "partial-listed"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("http://loinc.org,30525-0,Age", "There are 3 values; 8 belong here."),
        (",30525-0,Age,,a source,yes,yes,", "The system is empty."),
        (
            "http://loinc.org,30525-0,Age,,a source,surely,yes,",
            "verified is 'surely': write yes, partial or no.",
        ),
        (
            "http://loinc.org,30525-0,Age,,a source,yes,maybe,",
            "emit is 'maybe': write yes, partial-listed, no or never.",
        ),
        ("http://loinc.org,30525-0,Age,,a source,partial,yes,", "30525-0 is written but not verified"),
        (
            "http://loinc.org,30525-0,Age,,a source,yes,partial-listed,",
            "30525-0 is partial-listed but verified is yes.",
        ),
        ("http://loinc.org,30525-0,Age,,a source,no,no,", "30525-0 is not written: the note must say why."),
        ("http://loinc.org,30525-0,Age,,,yes,yes,", "needs a code, a display and a source"),
        ("http://loinc.org,30525-1,Age,,a source,yes,yes,", "LOINC 30525-1 fails its mod 10 check digit"),
        (
            "urn:oid:2.16.840.1.113883.6.96,56727007,Vitiligo,,a source,yes,yes,",
            "56727007 of http://snomed.info/sct is already on line 2: one line a code.",
        ),
    ],
)
def test_a_faulty_line_is_named(tmp_path: Path, line: str, fault: str) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(HEADER + "http://snomed.info/sct,56727007,Vitiligo,,a source,yes,yes,\n" + line + "\n")
    with pytest.raises(TerminologyError) as caught:
        read_codes(path)
    [issue] = caught.value.issues
    assert (issue.source, issue.line) == ("codes.csv", 3)
    assert fault in issue.text


def test_all_faulty_lines_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(HEADER + "a,b\n" + 'http://loinc.org,30525-0,"Age\nof the patient",,x,no,no,\n' + "c\n")
    with pytest.raises(TerminologyError) as caught:
        read_codes(path)
    assert [issue.line for issue in caught.value.issues] == [2, 3, 5]


def test_a_wrong_first_line_is_told(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("system,code\n")
    with pytest.raises(TerminologyError, match="The first line must be system,code,display"):
        read_codes(path)
