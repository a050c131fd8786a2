"""The syntax of search parameter paths: an expression read into a tree.

http://hl7.org/fhirpath/N1/, as much of it as :mod:`fhir_vitiligo.fhir.paths` gives a meaning to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fhir_vitiligo.errors import InputError

_TOKEN = re.compile(
    r"\s*(?:(?P<name>\$?[A-Za-z_]\w*)|'(?P<text>[^']*)'|(?P<number>\d+)|(?P<mark>!=|[.()\[\]|=,]))"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A member of ``of``; the first name of a path (``of`` None) is a type or, within ``where``, a member
    of ``$this``.
    """

    of: Node | None
    name: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    of: Node | None
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Index:
    of: Node
    number: int


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | int | bool


@dataclass(frozen=True, slots=True)
class Operator:
    left: Node
    operator: str
    right: Node


@dataclass(frozen=True, slots=True)
class Union:
    branches: tuple[Node, ...]


Node = Name | Call | Index | Literal | Operator | Union


def root(node: Node) -> str | None:
    """The name an expression starts with."""
    match node:
        case Name(None, name):
            return name
        case Name(of, _) | Call(of, _, _) | Index(of, _):
            return None if of is None else root(of)
        case Operator(left, _, _):
            return root(left)
        case Union(branches):
            roots = {root(branch) for branch in branches}
            return roots.pop() if len(roots) == 1 else None
        case _:
            return None


def parse(expression: str) -> tuple[Node, ...]:
    """The branches of the expression. :class:`InputError` with code ``not-supported`` says what cannot be
    read.
    """
    return _Parser(expression).union()


class _Parser:
    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.tokens = self._tokens(expression)
        self.at = 0

    def _tokens(self, expression: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        position = 0
        end = len(expression.rstrip())
        while position < end:
            match = _TOKEN.match(expression, position)
            if match is None or match.lastgroup is None:
                raise _unsupported(
                    expression, f"{expression[position : position + 12].strip()!r} cannot be read"
                )
            found.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
        return found

    def union(self) -> tuple[Node, ...]:
        branches = self._branches()
        if self.at != len(self.tokens):
            raise _unsupported(self.expression, f"{self.tokens[self.at][1]!r} is not expected")
        return branches

    def _branches(self) -> tuple[Node, ...]:
        branches = [self._logic()]
        while self._take("|"):
            branches.append(self._logic())
        return tuple(branches)

    def _logic(self) -> Node:
        left = self._comparison()
        while (word := self._peek()) in ("and", "or"):
            self.at += 1
            left = Operator(left, word, self._comparison())
        return left

    def _comparison(self) -> Node:
        left = self._typed()
        if (mark := self._peek()) in ("=", "!="):
            self.at += 1
            return Operator(left, mark, self._typed())
        return left

    def _typed(self) -> Node:
        node = self._path()
        while (word := self._peek()) in ("as", "is"):
            self.at += 1
            node = Call(node, word, (Name(None, self._expect_type()),))
        return node

    def _path(self) -> Node:
        node = self._start()
        while True:
            if self._take("."):
                node = self._member(node)
            elif self._take("["):
                kind, text = self._next()
                if kind != "number":
                    raise _unsupported(self.expression, f"index {text!r} is not a number")
                self._expect("]")
                node = Index(node, int(text))
            else:
                return node

    def _start(self) -> Node:
        kind, text = self._next()
        if kind == "mark" and text == "(":
            branches = self._branches()
            self._expect(")")
            return branches[0] if len(branches) == 1 else Union(branches)
        if kind == "text":
            return Literal(text)
        if kind == "number":
            return Literal(int(text))
        if kind == "name" and text in ("true", "false"):
            return Literal(text == "true")
        if kind != "name":
            raise _unsupported(self.expression, f"{text!r} is not expected")
        if self._peek() == "(":
            return self._call(None, text)
        return Name(None, text)

    def _member(self, of: Node) -> Node:
        kind, text = self._next()
        if kind != "name":
            raise _unsupported(self.expression, f"{text!r} is not the name of an element")
        return self._call(of, text) if self._peek() == "(" else Name(of, text)

    def _call(self, of: Node | None, name: str) -> Node:
        self._expect("(")
        arguments: list[Node] = []
        if not self._take(")"):
            arguments.append(self._logic())
            while self._take(","):
                arguments.append(self._logic())
            self._expect(")")
        return Call(of, name, tuple(arguments))

    def _expect_type(self) -> str:
        kind, text = self._next()
        if kind != "name":
            raise _unsupported(self.expression, f"{text!r} is not the name of a type")
        while self._take("."):  # FHIR.Patient, System.String
            _, text = self._next()
        return text

    def _peek(self) -> str | None:
        if self.at == len(self.tokens):
            return None
        kind, text = self.tokens[self.at]
        return None if kind == "text" else text

    def _next(self) -> tuple[str, str]:
        if self.at == len(self.tokens):
            raise _unsupported(self.expression, "it ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def _take(self, mark: str) -> bool:
        if self._peek() == mark:
            self.at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise _unsupported(self.expression, f"{mark!r} is missing")


def _unsupported(expression: str, reason: str) -> InputError:
    return InputError(f"the path {expression!r} is not supported: {reason}", code="not-supported")
