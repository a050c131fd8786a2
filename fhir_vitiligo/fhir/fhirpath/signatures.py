"""What functions may be asked of, what their arguments are and what they give (http://hl7.org/fhirpath/N1/#functions).

Only what is sure without data is here: a function that takes anything, or gives what it was asked of, has no line.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from fhir_vitiligo.fhir.fhirpath.model import Type

# FHIR's primitive types whose System type is not String (https://hl7.org/fhir/R4/fhirpath.html#types).
_SYSTEM = {
    "boolean": "Boolean",
    **dict.fromkeys(("integer", "integer64", "positiveInt", "unsignedInt"), "Integer"),
    "decimal": "Decimal",
    "date": "Date",
    **dict.fromkeys(("dateTime", "instant"), "DateTime"),
    "time": "Time",
}


def kinds(of: str | Type) -> frozenset[str]:
    """What a value counts as: its System type, and for what FHIR defines its own type and those it descends from."""
    if isinstance(of, str):
        return frozenset((of,))
    return of.ancestors | {_SYSTEM.get(of.path, "String")} if of.primitive else of.ancestors


class Signature(NamedTuple):
    """``of``: kinds that the input may be, None for any. ``arguments``: kinds of each. ``result``: a System type."""

    of: frozenset[str] | None
    arguments: tuple[frozenset[str], ...] = ()
    result: str | None = None


_TEXT = frozenset(("String",))
_WHOLE = frozenset(("Integer",))
_TRUTH = frozenset(("Boolean",))
_NUMBER = frozenset(("Integer", "Decimal"))
_AMOUNT = _NUMBER | {"Quantity"}
_PRIMITIVE = frozenset(("Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time"))
_ORDINAL = _AMOUNT | {"Date", "DateTime", "Time"}
_CODED = frozenset(("String", "Coding", "CodeableConcept"))
_REFERENCE = frozenset(("String", "Reference"))

SIGNATURES: Mapping[str, Signature] = MappingProxyType(
    {
        "where": Signature(None, (_TRUTH,)),
        "exists": Signature(None, (_TRUTH,), "Boolean"),
        "all": Signature(None, (_TRUTH,), "Boolean"),
        "iif": Signature(None, (_TRUTH,)),
        "skip": Signature(None, (_WHOLE,)),
        "take": Signature(None, (_WHOLE,)),
        "trace": Signature(None, (_TEXT,)),
        "defineVariable": Signature(None, (_TEXT,)),
        "extension": Signature(None, (_TEXT,)),
        "resolve": Signature(_REFERENCE),
        "memberOf": Signature(_CODED, (_TEXT,), "Boolean"),
        "conformsTo": Signature(None, (_TEXT,), "Boolean"),
        **dict.fromkeys(("upper", "lower"), Signature(_TEXT, (), "String")),
        **dict.fromkeys(("indexOf", "lastIndexOf"), Signature(_TEXT, (_TEXT,), "Integer")),
        **dict.fromkeys(
            ("startsWith", "endsWith", "contains", "matches", "matchesFull"), Signature(_TEXT, (_TEXT,), "Boolean")
        ),
        **dict.fromkeys(("replace", "replaceMatches"), Signature(_TEXT, (_TEXT, _TEXT), "String")),
        "substring": Signature(_TEXT, (_WHOLE, _WHOLE), "String"),
        "toChars": Signature(_TEXT, (), "String"),
        "trim": Signature(None, (), "String"),
        **dict.fromkeys(("split", "join"), Signature(None, (_TEXT,), "String")),
        "length": Signature(_PRIMITIVE, (), "Integer"),
        **dict.fromkeys(("abs", "ceiling", "floor", "truncate", "exp", "ln", "sqrt"), Signature(_AMOUNT)),
        "round": Signature(_AMOUNT, (_WHOLE,)),
        **dict.fromkeys(("log", "power"), Signature(_AMOUNT, (_NUMBER,))),
        **dict.fromkeys(("lowBoundary", "highBoundary"), Signature(_ORDINAL, (_WHOLE,))),
        "precision": Signature(_ORDINAL, (), "Integer"),
        "toString": Signature(_PRIMITIVE | {"Quantity"}, (), "String"),
        "toInteger": Signature(_PRIMITIVE | {"Quantity"}, (), "Integer"),
        "toBoolean": Signature(_PRIMITIVE, (), "Boolean"),
        **dict.fromkeys(("toDecimal", "toQuantity"), Signature(_PRIMITIVE | {"Quantity"})),
        **dict.fromkeys(("toDateTime", "toTime"), Signature(_PRIMITIVE)),
        "count": Signature(None, (), "Integer"),
        **dict.fromkeys(
            ("empty", "allTrue", "anyTrue", "allFalse", "anyFalse", "subsetOf", "supersetOf", "isDistinct", "not", "is",
             "hasValue", "htmlChecks", "htmlChecks1", "htmlChecks2", "comparable"),
            Signature(None, (), "Boolean"),
        ),
    }
)  # fmt: skip
