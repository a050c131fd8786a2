"""Errors become answers in one place: a status and an OperationOutcome
(https://hl7.org/fhir/R4/http.html#summary).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from fhir_vitiligo.errors import (
    ConflictError,
    FhirVitiligoError,
    InputError,
    Issue,
    NotFoundError,
    StorageError,
)
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.outcome import operation_outcome
from fhir_vitiligo.server.message import FHIR_JSON, Response

_log = logging.getLogger(__name__)

RETRY_SECONDS = "2"


class RefusedError(FhirVitiligoError):
    """An answer with a status of its own: HTTP asks for it (405, 406, 413, 415...), or FHIR does (410)."""

    def __init__(
        self, status: int, text: str, code: str = "processing", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(text, code=code)
        self.status = status
        self.headers = dict(headers or {})

    def __reduce__(self) -> tuple[object, ...]:
        issue = self.issues[0]
        return (RefusedError, (self.status, issue.text, issue.code, self.headers))


class InvalidError(InputError):
    """A resource that can be read and is not what it may be: 422 with everything that is wrong."""


def too_large(limit: int) -> RefusedError:
    """413 for a body of more than ``limit`` bytes."""
    # What is still on its way is not read, so the connection is of no more use.
    return RefusedError(
        413, f"the body is larger than {limit} bytes: send it in parts", "too-long", {"Connection": "close"}
    )


def status_of(error: FhirVitiligoError) -> int:
    """The HTTP status of an error."""
    code = error.issues[0].code
    match error:
        case RefusedError():
            return error.status
        case NotFoundError():
            return 404
        case ConflictError():
            # a precondition of the request (If-Match, If-None-Exist, a conditional reference) failed, or what is
            # stored stands against it
            return 409 if code in ("duplicate", "business-rule") else 412
        case StorageError():
            return (
                400
                if code == "too-costly"
                else 503
                if code in ("lock-error", "no-store", "transient")
                else 500
            )
        case InputError():
            return 422 if code == "business-rule" or isinstance(error, InvalidError) else 400
        case _:
            return 500


def error_response(error: FhirVitiligoError) -> Response:
    """The answer to a request that failed with an error of ours."""
    status = status_of(error)
    headers = dict(error.headers) if isinstance(error, RefusedError) else {}
    if status == 503:
        headers["Retry-After"] = RETRY_SECONDS
    if status >= 500:
        _log.error("answered %d: %s", status, error)
    return outcome_response(status, error.issues, headers)


def unexpected_response(error: BaseException) -> Response:
    """The answer when something failed that nobody foresaw: the log has it all, the client no inside of the
    program.
    """
    _log.error("unexpected failure", exc_info=error)
    issue = Issue("fatal", "exception", "", "The server failed on this request; its log says why.")
    return outcome_response(500, (issue,), {})


def done_outcome(error: FhirVitiligoError) -> Json:
    """What is told in place of a resource that was written and cannot be shown as it was asked for."""
    told = Issue("information", "informational", "", "This was done; what became of it cannot be shown.")
    return operation_outcome([told, replace(error.issues[0], severity="warning")])


def outcome_response(status: int, issues: tuple[Issue, ...], headers: Mapping[str, str]) -> Response:
    """An OperationOutcome as an answer."""
    body = json.dumps(operation_outcome(issues))
    return Response(status, body, {"Content-Type": FHIR_JSON, **headers})
