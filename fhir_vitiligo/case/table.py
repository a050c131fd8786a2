"""A case as a table, for the terminal and for a notebook: every fact with how it came to be known.

:func:`sections` walks the whole model, so a field that is added to it appears here without being named.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from fhir_vitiligo.case.model import Case, Item, Site, Source, Statement, Subject
from fhir_vitiligo.case.values import (
    Candidate,
    Code,
    Fact,
    Identifier,
    Model,
    Moment,
    Quantity,
    Range,
    Schedule,
    Span,
    Term,
)

Steps = tuple[str | int, ...]
_VALUES = (Fact, Term, Quantity, Range, Moment, Schedule, Span, Candidate, Code, Identifier, Site, Statement)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that an item says: where it stands in the item, what it is called, and its value (a fact
    or a bare value).
    """

    steps: Steps
    label: str
    value: Any


@dataclass(frozen=True, slots=True)
class Section:
    """An item of the case (a lesion, a treatment; the patient; the case itself) with all it says."""

    title: str
    path: str
    item: Model
    entries: tuple[Entry, ...]

    def path_of(self, entry: Entry) -> str:
        """``lesions.face.colour``: what ``--accept`` and the errors call it."""
        text = self.path
        for step in entry.steps:
            text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
        return text


def sections(case: Case) -> Iterator[Section]:
    """Every item of the case in the order of the model: the case itself first, its ledger of what is not
    mapped last.
    """
    first, *rest = _sections(case, "Case", "")
    ledger = tuple(entry for entry in first.entries if isinstance(entry.value, Statement))
    yield Section(
        first.title, first.path, case, tuple(entry for entry in first.entries if entry not in ledger)
    )
    yield from rest
    if ledger:
        yield Section("Not mapped", "", case, ledger)


def _sections(item: Model, title: str, path: str) -> Iterator[Section]:
    found = tuple(_entries(item))
    if found or isinstance(item, Item):
        yield Section(title, path, item, found)
    for name in type(item).model_fields:
        value = getattr(item, name)
        place = f"{path}.{name}" if path else name
        if isinstance(value, Source | Subject):
            yield from _sections(value, _words_of(type(value).__name__), place)
        elif isinstance(value, tuple):
            for member in value:
                if isinstance(member, Item):
                    yield from _sections(
                        member, f"{_words_of(type(member).__name__)} {member.key}", f"{place}.{member.key}"
                    )


def _entries(item: Model, steps: Steps = (), prefix: str = "") -> Iterator[Entry]:
    for name, field in type(item).model_fields.items():
        value = getattr(item, name)
        if (name == "key" and not steps) or value is None or (value is False and field.default is False):
            continue
        label = f"{prefix} {_words_of(name).lower()}" if prefix else _words_of(name)
        if isinstance(value, tuple):
            for index, member in enumerate(value):
                yield from _entry(member, (*steps, name, index), label)
        elif not isinstance(value, Source | Subject):
            yield from _entry(value, (*steps, name), label)


def _entry(value: Any, steps: Steps, label: str) -> Iterator[Entry]:
    if isinstance(value, Item):
        return
    if not isinstance(value, Model) or isinstance(value, _VALUES):
        yield Entry(steps, label, value)
        return
    # A component is told apart by its terms (item, region); what it says are its facts.
    terms = [name for name in type(value).model_fields if isinstance(getattr(value, name), Term)]
    if terms:
        label = ", ".join(words(getattr(value, name)) for name in terms)
    rest = [entry for entry in _entries(value, steps, label) if entry.steps[-1] not in terms]
    if terms and len(rest) == 1:
        rest = [Entry(rest[0].steps, label[:1].upper() + label[1:], rest[0].value)]
    yield from rest


def _words_of(name: str) -> str:
    """``Birth date`` for ``birth_date``, ``Time point`` for ``TimePoint``."""
    text = (
        "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
        .strip()
        .replace("_", " ")
    )
    return text[:1].upper() + text[1:]


def words(value: Any) -> str:
    """A value of a case as people read it: the wording of the source, numbers with their unit, yes and no."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Fact():
            return words(value.value) if value.value is not None else value.raw or "not known"
        case Site():
            return f"{value.site}, {value.side}" if value.side else str(value.site)
        case Statement():
            return value.text
        case Identifier():
            return f"{value.value} ({value.system})" if value.system else value.value
        case _:
            return str(value)


def how(value: Any) -> str:
    """How a fact came to be known, in a few words; empty for one that was simply stated."""
    if isinstance(value, Statement):
        return f"not mapped: {value.reason}" if value.reason else "not mapped"
    if not isinstance(value, Fact) or value.plain:
        return ""
    said: list[str] = [] if value.status == "stated" else [value.status]
    if value.reason is not None:
        said = [f"absent, reason {value.reason}"]
    if value.raw is not None and value.value is not None and words(value) != value.raw:
        said.append(f"written as {value.raw!r}")
    if value.method is not None:
        said.append(value.method)
    for candidate in value.candidates:
        said.append(
            f"may mean {words(candidate.value)}" + (f" ({candidate.method})" if candidate.method else "")
        )
    if value.span is not None:
        said.append(f"characters {value.span.start} to {value.span.end} of the source")
    return "; ".join(said)


def text_table(case: Case, width: int = 100) -> str:
    """The case as plain text of at most ``width`` columns, a block for each item."""
    lines = [f"{case.id}{' (synthetic)' if case.synthetic else ''}"]
    for section in sections(case):
        rows = [(entry.label, words(entry.value), how(entry.value)) for entry in section.entries]
        lines += ["", section.title, *columns(rows, width)]
    return "\n".join(lines) + "\n"


def columns(rows: list[tuple[str, str, str]], width: int, shares: tuple[int, int] = (26, 44)) -> list[str]:
    """Rows of three texts in columns, wrapped; a label is said once for the rows that share it.

    ``shares`` are the most that the first and second column take of every 100 columns; the third has the
    rest.
    """
    rows = [
        ("" if index and row[0] == rows[index - 1][0] else row[0], *row[1:]) for index, row in enumerate(rows)
    ]
    widths = [
        min(max((len(row[i]) for row in rows), default=0), width * share // 100)
        for i, share in enumerate(shares)
    ]
    widths.append(max(width - sum(widths) - 6, 10))
    lines = []
    for row in rows:
        cells = [_wrapped(text, size) for text, size in zip(row, widths, strict=True)]
        for index in range(max(map(len, cells))):
            parts = [cell[index] if index < len(cell) else "" for cell in cells]
            lines.append(
                "  " + "  ".join(part.ljust(size) for part, size in zip(parts, widths, strict=True)).rstrip()
            )
    return lines


def _wrapped(text: str, size: int) -> list[str]:
    indent = " " * (len(text) - len(text.lstrip()))
    size = max(size, len(indent) + 1)
    # A long path breaks before a dot rather than within a name.
    words_ = (word if len(word) <= size else " ".join(_broken(word, size)) for word in text.split(" "))
    return textwrap.wrap(" ".join(words_), size, subsequent_indent=indent, break_on_hyphens=False) or [""]


def _broken(word: str, size: int) -> list[str]:
    pieces = [""]
    for part in re.split(r"(?=\.)", word):
        if pieces[-1] and len(pieces[-1]) + len(part) > size:
            pieces.append("")
        pieces[-1] += part
    return pieces


def html_table(case: Case) -> str:
    """The case as an HTML table, which a notebook shows for it."""
    found = [f"<table><caption>{escape(case.id)}{' (synthetic)' if case.synthetic else ''}</caption>"]
    for section in sections(case):
        found.append(f'<tr><th colspan="3" style="text-align:left">{escape(section.title)}</th></tr>')
        for entry in section.entries:
            cells = (entry.label, words(entry.value), how(entry.value))
            found.append(
                "<tr>"
                + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in cells)
                + "</tr>"
            )
    return "\n".join([*found, "</table>"])
