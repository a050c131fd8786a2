"""``codes.csv``: every code the project knows, with where it was seen and whether it may be written.

A line is ``system,code,display,version,source,verified,emit,note``. ``verified`` is ``yes`` when a source
that was opened says it, ``partial`` when it says so only in part, ``no`` when nothing was found (then
``code`` may be empty: the line records that a search was made). ``emit`` is

- ``yes``, or ``partial-listed``: partly verified, and on purpose written all the same;
- ``no``: recognised at most, and never written by us; ``note`` says why;
- ``never``: retired, legacy or obsolete, so not even passed on when a source states it; ``note`` says why.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from fhir_vitiligo.errors import Issue, TerminologyError
from fhir_vitiligo.terminology.check_digits import check_digit_fault
from fhir_vitiligo.terminology.systems import canonical_system

_FOLDER = Path(__file__).parent
_COLUMNS: Final = ("system", "code", "display", "version", "source", "verified", "emit", "note")
_VERIFIED: Final = frozenset({"yes", "partial", "no"})
_WRITTEN: Final = frozenset({"yes", "partial-listed"})
_EMIT: Final = _WRITTEN | {"no", "never"}


@dataclass(frozen=True, slots=True)
class Code:
    """A line of ``codes.csv``; ``system`` is canonical, ``version`` empty where the source states none."""

    system: str
    code: str
    display: str
    version: str
    source: str
    verified: str
    emit: str
    note: str
    line: int

    @property
    def may_emit(self) -> bool:
        return self.emit in _WRITTEN


@lru_cache(maxsize=1)
def code_index() -> Mapping[tuple[str, str], Code]:
    """Codes by canonical system and code. :class:`TerminologyError` lists every faulty line."""
    return read_codes(_FOLDER / "codes.csv")


def read_codes(path: Path) -> Mapping[tuple[str, str], Code]:
    """As :func:`code_index`, from a file of that form."""
    index: dict[tuple[str, str], Code] = {}
    faults: list[Issue] = []
    for line, row in csv_rows(path, _COLUMNS, faults):
        system, value, display, version, source, verified, emit, note = row
        version = "" if version == "n/s" else version
        code = Code(canonical_system(system), value, display, version, source, verified, emit, note, line)
        place = (code.system, code.code)
        fault = _fault(code)
        if fault is None and code.code and place in index:
            fault = f"{code.code} of {code.system} is already on line {index[place].line}: one line a code."
        if fault is not None:
            faults.append(csv_fault(path, line, fault))
        elif code.code:
            index[place] = code
    if faults:
        raise TerminologyError(faults)
    return MappingProxyType(index)


def _fault(code: Code) -> str | None:
    if not code.system:
        return "The system is empty."
    if code.verified not in _VERIFIED:
        return f"verified is {code.verified!r}: write yes, partial or no."
    if code.emit not in _EMIT:
        return f"emit is {code.emit!r}: write yes, partial-listed, no or never."
    if code.emit == "yes" and code.verified != "yes":
        return f"{code.code} is written but not verified; a deliberate exception says partial-listed."
    if code.emit == "partial-listed" and code.verified != "partial":
        return f"{code.code} is partial-listed but verified is {code.verified}."
    if not code.may_emit and not code.note:
        return f"{code.code or code.display} is not written: the note must say why."
    if not code.may_emit:
        return None
    if not (code.code and code.display and code.source):
        return "A code that is written needs a code, a display and a source."
    return check_digit_fault(code.system, code.code)


def csv_rows(path: Path, columns: tuple[str, ...], faults: list[Issue]) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table with the line each starts on; a row of the wrong length becomes a fault instead."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        if tuple(header) != columns:
            raise TerminologyError(csv_fault(path, 1, f"The first line must be {','.join(columns)}."))
        line = rows.line_num + 1
        for row in rows:
            if len(row) != len(columns):
                faults.append(
                    csv_fault(path, line, f"There are {len(row)} values; {len(columns)} belong here.")
                )
            else:
                yield line, row
            line = rows.line_num + 1


def csv_fault(path: Path, line: int, text: str) -> Issue:
    """An issue that names the file and line."""
    return Issue("error", "invalid", "", text, source=path.name, line=line)
