"""Special parameter ``near`` of Location: ``latitude|longitude|distance|unit``
(https://hl7.org/fhir/R4/location.html#search).

Great-circle distance on a sphere of the Earth's mean radius (IUGG, 6371.0088 km). A place is kept as a unit
vector: the angle between two places is as small as their product is large.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.search.types.base import (
    Alternative,
    Column,
    Context,
    Row,
    SearchType,
    Test,
    bad_value,
    split,
    unescape,
)
from fhir_vitiligo.search.types.number import real

_RADIUS = 6371.0088  # km
_KM = {"km": 1.0, "m": 0.001, "[mi_us]": 1.609347, "[mi_i]": 1.609344, "mi": 1.609344}
_DEFAULT_DISTANCE = 50.0  # km: the specification leaves it to the server


def unit_vector(latitude: float, longitude: float) -> tuple[float, float, float]:
    """Degrees (WGS 84) as a point of the unit sphere."""
    phi, lam = math.radians(latitude), math.radians(longitude)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)


def _rows(value: Any) -> Iterator[Row]:
    if isinstance(value, dict):
        latitude, longitude = real(value.get("latitude")), real(value.get("longitude"))
        if latitude is not None and longitude is not None and abs(latitude) <= 90 and abs(longitude) <= 360:
            yield (latitude, *unit_vector(latitude, longitude))


def _parse(text: str, modifier: str | None, context: Context) -> tuple[Alternative, ...]:
    parts = [unescape(part) for part in split(text, "|")]
    try:
        latitude, longitude, *rest = [float(part) for part in (*parts[:2], *filter(None, parts[2:3]))]
        scale = _KM[parts[3] or "km"] if len(parts) > 3 else 1.0
        distance = rest[0] * scale if rest else _DEFAULT_DISTANCE
        possible = abs(latitude) <= 90 and abs(longitude) <= 360 and 0 <= distance < math.inf
    except (ValueError, KeyError):
        possible = False
    if not possible or len(parts) > 4:
        raise bad_value(
            text,
            "a place is latitude|longitude|distance|unit in degrees, the unit one of "
            f"{', '.join(_KM)} (km and {_DEFAULT_DISTANCE:g} km where they are left out)",
        )
    angle = min(distance / _RADIUS, math.pi)
    reach = math.degrees(angle) + 1e-9
    return (
        (
            Test("latitude", ">=", latitude - reach),
            Test("latitude", "<=", latitude + reach),
            Test("x", "near", (*unit_vector(latitude, longitude), math.cos(angle) - 1e-15)),
        ),
    )


NEAR = SearchType(
    "near",
    (Column("latitude", "real"), Column("x", "real"), Column("y", "real"), Column("z", "real")),
    _rows,
    _parse,
)
