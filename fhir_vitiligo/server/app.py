"""The web application: the FHIR API, a first page, the OpenAPI page, and the framework's errors as
OperationOutcomes.
"""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse
from starlette.responses import Response as StarletteResponse

import fhir_vitiligo
from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server.api import FhirApi
from fhir_vitiligo.server.errors import outcome_response, unexpected_response
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.server.openapi import openapi
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.storage.repository import Repository

_CODES = {404: "not-found", 405: "not-supported", 413: "too-long"}
_SHOWN = ("Patient", "Condition", "Observation", "Procedure", "MedicationStatement", "Encounter")


class _Application(FastAPI):
    """The framework, with the FHIR API before it: its own layers cost more than most FHIR requests."""

    def serve_below(self, path: str, api: FhirApi) -> None:
        """``api`` answers everything at and below ``path``."""
        self._base, self._below, self._api = path, f"{path}/", api

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        # Both spellings, because a client that posts to the base does not follow a redirect to the other.
        if path.startswith(self._below) or path == self._base:
            await self._api(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(
    repository: Repository,
    settings: Settings | None = None,
    release: Release = Release.R4,
) -> FastAPI:
    """The application over ``repository``, which stays the caller's to close."""
    settings = settings or Settings()
    app = _Application(
        title="fhir-vitiligo", version=fhir_vitiligo.__version__, redoc_url=None, redirect_slashes=False
    )
    app.serve_below(settings.base_path, FhirApi(repository, settings, release))
    page = _page(settings, release)

    @app.get("/", include_in_schema=False)
    async def first_page() -> HTMLResponse:
        return HTMLResponse(page)

    description = openapi(settings, sorted(repository.parameters.resource_types))
    app.openapi = lambda: description  # type: ignore[method-assign]
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(Exception, _failure)
    return app


async def _http_error(request: Request, error: Exception) -> StarletteResponse:
    """404, 405 and the like of the framework itself."""
    assert isinstance(error, HTTPException)
    text = f"{request.method} {request.url.path[:200]}: {error.detail}. The first page, /, says what is here."
    issue = Issue("error", _CODES.get(error.status_code, "processing"), "", text)
    return _starlette(outcome_response(error.status_code, (issue,), error.headers or {}))


async def _invalid_request(request: Request, error: Exception) -> StarletteResponse:
    """422 of the framework's own validation."""
    assert isinstance(error, RequestValidationError)
    issues = tuple(
        Issue("error", "invalid", ".".join(map(str, fault["loc"])), f"{fault['msg']}.")
        for fault in error.errors()
    )
    return _starlette(outcome_response(422, issues, {}))


async def _failure(request: Request, error: Exception) -> StarletteResponse:
    return _starlette(unexpected_response(error))


def _starlette(response: Response) -> StarletteResponse:
    return StarletteResponse(response.body, response.status, dict(response.headers))


def _page(settings: Settings, release: Release) -> str:
    base = escape(settings.base_path)
    types = "".join(f'<li><a href="{base}/{name}?_pretty=true">{base}/{name}</a></li>' for name in _SHOWN)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>fhir-vitiligo</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}}</style>
</head><body><h1>fhir-vitiligo {escape(fhir_vitiligo.__version__)}</h1>
<p>A FHIR {escape(release.version)} server for every resource type. Its base is <code>{base}</code>.</p>
<ul><li><a href="{base}/metadata?_pretty=true">{base}/metadata</a>: what it does</li>{types}
<li><a href="/docs">/docs</a>: the routes, to try</li></ul>
</body></html>
"""
