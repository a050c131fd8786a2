"""A ValueSet's own rules beside its invariants (https://hl7.org/fhir/R4/valueset.html): what it includes comes from a
code system that is named as one, and its filters can be applied.
"""

from __future__ import annotations

from collections.abc import Iterator

from fhir_vitiligo.fhir.addresses import is_absolute
from fhir_vitiligo.fhir.bounded_patterns import PatternError, check_pattern
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import FROM_TEXT, PRIMITIVES, shown
from fhir_vitiligo.terminology.systems import SNOMED_CT
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered, objects

# What may be asked of the concept as such (https://hl7.org/fhir/R4/valueset-filter-operator.html).
_OF_CONCEPTS = frozenset(
    ("=", "is-a", "descendent-of", "is-not-a", "in", "not-in", "generalizes", "child-of", "descendent-leaf")
)
_BY_CODES = frozenset(("in", "not-in"))
_BY_CODE = frozenset(("=", "is-a", "descendent-of", "is-not-a", "generalizes"))
# Properties that are true or false in every code system (https://hl7.org/fhir/R4/codesystem-concept-properties.html).
_YES_OR_NO = frozenset(("inactive", "notSelectable"))
_MOMENTS = frozenset(("effectiveDate", "deprecationDate", "retirementDate"))
# https://hl7.org/fhir/R4/snomedct.html#implicit
_OF_SNOMED = frozenset(("is-a", "descendent-of", "is-not-a", "in", "descendent-leaf"))


def check(value_set: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``ValueSet``."""
    compose = value_set.get("compose")
    for name in ("include", "exclude") if isinstance(compose, dict) else ():
        for index, part in numbered(compose.get(name)) if isinstance(compose, dict) else ():
            for fault in _part(part, context):
                fault.steps += [f"{name}[{index}]", "compose"]
                yield fault
    expansion = value_set.get("expansion")
    if isinstance(expansion, dict):
        yield from _expanded(expansion)


def _expanded(expansion: Json) -> Iterator[Fault]:
    """R5: what is told of a code of an expansion is a property that the expansion defines."""
    defined = {str(one.get("code")) for one in objects(expansion.get("property"))}
    todo, told = objects(expansion.get("contains")), set[str]()
    while todo:
        one = todo.pop()
        told |= {str(said.get("code")) for said in objects(one.get("property"))}
        todo += objects(one.get("contains"))
    for code in sorted(told - defined):
        text = f"The property {shown(code)} of a code is not defined in `expansion.property`."
        yield Fault("value-set", "business-rule", text, steps=["expansion"])


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
    if not is_absolute(system):
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
    if operator == "exists" and value not in ("true", "false"):
        return f"Whether `{name}` exists is true or false, not {shown(value)}."
    if name in _YES_OR_NO and operator == "=" and value not in ("true", "false"):
        return f"The property `{name}` is true or false, not {shown(value)}."
    kind = "dateTime" if name in _MOMENTS else "decimal" if name == "itemWeight" else None
    if kind is not None and operator == "=" and PRIMITIVES[kind](FROM_TEXT.get(kind, str)(value)) is not None:
        return f"The property `{name}` is a {kind}, not {shown(value)}."
    if name == "expressions" and system == SNOMED_CT and value not in ("true", "false"):
        return (
            f"`expressions` is true or false, not {shown(value)}: whether post-coordinated expressions count."
        )
    return _of_concepts(operator, value, system, context) if name == "concept" else None


def _of_concepts(operator: str, value: str, system: str, context: Context) -> str | None:
    allowed = _OF_SNOMED if system == SNOMED_CT else _OF_CONCEPTS
    if operator not in allowed:
        return f"The operator `{operator}` cannot be asked of `concept`: use {', '.join(sorted(allowed))}."
    codes = value.split(",") if operator in _BY_CODES else [value] if operator in _BY_CODE else []
    for code in codes:
        if (
            context.library.check_code(system, code.strip() if len(codes) > 1 else code).kind
            == "unknown-code"
        ):
            return f"{shown(code)} is no code of {system}, so nothing is told by it."
    return None


def _is_pattern(value: str) -> bool:
    try:
        check_pattern(value)
    except PatternError as error:
        return error.kind == "limit"
    return True
