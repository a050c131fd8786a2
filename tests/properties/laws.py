"""The laws of the mapping, as functions that raise AssertionError: shared by the tests and the long run."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.case.io import dump_case, read_case
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.back import from_fhir
from fhir_vitiligo.mapping.mapper import BundleType, Mapper
from fhir_vitiligo.terminology import registry

RELEASES = tuple(Release)
BUNDLE_TYPES: tuple[BundleType, ...] = ("transaction", "collection", "document")

# Code systems that HL7 owns: their codes are FHIR's own words, fixed by the specification.
HL7_SYSTEMS = ("http://terminology.hl7.org/CodeSystem/", "http://hl7.org/fhir/CodeSystem/")

BCP_47 = "urn:ietf:bcp:47"


def same(one: Any, other: Any) -> bool:
    """Equal to the last digit: Python calls 1.50 and 1.5 equal."""
    return bool(one == other) and repr(one) == repr(other)


def there_and_back(case: Case, release: Release, kind: BundleType) -> dict[str, Any]:
    """``from_fhir(to_fhir(case)) == case`` with no residue, through bytes too, and what is written again is identical."""
    bundle = Mapper(release).to_fhir(case, type=kind)
    kept = copy.deepcopy(bundle)
    for document in (bundle, json.loads(json.dumps(bundle))):
        back, residue = from_fhir(document, release)
        # A document was put together at some time, which is no fact of the case.
        more = [
            one.as_dict()
            for one in residue
            if (one.resource, one.expression) != ("Bundle", "Bundle.timestamp")
        ]
        assert not more, more
        assert len(residue) == (kind == "document")
        assert back == case
        assert same(back, case), "equal, yet not digit for digit"
    assert same(bundle, kept), "from_fhir changed its input"
    again = Mapper(release).to_fhir(back, type=kind)
    assert same({**again, "timestamp": None}, {**bundle, "timestamp": None})
    return bundle


def both(case: Case, release: Release, kind: BundleType) -> None:
    """Both laws through bytes, as fast as they can be checked: the case comes back as it was with no residue, and
    what is written of it again is identical, which proves every digit.
    """
    mapper = Mapper(release)
    text = json.dumps(mapper.to_fhir(case, type=kind))
    document = json.loads(text)
    back, residue = from_fhir(document, release)
    assert json.dumps(document) == text, "from_fhir changed its input"
    assert [one.expression for one in residue] == (["Bundle.timestamp"] if kind == "document" else []), (
        residue
    )
    assert back == case
    again = mapper.to_fhir(back, type=kind)
    if kind == "document":
        again["timestamp"] = document["timestamp"]
    assert json.dumps(again) == text


def ids_are_stable(bundle: dict[str, Any], case: Case, release: Release) -> None:
    """Every resource has an id of its own, the same in every Bundle that is made of the case."""
    ids = [entry["resource"]["id"] for entry in bundle["entry"]]
    assert len(set(ids)) == len(ids)
    again = {entry["resource"]["id"] for entry in Mapper(release).to_fhir(case, type="collection")["entry"]}
    assert again <= set(ids)


def file_law(case: Case) -> None:
    """``read_case(dump_case(case)) == case``."""
    text = dump_case(case)
    assert same(read_case(text.encode()), case), text


# What a case states is passed on, wrong as it may be: displays, an end before its start, an item coded as its instrument.
STATED = frozenset(("display", "per-1", "obs-7"))


def valid(bundle: dict[str, Any], release: Release) -> None:
    """The validator has no error but for what the case states itself."""
    from fhir_vitiligo.validation import Validator  # the long run does without, and starts faster

    errors = [
        str(issue)
        for issue in Validator(release).validate(bundle)
        if issue.severity in ("error", "fatal") and issue.rule not in STATED
    ]
    assert not errors, errors


def _pairs(node: Any) -> Iterator[tuple[Any, str]]:
    stack = [node]
    while stack:
        found = stack.pop()
        if isinstance(found, dict):
            if isinstance(found.get("code"), str) and ("system" in found or "display" in found):
                yield found.get("system"), found["code"]
            stack.extend(found.values())
        elif isinstance(found, list | tuple):
            stack.extend(found)


def stated_codes(case: Case) -> set[tuple[str | None, str]]:
    """Every (system, code) that the case itself states."""
    language = (
        case.source.language.value if case.source is not None and case.source.language is not None else None
    )
    return {*_pairs(case.model_dump()), *([(BCP_47, language)] if language is not None else [])}


def codes_are_known(bundle: dict[str, Any], case: Case) -> None:
    """Every code in the Bundle may be written: a verified one, an HL7 one, or one that the case states and nothing refuses."""
    stated = stated_codes(case)
    for system, code in _pairs(bundle):
        assert isinstance(system, str), f"{code} is written without a system"
        if (system, code) in stated:
            assert registry.refusal(system, code) is None, registry.refusal(system, code)
        else:
            assert registry.may_emit(system, code) or system.startswith(HL7_SYSTEMS), (
                f"{system}|{code} is written"
            )


def all_laws(case: Case, release: Release, kind: BundleType) -> None:
    """Every law for one case, release and kind of Bundle."""
    bundle = there_and_back(case, release, kind)
    ids_are_stable(bundle, case, release)
    valid(bundle, release)
    codes_are_known(bundle, case)
