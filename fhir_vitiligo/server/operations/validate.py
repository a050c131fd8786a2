"""$validate (https://hl7.org/fhir/R4/resource-operation-validate.html): on a type or a stored resource, bare or in Parameters."""

from __future__ import annotations

import asyncio

from fhir_vitiligo.errors import ConflictError, InputError, Issue
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.outcome import operation_outcome
from fhir_vitiligo.fhir.repeated_members import repeated_members
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.content import read_text
from fhir_vitiligo.server.interactions.read import stored
from fhir_vitiligo.server.operations.inputs import Inputs
from fhir_vitiligo.server.spoken import body_release
from fhir_vitiligo.storage.repository import Session
from fhir_vitiligo.validation import Validator

_MODES = ("create", "update", "delete", "profile")


_OF_STORED = ("update", "delete")
_WRITES = ("create", "update")


async def validate(call: Call, inputs: Inputs) -> Json:
    """An OperationOutcome with everything there is to tell; 200 whether or not the resource is valid.

    The modes ask for what the interaction of that name would tell as well: whether what the resource refers to is here, whether
    something refers to what is to be deleted.
    """
    mode, profile = inputs.text("mode"), inputs.text("profile")
    if mode is not None and mode not in _MODES:
        raise InputError(
            f"mode is one of {', '.join(_MODES)}, not {mode[:50]!r}", code="invalid", expression="mode"
        )
    if mode in _OF_STORED and not call.id:
        raise InputError(
            f"the mode {mode} asks about a stored resource: send it to TYPE/ID/$validate",
            code="required",
            expression="mode",
        )
    if mode == "delete":
        return operation_outcome(await _delete_issues(call))
    resource = inputs.object("resource")
    if resource is None:
        if not call.id:
            raise InputError(
                "there is no resource to validate: send one as the body",
                code="required",
                expression="resource",
            )
        resource = json.loads_object(await stored(call))
    issues = _request_issues(call, resource, mode)
    if call.request.body.strip():
        issues += repeated_members(read_text(call.request))
    validator = Validator(body_release(call.request, call.service.release))
    profiles = [profile] if profile else []
    issues += await asyncio.to_thread(validator.validate, resource, profiles)
    if mode in _WRITES:
        issues += await _target_issues(call, resource)
    return operation_outcome(issues)


class _Possible(Exception):  # noqa: N818 - not an error, but what ends a trial
    """Nothing speaks against it; what was tried is taken back."""


async def _delete_issues(call: Call) -> list[Issue]:
    await stored(call)
    integrity = call.service.checks.integrity(call.request.base)

    def trial(session: Session) -> None:
        # Deleted indeed, so that what it refers to itself does not count.
        session.delete(call.type, call.id)
        integrity.check_deleted(session, call.type, call.id)
        raise _Possible

    try:
        await call.service.repository.write(trial)
    except ConflictError as error:
        return list(error.issues)
    except _Possible:
        pass
    return [Issue("information", "informational", "", "It can be deleted.")]


async def _target_issues(call: Call, resource: Json) -> list[Issue]:
    """What a write would refuse because of what is stored, or is not."""
    integrity = call.service.checks.integrity(call.request.base)
    try:
        targets = integrity.targets_of(resource)
    except InputError as error:
        return list(error.issues)
    # A resource may refer to itself before it is there.
    others = [one for one in targets if (one.type, one.id) != (call.type, call.id)]
    if not others:
        return []
    return await call.service.repository.write(lambda session: integrity.missing(session, others))


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
