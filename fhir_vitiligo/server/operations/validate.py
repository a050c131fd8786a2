"""$validate (https://hl7.org/fhir/R4/resource-operation-validate.html): on a type or a stored resource, bare or in Parameters."""

from __future__ import annotations

import asyncio

from fhir_vitiligo.errors import InputError, Issue
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.outcome import operation_outcome
from fhir_vitiligo.fhir.repeated_members import repeated_members
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.content import read_text
from fhir_vitiligo.server.interactions.read import stored
from fhir_vitiligo.server.operations.inputs import Inputs
from fhir_vitiligo.server.spoken import body_release
from fhir_vitiligo.validation import Validator

_MODES = ("create", "update", "delete", "profile")


async def validate(call: Call, inputs: Inputs) -> Json:
    """An OperationOutcome with everything there is to tell; 200 whether or not the resource is valid."""
    mode, profile = inputs.text("mode"), inputs.text("profile")
    if mode is not None and mode not in _MODES:
        raise InputError(
            f"mode is one of {', '.join(_MODES)}, not {mode[:50]!r}", code="invalid", expression="mode"
        )
    resource = inputs.object("resource")
    if resource is None and mode == "delete":
        if not call.id:
            raise InputError(
                "the mode delete asks about a stored resource: send it to TYPE/ID/$validate",
                code="required",
                expression="mode",
            )
        await stored(call)
        return operation_outcome([Issue("information", "informational", "", "It can be deleted.")])
    if resource is None:
        if not call.id:
            raise InputError(
                "there is no resource to validate: send one as the body",
                code="required",
                expression="resource",
            )
        resource = json.loads_object(await stored(call))
    issues = list(_request_issues(call, resource, mode))
    if call.request.body.strip():
        issues += repeated_members(read_text(call.request))
    validator = Validator(body_release(call.request, call.service.release))
    profiles = [profile] if profile else []
    issues += await asyncio.to_thread(validator.validate, resource, profiles)
    return operation_outcome(issues)


def _request_issues(call: Call, resource: Json, mode: str | None) -> list[Issue]:
    kind, issues = resource.get("resourceType"), []
    if call.type and kind != call.type:
        text = f"The resource is a {str(kind)[:50]}, and was sent to be validated as a {call.type}."
        issues.append(Issue("error", "invalid", str(kind)[:50], text))
    if mode == "create" and "id" in resource:
        issues.append(
            Issue(
                "information",
                "informational",
                f"{kind}.id",
                "The server gives the id; this one will not be kept.",
            )
        )
    if mode == "update" and call.id and resource.get("id") != call.id:
        issues.append(Issue("error", "invalid", f"{kind}.id", f"The id has to be {call.id}, as in the URL."))
    return issues
