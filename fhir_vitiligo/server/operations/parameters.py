"""A Parameters resource as an answer (https://hl7.org/fhir/R4/parameters.html)."""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.fhir.json import Json


def parameters(*told: tuple[str, str, Any]) -> Json:
    """(name, type, value) in order; ``Resource`` is the type of a resource, ``part`` that of a list of further triples.

    What has no value is left out.
    """
    listed = [_parameter(*one) for one in told if one[2] is not None]
    return {"resourceType": "Parameters", **({"parameter": listed} if listed else {})}


def _parameter(name: str, kind: str, value: Any) -> Json:
    if kind == "Resource":
        return {"name": name, "resource": value}
    if kind == "part":
        return {"name": name, "part": [_parameter(*one) for one in value if one[2] is not None]}
    return {"name": name, f"value{kind[0].upper()}{kind[1:]}": value}
