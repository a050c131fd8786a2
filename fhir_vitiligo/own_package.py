"""Where the project's own FHIR package is: package data in a wheel, ``profiles/`` in a checkout.

R4B is R4 restamped, so it has R4's package.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.release import Release

_HERE = Path(__file__).resolve().parent
_ROOTS: Final = (_HERE / "profiles", _HERE.parent / "profiles")
_PACKAGES: Final = {Release.R4: "package", Release.R4B: "package", Release.R5: "package-r5"}
_EXAMPLES: Final = {Release.R4: "examples/r4", Release.R4B: "examples/r4", Release.R5: "examples/r5"}


def own_package(release: Release = Release.R4) -> Path:
    """The folder of the compiled definitions and their ``package.json``."""
    folders = [root / _PACKAGES[release] for root in _ROOTS]
    for folder in folders:
        if (folder / "package.json").is_file():
            return folder
    raise InputError(
        f"the project's FHIR package is neither in {folders[0]} nor in {folders[1]}: install "
        "fhir-vitiligo again, or run tools/build_profiles.sh in a checkout",
        code="not-found",
    )


def own_examples(release: Release = Release.R4) -> Path | None:
    """The folder with an example of each profile; ``None`` where they are not on board."""
    folders = (root / _EXAMPLES[release] for root in _ROOTS)
    return next((folder for folder in folders if folder.is_dir()), None)
