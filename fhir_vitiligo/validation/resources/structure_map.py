"""A StructureMap's own rules beside its invariants (https://hl7.org/fhir/R4/structuremap.html, mapping-language.html): what it
names is there. Variables are introduced before they are used, elements exist in the types that variables are of, groups that
are called exist and get as many variables as they take, transforms have their parameters.

A variable whose type nobody can tell here (a logical model, a group that is called with anything) is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_vitiligo.errors import Severity
from fhir_vitiligo.fhir.definitions import CORE
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.expressions import selected, unreadable
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered, objects
from fhir_vitiligo.validation.resources.questionnaire_enablement import value_of

# What a variable may hold: paths of core, None when open.
Types = tuple[str, ...] | None

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
# Least and most parameters of a transform (https://hl7.org/fhir/R4/structuremap.html#transforms).
_PARAMETERS: Mapping[str, tuple[int, int]] = {
    "create": (0, 1),
    "copy": (0, 1),
    "reference": (1, 1),
    "evaluate": (1, 1),
    "cc": (2, 3),
    "append": (1, 1_000),
    "uuid": (0, 0),
    "translate": (3, 3),
}
_TRANSLATED = ("code", "system", "display", "Coding", "CodeableConcept")


def check(structure_map: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``StructureMap``."""
    reader = _Reader(structure_map, context)
    seen: set[str] = set()
    for index, group in numbered(structure_map.get("group")):
        step = f"group[{index}]"
        name = group.get("name")
        if isinstance(name, str) and name in seen:
            yield _fault(f"The group {shown(name)} is defined above already.", [step], "duplicate")
        seen.add(str(name))
        yield from _within(reader.group(group), step)


def _fault(text: str, steps: list[str] | None = None, code: str = "invalid") -> Fault:
    return Fault("structure-map", code, text, steps=steps or [])


def _within(faults: Iterator[Fault], step: str) -> Iterator[Fault]:
    for fault in faults:
        fault.steps.append(step)
        yield fault


def _named(name: Any, what: str) -> Iterator[Fault]:
    if isinstance(name, str) and not _NAME.fullmatch(name):
        yield _fault(f"{what} is called {shown(name)}: a name is a letter, then letters and digits.")


@dataclass
class _Variables:
    """What can be named at a place, with its types."""

    source: dict[str, Types] = field(default_factory=dict)
    target: dict[str, Types] = field(default_factory=dict)

    def copy(self) -> _Variables:
        return _Variables(dict(self.source), dict(self.target))

    def of(self, mode: Any) -> dict[str, Types]:
        return self.target if mode == "target" else self.source

    def told(self, mode: str) -> str:
        return ", ".join(sorted(self.of(mode))) or "none"


class _Reader:
    def __init__(self, structure_map: Json, context: Context) -> None:
        self.context = context
        self.structures = {
            one["alias"]: one
            for one in objects(structure_map.get("structure"))
            if isinstance(one.get("alias"), str)
        }
        self.groups: dict[str, Json] = {}
        self.all_known = True
        for one in objects(structure_map.get("group")):
            self.groups.setdefault(str(one.get("name")), one)
        imports = structure_map.get("import")
        for url in imports if isinstance(imports, list) else ():
            found = context.library.resolve(url, "StructureMap") if isinstance(url, str) else None
            self.all_known &= found is not None
            for one in objects(found.get("group")) if found is not None else ():
                self.groups.setdefault(str(one.get("name")), one)

    def group(self, group: Json) -> Iterator[Fault]:
        yield from _named(group.get("name"), "The group")
        extended = group.get("extends")
        if isinstance(extended, str) and self.all_known and extended not in self.groups:
            yield _fault(self._no_group(extended), ["extends"], "not-found")
        variables = _Variables()
        for index, one in numbered(group.get("input")):
            yield from _within(self._input(one, variables), f"input[{index}]")
        yield from self._rules(group, variables)

    def _no_group(self, name: str) -> str:
        return f"There is no group {shown(name)}: the map has {', '.join(sorted(self.groups)) or 'none'}."

    def _input(self, one: Json, variables: _Variables) -> Iterator[Fault]:
        name, mode, kind = one.get("name"), one.get("mode"), one.get("type")
        yield from _named(name, "The input")
        if not isinstance(name, str):
            return
        if name in variables.source or name in variables.target:
            yield _fault(f"There is an input {shown(name)} already.", code="duplicate")
            return
        variables.of(mode)[name] = self._type(kind)
        structure = self.structures.get(kind) if isinstance(kind, str) else None
        if structure is not None:
            stated = structure.get("mode")
            if mode == "target" and stated == "source":
                text = f"{shown(kind)} is a structure for {stated}, and {shown(name)} an input for {mode}."
                yield _fault(text)
        elif isinstance(kind, str) and not self._is_type(kind):
            known = ", ".join(sorted(self.structures))
            text = f"{shown(kind)} is no type of FHIR {self.context.release.name}, nor an alias of the map's structures"
            yield _fault(f"{text} ({known})." if known else f"{text}.")

    def _is_type(self, kind: str) -> bool:
        return kind in self.context.library.types or "/" in kind

    def _type(self, kind: Any) -> Types:
        """The types that a type, an alias of a structure or an address names."""
        if not isinstance(kind, str):
            return None
        structure = self.structures.get(kind)
        url = structure.get("url") if structure is not None else kind
        if not isinstance(url, str):
            return None
        name = url.partition("|")[0].removeprefix(CORE)
        types = self.context.library.types
        if name in types:
            return (name,)
        schema = self.context.library.profile(url) if ":" in url else None
        return (schema.type,) if schema is not None and schema.type in types else None

    def _rules(self, around: Json, variables: _Variables) -> Iterator[Fault]:
        for index, rule in numbered(around.get("rule")):
            yield from _within(self._rule(rule, variables.copy()), f"rule[{index}]")

    def _rule(self, rule: Json, variables: _Variables) -> Iterator[Fault]:
        yield from _named(rule.get("name"), "The rule")
        for index, source in numbered(rule.get("source")):
            yield from _within(self._source(source, variables), f"source[{index}]")
        for index, target in numbered(rule.get("target")):
            yield from _within(self._target(target, variables), f"target[{index}]")
        yield from self._rules(rule, variables)
        for index, dependent in numbered(rule.get("dependent")):
            yield from _within(self._dependent(dependent, variables), f"dependent[{index}]")

    def _source(self, source: Json, variables: _Variables) -> Iterator[Fault]:
        name, variable, element = source.get("context"), source.get("variable"), source.get("element")
        yield from _named(variable, "The variable")
        if not isinstance(name, str):
            return
        if name not in variables.source:
            text = f"There is no source {shown(name)} here: it could be {variables.told('source')}."
            yield _fault(text, code="not-found")
            return
        types = variables.source[name]
        if isinstance(element, str) and types is not None:
            types = self._element(types, element)
            if types == ():
                yield self._no_element(name, element, variables.source[name])
                types = None
            elif types is not None:
                stated = source.get("type")
                if isinstance(stated, str) and not self._may_be(stated, types):
                    yield _fault(f"`type` is {shown(stated)}: {name}.{element} is {' or '.join(types)}.")
                types = (self._type(stated) or types) if isinstance(stated, str) else types
        elif isinstance(element, str):
            types = None
        if isinstance(variable, str):
            variables.source[variable] = types

    def _element(self, types: tuple[str, ...], element: str) -> Types:
        """The types of an element; empty where there is none of this name, None when that is open."""
        if not _NAME.fullmatch(element):
            return ()
        found = selected(f"`{element}`", types, self.context)
        if found is None or any(one.startswith("System.") for one in found):
            return None
        return found

    def _no_element(self, name: str, element: str, types: Types) -> Fault:
        text = f"{name}.{element} leads nowhere: {' or '.join(types or ())} has no element {shown(element)}."
        return _fault(text, code="not-found")

    def _may_be(self, stated: str, types: tuple[str, ...]) -> bool:
        definitions = self.context.definitions
        wanted = self._type(stated)
        if wanted is None or wanted[0] not in self.context.library.types:
            return stated in self.structures or "/" in stated
        above = (wanted[0], *definitions.ancestors(wanted[0]))
        return any(one in above for one in types)

    def _target(self, target: Json, variables: _Variables) -> Iterator[Fault]:
        name, variable, element = target.get("context"), target.get("variable"), target.get("element")
        yield from _named(variable, "The variable")
        types: Types = None
        if isinstance(name, str) and target.get("contextType") != "type":
            if name not in variables.target:
                text = f"There is no target {shown(name)} here: it could be {variables.told('target')}."
                yield _fault(text, code="not-found")
                return
            types = variables.target[name]
            if isinstance(element, str) and types is not None:
                types = self._element(types, element)
                if types == ():
                    yield self._no_element(name, element, variables.target[name])
                    types = None
        created: list[str] = []
        yield from self._transform(target, variables, name, created)
        if created:
            types = self._type(created[0])
        if isinstance(variable, str):
            variables.target[variable] = types

    def _transform(
        self, target: Json, variables: _Variables, name: Any, created: list[str]
    ) -> Iterator[Fault]:
        transform = target.get("transform")
        parameters = [value_of(one) for one in objects(target.get("parameter"))]
        if not isinstance(transform, str) or transform not in _PARAMETERS:
            if transform is None and parameters:
                yield _fault("Parameters are here, and no `transform` that takes them.")
            return
        least, most = _PARAMETERS[transform]
        if not least <= len(parameters) <= most:
            wanted = (
                f"{least}" if least == most else f"at least {least}" if most > 9 else f"{least} to {most}"
            )
            yield _fault(f"`{transform}` takes {wanted} parameters, here are {len(parameters)}.")
            return
        if transform in ("cc", "append", "translate"):
            severity: Severity = "error" if transform == "translate" else "warning"
            for kind, value in filter(None, parameters):
                if kind == "Id" and value not in variables.source and value not in variables.target:
                    text = f"There is no variable {shown(value)} here."
                    yield Fault("structure-map", "not-found", text, severity)
        values = [
            value for one in parameters if one is not None for value in (one[1],) if isinstance(value, str)
        ]
        if transform == "create" and values:
            created += values
            # Within an element the type may be one of a logical model.
            if name is None and not self._is_type(values[0]) and values[0] not in self.structures:
                text = f"{shown(values[0])} is no type of FHIR {self.context.release.name}, nor an alias of a structure."
                yield _fault(text)
        elif transform == "translate" and len(values) == 3 and values[2] not in _TRANSLATED:
            yield _fault(f"What is translated is one of {', '.join(_TRANSLATED)}, not {shown(values[2])}.")
        problem = unreadable(values[0], self.context) if transform == "evaluate" and values else None
        if problem is not None:
            yield _fault(problem)

    def _dependent(self, dependent: Json, variables: _Variables) -> Iterator[Fault]:
        name = dependent.get("name")
        if not isinstance(name, str):
            return
        group = self.groups.get(name)
        if group is None:
            if self.all_known:
                yield _fault(self._no_group(name), code="not-found")
            return
        inputs, given = objects(group.get("input")), _given(dependent)
        if len(given) != len(inputs):
            yield _fault(f"The group {shown(name)} takes {len(inputs)} variables, here are {len(given)}.")
            return
        for index, (one, variable) in enumerate(zip(inputs, given, strict=True)):
            if not isinstance(variable, str):
                continue
            mode = one.get("mode")
            if variable not in variables.of(mode) and (mode == "target" or variable not in variables.target):
                step = f"variable[{index}]" if "variable" in dependent else f"parameter[{index}]"
                text = f"There is no {mode} {shown(variable)} here for the input {shown(one.get('name'))} of {shown(name)}."
                yield _fault(text, [step], "not-found")


def _given(dependent: Json) -> list[Any]:
    """The variables that a group is called with; R5 has parameters, of which one with an id is a variable."""
    named = dependent.get("variable")
    if isinstance(named, list):
        return named
    found = (value_of(one) for one in objects(dependent.get("parameter")))
    return [one[1] if one is not None and one[0] == "Id" else None for one in found]
