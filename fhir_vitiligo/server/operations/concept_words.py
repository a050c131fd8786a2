"""What an answer says of a concept: its words in a language, its designations and its properties.

https://hl7.org/fhir/R4/codesystem-operation-lookup.html, https://hl7.org/fhir/R4/codesystem-concept-properties.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.terminology.code_systems import CodeSystem
from fhir_vitiligo.terminology.value_sets import Terminology

# (name, type, value), as a Parameters resource is made of.
Told = tuple[str, str, Any]

_WORDS = ("language", "use", "value")
_KINDS = {"language": "code", "use": "Coding", "value": "string"}


def in_language(display: str | None, designations: Iterable[Json], language: str) -> str | None:
    """The words for a concept in ``language``, else in the same of another region (RFC 4647, 3.4), else ``display``."""
    worded: dict[str, str] = {}
    for one in designations:
        told = str(one.get("language", "")).casefold()
        worded.setdefault(told, one["value"])
        worded.setdefault(f"{told.partition('-')[0]}-*", one["value"])
    wanted = language.casefold()
    plain = wanted.partition("-")[0]
    return worded.get(wanted) or worded.get(plain) or worded.get(f"{plain}-*") or display


def designations_of(concept: Json) -> list[Json]:
    """As they stand in the code system; what has no words is none."""
    found = concept.get("designation")
    listed = found if isinstance(found, list) else []
    return [
        {name: one[name] for name in _WORDS if name in one}
        for one in listed
        if isinstance(one, dict) and isinstance(one.get("value"), str)
    ]


def told_of(system: CodeSystem, code: str, language: str | None, asked: Sequence[str]) -> list[Told]:
    """What ``$lookup`` says of a code that the system has. ``asked``: the properties wanted; all there are where none is
    named.
    """
    spelt = system.spelling(code) or code
    concept = system.concepts[spelt]
    designations = designations_of(concept)
    display = concept.get("display")
    told: list[Told] = [
        ("display", "string", in_language(display, designations, language) if language else display or code)
    ]
    wanted = set(asked)
    if not wanted or "designation" in wanted or any(one.startswith("lang.") for one in wanted):
        told += [
            ("designation", "part", [(name, _KINDS[name], one.get(name)) for name in _WORDS])
            for one in designations
            if not wanted or "designation" in wanted or f"lang.{one.get('language')}" in wanted
        ]
    told += [
        ("property", "part", [("code", "code", name), ("value", kind, value)])
        for name, kind, value in _properties(system, spelt, concept)
        if not wanted or name in wanted
    ]
    return told


def _properties(system: CodeSystem, code: str, concept: Json) -> Iterator[Told]:
    """Those that every system has, then its own."""
    if isinstance(concept.get("definition"), str):
        yield "definition", "string", concept["definition"]
    known = system.find(code)
    own = list(_own_properties(concept))
    names = {name for name, _, _ in own}
    if known is not None and known.inactive and "inactive" not in names:
        yield "inactive", "boolean", True
    if "parent" not in names:
        yield from (("parent", "code", one) for one in system.parents.get(code, ()))
    if "child" not in names:
        yield from (("child", "code", one) for one in system.children.get(code, ()))
    yield from own


def _own_properties(concept: Json) -> Iterator[Told]:
    found = concept.get("property")
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict) and isinstance(one.get("code"), str):
            for key, value in one.items():
                if key.startswith("value"):
                    kind = key.removeprefix("value")
                    yield one["code"], kind if kind == "Coding" else kind[:1].lower() + kind[1:], value


def worded(
    contains: Iterable[Json], terminology: Terminology, language: str | None, *, with_designations: bool
) -> list[Json]:
    """The entries of an expansion in a language, with designations where they are asked for."""
    found = []
    for entry in contains:
        system = terminology.code_system(str(entry.get("system", "")), entry.get("version"))
        spelt = None if system is None else system.spelling(str(entry.get("code", "")))
        concept = {} if system is None or spelt is None else system.concepts[spelt]
        designations = designations_of(concept)
        one = dict(entry)
        if language and (display := in_language(entry.get("display"), designations, language)):
            one["display"] = display
        if with_designations and designations:
            one["designation"] = designations
        if isinstance(entry.get("contains"), list):
            one["contains"] = worded(
                entry["contains"], terminology, language, with_designations=with_designations
            )
        found.append(one)
    return found
