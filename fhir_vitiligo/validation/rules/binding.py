"""Bindings of every strength, maximum value sets and additional bindings
(https://hl7.org/fhir/R4/terminologies.html#strength,
https://hl7.org/fhir/extensions/StructureDefinition-elementdefinition-maxValueSet.html,
https://hl7.org/fhir/R5/elementdefinition.html#ElementDefinition.binding.additional).

Required is an error, extensible a warning; preferred and example bindings are advice that nobody has to follow. A
maximum value set says where the codes beyond an extensible binding (then an error) or a preferred one (for a
concept a warning, of which HL7's engine says nothing) come from. What cannot be told here (SNOMED CT, LOINC...) is neither
confirmed nor refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from fhir_vitiligo.errors import Severity
from fhir_vitiligo.fhir.definitions import Binding
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.terminology.value_sets import Terminology, Verdict
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.errata import UNSURE_VALUE_SETS
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.library import Library
from fhir_vitiligo.validation.rules.place import Place, Rule

_LISTED = 12
# Longer than any code, and short enough that looking for a similar one costs nothing.
_SIMILAR = 64
_CODES = frozenset({"code", "string", "uri", "url", "canonical", "id", "oid"})


def make(place: Place) -> Rule | None:
    judge = _JUDGES.get(place.one.type.code) or (_code if place.one.type.code in _CODES else None)
    if judge is None:
        return None
    checks = list(_checks(place))
    if not checks:
        return None
    if judge is _code and len(checks) == 1 and checks[0].severity == "error":
        return _code_rule(checks[0])

    def check(value: Any, companion: Any, context: Context) -> Iterator[Fault]:
        if value is not None:
            for one in checks:
                if (fault := judge(one, value)) is not None:
                    yield fault

    return check


def make_absent(place: Place) -> Rule | None:
    """A required code has to be stated: an extension that says why it is absent does not stand for it."""
    binding = place.element.binding
    if binding is None or binding.strength != "required" or place.one.kind != "primitive":
        return None
    one = _Check(place, binding.value_set, "error", "required")
    key = place.name

    def check(value: Any, companion: Any, context: Context) -> Iterable[Fault]:
        codes = one.codes()
        if not codes and one.terminology.value_set(one.canonical) is None:
            return ()
        return (Fault("binding", "code-invalid", f"`{key}` has no value: use {_listed(codes, one.url)}."),)

    return check


def is_member(value: Any, url: str, context: Context) -> bool:
    """Whether a code, Coding, CodeableConcept or Quantity is surely in a value set."""
    terminology: Terminology = context.library.terminology
    if isinstance(value, str):
        return terminology.validate(url, None, value).kind == "in"
    if not isinstance(value, dict):
        return False
    codings = value.get("coding") if "coding" in value else [value]
    return any(
        terminology.validate(url, coding.get("system"), coding["code"]).kind == "in"
        for coding in (codings if isinstance(codings, list) else ())
        if isinstance(coding, dict)
        and isinstance(coding.get("code"), str)
        and isinstance(coding.get("system"), str | None)
    )


def _checks(place: Place) -> Iterator[_Check]:
    binding, base = place.element.binding, None if place.base is None else place.base.binding
    version = place.library.release.version
    if binding is not None and (base is None or _unpinned(binding, version) != _unpinned(base, version)):
        yield from _bound(place, binding)
    for more in () if place.node is None else place.node.additional:
        yield from _bound(place, more)


def _unpinned(binding: Binding, version: str) -> Binding:
    """A binding without this release's version, which snapshots write behind core's value sets and core does not:
    what core asks for is told once.
    """
    pin, most = f"|{version}", binding.max_value_set
    if pin not in binding.value_set and (most is None or pin not in most):
        return binding
    return Binding(
        binding.strength,
        binding.value_set.removesuffix(pin),
        None if most is None else most.removesuffix(pin),
    )


def _bound(place: Place, binding: Binding) -> Iterator[_Check]:
    most = binding.max_value_set
    if binding.strength == "required":
        yield _Check(place, binding.value_set, "error", "required")
    elif binding.strength == "extensible":
        yield _Check(place, binding.value_set, "warning", "extensible")
        if most is not None:
            yield _Check(place, most, "error", "maximum", binding.value_set)
    elif binding.strength == "preferred" and most is not None:
        # A code has nothing beside it that could be meant.
        severity: Severity = "error" if place.one.type.code in _CODES else "warning"
        yield _Check(place, most, severity, "maximum", binding.value_set)


class _Check:
    """One value set that a place is held against; a code of ``besides`` will do as well."""

    def __init__(
        self, place: Place, url: str, severity: Severity, strength: str, besides: str | None = None
    ) -> None:
        self.besides = besides
        self.key = place.name
        self.source = place.source
        self.canonical = url
        self.url = url.partition("|")[0]
        self.severity: Severity = "warning" if self.url in UNSURE_VALUE_SETS else severity
        self.strength = strength
        self.library: Library = place.library

    @property
    def terminology(self) -> Terminology:
        found: Terminology = self.library.terminology
        return found

    def verdict(self, system: str | None, code: str, version: str | None = None) -> Verdict:
        found = self.terminology.validate(self.canonical, system, code, None, version)
        if self.besides is None or found.kind == "in":
            return found
        other = self.terminology.validate(self.besides, system, code, None, version)
        return other if other.kind in ("in", "cannot-tell") else found

    def fault(self, text: str) -> Fault:
        end = "" if text.endswith("?") else "."
        return Fault("binding", "code-invalid", f"{text}{end}{self.source}", severity=self.severity)

    def cannot_tell(self, told: str, verdict: Verdict) -> Fault | None:
        gap = verdict.gap
        if gap is not None and gap.reason == "value-set" and self.terminology.is_code_system(gap.name):
            text = f"`{self.key}` is bound to {gap.name}, which is a code system, where a value set belongs{self.source}."
            return Fault("binding", "not-found", text, severity=self.severity)
        if self.severity != "error" or gap is None:
            return None
        text = f"Whether {told} is in {self.url} cannot be checked here: {_why(verdict)}{self.source}."
        return Fault("binding-unchecked", "not-supported", text, severity="information")

    def codes(self) -> list[str]:
        found = self.terminology.value_set(self.canonical)
        return sorted(found.bare_codes or ()) if found is not None else []


def _code_rule(one: _Check) -> Rule:
    """The commonest binding by far: a code among those that can be listed."""
    listed: frozenset[str] | None = None
    asked = False

    def check(value: Any, companion: Any, context: Context) -> Iterable[Fault]:
        nonlocal listed, asked
        if not asked:
            found = one.terminology.value_set(one.canonical)
            listed, asked = (None if found is None else found.bare_codes), True
        # An object or a list has no hash to be looked up by; that it is no code is another rule's to tell.
        if type(value) is not str or (listed is not None and value in listed):
            return ()
        fault = _code(one, value)
        return () if fault is None else (fault,)

    return check


def _code(one: _Check, value: str) -> Fault | None:
    verdict = one.verdict(None, value)
    if verdict.kind == "in":
        return None
    if verdict.kind == "cannot-tell":
        return one.cannot_tell(shown(value), verdict)
    if verdict.fault is not None:
        return one.fault(f"`{one.key}` is {shown(value)}: {verdict.fault.rstrip('.')}")
    return one.fault(f"`{one.key}` is {shown(value)}: use {_advice(one, value)}")


def _coding(one: _Check, value: Any) -> Fault | None:
    return _codings(one, [value]) if isinstance(value, dict) else None


def _codeable_concept(one: _Check, value: Any) -> Fault | None:
    if not isinstance(value, dict):
        return None
    codings = value.get("coding")
    if codings is None:
        # Text alone is no code of an extensible binding, which it need not be.
        if one.severity != "error" and "text" in value:
            return None
        text = f"`{one.key}` has no coding: one has to be from {one.url}"
        return one.fault(f"{text}; use {_advice(one, '')}")
    return _codings(one, codings) if isinstance(codings, list) else None


def _codeable_reference(one: _Check, value: Any) -> Fault | None:
    concept = value.get("concept") if isinstance(value, dict) else None
    return None if concept is None else _codeable_concept(one, concept)


def _quantity(one: _Check, value: Any) -> Fault | None:
    if not isinstance(value, dict) or "code" not in value:
        return None
    return _codings(one, [value])


_JUDGES: dict[str, Callable[[_Check, Any], Fault | None]] = {
    "Coding": _coding,
    "CodeableConcept": _codeable_concept,
    "CodeableReference": _codeable_reference,
    "Quantity": _quantity,
}


def _codings(one: _Check, codings: list[Any]) -> Fault | None:
    """One of the codings has to be in the value set."""
    open_verdict: tuple[str, Verdict] | None = None
    for coding in codings:
        if not isinstance(coding, dict):
            return None
        code, system = coding.get("code"), coding.get("system")
        if not isinstance(code, str) or not isinstance(system, str):
            # Stated in part: with an extension in its place, or of the whole (data-absent-reason), it may be meant; without
            # one it names no code of the set.
            if coding.keys() & {"_code", "_system"} or (code is system is None and "extension" in coding):
                return None
            continue
        version = coding.get("version")
        verdict = one.verdict(system, code, version if isinstance(version, str) else None)
        if verdict.kind == "in":
            return None
        if verdict.kind == "cannot-tell":
            open_verdict = (f"{system}#{code}", verdict)
    if open_verdict is not None:
        return one.cannot_tell(shown(open_verdict[0]), open_verdict[1])
    told = ", ".join(
        f"{coding.get('system', 'no system')}|{coding.get('code', 'no code')}"
        for coding in codings
        if coding.keys() & {"system", "code"}
    )
    found = (
        f"has {shown(told)}"
        if told
        else "has a coding without system and code"
        if codings
        else "has no coding"
    )
    code = next((coding["code"] for coding in codings if isinstance(coding.get("code"), str)), "")
    return one.fault(f"`{one.key}` {found}: one coding has to be from {one.url}; use {_advice(one, code)}")


def _why(verdict: Verdict) -> str:
    gap = verdict.gap
    if gap is None:
        return "nobody here can say"
    return {
        "value-set": f"the value set {gap.name} is not on board",
        "system": f"the codes of {gap.name} are not on board",
        "fragment": f"only a part of {gap.name} is on board",
        "version": f"{gap.name} is not the version on board",
    }.get(gap.reason, f"the codes of {gap.name} cannot be listed")


def _advice(one: _Check, code: str) -> str:
    codes = one.codes()
    if not codes:
        return f"a code of {one.url}"
    similar = get_close_matches(code, codes, n=1) if len(code) <= _SIMILAR and len(codes) > _LISTED else ()
    return f"a code of {one.url}; did you mean `{similar[0]}`?" if similar else _listed(codes, one.url)


def _listed(codes: list[str], url: str) -> str:
    if not codes:  # too many to be listed, or told by a rule: languages, media types
        return f"a code of {url}"
    if len(codes) <= _LISTED:
        return " or ".join([", ".join(codes[:-1]), codes[-1]]) if len(codes) > 1 else codes[0]
    return f"one of the {len(codes)} codes of {url}"
