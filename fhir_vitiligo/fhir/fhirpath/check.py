"""What can be said about an expression without data: its types (http://hl7.org/fhirpath/N1/#type-safety-and-strict-evaluation).

An element that no type in question has is a mistake of spelling, which running the expression would hide: it would
select nothing. Where a type is open (a resource in a Bundle, a variable) nothing is said.
"""

from __future__ import annotations

from fhir_vitiligo.fhir.fhirpath.faults import Place
from fhir_vitiligo.fhir.fhirpath.functions import FUNCTIONS
from fhir_vitiligo.fhir.fhirpath.model import SYSTEM_TYPES, Model, Type, model_of, system_type
from fhir_vitiligo.fhir.fhirpath.parser import parse
from fhir_vitiligo.fhir.fhirpath.syntax import (
    Ast,
    Binary,
    Call,
    Constant,
    Indexer,
    Literal,
    Member,
    Polarity,
    TypeOperator,
    Variable,
    type_name,
)
from fhir_vitiligo.fhir.release import Release

# Names of System types, and types of FHIR; None when nothing is known.
Types = frozenset["str | Type"] | None

_SAME = frozenset(
    ("where", "first", "last", "tail", "skip", "take", "single", "distinct", "trace", "intersect", "exclude", "sort",
     "defineVariable", "repeat", "checkModifiers", "abs", "ceiling", "floor", "truncate", "round", "lowBoundary", "highBoundary")
)  # fmt: skip
_BOOLEAN = frozenset(
    ("exists", "empty", "all", "allTrue", "anyTrue", "allFalse", "anyFalse", "subsetOf", "supersetOf", "isDistinct",
     "not", "is", "startsWith", "endsWith", "contains", "matches", "matchesFull", "hasValue", "memberOf", "conformsTo",
     "htmlChecks", "comparable", "toBoolean")
)  # fmt: skip
_STRING = frozenset(
    (
        "substring",
        "upper",
        "lower",
        "replace",
        "replaceMatches",
        "toChars",
        "trim",
        "split",
        "join",
        "toString",
    )
)
_INTEGER = frozenset(("count", "length", "indexOf", "lastIndexOf", "toInteger", "precision"))
# Their result depends on an order, which children() and descendants() have none of.
_ORDERED = frozenset(("first", "last", "tail", "skip", "take"))
_UNORDERED = frozenset(("children", "descendants"))
_LAMBDAS = frozenset(("where", "select", "all", "exists", "repeat", "iif", "sort", "trace", "defineVariable"))
_LOGIC = frozenset(
    ("and", "or", "xor", "implies", "=", "!=", "~", "!~", "<", ">", "<=", ">=", "in", "contains", "is")
)


def check(text: str, release: Release, path: str, *, order: bool = False) -> tuple[str, ...] | None:
    """The types an expression can give on an element of the type at ``path``; None when that is open.

    :class:`FHIRPathError` of kind ``semantic`` names an element or type that cannot be there; with ``order`` also
    what depends on the order of children.
    """
    model = model_of(release)
    found = _Checker(text, model, model.type(path), order).types(parse(text), frozenset((model.type(path),)))
    if found is None:
        return None
    return tuple(sorted(f"System.{one}" if isinstance(one, str) else one.path for one in found))


class _Checker:
    def __init__(self, text: str, model: Model, context: Type, order: bool) -> None:
        self.text = text
        self.model = model
        self.context = context
        self.order = order

    def types(self, node: Ast, this: Types) -> Types:
        match node:
            case Literal(_, value):
                return frozenset() if value is None else frozenset((system_type(value),))
            case Member(position, of, name):
                if of is None and self.model.is_type(name):
                    return self._root(name, this, position)
                return self._members(this if of is None else self.types(of, this), name, position)
            case Call():
                return self._call(node, this)
            case Indexer(position, of, index):
                self.types(index, this)
                self._ordered("[]", of, position)
                return self.types(of, this)
            case Polarity(_, _, operand):
                return self.types(operand, this)
            case Binary(_, operator, terms):
                found = [self.types(term, this) for term in terms]
                if operator in _LOGIC:
                    return frozenset(("Boolean",))
                return _joined(found) if operator == "|" else None
            case TypeOperator(position, operator, operand, name):
                self.types(operand, this)
                return frozenset(("Boolean",)) if operator == "is" else self._named(name, position)
            case Variable(_, name):
                return this if name == "$this" else frozenset(("Integer",)) if name == "$index" else None
            case Constant(_, name):
                return frozenset((self.context,)) if name == "context" else None

    def _call(self, call: Call, this: Types) -> Types:
        name = call.name
        if name not in FUNCTIONS:
            raise self._fault(f"there is no function {name}()", call.position)
        source = this if call.of is None else self.types(call.of, this)
        if call.of is not None and name in _ORDERED:
            self._ordered(f"{name}()", call.of, call.position)
        if name in ("as", "ofType", "is"):
            named = type_name(call.arguments[0]) if call.arguments else None
            if named is None:
                raise self._fault(f"{name}() takes the name of a type", call.position)
            found = self._named(named, call.position)
            return frozenset(("Boolean",)) if name == "is" else found
        inner = source if name in _LAMBDAS and (call.of is not None or name != "iif") else this
        if name == "repeat":
            # What it finds it looks into again, where other types may stand: the first level is looked at.
            self.types(call.arguments[0], source)
            return None
        arguments = [self.types(argument, inner) for argument in call.arguments]
        if name in _BOOLEAN or name.startswith("convertsTo"):
            return frozenset(("Boolean",))
        if name in _STRING:
            return frozenset(("String",))
        if name in _INTEGER:
            return frozenset(("Integer",))
        if name in _SAME:
            return source
        if name == "select" and arguments:
            return arguments[0]
        if name in ("union", "combine"):
            return _joined([source, *arguments])
        if name == "extension":
            return frozenset((self.model.type("Extension"),))
        return _joined(arguments[1:]) if name == "iif" else None

    def _root(self, name: str, this: Types, position: int) -> Types:
        if this is None:
            return None
        fit: set[str | Type] = set()
        for kind in this:
            if isinstance(kind, Type):
                if name in kind.ancestors:
                    fit.add(kind)
                elif kind.path in self.model.type(name).ancestors:
                    fit.add(self.model.type(name))
        if not fit and this and not any(isinstance(kind, Type) and kind.members[name] for kind in this):
            raise self._fault(f"{name} is not what is here: {_told(this)}", position)
        return frozenset(fit)

    def _members(self, of: Types, name: str, position: int) -> Types:
        if of is None or any(
            isinstance(kind, Type) and kind.path in ("Resource", "DomainResource") for kind in of
        ):
            return None
        found: set[str | Type] = set()
        for kind in of:
            if isinstance(kind, str):
                if name in ("value", "unit", "namespace", "name"):
                    return None
                continue
            if kind.primitive:
                if name == "value":
                    return None
                element = self.model.type("Element")
                found.update(choice.type for choice in element.members[name] if choice.type is not None)
                continue
            for choice in kind.members[name]:
                if choice.type is None:
                    return None
                found.add(choice.type)
        if not found and of:
            raise self._fault(f"there is no element {name} in {_told(of)}", position)
        return frozenset(found)

    def _named(self, name: str, position: int) -> Types:
        namespace, _, short = name.rpartition(".")
        if namespace in ("", "FHIR") and self.model.is_type(short):
            return frozenset((self.model.type(short),))
        if namespace == "System" or (not namespace and short in SYSTEM_TYPES):
            return frozenset((short,))
        raise self._fault(f"there is no type {name} in FHIR {self.model.release.name}", position)

    def _ordered(self, what: str, of: Ast, position: int) -> None:
        if self.order and isinstance(of, Call) and of.name in _UNORDERED:
            raise self._fault(f"{what} depends on an order, which {of.name}() has none of", position)

    def _fault(self, reason: str, position: int) -> Exception:
        return Place(self.text, position).error(reason, "semantic")


def _joined(found: list[Types]) -> Types:
    known = [types for types in found if types is not None]
    return frozenset().union(*known) if len(known) == len(found) else None


def _told(types: Types) -> str:
    return " or ".join(sorted(kind if isinstance(kind, str) else kind.path for kind in types or ()))
