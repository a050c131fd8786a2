"""The trees of `fhirpathpy`'s parser and of ours in one form, to hold them against each other."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

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

Tree = tuple[Any, ...]


def ours(node: Ast | None) -> Any:
    match node:
        case None:
            return None
        case Literal(_, None):
            return ("literal", "{}")
        case Literal(_, bool() as value):
            return ("literal", str(value).lower())
        case Literal(_, Decimal() as value):
            return ("literal", f"{value:f}")
        case Literal(_, value):
            return ("literal", str(value))
        case Constant(_, name):
            return ("constant", name)
        case Variable(_, name):
            return ("variable", name)
        case Member(_, of, name):
            return ("member", ours(of), name)
        case Call(_, of, name, arguments):
            return ("call", ours(of), name, *map(ours, arguments))
        case Indexer(_, of, index):
            return ("index", ours(of), ours(index))
        case Polarity(_, sign, operand):
            return ("sign", sign, ours(operand))
        case TypeOperator(_, operator, operand, name):
            return ("type", operator, ours(operand), name)
        case Binary(_, operator, terms):
            tree = ours(terms[0])
            for term in terms[1:]:
                tree = ("binary", operator, tree, ours(term))
            return tree
    raise AssertionError(node)


def theirs(parsed: dict[str, Any]) -> Tree:
    """Of what ``fhirpathpy.parser.parse`` gives."""
    return _tree(parsed["children"][0])


def _tree(node: dict[str, Any]) -> Any:
    kind, inner = node["type"], node.get("children", [])
    match kind:
        case "TermExpression" | "InvocationTerm" | "LiteralTerm" | "ParenthesizedTerm":
            return _tree(inner[0])
        case "ExternalConstantTerm":
            return ("constant", _tree_name(inner[0]))
        case "InvocationExpression":
            return _invocation(_tree(inner[0]), inner[1])
        case (
            "MemberInvocation"
            | "FunctionInvocation"
            | "ThisInvocation"
            | "IndexInvocation"
            | "TotalInvocation"
        ):
            return _invocation(None, node)
        case "IndexerExpression":
            return ("index", _tree(inner[0]), _tree(inner[1]))
        case "PolarityExpression":
            return ("sign", node["terminalNodeText"][0], _tree(inner[0]))
        case "TypeExpression":
            return ("type", node["terminalNodeText"][0], _tree(inner[0]), inner[1]["text"].replace("`", ""))
        case "NullLiteral":
            return ("literal", "{}")
        case "StringLiteral":
            return ("literal", _unquoted(node["text"]))
        case "QuantityLiteral":
            return ("literal", _quantity(node["text"]))
        case _ if kind.endswith("Literal"):
            return ("literal", node["text"].removeprefix("@").removeprefix("T"))
        case _ if kind.endswith("Expression"):
            return ("binary", node["terminalNodeText"][0], _tree(inner[0]), _tree(inner[1]))
    raise AssertionError(kind)


def _invocation(of: Any, node: dict[str, Any]) -> Tree:
    inner = node.get("children", [])
    match node["type"]:
        case "MemberInvocation":
            return ("member", of, _identifier(inner[0]))
        case "FunctionInvocation":
            parts = inner[0]["children"]
            arguments = parts[1]["children"] if len(parts) > 1 else []
            return ("call", of, _identifier(parts[0]), *map(_tree, arguments))
        case _:
            return ("variable", node["terminalNodeText"][0])


def _identifier(node: dict[str, Any]) -> str:
    return str(node["text"]).replace("`", "")


def _tree_name(node: dict[str, Any]) -> str:
    inner = node.get("children")
    return _identifier(inner[0]) if inner else _unquoted(node["terminalNodeText"][-1])


_ESCAPES = {"f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _unquoted(text: str) -> str:
    inner = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text[1:-1])
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), inner, flags=re.DOTALL)


def _quantity(text: str) -> str:
    number, quote, unit = text.partition("'")
    if quote:
        return f"{number.strip()} '{unit[:-1]}'"
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    word = text[len(digits) :].removesuffix("s")
    return f"{digits.strip()} {word}" + ("" if digits.strip() == "1" else "s")
