"""Records of somebody else: Synthea's, from R4 to R5 and back."""

from __future__ import annotations

import bz2
import os
from collections import Counter
from pathlib import Path

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.conversion import CONVERTED, Converter
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation import Validator

from .test_generated import unordered

UP, DOWN = Converter.between(Release.R4, Release.R5), Converter.between(Release.R5, Release.R4)
FILES = 8  # the smallest; all with FHIR_VITILIGO_SYNTHEA=all
VALIDATED = 20  # of each type


def _errors(resource: Json, release: Release) -> int:
    return sum(issue.severity in ("error", "fatal") for issue in Validator(release).validate(resource))


def test_synthea_becomes_r5_and_comes_back(synthea_dir: Path) -> None:
    files = sorted(synthea_dir.glob("*.json.bz2"), key=lambda path: path.stat().st_size)
    counted = Counter[str]()
    for path in files if os.environ.get("FHIR_VITILIGO_SYNTHEA") == "all" else files[:FILES]:
        for entry in json.loads_object(bz2.decompress(path.read_bytes()))["entry"]:
            resource = entry["resource"]
            if (kind := resource["resourceType"]) not in CONVERTED:
                continue
            there = UP.convert(resource)
            assert unordered(DOWN.convert(there)) == unordered(resource)
            counted[kind] += 1
            if counted[kind] <= VALIDATED:
                assert _errors(there, Release.R5) <= _errors(resource, Release.R4), resource
    assert counted.total() > 900
    assert len(counted) > 11
