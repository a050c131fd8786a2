"""Reads an expression into its tree: http://hl7.org/fhirpath/N1/#grammar, by precedence climbing.

Beyond the grammar, because core's own invariants need it: double quotes around a string (R5's eld-11), and a
keyword as the name of an element after a point (``text.div``).
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from fhir_vitiligo.fhir.fhirpath.faults import FHIRPathError, Kind
from fhir_vitiligo.fhir.fhirpath.quantity import CALENDAR_UNITS, Quantity
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
from fhir_vitiligo.fhir.fhirpath.temporal import parse_literal

MAX_LENGTH = 50_000
# One level of nesting costs up to six Python frames, and the interpreter stops at a thousand.
MAX_DEPTH = 80

# Possessive: a million blanks before a fault are read once, not tried in every way.
_BLANK = r"(?:\s++|//[^\n]*+|/\*.*?\*/)*+"
_TOKEN = re.compile(
    _BLANK
    + r"""(?:(?P<name>[A-Za-z_]\w*)
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<string>'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")
    |(?P<temporal>@(?:T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?
        |\d{4}(?:-\d\d(?:-\d\d)?)?(?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)?))
    |(?P<constant>%(?:(?:vs|ext)-[\w-]+|[A-Za-z_]\w*|`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))
    |(?P<variable>\$(?:this|index|total))
    |(?P<quoted>`(?:[^`\\]|\\.)*`)
    |(?P<mark><=|>=|!=|!~|[.()\[\]{}|,=~<>+\-*/&])
    |(?P<end>\Z))""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_ESCAPED = {"f": "\f", "n": "\n", "r": "\r", "t": "\t", "'": "'", '"': '"', "`": "`", "\\": "\\", "/": "/"}

# Binding powers, higher binds tighter (http://hl7.org/fhirpath/N1/#operator-precedence).
_POWERS = {
    "implies": 1,
    **dict.fromkeys(("or", "xor"), 2),
    "and": 3,
    **dict.fromkeys(("in", "contains"), 4),
    **dict.fromkeys(("=", "~", "!=", "!~"), 5),
    **dict.fromkeys(("<", ">", "<=", ">="), 6),
    "|": 7,
    **dict.fromkeys(("is", "as"), 8),
    **dict.fromkeys(("+", "-", "&"), 9),
    **dict.fromkeys(("*", "/", "div", "mod"), 10),
}
_POLARITY = 11
# Of these a long chain is one node, so that it nests no deeper than a short one.
_ASSOCIATIVE = frozenset(("and", "or", "|", "&"))
_NOT_A_NAME = frozenset(("and", "or", "xor", "implies", "div", "mod"))

_Token = tuple[str, str, int]


@lru_cache(maxsize=4096)
def parse(text: str) -> Ast:
    """The tree of ``text``; :class:`FHIRPathError` of kind ``syntax`` or ``limit``. Trees are shared."""
    if len(text) > MAX_LENGTH:
        raise FHIRPathError(
            f"an expression has at most {MAX_LENGTH} characters, this one has {len(text)}", "limit", text, 0
        )
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._tokens()
        self.at = 0
        self.depth = 0

    def whole(self) -> Ast:
        tree = self._expression(0)
        kind, _, position = self.tokens[self.at]
        if kind != "end":
            raise self._fault(f"{self._shown()} is not expected here", position)
        return tree

    def _tokens(self) -> list[_Token]:
        found: list[_Token] = []
        place = 0
        while True:
            token = _TOKEN.match(self.text, place)
            if token is None or token.lastgroup is None:
                blank = re.compile(_BLANK, re.DOTALL).match(self.text, place)
                start = blank.end() if blank else place
                raise self._fault(f"{self.text[start : start + 12]!r} cannot be read", start)
            kind = token.lastgroup
            found.append((kind, token[kind], token.start(kind)))
            if kind == "end":
                return found
            place = token.end()

    # Expressions.

    def _expression(self, power: int) -> Ast:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._fault(f"the expression nests more than {MAX_DEPTH} levels deep", kind="limit")
        left, reached = self._prefix(), 0
        while True:
            kind, operator, position = self.tokens[self.at]
            binding = _POWERS.get(operator, 0) if kind in ("mark", "name") else 0
            if binding <= power:
                self.depth -= 1
                return left
            self.at += 1
            if binding == _POWERS["is"]:
                left = TypeOperator(position, operator, left, self._type())
            else:
                right = self._expression(binding)
                if (
                    operator in _ASSOCIATIVE
                    and isinstance(left, Binary)
                    and left.operator == operator
                    and reached
                ):
                    left = Binary(left.position, operator, (*left.terms, right))
                    continue
                left = Binary(position, operator, (left, right))
            reached += 1
            if reached > MAX_DEPTH:
                raise self._fault(f"more than {MAX_DEPTH} operators follow one another", kind="limit")

    def _prefix(self) -> Ast:
        kind, sign, position = self.tokens[self.at]
        if kind == "mark" and sign in "+-":
            self.at += 1
            return Polarity(position, sign, self._expression(_POLARITY))
        node, steps = self._term(), 0
        while True:
            if self._take("."):
                node = self._invocation(node)
            elif self._take("["):
                position = self.tokens[self.at - 1][2]
                node = Indexer(position, node, self._expression(0))
                self._expect("]")
            else:
                return node
            steps += 1
            if steps > MAX_DEPTH:
                raise self._fault(f"a path has at most {MAX_DEPTH} steps", kind="limit")

    def _term(self) -> Ast:
        kind, text, position = self.tokens[self.at]
        self.at += 1
        match kind:
            case "name" if text in ("true", "false"):
                return Literal(position, text == "true")
            case "name" | "quoted":
                if text in _NOT_A_NAME:
                    raise self._fault(f"the operator {text!r} has nothing on its left", position)
                return self._named(None, text, position)
            case "number":
                return self._number(text, position)
            case "string":
                return Literal(position, self._unescaped(text, position))
            case "temporal":
                try:
                    return Literal(position, parse_literal(text[1:]))
                except ValueError as error:
                    raise self._fault(f"{text} is not a date or time: {error}", position) from None
            case "constant":
                name = text[1:] if text[1] not in "`'\"" else self._unescaped(text[1:], position + 1)
                return Constant(position, name)
            case "variable":
                return Variable(position, text)
            case "mark" if text == "(":
                node = self._expression(0)
                self._expect(")")
                # Its parentheses end a chain: (a or b) or c is still one of c, but reads as two.
                return node
            case "mark" if text == "{":
                self._expect("}")
                return Literal(position, None)
        self.at -= 1
        raise self._fault(f"{self._shown()} is not expected here", position)

    def _number(self, text: str, position: int) -> Ast:
        value = Decimal(text) if "." in text else int(text)
        kind, unit, place = self.tokens[self.at]
        if kind == "string":
            self.at += 1
            return Literal(position, Quantity(Decimal(text), self._unescaped(unit, place)))
        if kind == "name" and unit in CALENDAR_UNITS:
            self.at += 1
            return Literal(position, Quantity(Decimal(text), CALENDAR_UNITS[unit], calendar=True))
        return Literal(position, value)

    def _invocation(self, of: Ast) -> Ast:
        kind, text, position = self.tokens[self.at]
        self.at += 1
        if kind in ("name", "quoted"):
            return self._named(of, text, position)
        if (kind, text) == ("variable", "$this"):
            return of
        self.at -= 1
        raise self._fault(f"{self._shown()} is not the name of an element or function", position)

    def _named(self, of: Ast | None, text: str, position: int) -> Ast:
        name = self._unescaped(text, position) if text[0] == "`" else text
        if not self._take("("):
            return Member(position, of, name)
        arguments: list[Ast] = []
        if not self._take(")"):
            arguments.append(self._expression(0))
            while self._take(","):
                arguments.append(self._expression(0))
            self._expect(")")
        return Call(position, of, name, tuple(arguments))

    def _type(self) -> str:
        names: list[str] = []
        while True:
            kind, text, position = self.tokens[self.at]
            if kind not in ("name", "quoted"):
                raise self._fault(f"{self._shown()} is not the name of a type", position)
            self.at += 1
            names.append(self._unescaped(text, position) if kind == "quoted" else text)
            if not self._take("."):
                return ".".join(names)

    # Tokens.

    def _take(self, mark: str) -> bool:
        kind, text, _ = self.tokens[self.at]
        if kind == "mark" and text == mark:
            self.at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise self._fault(f"{mark!r} is missing before {self._shown()}")

    def _shown(self) -> str:
        kind, text, _ = self.tokens[self.at]
        return "the end" if kind == "end" else repr(text)

    def _unescaped(self, quoted: str, position: int) -> str:
        inner = quoted[1:-1]
        if "\\" not in inner:
            return inner

        def replaced(found: re.Match[str]) -> str:
            if found[1]:
                return chr(int(found[1], 16))
            try:
                return _ESCAPED[found[2]]
            except KeyError:
                raise self._fault(f"{found[0]!r} is not an escape sequence", position) from None

        return _ESCAPE.sub(replaced, inner)

    def _fault(self, reason: str, position: int | None = None, kind: Kind = "syntax") -> FHIRPathError:
        if position is None:
            position = self.tokens[self.at][2]
        return FHIRPathError(reason, kind, self.text, position)
