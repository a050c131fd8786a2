"""What there is to say of a code: whether it exists, is meant, is still in use, and what it is called.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from fhir_vitiligo.terminology.memberships import Gap

Kind = Literal["in", "not-in", "unknown-code", "cannot-tell"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a code is in a value set.

    ``unknown-code``: its system is complete on board, or a grammar, and does not have the code, so it is in no
    value set either. ``not-in``: the value set does not hold it. ``cannot-tell``: ``gap`` says what is missing.
    ``system_on_board`` is false where the code could not be checked in its system, so that the value set alone
    decided. ``displays`` are the texts that are right for the code, empty when unknown; ``display_is_right`` is
    ``None`` where none was given or known. ``spelling`` is set where the code's own differs in case.
    """

    kind: Kind
    system: str | None
    gap: Gap | None = None
    fault: str | None = None
    system_on_board: bool = True
    displays: tuple[str, ...] = ()
    display_is_right: bool | None = None
    inactive: bool = False
    abstract: bool = False
    status: str | None = None
    spelling: str | None = None

    def with_displays(self, displays: tuple[str, ...], display: str | None) -> Verdict:
        """The same, with the texts that are right for the code, against the one that was given."""
        right = None
        if display is not None and displays:
            # HL7's engine is not strict about case, and is about white space.
            right = display.casefold() in (one.casefold() for one in displays)
        return replace(self, displays=displays, display_is_right=right)
