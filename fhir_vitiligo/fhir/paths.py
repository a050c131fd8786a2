"""The FHIRPath subset of search parameter expressions, compiled to closures.

SearchParameter.expression uses little of FHIRPath (https://hl7.org/fhir/R4/searchparameter.html,
http://hl7.org/fhirpath/N1/): dotted paths, unions, ``as``/``ofType``, ``where`` with an equality,
``resolve() is T``, ``exists()``, ``hasExtension``/``extension``, indexes, ``and``/``or``. What is outside
of it is refused with a reason, never guessed: the caller lists it. Full FHIRPath is another module's
business.

A choice element is addressed by its base name (``Observation.value``) and found in JSON under its typed one
(``valueQuantity``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.path_syntax import Call, Index, Literal, Name, Node, Operator, Union, parse, root
from fhir_vitiligo.fhir.references import parse_restful

Values = list[Any]
Path = Callable[[Json], Values]
_Step = Callable[[Values], Values]


def compile_path(expression: str, resource_type: str, type_names: Iterable[str]) -> Path | None:
    """A function from a resource of ``resource_type`` to the values the expression selects, in document
    order.

    Of a union only the branches that start at this type (or ``Resource``, ``DomainResource``) count; None
    when there is none. :class:`InputError` with code ``not-supported`` names what of the expression is
    outside the subset. ``type_names`` are the data types of the release, which choice elements end in.
    """
    compiler = _Compiler(frozenset(name[0].upper() + name[1:] for name in type_names))
    branches = parse(expression)
    roots = {resource_type, "Resource", "DomainResource"}
    # R4's InsurancePlan.name is written without the type: a lower-case start is an element of the resource.
    steps = [
        compiler.step(branch)
        for branch in branches
        if (start := root(branch)) in roots or (start or "A")[0].islower()
    ]
    if not steps:
        return None
    if len(steps) == 1:
        only = steps[0]
        return lambda resource: only([resource])
    return lambda resource: [value for step in steps for value in step([resource])]


class _Compiler:
    """``choice_types``: the endings of a choice element's name in JSON, ``Quantity`` of ``valueQuantity``."""

    def __init__(self, choice_types: frozenset[str]) -> None:
        self.choice_types = choice_types

    def step(self, node: Node) -> _Step:
        match node:
            case Name(None, "$this"):
                return lambda nodes: nodes
            case Name(None, name) if name[0].isupper():  # the type the path starts at: the resource itself
                return lambda nodes: nodes
            case Name(of, name, type_name):
                member = self._member(name, type_name)
                if of is None or (isinstance(of, Name) and of.of is None and of.name[0].isupper()):
                    return member
                return _chain(self.step(of), member)
            case Index(of, number):
                inner = self.step(of)
                return lambda nodes: inner(nodes)[number : number + 1]
            case Literal(value):
                return lambda nodes: [value]
            case Union(branches):
                steps = [self.step(branch) for branch in branches]
                return lambda nodes: [value for step in steps for value in step(nodes)]
            case Operator(left, operator, right):
                return _operator(self.step(left), operator, self.step(right))
            case Call():
                return self._function(node)

    def _function(self, call: Call) -> _Step:
        match call:
            case Call(Call(of, "resolve", ()), "is", (Name(None, type_name),)):
                references: _Step = (lambda nodes: nodes) if of is None else self.step(of)
                return lambda nodes: [_names_type(node, type_name) for node in references(nodes)]
            case Call(_, "resolve", ()):
                raise InputError("resolve() is only supported in `resolve() is Type`", code="not-supported")
        inner: _Step = (lambda nodes: nodes) if call.of is None else self.step(call.of)
        match call:
            case Call(_, "as" | "ofType", (Name(None, type_name),)):
                return self.step(_with_type(call, type_name))
            case Call(_, "where", (condition,)):
                holds = self.step(condition)
                return _chain(inner, lambda nodes: [node for node in nodes if _true(holds([node]))])
            case Call(_, "exists", ()):
                return lambda nodes: [bool(inner(nodes))]
            case Call(_, "hasExtension", (Literal(str(url)),)):
                return lambda nodes: [any(_extensions(node, url) for node in inner(nodes))]
            case Call(_, "extension", (Literal(str(url)),)):
                return lambda nodes: [found for node in inner(nodes) for found in _extensions(node, url)]
            case Call(_, "first", ()):
                return lambda nodes: inner(nodes)[:1]
            case _:
                raise InputError(f"{call.name}() with these arguments is not supported", code="not-supported")

    def _member(self, name: str, type_name: str | None) -> _Step:
        if type_name is not None:
            names = (name + type_name[0].upper() + type_name[1:], name)

            def typed(nodes: Values) -> Values:
                found: Values = []
                for node in nodes:
                    if isinstance(node, dict):
                        for key in names:
                            if key in node:
                                _add(found, node[key])
                                break
                return found

            return typed

        length, choice_types = len(name), self.choice_types

        def member(nodes: Values) -> Values:
            found: Values = []
            for node in nodes:
                if isinstance(node, dict):
                    value = node.get(name)
                    if value is not None:
                        _add(found, value)
                        continue
                    for key in node:
                        if key.startswith(name) and key[length:] in choice_types:
                            _add(found, node[key])
                            break
            return found

        return member


def _with_type(call: Call, type_name: str) -> Node:
    """``x.value as Quantity`` selects the member ``valueQuantity``."""
    match call.of:
        case Name(of, name, None) if of is not None:
            return Name(of, name, type_name)
        case Union((*branches,)):
            return Union(
                tuple(_with_type(Call(branch, "as", call.arguments), type_name) for branch in branches)
            )
        case _:
            raise InputError(
                f"{call.name}({type_name}) is only supported on an element", code="not-supported"
            )


def _add(found: Values, value: Any) -> None:
    if isinstance(value, list):
        found.extend(item for item in value if item is not None)
    elif value is not None:
        found.append(value)


def _chain(first: _Step, second: _Step) -> _Step:
    def chained(nodes: Values) -> Values:
        between = first(nodes)
        return second(between) if between else between

    return chained


def _operator(left: _Step, operator: str, right: _Step) -> _Step:
    """Comparisons of an empty side are empty, as FHIRPath has it; ``and``/``or`` take empty for false."""
    match operator:
        case "and":
            return lambda nodes: [_true(left(nodes)) and _true(right(nodes))]
        case "or":
            return lambda nodes: [_true(left(nodes)) or _true(right(nodes))]

    wanted = operator == "="

    def compare(nodes: Values) -> Values:
        a, b = left(nodes), right(nodes)
        return [(a == b) is wanted] if a and b else []

    return compare


def _true(values: Values) -> bool:
    return bool(values) and values[0] is True


def _names_type(reference: Any, type_name: str) -> bool:
    """Whether a Reference (or canonical) says that its target is of this type; nothing is fetched to find
    out.
    """
    if isinstance(reference, str):
        parsed = parse_restful(reference)
        return parsed is not None and parsed.type == type_name
    if not isinstance(reference, dict):
        return False
    literal = reference.get("reference")
    if isinstance(literal, str):
        parsed = parse_restful(literal)
        if parsed is not None:
            return parsed.type == type_name
        if literal.partition("?")[0] == type_name:
            return True
    return bool(reference.get("type") == type_name)


def _extensions(node: Any, url: str) -> Values:
    if not isinstance(node, dict):
        return []
    found = node.get("extension")
    if not isinstance(found, list):
        return []
    return [item for item in found if isinstance(item, dict) and item.get("url") == url]
