"""How the system of a code is called (https://hl7.org/fhir/R4/datatypes.html#Coding.system,
https://hl7.org/fhir/R4/terminologies-systems.html): by an absolute address, and by the one that it has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from fhir_vitiligo.errors import Severity
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.terminology.systems import LOINC, RXNORM, SNOMED_CT, UCUM
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.rules.place import Place, Rule

_NAMED = re.compile(r"(https?|urn):")
# Editions, versions and subsets of these are told by the version or not at all: nothing stands behind their address.
_WHOLE = (SNOMED_CT, LOINC, UCUM, RXNORM)
_WITH_UNITS = frozenset(
    {"Quantity", "SimpleQuantity", "Age", "Duration", "Count", "Distance", "MoneyQuantity"}
)
_MOST_REMEMBERED = 1_000


def is_named(system: str) -> bool:
    """Whether an address is one that systems are called by: a URL or a URN."""
    return _NAMED.match(system) is not None


def make(place: Place) -> Rule | None:
    """The rule for a Coding or a quantity. Of a coding in a concept, which others may stand beside, HL7's engine leaves
    this open.
    """
    code = place.one.type.code
    if place.base is not None or (code != "Coding" and code not in _WITH_UNITS):
        return None
    severity: Severity = "warning" if place.element.path == "CodeableConcept.coding" else "error"
    # The systems of a run repeat; those of a hostile sender do not fill the memory.
    fine: set[str] = set()

    def check(value: Any, companion: Any, context: Context) -> Iterable[Fault]:
        system = value.get("system") if type(value) is dict else None
        if type(system) is not str or system in fine or "code" not in value:
            return ()
        if not system and code == "Coding":
            return ()
        if not is_named(system):
            text = f"`system` is {shown(system)}: the address of a code system is absolute, a URL or a URN."
            return (Fault("system-relative", "code-invalid", text, severity),)
        if (meant := _meant(system, context)) is not None:
            text = f"`system` is {shown(system)}, which is no code system: write {meant}."
            return (Fault("system-unknown", "code-invalid", text, severity),)
        if len(fine) < _MOST_REMEMBERED:
            fine.add(system)
        return ()

    return check


def _meant(system: str, context: Context) -> str | None:
    """The code system that an address is meant for, which is called a little otherwise."""
    plain = f"http:{system[6:]}" if system.startswith("https:") else system
    known = next((one for one in _WHOLE if plain.startswith(one)), None)
    if known is None and plain is not system and "CodeSystem" in context.library.kinds(plain):
        known = plain
    return known if known is not None and known != system else None
