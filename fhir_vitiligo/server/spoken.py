"""The releases of FHIR in which bodies are read and answers are given, as the media type parameter ``fhirVersion`` names them
(https://hl7.org/fhir/R4/http.html#version-parameter).
"""

from __future__ import annotations

from functools import lru_cache

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.message import Request

SPOKEN = (Release.R4, Release.R5)


def spoken(version: str) -> Release | None:
    """The release that a ``fhirVersion`` names, ``5.0`` or ``5.0.0``; None for one that is not spoken."""
    return next((one for one in SPOKEN if version in (one.short_version, one.version)), None)


def spoken_versions() -> str:
    """``4.0 and 5.0``, to end a sentence with."""
    return " and ".join(one.short_version for one in SPOKEN)


def body_release(request: Request, own: Release) -> Release:
    """The release of the body, as its Content-Type says; a 415 :class:`RefusedError` for one that is not spoken."""
    content_type = request.headers.get("content-type", "")
    return _body_release(content_type, own) if ";" in content_type else own


@lru_cache(maxsize=256)
def _body_release(content_type: str, own: Release) -> Release:
    for option in content_type.split(";")[1:]:
        name, _, value = option.strip().lower().partition("=")
        if name.strip() == "fhirversion":
            version = value.strip().strip('"')
            found = spoken(version)
            if found is None:
                raise RefusedError(
                    415,
                    f"a body in FHIR {version[:10]} is not read, {spoken_versions()} are",
                    "not-supported",
                )
            return found
    return own
