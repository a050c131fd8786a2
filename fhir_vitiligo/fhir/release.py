"""A FHIR release is a value: ``Release.R4``, passed as an argument (https://hl7.org/fhir/versions.html)."""

from __future__ import annotations

from enum import Enum

from fhir_vitiligo.errors import ReleaseError


class Release(Enum):
    """The releases spoken here. ``value`` is the lower-case name, ``version`` what resources and packages state."""

    R4 = "r4"
    R4B = "r4b"
    R5 = "r5"

    @property
    def version(self) -> str:
        """``4.0.1``, ``4.3.0`` or ``5.0.0``."""
        return _VERSIONS[self]

    @property
    def short_version(self) -> str:
        """What the ``fhirVersion`` media type parameter states: ``4.0``, ``4.3`` or ``5.0``."""
        return self.version.rpartition(".")[0]

    @classmethod
    def of(cls, name: Release | str) -> Release:
        """The release called ``R4``, ``r4b``, ``4.0.1``, ``5.0``...; :class:`ReleaseError` names what would be right."""
        if isinstance(name, Release):
            return name
        wanted = str(name).strip().lower()
        for release in cls:
            if wanted in (release.value, release.version, release.short_version):
                return release
        raise ReleaseError(f"unknown FHIR release {name!r}: use r4, r4b or r5", code="value")


_VERSIONS = {Release.R4: "4.0.1", Release.R4B: "4.3.0", Release.R5: "5.0.0"}
