"""Case ids that stand twice in one run.

What is made of a case has ids that derive from the case's own, so that a second run updates what the first one stored. Two
different cases of one id would be taken for one, of which the later is the newer version.
"""

from __future__ import annotations

from fhir_vitiligo.cli.inputs import Piece
from fhir_vitiligo.cli.reports import note, report
from fhir_vitiligo.errors import Issue

_TOLD = 20
"""So many are told one by one."""


class Repeats:
    """The ids so far. A hash and a number stand for each, so that a million cases have room in memory."""

    def __init__(self) -> None:
        self._first: dict[int, int] = {}
        self._sources: list[str] = []
        self._issues: list[Issue] = []
        self._count = 0

    def see(self, piece: Piece, case_id: str) -> None:
        """Note the id of a case, and whether another of this run has it."""
        if not self._sources or self._sources[-1] != piece.name:
            self._sources.append(piece.name)
        here = (len(self._sources) - 1) << 40 | (0 if piece.alone else piece.line)
        there = self._first.get(hash(case_id))
        if there is None:
            self._first[hash(case_id)] = here
            return
        self._count += 1
        if self._count <= _TOLD:
            text = (
                f"{case_id!r} is also the id of the case in {self._place(there)}: a store takes them for one case, of which the "
                "later one is the newer version; give each an id of its own"
            )
            self._issues.append(piece.placed(Issue("warning", "duplicate", "id", text)))

    def _place(self, packed: int) -> str:
        line = packed & (1 << 40) - 1
        name = self._sources[packed >> 40]
        return f"{name}:{line}" if line else name

    def finish(self) -> None:
        """Tell what was found, once nothing else is being written."""
        report(self._issues)
        if self._count > _TOLD:
            note(f"{self._count - _TOLD} more cases have the id of another")
