"""A CodeSystem's own rules beside its invariants (https://hl7.org/fhir/R4/codesystem.html): a code and a property
stand once, and the value set that it names as that of all its codes is that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fhir_vitiligo.fhir.addresses import is_absolute
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered, objects
from fhir_vitiligo.validation.resources.questionnaire_enablement import value_of


def check(system: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``CodeSystem``."""
    seen: set[str] = set()
    for index, one in numbered(system.get("property")):
        code = one.get("code")
        if isinstance(code, str) and code in seen:
            text = f"The property {shown(code)} is defined above already."
            yield Fault("code-system", "business-rule", text, steps=[f"property[{index}]"])
        seen.add(str(code))
    yield from _twice(system, set())
    yield from _content(system)
    if isinstance(system.get("supplements"), str):
        yield from _supplement(system, system["supplements"], context)
    yield from _properties(system)
    yield from _all_codes(system, context)


def _twice(node: Json, seen: set[str]) -> Iterator[Fault]:
    for index, concept in numbered(node.get("concept")):
        step, code = f"concept[{index}]", concept.get("code")
        if isinstance(code, str) and code in seen:
            yield Fault(
                "code-system",
                "business-rule",
                f"The code {shown(code)} is defined above already.",
                steps=[step],
            )
        seen.add(str(code))
        for fault in _twice(concept, seen):
            fault.steps.append(step)
            yield fault


def _supplement(system: Json, supplements: str, context: Context) -> Iterator[Fault]:
    """A supplement speaks of what the code system has (https://hl7.org/fhir/R4/codesystem.html#supplements)."""
    base = context.library.terminology.resource("CodeSystem", supplements)
    if base is None:
        return
    meaning, own = system.get("hierarchyMeaning"), base.get("hierarchyMeaning")
    if isinstance(meaning, str) and isinstance(own, str) and meaning != own:
        text = f"`hierarchyMeaning` is {shown(meaning)}; that of {supplements}, which it adds to, is {shown(own)}."
        yield Fault("code-system", "business-rule", text)
    yield from _added(system, supplements.partition("|")[0], context)


def _added(node: Json, url: str, context: Context) -> Iterator[Fault]:
    for index, concept in numbered(node.get("concept")):
        step, code = f"concept[{index}]", concept.get("code")
        if isinstance(code, str) and context.library.check_code(url, code).kind == "unknown-code":
            text = f"{shown(code)} is no code of {url}, so nothing can be added to it."
            yield Fault("code-system", "business-rule", text, steps=[step])
        for fault in _added(concept, url, context):
            fault.steps.append(step)
            yield fault


def _content(system: Json) -> Iterator[Fault]:
    """How much of the code system is here (https://hl7.org/fhir/R4/valueset-codesystem-content-mode.html)."""
    content, count = system.get("content"), system.get("count")
    found = sum(1 for _ in _codes(system))
    if content == "complete" and type(count) is int and count != found:
        text = f"`count` is {count}, and the code system is complete with {found} concepts."
        yield Fault("code-system", "invalid", text, steps=["count"])
    if content == "not-present" and found:
        text = "Concepts are here, and `content` says that none are."
        yield Fault("code-system", "invalid", text, steps=["concept[0]"])
    adds, supplements = content == "supplement", system.get("supplements")
    if adds and supplements is None:
        text = "A supplement says in `supplements` which code system it adds to."
        yield Fault("code-system", "business-rule", text, steps=["content"])
    elif not adds and supplements is not None and content is not None:
        text = f"What adds to another code system ({shown(supplements)}) has the content `supplement`."
        yield Fault("code-system", "business-rule", text, steps=["content"])
    if (adds or supplements is not None) and "caseSensitive" in system:
        text = "Whether case counts is said by the code system that a supplement adds to: leave it out."
        yield Fault("code-system", "business-rule", text, steps=["caseSensitive"])


# https://hl7.org/fhir/R4/codesystem-concept-properties.html
_HL7 = "http://hl7.org/fhir/"
_KNOWN = f"{_HL7}concept-properties#"
_KNOWN_TYPES = {
    **dict.fromkeys(("status", "parent", "child", "partOf", "synonym"), "code"),
    **dict.fromkeys(("inactive", "notSelectable"), "boolean"),
    **dict.fromkeys(("effectiveDate", "deprecated", "deprecationDate", "retirementDate"), "dateTime"),
    **dict.fromkeys(("comment",), "string"),
    **dict.fromkeys(("itemWeight",), "decimal"),
}


def _properties(system: Json) -> Iterator[Fault]:
    """The properties are told apart, and concepts have values of their types."""
    types: dict[str, Json] = {}
    uris: set[str] = set()
    for index, one in numbered(system.get("property")):
        uri, kind = one.get("uri"), one.get("type")
        types.setdefault(str(one.get("code")), one)
        if not isinstance(uri, str):
            continue
        text = None
        wanted = _KNOWN_TYPES.get(uri.removeprefix(_KNOWN)) if uri.startswith(_KNOWN) else None
        if not is_absolute(uri):
            text = f"`uri` is {shown(uri)}: the address of a property is absolute."
        elif uri in uris:
            text = f"The property {shown(uri)} is defined above already."
        elif (
            wanted is not None and one.get("code") in _KNOWN_TYPES and one["code"] != uri.removeprefix(_KNOWN)
        ):
            text = f"The code is {shown(one['code'])}, which is another property than {uri}."
        elif wanted is not None and kind != wanted:
            text = f"The type is {shown(kind)}; {uri} is of the type {wanted}."
        elif wanted is None and uri.startswith(_HL7) and not str(system.get("url")).startswith(_HL7):
            text = f"There is no property {shown(uri)}: one of your own has an address of your own."
        uris.add(uri)
        if text is not None:
            yield Fault("code-system", "business-rule", text, steps=[f"property[{index}]"])
    codes = frozenset(_codes(system))
    yield from _concepts(system, types, codes)


def _concepts(node: Json, types: Mapping[str, Json], codes: frozenset[str]) -> Iterator[Fault]:
    for index, concept in numbered(node.get("concept")):
        faults = [
            Fault("code-system", "business-rule", text, steps=[f"property[{number}]"])
            for number, one in numbered(concept.get("property"))
            if (text := _value(one, types.get(str(one.get("code"))), codes)) is not None
        ]
        for fault in (*faults, *_concepts(concept, types, codes)):
            fault.steps.append(f"concept[{index}]")
            yield fault


def _value(one: Json, defined: Json | None, codes: frozenset[str]) -> str | None:
    found = value_of(one)
    if defined is None or found is None or not isinstance(kind := defined.get("type"), str):
        return None
    name, value = found
    if name != kind[:1].upper() + kind[1:]:
        told = name if name == "Coding" else name[:1].lower() + name[1:]
        return f"The property {shown(one.get('code'))} is of the type {kind}; here it is a {told}."
    within = defined.get("uri") in (f"{_KNOWN}parent", f"{_KNOWN}child", f"{_KNOWN}synonym")
    if within and isinstance(value, str) and value not in codes:
        return f"{shown(value)} is no code of this code system."
    return None


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
    """Every code, of concepts within concepts too."""
    todo = objects(system.get("concept"))
    while todo:
        concept = todo.pop()
        if isinstance(concept.get("code"), str):
            yield concept["code"]
        todo += objects(concept.get("concept"))
