"""Token searches with a system on elements that have none: of a ``code`` the system is that of its binding, a
``boolean`` is a special value (https://hl7.org/fhir/R4/search.html#token).

The index keeps such values without a system, as they stand in the resource. A search that names the system is turned
into one for the codes of the binding's value set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.definition_types import Element, Structure
from fhir_vitiligo.fhir.path_syntax import Call, Index, Name, Node, Operator, Union, parse, root
from fhir_vitiligo.search.parameters import Parameter, Parameters, component_texts
from fhir_vitiligo.search.types.base import Alternative, Test, cut

# As R4's page on searching names it, and as the code system itself is named since R4.
_SPECIAL_VALUES = (
    "http://hl7.org/fhir/special-values",
    "http://terminology.hl7.org/CodeSystem/special-values",
)
_TRUTH = ("true", "false")
_SAME_ELEMENTS = frozenset({"where", "first"})
_BOOLEAN = ("boolean", "")


def with_implied_systems(
    parameter: Parameter, alternatives: tuple[Alternative, ...], parameters: Parameters
) -> tuple[Alternative, ...]:
    """The alternatives of a token, or of a composite with tokens, so that those with a system find codes and booleans that
    are of it. Where the parameter selects nothing else they take the place of what was asked.
    """
    for suffix, tokens in _tokens(parameter, parameters):
        told: list[Alternative] = []
        for alternative in alternatives:
            bare = _without_system(alternative, suffix, tokens, parameters)
            told += (alternative,) if bare is None else (bare,) if tokens.is_bare else (alternative, bare)
        alternatives = tuple(dict.fromkeys(told))
    return alternatives


@dataclass(frozen=True, slots=True)
class _Tokens:
    """What a parameter selects that has no system: the value sets that codes are bound to, and booleans. ``is_bare``: it
    selects nothing else.
    """

    value_sets: tuple[str, ...]
    has_booleans: bool
    is_bare: bool


def _without_system(
    alternative: Alternative, suffix: str, tokens: _Tokens, parameters: Parameters
) -> Alternative | None:
    """The same asked of values that have no system; None where there are none of that system."""
    columns = {test.column: test for test in alternative}
    system, code = columns.get(f"system{suffix}"), columns.get(f"code{suffix}")
    if system is None or not isinstance(system.value, str) or not system.value:
        return None
    wanted: tuple[str, ...] | None = None
    if code is not None:
        wanted = tuple(map(str, code.value)) if isinstance(code.value, tuple) else (str(code.value),)
    codes = _codes(system.value, wanted, tokens, parameters)
    if not codes:
        return None
    name = f"code{suffix}"
    asked = Test(name, "=", codes[0]) if len(codes) == 1 else Test(name, "in", codes)
    others = tuple(test for test in alternative if test is not system and test is not code)
    return (asked, replace(system, value=""), *others)


def _codes(
    system: str, wanted: tuple[str, ...] | None, tokens: _Tokens, parameters: Parameters
) -> tuple[str, ...]:
    """Which of the codes, or all, are of the system."""
    found: list[str] = []
    if tokens.has_booleans and system in _SPECIAL_VALUES:
        found += [code for code in _TRUTH if wanted is None or code in wanted]
    if tokens.value_sets:
        # Imported when it is asked for: compiling value sets is of no use to other searches.
        from fhir_vitiligo.terminology.value_sets import terminology_of

        for canonical in tokens.value_sets:
            value_set = terminology_of(parameters.release).value_set(canonical)
            held = None if value_set is None else value_set.by_system.get(system)
            if held is None:
                continue
            # What cannot be told (a grammar, a list in part) is no reason to hide what is there.
            found += (
                [cut(code) for code in held.codes or ()]
                if wanted is None
                else [code for code in wanted if held.holds(code) is not False]
            )
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=512)
def _tokens(parameter: Parameter, parameters: Parameters) -> tuple[tuple[str, _Tokens], ...]:
    """By the suffix of its columns what each token of the parameter selects without a system."""
    definition = parameter.definition
    if parameter.stored is not None:
        return ()
    if definition.type != "composite":
        paths = [("", definition.expression)]
    else:
        paths = [
            (str(number), _inside(parameter.resource_type, definition.expression, text))
            for number, text in enumerate(component_texts(definition, parameters.release), 1)
        ]
    columns = {column.name for column in parameter.type.columns}
    found = [
        (suffix, _selected(expression, parameter.resource_type, parameters))
        for suffix, expression in paths
        if {f"code{suffix}", f"system{suffix}"} <= columns
    ]
    return tuple((suffix, one) for suffix, one in found if one.value_sets or one.has_booleans)


def _inside(resource_type: str, expression: str, text: str) -> str:
    """The path of a composite's component from the resource on."""
    return " | ".join(
        f"{resource_type}.{part.strip().removeprefix('%resource.')}"
        if part.strip().startswith("%resource.")
        else f"({branch.strip()}).{part.strip()}"
        for branch in expression.split("|")
        for part in text.split("|")
    )


def _selected(expression: str, resource_type: str, parameters: Parameters) -> _Tokens:
    try:
        branches = parse(expression)
    except InputError:  # of FHIRPath beyond paths nothing is said here
        return _Tokens((), False, False)
    walk = _Walk(parameters, resource_type)
    roots = {resource_type, "Resource", "DomainResource"}
    own = [one for one in branches if (start := root(one)) in roots or (start or "A")[0].islower()]
    # Of what cannot be followed (an extension) the type is not known.
    kinds = {kind for branch in own for kind in (*walk.kinds(branch),) or (("", ""),)}
    return _Tokens(
        tuple(sorted(value_set for kind, value_set in kinds if kind == "code" and value_set)),
        _BOOLEAN in kinds,
        bool(kinds) and all(kind in ("code", "boolean") for kind, _ in kinds),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """An element of a type; ``only`` is the one type that was asked of a choice."""

    structure: Structure
    element: Element
    only: str = ""


class _Walk:
    """Follows paths through the definitions."""

    def __init__(self, parameters: Parameters, resource_type: str) -> None:
        self._definitions = parameters.definitions
        self._types = frozenset(parameters.definitions.type_names) | parameters.resource_types
        structure = parameters.definitions.structure(resource_type)
        self._root = [_Place(structure, structure.elements[0])]

    def kinds(self, node: Node) -> Iterator[tuple[str, str]]:
        """Of what the path selects: the type, of a code its value set too."""
        match node:
            case Union(branches):
                for branch in branches:
                    yield from self.kinds(branch)
            case Operator() | Call(_, "exists", ()) | Call(_, "is" | "hasExtension", _):
                yield _BOOLEAN
            case _:
                for place in self._places(node):
                    for one in place.element.types:
                        if place.only in ("", one.code):
                            binding = place.element.binding
                            bound = one.code == "code" and binding is not None
                            yield (one.code, binding.value_set if bound and binding is not None else "")

    def _places(self, node: Node) -> list[_Place]:
        match node:
            case Name(None, name) if name[0].isupper():
                return self._root
            case Name(None, name):
                return self._members(self._root, name)
            case Name(of, name) if of is not None:
                return self._members(self._places(of), name)
            case Index(of, _):
                return self._places(of)
            case Union(branches):
                return [place for branch in branches for place in self._places(branch)]
            case Call(of, "as" | "ofType", (Name(None, type_name),)) if of is not None:
                return [replace(place, only=type_name) for place in self._places(of)]
            case Call(of, name, _) if of is not None and name in _SAME_ELEMENTS:
                return self._places(of)
            case _:
                return []

    def _members(self, places: Iterable[_Place], name: str) -> list[_Place]:
        return [
            _Place(structure, element)
            for place in places
            for structure, path in self._insides(place)
            for element in structure.children(path)
            if element.name == name
        ]

    def _insides(self, place: _Place) -> Iterator[tuple[Structure, str]]:
        path = place.element.content_reference or place.element.path
        if place.structure.children(path):
            yield place.structure, path
            return
        for one in place.element.types:
            if place.only in ("", one.code) and one.code in self._types:
                yield self._definitions.structure(one.code), one.code
