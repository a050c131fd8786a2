"""How a primitive value is written (https://hl7.org/fhir/R4/datatypes.html#primitive)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

from fhir_vitiligo.fhir.primitives import PRIMITIVES, Check, doubtful_text, shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.library import Library
from fhir_vitiligo.validation.rules.place import Place, Rule


def _stricter(name: str, library: Library) -> Check | None:
    """What a release's own regular expression asks for beyond what all releases do."""
    check = PRIMITIVES[name]
    if name == "decimal" and "{0,17}" in _regex(name, library):
        return lambda value: check(value) or _too_precise(value)
    if name in ("dateTime", "instant", "time") and "{1,9}" in _regex(name, library):
        return lambda value: check(value) or _too_fine(value)
    if name == "base64Binary":
        strict = r"\s" not in _regex(name, library)
        return lambda value: _base64(value, check) or (_spaced(value) if strict else None)
    return None


def _regex(name: str, library: Library) -> str:
    return library.definitions.structure(name).regex or r"\s"


def _too_precise(value: Any) -> str | None:
    """https://hl7.org/fhir/R5/datatypes.html#decimal: at most 18 digits before the point and 17 after."""
    if not isinstance(value, int | Decimal):
        return None
    digits = len(Decimal(value).as_tuple().digits)
    return f"is {shown(value)}: a decimal has at most 18 digits." if digits > 18 else None


def _too_fine(value: Any) -> str | None:
    """https://hl7.org/fhir/R5/datatypes.html#dateTime: nanoseconds are the least."""
    digits = _FRACTION.search(value) if isinstance(value, str) else None
    return f"is {shown(value)}: seconds have at most 9 digits behind the point." if digits else None


_FRACTION = re.compile(r"\.[0-9]{10}")


def _base64(value: Any, check: Check) -> str | None:
    """Readers skip what is not of the alphabet (https://www.rfc-editor.org/rfc/rfc2045#section-6.8), and so
    does HL7's engine: only a number of characters that no bytes give is wrong.
    """
    if isinstance(value, str) and (kept := _NOT_BASE64.sub("", value)) != value:
        return check(kept) if kept else None
    return check(value)


_STRANGE = re.compile(r"[^A-Za-z0-9+/=\s]")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")


def _spaced(value: Any) -> str | None:
    if not isinstance(value, str) or not any(one.isspace() for one in value):
        return None
    return "has white space: base64 is written without since R5."


# What JSON writes a type as, where that is no string.
_KINDS: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "decimal": (int, float, Decimal),
    "integer": (int,),
    "positiveInt": (int,),
    "unsignedInt": (int,),
}


def make(place: Place) -> Rule | None:
    one = place.one
    if one.kind != "primitive":
        return None
    problem = _stricter(one.type.code, place.library) or PRIMITIVES[one.type.code]
    key, kinds = one.key, _KINDS.get(one.type.code, (str,))

    def fault(value: Any, found: str) -> Fault:
        # Nothing can be read where there is nothing, or another kind of JSON.
        return Fault(
            "primitive", "value", f"`{key}` {found}", is_form=value == "" or type(value) not in kinds
        )

    def check_base64(value: Any, companion: Any, context: Context) -> Iterable[Fault]:
        if (found := problem(value)) is not None:
            return (fault(value, found),)
        if isinstance(value, str) and (strange := _STRANGE.search(value)) is not None:
            text = f"`{key}` has {shown(strange[0])}, which base64 does not have and readers skip."
            return (Fault("primitive", "value", text, severity="warning"),)
        return ()

    if one.type.code == "base64Binary":
        return check_base64

    def check(value: Any, companion: Any, context: Context) -> Iterable[Fault]:
        found = problem(value)
        return () if found is None else (fault(value, found),)

    def check_text(value: Any, companion: Any, context: Context) -> Iterable[Fault]:
        if (found := problem(value)) is not None:
            return (fault(value, found),)
        if (found := doubtful_text(value)) is not None:
            return (Fault("primitive", "value", f"`{key}` {found}", severity="warning"),)
        return ()

    def check_decimal(value: Any, companion: Any, context: Context) -> Iterable[Fault]:
        if type(value) is float and isfinite(value):
            context.walk.has_floats = True
        return check(value, companion, context)

    if one.type.code == "decimal":
        return check_decimal
    return check_text if one.type.code in ("string", "markdown") else check
