"""The expressions of a StructureDefinition, held against the types they are about
(https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.constraint.expression): invariants,
context invariants of extensions, paths of discriminators.

An invariant that names an element that does not exist never fails, or always: both are mistakes that nobody sees. Types
are those of core; what a logical model defines is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from fhir_vitiligo.errors import Severity
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.expressions import misfit, selected, unreadable
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered, objects


def invariant_faults(definition: Json, context: Context) -> Iterator[Fault]:
    """Invariants of its own that cannot be asked. Without a snapshot nobody has laid the definition over its base yet, and
    HL7's engine does not look: a warning then.
    """
    part: str = "snapshot" if definition.get("snapshot") else "differential"
    severity: Severity = "error" if part == "snapshot" else "warning"
    held = definition.get(part)
    url, kind = definition.get("url"), definition.get("type")
    yield from _foreign(definition)
    resource = str(kind) if kind in context.definitions.resource_types else None
    for index, element in numbered(held.get("element")) if isinstance(held, dict) else ():
        path = element.get("path")
        for number, one in numbered(element.get("constraint")):
            expression, source = one.get("expression"), one.get("source")
            if not isinstance(expression, str) or not isinstance(path, str) or source not in (None, url):
                continue
            if (problem := misfit(expression, (path,), context, resource)) is not None:
                steps = [f"constraint[{number}]", f"element[{index}]", part]
                text = f"The invariant {shown(one.get('key'))} cannot be asked. {problem}"
                yield Fault("profile-invariant", "invalid", text, severity, steps)


def _foreign(definition: Json) -> Iterator[Fault]:
    """What a differential adds is the profile's own."""
    url, version = definition.get("url"), definition.get("version")
    differential = definition.get("differential")
    elements = differential.get("element") if isinstance(differential, dict) else None
    for index, element in numbered(elements):
        for number, one in numbered(element.get("constraint")):
            source = one.get("source")
            if isinstance(source, str) and source not in (url, f"{url}|{version}"):
                text = f"`source` is {shown(source)}: an invariant of a differential is of the profile itself, {url}."
                steps = [f"constraint[{number}]", f"element[{index}]", "differential"]
                yield Fault("profile-invariant", "invalid", text, steps=steps)


def context_invariant_faults(definition: Json, context: Context) -> Iterator[Fault]:
    """When an extension may be used is asked of the element that it stands on."""
    places = [
        str(place["expression"])
        for place in objects(definition.get("context"))
        if place.get("type") == "element" and isinstance(place.get("expression"), str)
    ]
    known = len(places) == len(objects(definition.get("context")))
    invariants = definition.get("contextInvariant")
    for index, expression in enumerate(invariants if isinstance(invariants, list) else ()):
        if not isinstance(expression, str):
            continue
        # Where it may stand somewhere unknown, that the expression can be read is all that can be said.
        problem = misfit(expression, places, context) if known and places else unreadable(expression, context)
        if problem is not None:
            yield Fault("extension-context", "invalid", problem, steps=[f"contextInvariant[{index}]"])


def discriminator_faults(definition: Json, context: Context) -> Iterator[Fault]:
    """What tells slices apart is in what is sliced (https://hl7.org/fhir/R4/profiling.html#discriminator). As with invariants,
    a differential that does not say the type of what it slices gets a warning.
    """
    for part in ("differential", "snapshot"):
        held = definition.get(part)
        for index, element in numbered(held.get("element")) if isinstance(held, dict) else ():
            slicing, path = element.get("slicing"), element.get("path")
            if not isinstance(slicing, dict) or not isinstance(path, str):
                continue
            for number, one in numbered(slicing.get("discriminator")):
                told = one.get("path")
                if isinstance(told, str) and selected(told, (path,), context) == ():
                    text = f"The path {shown(told)} leads nowhere in {path}, so it tells no slices apart."
                    steps = [f"discriminator[{number}]", "slicing", f"element[{index}]", part]
                    severity: Severity = "error" if part == "snapshot" or element.get("type") else "warning"
                    yield Fault("profile-discriminator", "not-found", text, severity, steps)
