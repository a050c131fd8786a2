"""The OpenAPI description, made from the route table (https://spec.openapis.org/oas/v3.1.0)."""

from __future__ import annotations

import re
from typing import Any

import fhir_vitiligo
from fhir_vitiligo.server.routes import ROUTES, Route
from fhir_vitiligo.server.settings import Settings

_SEGMENT = re.compile(r"\{(\w+)\}")
_MEANING = {
    "type": "A resource type, for example Patient",
    "id": "The id of the resource",
    "version": "The number of the version, from 1",
    "member": "A resource type within the compartment, or *",
}


def openapi(settings: Settings, resource_types: list[str]) -> dict[str, Any]:
    """One path for all resource types: what differs between them is in the CapabilityStatement."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        path = f"{settings.base_path}/{route.path}".rstrip("/")
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, resource_types)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fhir-vitiligo",
            "version": fhir_vitiligo.__version__,
            "description": f"FHIR REST API. Search parameters by type: `GET {settings.base_path}/metadata`.",
        },
        "paths": paths,
    }


def _operation(route: Route, resource_types: list[str]) -> dict[str, Any]:
    content = {"application/fhir+json": {"schema": {"type": "object"}}}
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": f"{route.answer.__name__}",
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "description": _MEANING[name],
                "schema": {"type": "string", "enum": resource_types}
                if name == "type"
                else {"type": "string"},
            }
            for name in _SEGMENT.findall(route.path)
        ],
        "responses": {
            "2XX": {"description": "Done", "content": content},
            "default": {"description": "An OperationOutcome that says what is wrong", "content": content},
        },
    }
    if route.body:
        form = route.path.endswith("_search")
        body = {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}} if form else content
        operation["requestBody"] = {"required": not form, "content": body}
    return operation
