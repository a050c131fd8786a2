"""Reading JSON that may hold anything where something else is meant: what has the wrong shape is passed over.

Packages and resources alike come unvalidated (https://hl7.org/fhir/R4/json.html says what the shapes are); that a shape
is wrong is told where the resource itself is validated.
"""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.fhir.json import Json


def objects(told: Any) -> list[Json]:
    """The objects of a list; nothing where it is no list."""
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def strings(told: Any) -> tuple[str, ...]:
    """The strings of a list; nothing where it is no list."""
    return tuple(one for one in told if isinstance(one, str)) if isinstance(told, list) else ()


def string(told: Any, otherwise: str = "") -> str:
    """A string as it is; ``otherwise`` in place of anything else."""
    return told if isinstance(told, str) else otherwise
