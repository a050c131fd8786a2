"""What a rule reports, and where the walker collects it.

A rule knows the value it looks at and nothing of where that is. The walker puts each step in front while it
goes back up, so a valid resource never pays for a path.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fhir_vitiligo.errors import Issue, Severity

# A broken or hostile input can have a fault in every element; nobody reads further than so many errors.
MAX_FAULTS = 500
# Warnings and information do not end a walk, they are only no longer told.
MAX_REMARKS = 2_000


class TooManyFaults(Exception):  # noqa: N818 - not an error, the end of a walk
    """Raised by :class:`Faults` when it is full."""


@dataclass(slots=True, eq=False)
class Fault:
    """``rule`` is the stable id of what was broken (:data:`.rule_ids.RULE_IDS`, or an invariant's key), ``code``
    FHIR's issue type. ``steps`` grow from the inside out. ``is_form``: the JSON is not what the type is written
    as, so that a reader gets less than stands there (:mod:`.readable`).
    """

    rule: str
    code: str
    text: str
    severity: Severity = "error"
    steps: list[str] = field(default_factory=list)
    is_form: bool = False

    @property
    def is_error(self) -> bool:
        return self.severity in ("error", "fatal")

    def issue(self, root: str) -> Issue:
        place = ".".join([root, *reversed(self.steps)]) if root else ".".join(reversed(self.steps))
        return Issue(self.severity, self.code, place, self.text, rule=self.rule)


class Faults(list[Fault]):
    """The faults of one walk, in the order of the resource. ``left_out`` counts remarks beyond the bound.
    ``malformed``: a fault of form was found, which is heeded: what is asked of the whole waits for what can be
    read of it.
    """

    def __init__(self, heeds_form: bool = True) -> None:
        super().__init__()
        self.errors = 0
        self.left_out = 0
        self.malformed = False
        self._heeds_form = heeds_form

    def put(self, fault: Fault) -> None:
        if fault.is_form and self._heeds_form:
            self.malformed = True
        if fault.is_error:
            if self.errors >= MAX_FAULTS:
                raise TooManyFaults
            self.errors += 1
        elif len(self) - self.errors >= MAX_REMARKS:
            self.left_out += 1
            return
        self.append(fault)

    def put_all(self, faults: Iterable[Fault], step: str) -> None:
        for fault in faults:
            fault.steps.append(step)
            self.put(fault)

    def prefix(self, since: int, step: str) -> None:
        """Every fault from index ``since`` on happened below ``step``."""
        for fault in self[since:]:
            fault.steps.append(step)

    @property
    def has_error(self) -> bool:
        return self.errors > 0
