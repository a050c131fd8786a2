"""Fixtures for data that is kept beside the checkout, not in it."""

from __future__ import annotations

from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder ``shared`` beside the repository (data sets, domain notes); the test is skipped where
    there is none.
    """
    if not _SHARED.is_dir():
        pytest.skip(
            "the folder `shared` beside the repository is not here: its data sets are not part of the project"
        )
    return _SHARED


@pytest.fixture(scope="session")
def synthea_dir(shared_dir: Path) -> Path:
    """The Synthea data set: one bzip2-compressed Bundle a patient; the test is skipped where it is not
    here.
    """
    folder = shared_dir / "data" / "synthea"
    if not folder.is_dir():
        pytest.skip("shared/data/synthea is not here: the Synthea Bundles are not part of the project")
    return folder
