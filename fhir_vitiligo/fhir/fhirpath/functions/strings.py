"""Functions of strings (http://hl7.org/fhirpath/N1/#string-manipulation, and of the ballot after it: trim, split...)."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Callable
from typing import Any

from fhir_vitiligo.fhir.bounded_patterns import MAX_TEXT
from fhir_vitiligo.fhir.fhirpath import patterns
from fhir_vitiligo.fhir.fhirpath.arithmetic import bounded
from fhir_vitiligo.fhir.fhirpath.code import Code, Scalar, from_scalar, scalar_of
from fhir_vitiligo.fhir.fhirpath.compiler import Compiler, Factory
from fhir_vitiligo.fhir.fhirpath.faults import Place
from fhir_vitiligo.fhir.fhirpath.node import Collection, Environment, Item
from fhir_vitiligo.fhir.fhirpath.syntax import Call
from fhir_vitiligo.fhir.fhirpath.temporal import Temporal
from fhir_vitiligo.fhir.fhirpath.values import charge, type_of, value_of


def text_of(source: Code, call: Call, place: Place) -> Scalar:
    """The string a function is called on; a date's is how it is written."""
    scalar = scalar_of(source, place, f"before {call.name}()")

    def text(this: Item | None, env: Environment) -> str | None:
        value = scalar(this, env)
        if value is None or type(value) is str:
            return value
        if type(value) is Temporal:
            return value.text
        raise place.error(f"{call.name}() is for a String, here is a {type_of(value)}", "semantic")

    return text


def _of_text(apply: Callable[..., Any], *kinds: tuple[type, str], static: str | None = None) -> Factory:
    """A function of a string and further values, each of a Python type; empty when any is.

    ``apply`` gets the environment and place behind them where it has to keep a bound.
    """

    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        place = compiler.place(call)
        text = text_of(source, call, place)
        arguments = [
            compiler.typed(argument, kind, told)
            for argument, (kind, told) in zip(call.arguments, kinds, strict=False)
        ]
        if len(arguments) == 1:
            only = arguments[0]

            def value(this: Item | None, env: Environment) -> Any:
                found, argument = text(this, env), only(this, env)
                return None if found is None or argument is None else apply(found, argument)

            return from_scalar(value, static)

        def values(this: Item | None, env: Environment) -> Any:
            found = [text(this, env), *(argument(this, env) for argument in arguments)]
            return None if None in found else apply(*found)

        return from_scalar(values, static)

    return factory


def _substring(text: str, start: int, length: int | None = None) -> str | None:
    if not 0 <= start < len(text):
        return None
    return text[start:] if length is None else text[start : start + max(length, 0)]


def _grown(apply: Callable[..., str], count: int) -> Factory:
    """A function that makes a string from ``count`` more, which may become too long."""

    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        place = compiler.place(call)
        text = text_of(source, call, place)
        arguments = [compiler.typed(argument, str, "String") for argument in call.arguments[:count]]

        def value(this: Item | None, env: Environment) -> str | None:
            found = [text(this, env), *(argument(this, env) for argument in arguments)]
            if None in found:
                return None
            # The longest that can come of it, before any of it is made.
            charge(env, place, sum(map(len, found)) // 100)
            if count and (len(found[0]) + 1) * (len(found[-1]) + 1) > 100 * MAX_TEXT:
                raise place.error(f"{call.name}() would make too long a string", "limit")
            return bounded(apply(*found, place) if count else apply(*found), env, place)

        return from_scalar(value, "String")

    return factory


def _matches(apply: Callable[[str, str, Place], bool]) -> Factory:
    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        place = compiler.place(call)
        text = text_of(source, call, place)
        pattern = compiler.typed(call.arguments[0], str, "String")

        def value(this: Item | None, env: Environment) -> bool | None:
            found, wanted = text(this, env), pattern(this, env)
            if found is None or wanted is None:
                return None
            env.steps -= 10 + len(found) // 10
            return apply(wanted, found, place)

        return from_scalar(value, "Boolean")

    return factory


def _replace_matches(text: str, pattern: str, replacement: str, place: Place) -> str:
    return patterns.replace(pattern, replacement, text, place) if pattern else text


def _collection(apply: Callable[..., list[str]]) -> Factory:
    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        place = compiler.place(call)
        text = text_of(source, call, place)
        arguments = [compiler.typed(argument, str, "String") for argument in call.arguments]

        def run(this: Item | None, env: Environment) -> Collection:
            found = [text(this, env), *(argument(this, env) for argument in arguments)]
            if None in found:
                return []
            made = apply(*found)
            charge(env, place, len(made))
            return list(made)

        return Code(run)

    return factory


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else list(text)


def _join(compiler: Compiler, call: Call, source: Code) -> Code:
    place, run = compiler.place(call), source.run
    separator = compiler.typed(call.arguments[0], str, "String") if call.arguments else lambda this, env: ""

    def value(this: Item | None, env: Environment) -> str | None:
        items, between = run(this, env), separator(this, env)
        if not items or between is None:
            return None
        texts = [value_of(item) for item in items]
        for text in texts:
            if type(text) not in (str, type(None)):
                raise place.error(f"join() is for Strings, here is a {type_of(text)}", "semantic")
        charge(env, place, len(texts))
        return bounded(between.join(text for text in texts if text is not None), env, place)

    return from_scalar(value, "String")


def _named(table: dict[str, Callable[[str], str]]) -> Factory:
    """Encodings and escapes, by the name of their target; a name not known is an error."""

    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        place = compiler.place(call)
        text = text_of(source, call, place)
        target = compiler.typed(call.arguments[0], str, "String")

        def value(this: Item | None, env: Environment) -> str | None:
            found, name = text(this, env), target(this, env)
            if found is None or name is None:
                return None
            if name not in table:
                known = ", ".join(sorted(table))
                raise place.error(f"{call.name}() knows {known}, not {name!r}")
            try:
                return bounded(table[name](found), env, place)
            except (ValueError, binascii.Error):
                return None

        return from_scalar(value, "String")

    return factory


_JSON_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_JSON_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _unescape_json(text: str) -> str:
    return _JSON_ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _JSON_ESCAPED.get(found[2], found[2]), text
    )


_ENCODE: dict[str, Callable[[str], str]] = {
    "hex": lambda text: text.encode().hex(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "urlbase64": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
}
_DECODE: dict[str, Callable[[str], str]] = {
    "hex": lambda text: bytes.fromhex(text).decode(),
    "base64": lambda text: base64.b64decode(text, validate=True).decode(),
    "urlbase64": lambda text: base64.b64decode(text, altchars=b"-_", validate=True).decode(),
}
_ESCAPE: dict[str, Callable[[str], str]] = {
    "html": lambda text: html.escape(text, quote=True),
    "json": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
}
_UNESCAPE: dict[str, Callable[[str], str]] = {"html": html.unescape, "json": _unescape_json}

_TEXT, _NUMBER = (str, "String"), (int, "Integer")
FUNCTIONS: dict[str, tuple[Factory, int, int]] = {
    "indexOf": (_of_text(str.find, _TEXT, static="Integer"), 1, 1),
    "lastIndexOf": (_of_text(str.rfind, _TEXT, static="Integer"), 1, 1),
    "substring": (_of_text(_substring, _NUMBER, _NUMBER, static="String"), 1, 2),
    "startsWith": (_of_text(str.startswith, _TEXT, static="Boolean"), 1, 1),
    "endsWith": (_of_text(str.endswith, _TEXT, static="Boolean"), 1, 1),
    "contains": (_of_text(lambda text, part: part in text, _TEXT, static="Boolean"), 1, 1),
    "length": (_of_text(len, static="Integer"), 0, 0),
    "upper": (_grown(str.upper, 0), 0, 0),
    "lower": (_grown(str.lower, 0), 0, 0),
    "trim": (_grown(str.strip, 0), 0, 0),
    "replace": (_grown(lambda text, old, new, place: text.replace(old, new), 2), 2, 2),
    "replaceMatches": (_grown(_replace_matches, 2), 2, 2),
    "matches": (_matches(patterns.search), 1, 1),
    "matchesFull": (_matches(patterns.matches_whole), 1, 1),
    "toChars": (_collection(list), 0, 0),
    "split": (_collection(_split), 1, 1),
    "join": (_join, 0, 1),
    "encode": (_named(_ENCODE), 1, 1),
    "decode": (_named(_DECODE), 1, 1),
    "escape": (_named(_ESCAPE), 1, 1),
    "unescape": (_named(_UNESCAPE), 1, 1),
}
