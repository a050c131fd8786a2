"""A CodeSystem's own rules beside its invariants (https://hl7.org/fhir/R4/codesystem.html): a code and a property
stand once, and the value set that it names as that of all its codes is that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered, objects


def check(system: Json, context: Context) -> Iterator[Fault]:
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

    yield from _all_codes(system, context)


def _all_codes(system: Json, context: Context) -> Iterator[Fault]:
    """``CodeSystem.valueSet`` includes the system whole, and nothing else."""
    url, name = system.get("url"), system.get("valueSet")
    found = context.library.terminology.resource("ValueSet", name) if isinstance(name, str) else None
    if found is None:
        return
    compose = found.get("compose")
    includes = objects(compose.get("include")) if isinstance(compose, dict) else []
    if len(includes) == 1 and includes[0].get("system") == url:
        if not any(part in includes[0] for part in ("concept", "filter", "valueSet")):
            return
        why = "it includes only a part of it"
    else:
        why = "it does not include this system alone"
    text = f"`valueSet` is {shown(name)}, which is not the value set of all codes of this system: {why}."
    yield Fault("code-system", "business-rule", text)


def _codes(system: Json) -> Iterator[str]:
    todo = objects(system.get("concept"))
    while todo:
        concept = todo.pop()
        if isinstance(concept.get("code"), str):
            yield concept["code"]
        todo += objects(concept.get("concept"))
