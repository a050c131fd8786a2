"""How certain another system is of what it says: whether a diagnosis is asserted, and of whom.

What is stated of it and not understood keeps the whole resource from being read
(https://hl7.org/fhir/R4/condition-definitions.html#Condition.verificationStatus; of ICD-10-GM the
Diagnosesicherheit, https://simplifier.net/guide/basisprofil-de-r4).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.mapping.declaration import Json
from fhir_vitiligo.mapping.resources.diagnosis import CLINICAL, VERIFICATION

_CERTAINTY_GM = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
_VERIFICATIONS = frozenset({"unconfirmed", "provisional", "differential", "confirmed", "refuted"})
# The second of each is the system's name before R4.
_VERIFICATION_SYSTEMS = frozenset({VERIFICATION, "http://hl7.org/fhir/condition-ver-status"})
_CLINICAL_SYSTEMS = frozenset({CLINICAL, "http://hl7.org/fhir/condition-clinical"})
_PAST = frozenset({"inactive", "remission", "resolved"})
_SUSPECTED = frozenset({"provisional", "unconfirmed", "differential"})
_GM = {"G": frozenset({"confirmed"}), "V": _SUSPECTED, "A": frozenset({"refuted"})}
"""Certainty in ICD-10-GM -> the verification statuses that agree with it; the code is put into the first we name."""
_GM_WORD = {"G": "confirmed", "V": "provisional", "A": "refuted"}

# What begins or ends the name of a disease that is denied, suspected, past or somebody else's.
_UNSURE = re.compile(
    r"(no|not|without|denies|excluded?|suspected|suspicion|possible|probable|questionable|query|rule[ds]?[ -]out|r/o|"
    r"(family |past )?(history|hx)|fh|kein\w*|ohne|ausschlu(ss|ß)|verdacht|v\. ?a\.|z\. ?n\.|zustand nach|familienanamnese)"
    r"(\W|\Z)",
    re.IGNORECASE,
)
_UNSURE_END = re.compile(r"(\W(ruled out|excluded|ausgeschlossen)|\?)\W{0,5}\Z", re.IGNORECASE)
_OF_FAMILY = re.compile(r"famil(y|ial|ien|iar)", re.IGNORECASE)
# Family history of clinical finding, Family history of (SNOMED CT), History of family member diseases (LOINC).
_FAMILY_CODES = frozenset({"416471007", "57177007", "10157-6"})


def dicts_of(value: Any) -> list[Json]:
    """The objects of a list, or the object itself."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def verification(condition: Json) -> str | None:
    """The verification status that a Condition states; ``""`` where it states none, ``None`` where it is not
    understood what it states, or it contradicts itself.
    """
    said = _said(condition.get("verificationStatus"), _VERIFICATION_SYSTEMS, _VERIFICATIONS)
    if said is None:
        return None
    found = said
    for code in _certainties(condition.get("code")):
        if code == "Z":
            # A state after the disease: of use where the Condition says of itself that it is past.
            if not _is_past(condition):
                return None
        elif code not in _GM or (found and found not in _GM[code]):
            return None
        else:
            found = found or _GM_WORD[code]
    return found


def is_asserted(condition: Json) -> bool:
    """Whether a Condition is about a disease that this patient has now, or had: not about a relative's, nor by
    a name that denies or doubts it.
    """
    for category in dicts_of(condition.get("category")):
        if any(_OF_FAMILY.search(text) for text in _texts(category)):
            return False
        if any(str(coding.get("code")) in _FAMILY_CODES for coding in dicts_of(category.get("coding"))):
            return False
    names = [text.strip() for text in _texts(condition.get("code"))]
    return not any(_UNSURE.match(name) or _UNSURE_END.search(name[-30:]) for name in names)


def is_present(condition: Json) -> bool:
    """Whether a Condition of whose clinical status nobody takes note may be called present."""
    status = _said(condition.get("clinicalStatus"), _CLINICAL_SYSTEMS, _PRESENT)
    ended = any(name.lstrip("_").startswith("abatement") for name in condition)
    return status is not None and (not ended or condition.get("abatementBoolean") is False)


_PRESENT = frozenset({"active", "recurrence", "relapse", "unknown"})


def _is_past(condition: Json) -> bool:
    return bool(_said(condition.get("clinicalStatus"), _CLINICAL_SYSTEMS, _PAST))


def _said(concept: Any, systems: frozenset[str], words: frozenset[str]) -> str | None:
    """The one of the words that a CodeableConcept says; ``""`` where it says nothing, ``None`` where it says
    anything else.
    """
    if concept is None:
        return ""
    if not isinstance(concept, dict):
        return None
    codings = [coding for coding in dicts_of(concept.get("coding")) if coding.get("code") is not None]
    text = concept.get("text")
    if not codings and text is None and not dicts_of(concept.get("coding")):
        return ""
    said = {str(coding["code"]) for coding in codings if str(coding.get("system")) in systems}
    if isinstance(text, str) and (text.strip().lower() in words):
        said.add(text.strip().lower())
    return next(iter(said)) if len(said) == 1 and said <= words else None


def _certainties(concept: Any) -> Iterator[str]:
    """The certainties of ICD-10-GM that stand on a code."""
    for one in dicts_of(concept):
        for node in (one, *dicts_of(one.get("coding"))):
            for extension in dicts_of(node.get("extension")):
                if extension.get("url") == _CERTAINTY_GM:
                    coding = extension.get("valueCoding")
                    yield str(coding.get("code")) if isinstance(coding, dict) else ""


def _texts(concept: Any) -> Iterator[str]:
    for one in dicts_of(concept):
        for node in (one, *dicts_of(one.get("coding"))):
            for name in ("text", "display"):
                if isinstance(node.get(name), str):
                    yield node[name]
