"""What can be said about an expression without data: its types (http://hl7.org/fhirpath/N1/#type-safety-and-strict-evaluation).

An element that no type in question has is a mistake of spelling, which running the expression would hide: it would
select nothing. So is a function of texts that is asked of a HumanName. Where a type is open (a variable, what another
model defines) nothing is said.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fhir_vitiligo.fhir.fhirpath.constants import is_own
from fhir_vitiligo.fhir.fhirpath.faults import Place
from fhir_vitiligo.fhir.fhirpath.functions import FUNCTIONS
from fhir_vitiligo.fhir.fhirpath.model import SYSTEM_TYPES, Model, Type, model_of, system_type
from fhir_vitiligo.fhir.fhirpath.parser import parse
from fhir_vitiligo.fhir.fhirpath.signatures import SIGNATURES, kinds
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
     "defineVariable", "checkModifiers", "abs", "ceiling", "floor", "truncate", "round", "lowBoundary", "highBoundary")
)  # fmt: skip
# Their result depends on an order, which children() and descendants() have none of.
_ORDERED = frozenset(("first", "last", "tail", "skip", "take"))
_UNORDERED = frozenset(("children", "descendants"))
_GIVING = {"extension": "Extension", "resolve": "Resource", "children": "Element", "descendants": "Element"}
_LAMBDAS = frozenset(
    ("where", "select", "all", "exists", "repeat", "iif", "sort", "trace", "defineVariable", "aggregate")
)
_LOGIC = frozenset(
    ("and", "or", "xor", "implies", "=", "!=", "~", "!~", "<", ">", "<=", ">=", "in", "contains", "is")
)
_MOMENTS = frozenset(("Date", "DateTime"))
# Anything may stand where these do, what is defined within another type too.
_OPEN = frozenset(("Element", "BackboneElement", "Base", "DataType", "BackboneType"))


def types_at(path: str, release: Release) -> frozenset[Type]:
    """The types of the element at a path, also of one inside a datatype (``Patient.name.family``).

    :class:`KeyError` names a type or element that does not exist.
    """
    model = model_of(release)
    name, *steps = path.split(".")
    found = {model.type(name)}
    for step in steps:
        inner = [model.type("Element") if kind.primitive else kind for kind in found]
        choices = [choice for kind in inner for choice in kind.members[step.removesuffix("[x]")]]
        if not choices:
            raise KeyError(f"{path} is not an element of FHIR {release.name}")
        found = {choice.type or model.type("Resource") for choice in choices}
    return frozenset(found)


def check(
    text: str,
    release: Release,
    path: str | Sequence[str],
    *,
    order: bool = False,
    resource: str | None = None,
    constants: Collection[str] | None = None,
) -> tuple[str, ...] | None:
    """The types an expression can give on an element at ``path``, or at one of several; None when that is open.

    :class:`FHIRPathError` of kind ``semantic`` names an element, type, function or argument that cannot be there;
    with ``order`` also what depends on the order of children, with ``constants`` (``resource`` is the type of
    ``%resource``) also a constant that is neither one of them nor of the specification.
    """
    model = model_of(release)
    paths = (path,) if isinstance(path, str) else path
    context: Types = frozenset(kind for one in paths for kind in types_at(one, release))
    checker = _Checker(text, model, context, order)
    checker.constants = constants
    checker.resource = model.type(resource or "Resource")
    found = checker.types(parse(text), context)
    if found is None:
        return None
    return tuple(sorted(f"System.{one}" if isinstance(one, str) else one.path for one in found))


class _Checker:
    def __init__(self, text: str, model: Model, context: Types, order: bool) -> None:
        self.text = text
        self.model = model
        self.context = context
        self.order = order
        self.constants: Collection[str] | None = None
        self.resource = model.type("Resource")
        self.defined: set[str] = set()

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
                self._argument("[]", self.types(index, this), frozenset(("Integer",)), position)
                self._ordered("[]", of, position)
                return self.types(of, this)
            case Polarity(_, _, operand):
                return self.types(operand, this)
            case Binary():
                return self._binary(node, this)
            case TypeOperator(position, operator, operand, name):
                self.types(operand, this)
                named = self._named(name, position)
                return frozenset(("Boolean",)) if operator == "is" else named
            case Variable(_, name):
                return this if name == "$this" else frozenset(("Integer",)) if name == "$index" else None
            case Constant(position, name):
                return self._constant(name, position)

    def _binary(self, node: Binary, this: Types) -> Types:
        found = [self.types(term, this) for term in node.terms]
        if node.operator in _LOGIC:
            return frozenset(("Boolean",))
        if node.operator in ("+", "-") and found[0]:
            for added in found[1:]:
                moments = all(kinds(one) & _MOMENTS for one in found[0])
                if moments and added and not any("Quantity" in kinds(one) for one in added):
                    text = (
                        f"{_told(found[0])} {node.operator} {_told(added)}: to a moment a Quantity is added"
                    )
                    raise self._fault(text, node.position)
        if node.operator == "&":
            return frozenset(("String",))
        return _joined(found) if node.operator == "|" else None

    def _constant(self, name: str, position: int) -> Types:
        if name == "context":
            return self.context
        if name in self.defined:
            return None
        if name in ("resource", "rootResource"):
            # The resource around a contained one is of any type.
            return frozenset((self.resource if name == "resource" else self.model.type("Resource"),))
        if is_own(name):
            return frozenset(("String",))
        if self.constants is not None and name not in self.constants:
            raise self._fault(f"there is no constant %{name}", position)
        return None

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
        if name == "repeat":
            # What it finds it looks into again, where other types may stand: a name may be missing in some.
            return None
        if name == "defineVariable" and isinstance(call.arguments[0], Literal):
            self.defined.add(str(call.arguments[0].value))
        inner = source if name in _LAMBDAS and (call.of is not None or name != "iif") else this
        arguments = [self.types(argument, inner) for argument in call.arguments]
        result = self._signed(call, source, arguments)
        if result is not None:
            return result
        if name.startswith("convertsTo"):
            return frozenset(("Boolean",))
        if name in _SAME:
            return source
        if name == "select" and arguments:
            return arguments[0]
        if name in ("union", "combine"):
            return _joined([source, *arguments])
        if name in _GIVING:
            return frozenset((self.model.type(_GIVING[name]),))
        return _joined(arguments[1:]) if name == "iif" else None

    def _signed(self, call: Call, source: Types, arguments: list[Types]) -> Types:
        """What the signature of a function says: what it may be asked of, its arguments and its result."""
        signature = SIGNATURES.get(call.name)
        if signature is None:
            return None
        if signature.of is not None and source and not any(kinds(one) & signature.of for one in source):
            wanted = " or ".join(sorted(signature.of))
            text = f"{call.name}() is asked of {_told(source)}: it can be asked of {wanted}"
            raise self._fault(text, call.position)
        for found, wanted_kinds in zip(arguments, signature.arguments, strict=False):
            self._argument(f"{call.name}()", found, wanted_kinds, call.position)
        return None if signature.result is None else frozenset((signature.result,))

    def _argument(self, what: str, found: Types, wanted: frozenset[str], position: int) -> None:
        if found and not any(kinds(one) & wanted for one in found):
            raise self._fault(f"{what} takes {' or '.join(sorted(wanted))}, not {_told(found)}", position)

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
        if not fit and any(isinstance(kind, Type) and kind.members[name] for kind in this):
            # Elements have the names of primitive types: code, url.
            return self._members(this, name, position)
        if not fit and this:
            raise self._fault(f"{name} is not what is here: {_told(this)}", position)
        return frozenset(fit)

    def _members(self, of: Types, name: str, position: int) -> Types:
        if of is None:
            return None
        found: set[str | Type] = set()
        for kind in of:
            if isinstance(kind, str):
                if name in ("value", "unit", "namespace", "name"):
                    return None
                continue
            if kind.primitive and name == "value":
                return None
            inner = self.model.type("Element") if kind.primitive else kind
            # What the resource itself says the type of, may be any.
            found.update(choice.type or self.model.type("Resource") for choice in inner.members[name])
            if not inner.members[name] and not kind.primitive and self._is_below(kind, name):
                return None
        if not found and of:
            raise self._fault(f"there is no element {name} in {_told(of)}", position)
        return frozenset(found)

    def _is_below(self, kind: Type, name: str) -> bool:
        """Whether a type that descends from this one may have the element."""
        if kind.path in _OPEN:
            return name in self.model.element_names
        return any(self.model.type(one).members[name] for one in self.model.descendants(kind.path))

    def _named(self, name: str, position: int) -> Types:
        namespace, _, short = name.rpartition(".")
        if namespace in ("", "FHIR") and self.model.is_type(short):
            return frozenset((self.model.type(short),))
        if namespace == "System" or (not namespace and short in SYSTEM_TYPES):
            return frozenset((short,))
        if namespace not in ("", "FHIR"):
            # Another model, of which nothing is known here.
            return None
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
