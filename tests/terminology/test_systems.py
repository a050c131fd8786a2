"""Names of code systems, and national forms of ICD-10."""

from __future__ import annotations

import pytest

from fhir_vitiligo.terminology import systems
from fhir_vitiligo.terminology.systems import canonical_system, international_icd_10


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("urn:oid:2.16.840.1.113883.6.96", systems.SNOMED_CT),
        ("2.16.840.1.113883.6.96", systems.SNOMED_CT),
        ("https://snomed.info/sct/", systems.SNOMED_CT),
        ("http://snomed.info/sct/900000000000207008/version/20240101", systems.SNOMED_CT),
        ("http://snomed.info/sct|http://snomed.info/sct/731000124108", systems.SNOMED_CT),
        ("SNOMED-CT", systems.SNOMED_CT),
        ("urn:oid:2.16.840.1.113883.6.1", systems.LOINC),
        ("http://purl.obolibrary.org/obo/hp.owl", systems.HPO),
        ("https://meshb.nlm.nih.gov", systems.MESH),
        ("http://id.who.int/icd/release/11/2024-01/mms", systems.ICD_11_MMS),
        ("http://id.who.int/icd/entity", systems.ICD_11_MMS),
        ("http://fhir.de/CodeSystem/dimdi/icd-10-gm", systems.ICD_10_GM),
        ("urn:oid:2.16.840.1.113883.6.90", systems.ICD_10_CM),
        ("NCIT", systems.NCIT),
        ("OMOP", systems.OMOP),
        (" http://loinc.org ", systems.LOINC),
        ("http://example.org/mine", "http://example.org/mine"),
        ("", ""),
    ],
)
def test_other_names_of_a_system(written: str, meant: str) -> None:
    assert canonical_system(written) == meant


def test_a_canonical_uri_is_its_own() -> None:
    for uri in (*systems.ALIAS.values(), *systems.NATIONAL_ICD_10):
        assert canonical_system(uri) == uri


def test_no_name_means_two_systems() -> None:
    # A name listed twice would silently mean the later one.
    names = [name.lower() for names in systems._ALSO_CALLED.values() for name in names.split()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("system", "code", "meant"),
    [
        (systems.ICD_10, "L80", "L80"),
        (systems.ICD_10, "l80.", "L80"),
        (systems.ICD_10, "L80.-", "L80"),
        (systems.ICD_10, "H0273", "H02.73"),
        (systems.ICD_10_GM, "L80", "L80"),
        (systems.ICD_10_GM, "E10.90", "E10.90"),
        (systems.ICD_10_UK, "L80X", "L80"),
        (systems.ICD_10_UK, "L80.X", "L80"),
        (systems.ICD_10_SE, "L80.9", "L80"),
        (systems.ICD_10_SE, "L809", "L80"),
        (systems.ICD_10_CN, "L80.x00", "L80"),
        (systems.ICD_10_HU, "L80H0", "L80"),
        (systems.SKS, "DL80", "L80"),
        (systems.SKS, "DL809", "L80"),
        (systems.SKS, "L80", None),
        # A filler is one only where the country writes it, and only behind a category that is not divided.
        (systems.ICD_10, "L80.9", "L80.9"),
        (systems.ICD_10_GM, "L80X", "L80.X"),
        (systems.ICD_10_SE, "L63.9", "L63.9"),
        (systems.SNOMED_CT, "L80", None),
        (systems.ICD_10, "vitiligo", None),
        (systems.ICD_10, "", None),
    ],
)
def test_national_forms_of_icd_10(system: str, code: str, meant: str | None) -> None:
    assert international_icd_10(system, code) == meant
