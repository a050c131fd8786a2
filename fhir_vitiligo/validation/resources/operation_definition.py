"""The profiles of an OperationDefinition's input and output are there, and are of Parameters
(https://hl7.org/fhir/R4/operationdefinition.html).
"""

from __future__ import annotations

from collections.abc import Iterator

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault


def check(operation: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``OperationDefinition``."""
    for name in ("inputProfile", "outputProfile"):
        canonical = operation.get(name)
        if not isinstance(canonical, str):
            continue
        schema = context.library.profile(canonical)
        if schema is None:
            text = f"The profile {shown(canonical)} is not known here: load its package."
            yield Fault("operation-profile", "not-found", text, steps=[name])
        elif schema.type != "Parameters":
            text = f"{shown(canonical)} is a profile of {schema.type}: what an operation takes and gives is in Parameters."
            yield Fault("operation-profile", "invalid", text, steps=[name])
