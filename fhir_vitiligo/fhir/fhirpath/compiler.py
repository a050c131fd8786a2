"""From the tree of an expression to closures, once (http://hl7.org/fhirpath/N1/)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from fhir_vitiligo.fhir.fhirpath.code import (
    EMPTY,
    NOTHING,
    Code,
    Scalar,
    checked,
    from_scalar,
    from_value,
    scalar_of,
    truth_of,
)
from fhir_vitiligo.fhir.fhirpath.constants import constant
from fhir_vitiligo.fhir.fhirpath.faults import Place
from fhir_vitiligo.fhir.fhirpath.model import Model, Type
from fhir_vitiligo.fhir.fhirpath.node import Collection, Environment, Item
from fhir_vitiligo.fhir.fhirpath.paths import first_step, step
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
)

Factory = Callable[["Compiler", Call, Code], Code]


class Name(NamedTuple):
    """What defineVariable() names: the place where that was done, and what reads the value."""

    position: int
    code: Code


class Compiler:
    """Compiles the tree of one ``text``. ``focus`` is the type of ``$this``, where it is known."""

    def __init__(self, text: str, model: Model, focus: Type | None = None, strict: bool = False) -> None:
        self.text = text
        self.model = model
        self.focus = focus
        self.strict = strict
        self.defined: Mapping[str, Name] = {}
        """What defineVariable() has named, where the part stands that is compiled now."""
        self._input: Code | None = None

    def place(self, node: Ast) -> Place:
        return Place(self.text, node.position)

    def compile(self, node: Ast) -> Code:
        """The code of a part that stands for itself: what it names is not known outside it."""
        around = self.defined
        try:
            return self._chained(node)
        finally:
            self.defined = around

    def _chained(self, node: Ast) -> Code:
        """The code of a part whose names the rest of its path knows."""
        from fhir_vitiligo.fhir.fhirpath import operators

        match node:
            case Literal(_, value):
                return NOTHING if value is None else from_value(value)
            case Member(_, None, name) if self._input is None:
                return first_step(name, self.focus, self.model.is_type(name))
            case Member(_, of, name):
                return step(self._source(of), name)
            case Call():
                return self._call(node)
            case Binary():
                return operators.binary(self, node)
            case TypeOperator():
                return operators.type_operator(self, node)
            case Indexer():
                return self._indexer(node)
            case Polarity():
                return operators.polarity(self, node)
            case Variable(_, "$this"):
                return self.this()
            case Variable(_, "$index"):
                return from_scalar(lambda this, env: env.index, "Integer")
            case Variable():
                return Code(lambda this, env: env.total)
            case Constant(_, name) if name in self.defined:
                return self.defined[name].code
            case Constant(_, name):
                return constant(name, self.place(node))

    def _source(self, of: Ast | None) -> Code:
        if of is not None:
            return self._chained(of)
        return self.this() if self._input is None else self._input

    def this(self) -> Code:
        return Code(_this, any=lambda this, env: this is not None, kind=self.focus)

    @contextmanager
    def within(self, kind: Type | None) -> Iterator[None]:
        """While what is asked of each item is compiled: ``$this`` is an item of this type."""
        outer = self.focus, self._input
        self.focus, self._input = kind, None
        try:
            yield
        finally:
            self.focus, self._input = outer

    def define(self, name: str, position: int, code: Code) -> None:
        """Name something for the rest of the path."""
        self.defined = {**self.defined, name: Name(position, code)}

    @contextmanager
    def over(self, source: Code) -> Iterator[None]:
        """While something is compiled that is asked of a whole collection: its paths start from there."""
        outer, self._input = self._input, source
        try:
            yield
        finally:
            self._input = outer

    def scalar(self, node: Ast, what: str = "here") -> Scalar:
        return scalar_of(self.compile(node), self.place(node), what)

    def truth(self, node: Ast) -> Scalar:
        return truth_of(self.compile(node), self.place(node))

    def typed(self, node: Ast, kind: type | tuple[type, ...], told: str) -> Scalar:
        """The single value of an argument, which must be of a Python type, ``told`` its name."""
        return checked(self.scalar(node), kind, told, self.place(node))

    def _call(self, node: Call) -> Code:
        from fhir_vitiligo.fhir.fhirpath.functions import FUNCTIONS

        known = FUNCTIONS.get(node.name)
        if known is None:
            raise self.place(node).error(f"there is no function {node.name}()", "semantic")
        factory, least, most = known
        here = len(node.arguments)
        if not least <= here <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise self.place(node).error(
                f"{node.name}() takes {wanted} arguments, here are {here}", "semantic"
            )
        return factory(self, node, self._source(node.of))

    def _indexer(self, node: Indexer) -> Code:
        source = self._chained(node.of)
        run, number = source.run, self.typed(node.at, int, "Integer")

        def at(this: Item | None, env: Environment) -> Collection:
            items, index = run(this, env), number(this, env)
            return EMPTY if index is None or not 0 <= index < len(items) else [items[index]]

        return Code(at, kind=source.kind)


def _this(this: Item | None, env: Environment) -> Collection:
    return EMPTY if this is None else [this]
