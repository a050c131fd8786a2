"""A Measure's own rules beside its invariants (https://hl7.org/fhir/R4/measure.html): criteria in CQL are expressions of a
library that the measure names, and that library defines them.

What a library defines is read from its translation, ELM (https://cql.hl7.org/04-logicalspecification.html), in XML.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered, objects

_CQL = "text/cql"
# An expression of its own, of no library.
_EXPRESSION = "text/cql-expression"
_ELM, _NAMESPACE = "application/elm+xml", "urn:hl7-org:elm:r1"


def check(measure: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``Measure``."""
    libraries: list[Json] | None = None
    for criteria, steps in _criteria(measure):
        language = criteria.get("language") if isinstance(criteria, dict) else None
        if not isinstance(language, str) or not language.startswith(_CQL) or language.startswith(_EXPRESSION):
            continue
        if libraries is None:
            libraries = _libraries(measure, context)
        expression = criteria.get("expression") if isinstance(criteria, dict) else None
        if (text := _problem(expression, libraries, bool(measure.get("library")))) is not None:
            yield Fault("measure-library", "not-found", text, steps=["criteria", *steps])


def _libraries(measure: Json, context: Context) -> list[Json]:
    named = measure.get("library")
    found = []
    for canonical in named if isinstance(named, list) else ():
        if isinstance(canonical, str):
            one = (
                context.resolve(canonical)
                if canonical.startswith("#")
                else context.library.resolve(canonical, "Library")
            )
            if one is not None and one.get("resourceType") == "Library":
                found.append(one)
    return found


def _problem(expression: Any, libraries: list[Json], are_named: bool) -> str | None:
    if not libraries:
        if are_named:
            return "The criteria are CQL, and no `library` that the measure names is known here: load its package."
        return "The criteria are CQL, and the measure names no `library` that they could be from."
    if not isinstance(expression, str):
        return None
    name, dot, rest = expression.partition(".")
    told = ", ".join(sorted(str(one.get("name")) for one in libraries))
    fit = [one for one in libraries if one.get("name") == name] if dot else libraries
    if dot and not fit:
        return f"{shown(expression)} is of the library {shown(name)}, and the measure has {told}."
    if len(fit) > 1:
        if dot:
            return f"Two libraries of the measure are called {shown(name)}."
        return f"{shown(expression)} does not say which of the measure's libraries it is from: {told}."
    wanted = rest if dot else expression
    defined = _defined(fit[0])
    if defined is None or wanted in defined:
        return None
    return f"The library {fit[0].get('name')} defines no {shown(wanted)}: it has {', '.join(sorted(defined)[:20])}."


def _defined(library: Json) -> set[str] | None:
    """The names of the statements of a library; None where its ELM is not at hand, or is none."""
    from fhir_vitiligo.fhir.xml_tree import XmlError, read

    for content in objects(library.get("content")):
        data = content.get("data")
        if content.get("contentType") != _ELM or not isinstance(data, str):
            continue
        try:
            root = read(b64decode(data)).root
        except (XmlError, ValueError):
            return None
        if (root.name, root.namespace) != ("library", _NAMESPACE):
            return None
        return {
            statement.attributes.get("name", "")
            for part in root.children
            if part.name == "statements"
            for statement in part.children
            if statement.name == "def"
        }
    return None


def _criteria(measure: Json) -> Iterator[tuple[object, list[str]]]:
    for index, group in numbered(measure.get("group")):
        above = [f"group[{index}]"]
        for number, population in numbered(group.get("population")):
            yield population.get("criteria"), [f"population[{number}]", *above]
        for number, stratifier in numbered(group.get("stratifier")):
            yield stratifier.get("criteria"), [f"stratifier[{number}]", *above]
            for place, component in numbered(stratifier.get("component")):
                yield component.get("criteria"), [f"component[{place}]", f"stratifier[{number}]", *above]
    for index, data in numbered(measure.get("supplementalData")):
        yield data.get("criteria"), [f"supplementalData[{index}]"]
