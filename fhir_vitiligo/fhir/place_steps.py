"""Where an issue's expression leads: the steps of the FHIRPath that validators write, as names and indexes
(https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_STEP = re.compile(
    r"(?:resource/\*(?P<inside>[^*]*)\*/"  # as HL7's engine marks a resource within another
    r"|(?P<name>[A-Za-z_$][\w-]*))"
    r"(?P<rest>(?:\[\d+\]|\[[^\]]*\]|\.ofType\([^)]*\)|\.as\([^)]*\)|\.where\([^)]*\)|\.first\(\)|\.resolve\(\))*)\.?"
)
_INDEX = re.compile(r"\[(\d+)\]")
_TYPE = re.compile(r"\.(?:ofType|as)\((?:FHIR\.)?([^)]*)\)")
MAX_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Step:
    """``value.ofType(Quantity)`` is ``("value", None, "Quantity")``."""

    name: str
    index: int | None = None
    type: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The names it may have in JSON and XML, the likeliest first."""
        if not self.type:
            return (self.name,)
        return (f"{self.name}{self.type[:1].upper()}{self.type[1:]}", self.name)


def steps_of(expression: str) -> list[Step]:
    """The steps below the resource; as many as could be read, so that a place nearby is found at least."""
    steps: list[Step] = []
    at = 0
    while at < len(expression) and len(steps) < MAX_STEPS and (found := _STEP.match(expression, at)):
        index, kind = _INDEX.search(found["rest"]), _TYPE.search(found["rest"])
        name = found["name"] or "resource"
        steps.append(Step(name, int(index[1]) if index else None, kind[1] if kind else None))
        at = found.end()
    # The first names the resource itself, unless the expression starts inside it.
    return steps[1:] if steps and steps[0].name[:1].isupper() else steps
