"""A ValueSet's own rules beside its invariants (https://hl7.org/fhir/R4/valueset.html): what it includes comes from a
code system that is named as one, and its filters can be applied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered

# What may be asked of the concept as such (https://hl7.org/fhir/R4/valueset-filter-operator.html).
_OF_CONCEPTS = frozenset(
    ("=", "is-a", "descendent-of", "is-not-a", "in", "not-in", "generalizes", "child-of", "descendent-leaf")
)
_BY_CODE = frozenset(("=", "is-a", "descendent-of", "is-not-a", "generalizes"))
# Properties that are true or false in every code system (https://hl7.org/fhir/R4/codesystem-concept-properties.html).
_YES_OR_NO = frozenset(("inactive", "notSelectable"))
_LONGEST_PATTERN = 1_000


def check(value_set: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``ValueSet``."""
    compose = value_set.get("compose")
    for name in ("include", "exclude") if isinstance(compose, dict) else ():
        for index, part in numbered(compose.get(name)) if isinstance(compose, dict) else ():
            for fault in _part(part, context):
                fault.steps += [f"{name}[{index}]", "compose"]
                yield fault


def _part(part: Json, context: Context) -> Iterator[Fault]:
    system = part.get("system")
    if not isinstance(system, str):
        return
    if (text := _no_code_system(system, context)) is not None:
        yield Fault("value-set", "invalid", text)
        return
    for index, one in numbered(part.get("filter")):
        if (text := _filter(one, system, context)) is not None:
            yield Fault("value-set-filter", "invalid", text, steps=[f"filter[{index}]"])


def _no_code_system(system: str, context: Context) -> str | None:
    if ":" not in system:
        return f"`system` is {shown(system)}: the address of a code system is absolute, also that of one contained here."
    if "|" in system:
        url, _, version = system.partition("|")
        return f"`system` is {shown(system)}: write {shown(url)}, and {shown(version)} in `version`."
    library = context.library
    if library.terminology.value_set(system) is not None:
        return f"`system` is {shown(system)}, which is a value set: include it by `valueSet`."
    found = library.resolve(system, "CodeSystem")
    if found is not None and found.get("content") == "supplement":
        told = shown(found.get("supplements"))
        return f"`system` is {shown(system)}, which only adds to another code system: name that, {told}."
    return None


def _filter(one: Json, system: str, context: Context) -> str | None:
    name, operator, value = one.get("property"), one.get("op"), one.get("value")
    if not isinstance(name, str) or not isinstance(operator, str) or not isinstance(value, str):
        return None
    if operator == "regex" and not _is_pattern(value):
        return f"{shown(value)} is no regular expression."
    if name in _YES_OR_NO and operator == "=" and value not in ("true", "false"):
        return f"The property `{name}` is true or false, not {shown(value)}."
    if name != "concept":
        return None
    if operator not in _OF_CONCEPTS:
        return (
            f"The operator `{operator}` cannot be asked of `concept`: use {', '.join(sorted(_OF_CONCEPTS))}."
        )
    if operator in _BY_CODE and context.library.check_code(system, value).kind == "unknown-code":
        return f"{shown(value)} is no code of {system}, so nothing is told by it."
    return None


def _is_pattern(value: str) -> bool:
    if len(value) > _LONGEST_PATTERN:
        return True
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError):
        return False
    return True
