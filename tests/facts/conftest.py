"""The case report, mapped once for each release and read back from its bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

import fhir_vitiligo
from fhir_vitiligo.case.io import read_case
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.mapper import Mapper

from .view import View


@pytest.fixture(scope="session")
def case() -> Case:
    return read_case(Path(fhir_vitiligo.__file__).parent / "example_cases" / "case-report.yaml")


@pytest.fixture(scope="session", params=list(Release), ids=lambda release: release.value)
def release(request: pytest.FixtureRequest) -> Release:
    found: Release = request.param
    return found


@pytest.fixture(scope="session")
def view(case: Case, release: Release) -> View:
    return View(json.loads(json.dumps(Mapper(release).to_fhir(case))), release)
