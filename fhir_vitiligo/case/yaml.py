"""YAML (and so JSON) read with exact numbers, which keep their spelling, and with the line of everything
(https://yaml.org/spec/1.2.2, core schema).

Built from the parser's events, one after the other, so that depth, size and aliases are bounded before
anything is built: a hostile file ends in one sentence. Dates stay text and ``no`` stays a word: only
``null``, ``true``, ``false`` and numbers are special, and a number with a leading zero is an identifier, not
a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from fhir_vitiligo.errors import InputError, Issue
from fhir_vitiligo.fhir import spelling

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 60
MAX_NODES = 500_000
"""Nodes after aliases are followed: what an alias bomb multiplies."""

Path = tuple[str | int, ...]

_INT = re.compile(r"[-+]?(?:0|[1-9]\d*)\Z")
_FLOAT = re.compile(r"[-+]?(?:(?:0|[1-9]\d*)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,6})?\Z")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_LONGEST_NUMBER = 200


@dataclass(slots=True)
class Document:
    """The data of one YAML document; ``lines`` gives (line, column), from 1, of every path; ``faults`` what
    it got wrong.
    """

    data: Any
    lines: dict[Path, tuple[int, int]] = field(default_factory=dict)
    faults: list[tuple[Path, str]] = field(default_factory=list)

    def line_of(self, path: Path) -> tuple[int, int]:
        """The position of a path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, (1, 1))


def decode(content: bytes) -> str:
    """UTF-8 text, with or without byte order mark; :class:`InputError` says where it is not."""
    if len(content) > MAX_BYTES:
        raise InputError(
            f"{len(content)} bytes are more than the {MAX_BYTES} a case file may have", code="too-costly"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise InputError("the file is UTF-16: save it as UTF-8", code="structure") from None
        if content.startswith(b"PK\x03\x04"):
            raise InputError(
                "this is a zip file, as Word and Excel write them: a case is plain text (YAML or JSON)",
                code="structure",
            ) from None
        before = content[: error.start]
        text = f"not UTF-8: byte 0x{content[error.start]:02x}; save the file as UTF-8"
        column = error.start - before.rfind(b"\n")
        raise InputError(
            Issue("error", "structure", "", text, line=before.count(b"\n") + 1, column=column)
        ) from None


def documents(text: str) -> Iterator[Document]:
    """Each document of the text. Raises :class:`InputError` with line and column when it is not YAML, or is
    too deep or large.
    """
    try:
        yield from _Composer(text).documents()
    except yaml.YAMLError as error:
        from fhir_vitiligo.case.yaml_faults import fault_of

        raise InputError(fault_of(error, text)) from None


def _position(event: yaml.Event) -> tuple[int, int]:
    """Line and column of an event, from 1."""
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


class _Composer:
    def __init__(self, text: str) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._events = yaml.parse(text, Loader=loader)
        self._nodes = 0

    def documents(self) -> Iterator[Document]:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors: dict[str, tuple[Any, int, Document]] = {}
                self._document = Document(None)
                self._document.data, _ = self._node(next(self._events), (), 0)
                yield self._document

    def _too_much(self, event: yaml.Event, text: str) -> InputError:
        line, column = _position(event)
        return InputError(Issue("error", "too-costly", "", text, line=line, column=column))

    def _count(self, event: yaml.Event, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise self._too_much(
                event, f"more than {MAX_NODES} values, aliases followed: no case is that large"
            )

    def _node(self, event: yaml.Event, path: Path, depth: int) -> tuple[Any, int]:
        """The value of a node and how many values it holds."""
        if depth > MAX_DEPTH:
            raise self._too_much(event, f"nested more than {MAX_DEPTH} deep: no case is that deep")
        self._document.lines[path] = _position(event)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise self._too_much(event, f"the alias *{event.anchor} stands for nothing defined before it")
            value, nodes, _ = self._anchors[event.anchor]
            self._count(event, nodes)
            return value, nodes
        self._count(event, 1)
        if isinstance(event, yaml.ScalarEvent):
            value, nodes = self._scalar(event), 1
        elif isinstance(event, yaml.SequenceStartEvent):
            value, nodes = self._sequence(path, depth)
        else:
            value, nodes = self._mapping(path, depth)
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            self._anchors[event.anchor] = (value, nodes, self._document)
        return value, nodes

    def _sequence(self, path: Path, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        total = 1
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            value, nodes = self._node(event, (*path, len(items)), depth + 1)
            items.append(value)
            total += nodes
        return items, total

    def _mapping(self, path: Path, depth: int) -> tuple[dict[str, Any], int]:
        members: dict[str, Any] = {}
        total = 1
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                raise self._too_much(event, "a key is a word, not a list, a mapping or an alias")
            key = str(event.value)
            if key in members:
                first = self._document.lines[(*path, key)][0]
                self._document.faults.append(
                    ((*path, key), f"{key!r} is given twice, first on line {first}: keep one")
                )
            value, nodes = self._node(next(self._events), (*path, key), depth + 1)
            members[key] = value
            total += nodes
        return members, total

    def _scalar(self, event: yaml.ScalarEvent) -> Any:
        text: str = event.value
        if not event.implicit[0] or event.style:  # of a plain scalar, None from PyYAML and "" from libyaml
            return text
        if text in _NULLS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if len(text) <= _LONGEST_NUMBER:
            if _INT.match(text):
                return spelling.whole(text)
            if _FLOAT.match(text):
                return spelling.decimal(text)
        return text


class _Dumper(yaml.SafeDumper):
    """Writes what :func:`documents` reads back the same."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    looks_special = (
        value in _NULLS
        or value in _BOOLEANS
        or _INT.match(value)
        or (value[-1:].isdigit() and _FLOAT.match(value))
    )
    style = "|" if "\n" in value else "'" if looks_special else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _number(dumper: _Dumper, value: Decimal) -> yaml.ScalarNode:
    # The tag of an int keeps the emitter from marking digits without a point or with an exponent as a string.
    text = str(value)
    tag = "tag:yaml.org,2002:int" if _INT.match(text) else "tag:yaml.org,2002:float"
    return dumper.represent_scalar(tag, text)


def _list(dumper: _Dumper, value: list[Any] | tuple[Any, ...]) -> yaml.SequenceNode:
    short = (
        all(isinstance(item, str | int | Decimal) for item in value)
        and sum(len(str(item)) for item in value) <= 60
    )
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=short)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Decimal, _number)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(tuple, _list)
# The resolver decides whether a plain scalar needs its tag spelt out; ours is the 1.2 core schema, where a
# date is text.
_Dumper.yaml_implicit_resolvers = {}
for _first in "-+0123456789.":
    _Dumper.add_implicit_resolver("tag:yaml.org,2002:int", _INT, [_first])
    _Dumper.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, [_first])
for _first in "~nN":
    _Dumper.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL)\Z"), [_first])
_Dumper.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"\Z"), [""])
for _first in "tTfF":
    _Dumper.add_implicit_resolver(
        "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), [_first]
    )


def dump(data: Any) -> str:
    """One YAML document for people: block style, keys in the order given, text as it is."""
    return yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False
    )
