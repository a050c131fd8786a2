"""Why our errors and those of HL7's engine differ, where the specification (or the place itself) is on our side.

Each reason looks at one error that only one of the two tells. A difference without a reason is one to look into.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fhir_vitiligo.errors import Issue
from tests.official.engine import OfficialIssue

if TYPE_CHECKING:
    from tests.validation.differential import Pair

_UNSERVED = frozenset(
    {
        *("http://snomed.info/sct", "http://loinc.org", "http://www.whocc.no/atc"),
        *("http://standardterms.edqm.eu", "http://unitsofmeasure.org"),
    }
)
_CODES = frozenset({"binding", "code-unknown", "display"})


def _empty_array(pair: Pair, issue: Issue) -> bool:
    return issue.rule == "ele-1" and "array is empty" in issue.text


def _unserved_system(pair: Pair, issue: Issue) -> bool:
    """Beside what was changed, before or after, stands a coding of a system that the engine has no codes of."""
    if issue.rule not in _CODES:
        return False
    value: Any = pair.mutation.resource
    before: Any = pair.example.resource
    for step in pair.mutation.path:
        if any(_has_unserved(one) for one in (value, before)):
            return True
        try:
            value, before = value[step], before[step]
        except (KeyError, IndexError, TypeError):
            return False
    return False


def _has_unserved(value: Any) -> bool:
    """Of a concept any coding counts; a Quantity is its own."""
    if not isinstance(value, dict):
        return False
    codings = value.get("coding")
    return ("value" in value and _is_unserved(value)) or any(
        _is_unserved(one) for one in (codings if isinstance(codings, list) else ())
    )


def _is_unserved(coding: Any) -> bool:
    return isinstance(coding, dict) and str(coding.get("system")) in _UNSERVED


def _no_system(pair: Pair, issue: Issue) -> bool:
    return issue.rule == "binding" and (
        "has 'no system|" in issue.text or "without system and code" in issue.text
    )


def _range(pair: Pair, issue: Issue) -> bool:
    return issue.rule == "rng-2"


def _empty_beside_an_extension(pair: Pair, issue: Issue) -> bool:
    empty = "is an empty string" in issue.text or "is ''" in issue.text
    return issue.rule == "primitive" and empty and pair.mutation.kind == "emptied"


def _own_entry(pair: Pair, issue: Issue) -> bool:
    return issue.rule == "bundle-full-url" and any(_their_entry(pair, one) for one in pair.theirs)


def _own_label(pair: Pair, issue: Issue) -> bool:
    return issue.rule == "security-label"


OURS: Mapping[str, Callable[[Pair, Issue], bool]] = {
    "an array is never empty (json.html); the engine does not look at arrays of primitive values": _empty_array,
    "a coding of a system whose codes it does not have (SNOMED CT, LOINC, ATC, EDQM, UCUM) keeps the engine from looking "
    "at the concept at all; that another coding is wrong, or the system not in the value set, is sure": (
        _unserved_system
    ),
    "a code without a system means nothing (datatypes.html#Coding); the engine takes it for one of a value set that "
    "it does not list": _no_system,
    "the ends of a Range cannot be compared in different units (rng-2); the engine fails on a missing one": _range,
    "a string is never empty (datatypes.html#string); the engine lets it be beside an extension": (
        _empty_beside_an_extension
    ),
    "the engine tells of the first entry what is wrong with another one": _own_entry,
    "the engine numbers a security label among the profiles": _own_label,
}


def _their_entry(pair: Pair, issue: OfficialIssue) -> bool:
    return (issue.message_id or "").startswith("BUNDLE_ENTRY_URL_MATCHES")


def _their_label(pair: Pair, issue: OfficialIssue) -> bool:
    return issue.message_id == "Meta_RES_Security_Duplicate"


def _wrong_display(pair: Pair, issue: OfficialIssue) -> bool:
    return issue.message_id == "Terminology_TX_NoValid_1_CC" and any(
        one.rule == "display" for one in pair.ours
    )


def _their_range(pair: Pair, issue: OfficialIssue) -> bool:
    return (issue.message_id or "").endswith("#rng-2")


def _bare_resource(pair: Pair, issue: OfficialIssue) -> bool:
    entries = pair.mutation.resource.get("entry", [])
    bare = any(isinstance(one, dict) and [*one.get("resource", {})] == ["resourceType"] for one in entries)
    return (issue.message_id or "").endswith("#bdl-5") and bare


THEIRS: Mapping[str, Callable[[Pair, OfficialIssue], bool]] = {
    "the engine tells of the first entry what is wrong with another one": _their_entry,
    "the engine numbers a security label among the profiles": _their_label,
    "a code whose display is wrong is in the value set all the same (terminologies.html#strength)": _wrong_display,
    "the ends of a Range cannot be compared in different units (rng-2); the engine fails on a missing one": (
        _their_range
    ),
    "a resource without any element is there (bdl-5); the engine takes it for none": _bare_resource,
}


def reason_of_ours(pair: Pair, issue: Issue) -> str | None:
    """Why we tell this error and the engine does not."""
    return next((reason for reason, holds in OURS.items() if holds(pair, issue)), None)


def reason_of_theirs(pair: Pair, issue: OfficialIssue) -> str | None:
    """Why the engine tells this error and we do not."""
    return next((reason for reason, holds in THEIRS.items() if holds(pair, issue)), None)


def explanation(pair: Pair) -> str | None:
    """Why the verdicts differ; None where they do not, or nobody knows."""
    if bool(pair.ours) == bool(pair.theirs):
        return None
    reasons = {reason_of_ours(pair, one) for one in pair.ours} | {
        reason_of_theirs(pair, one) for one in pair.theirs
    }
    return None if None in reasons else "; ".join(sorted(filter(None, reasons)))
