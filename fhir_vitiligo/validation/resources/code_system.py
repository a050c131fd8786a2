"""A CodeSystem's own rules beside its invariants (https://hl7.org/fhir/R4/codesystem.html): a code and a property stand once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered, objects


def check(system: Json, _: Context) -> Iterator[Fault]:
    """The rules of the type ``CodeSystem``."""
    seen: set[str] = set()
    for index, one in numbered(system.get("property")):
        code = one.get("code")
        if isinstance(code, str) and code in seen:
            text = f"The property {shown(code)} is defined above already."
            yield Fault("code-system", "business-rule", text, steps=[f"property[{index}]"])
        seen.add(str(code))
    for code, count in Counter(_codes(system)).items():
        if count > 1:
            yield Fault("code-system", "business-rule", f"The code {shown(code)} is defined {count} times.")


def _codes(system: Json) -> Iterator[str]:
    todo = objects(system.get("concept"))
    while todo:
        concept = todo.pop()
        if isinstance(concept.get("code"), str):
            yield concept["code"]
        todo += objects(concept.get("concept"))
