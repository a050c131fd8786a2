"""The routes of the FHIR API: a table, from which requests are answered and the capability statement is
made.

https://hl7.org/fhir/R4/http.html#summary. A segment in braces stands for a type, an id or a version; others
are literal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from fhir_vitiligo.fhir.references import is_id
from fhir_vitiligo.server.call import Call, Service
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.interactions.bundle import bundle
from fhir_vitiligo.server.interactions.create import create
from fhir_vitiligo.server.interactions.delete import conditional_delete, delete
from fhir_vitiligo.server.interactions.history import history_instance, history_system, history_type
from fhir_vitiligo.server.interactions.metadata import metadata
from fhir_vitiligo.server.interactions.patch import conditional_patch, patch
from fhir_vitiligo.server.interactions.read import read, vread
from fhir_vitiligo.server.interactions.search import (
    search_by_post,
    search_compartment,
    search_compartment_by_post,
    search_system,
    search_system_by_post,
    search_type,
)
from fhir_vitiligo.server.interactions.update import conditional_update, update
from fhir_vitiligo.server.message import Request, Response
from fhir_vitiligo.server.operations import table

Interaction = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """``codes``: what the capability statement calls it, on ``level``; ``summary``: a line for the OpenAPI
    page.

    ``body``: whether the request has one.
    """

    method: str
    path: str
    answer: Interaction
    level: Literal["system", "type", "none"]
    codes: tuple[str, ...]
    summary: str
    body: bool = False


ROUTES = (
    Route("GET", "metadata", metadata, "none", (), "What this server does: the CapabilityStatement"),
    Route("POST", "", bundle, "system", ("transaction", "batch"), "A transaction or batch Bundle", body=True),
    Route(
        "GET",
        "",
        search_system,
        "system",
        ("search-system",),
        "Search several resource types, or all of them",
    ),
    Route("POST", "_search", search_system_by_post, "none", (), "The same, parameters in a form", body=True),
    Route("GET", "_history", history_system, "system", ("history-system",), "Every version of everything"),
    Route("GET", "{type}", search_type, "type", ("search-type",), "Search a resource type"),
    Route(
        "POST",
        "{type}/_search",
        search_by_post,
        "none",
        (),
        "Search a resource type, parameters in a form",
        body=True,
    ),
    Route("POST", "{type}", create, "type", ("create",), "Create a resource under a new id", body=True),
    Route("GET", "{type}/{id}", read, "type", ("read",), "Read a resource"),
    Route(
        "PUT",
        "{type}/{id}",
        update,
        "type",
        ("update",),
        "Update a resource, or create it under this id",
        body=True,
    ),
    Route("PATCH", "{type}/{id}", patch, "type", ("patch",), "Change parts of a resource", body=True),
    Route("DELETE", "{type}/{id}", delete, "type", ("delete",), "Delete a resource"),
    Route(
        "PUT",
        "{type}",
        conditional_update,
        "none",
        (),
        "Update the resource that a condition fits",
        body=True,
    ),
    Route(
        "PATCH",
        "{type}",
        conditional_patch,
        "none",
        (),
        "Change parts of the resource that a condition fits",
        body=True,
    ),
    Route("DELETE", "{type}", conditional_delete, "none", (), "Delete the resource that a condition fits"),
    Route(
        "GET",
        "{type}/{id}/_history",
        history_instance,
        "type",
        ("history-instance",),
        "Every version of a resource",
    ),
    Route("GET", "{type}/_history", history_type, "type", ("history-type",), "Every version of a type"),
    Route(
        "GET",
        "{type}/{id}/{member}",
        search_compartment,
        "none",
        (),
        "Search what belongs to a resource (its compartment); * for all types",
    ),
    Route(
        "POST",
        "{type}/{id}/{member}/_search",
        search_compartment_by_post,
        "none",
        (),
        "Search what belongs to a resource, parameters in a form",
        body=True,
    ),
    Route("GET", "{type}/{id}/_history/{version}", vread, "type", ("vread",), "A version of a resource"),
)

_Shape = tuple[str, ...]


def _shape_of_path(path: str) -> _Shape:
    return tuple("{}" if segment.startswith("{") else segment for segment in path.split("/")) if path else ()


def _shape(segments: tuple[str, ...]) -> _Shape:
    """The segments with everything that is not a word of the API left out."""
    if segments == ("metadata",):
        return segments
    return tuple([segment if segment[:1] == "_" else "{}" for segment in segments])


def allowed(segments: tuple[str, ...], service: Service) -> tuple[str, ...]:
    """The methods that are served there; empty, or a 404 :class:`RefusedError`, where there is nothing."""
    is_operation = bool(segments) and segments[-1].startswith("$")
    routes = _BY_SHAPE.get(_shape(segments), {})
    if not is_operation and not routes:
        return ()
    if segments and segments[0][:1] not in ("_", "$") and segments[0] != "metadata":
        _check(service, segments[0], "")
    return ("GET", "HEAD", "OPTIONS", "POST") if is_operation else _methods(routes)


def _methods(routes: Mapping[str, Route]) -> tuple[str, ...]:
    return tuple(sorted({*routes, "OPTIONS", *(("HEAD",) if "GET" in routes else ())}))


_BY_SHAPE: dict[_Shape, dict[str, Route]] = {}
for _route in ROUTES:
    _BY_SHAPE.setdefault(_shape_of_path(_route.path), {})[_route.method] = _route


def find(request: Request, service: Service) -> tuple[Route, Call]:
    """The route of a request, and the call to answer it with; a 404 or 405 :class:`RefusedError` says what
    there is instead.
    """
    segments = request.path
    if segments and segments[-1].startswith("$"):
        return _operation(request, service)
    routes = _BY_SHAPE.get(_shape(segments))
    if routes is None:
        raise RefusedError(
            404,
            f"there is nothing at {'/'.join(segments)[:200]!r}: the FHIR base is {request.base}",
            "not-found",
        )
    route = routes.get("GET" if request.method == "HEAD" else request.method)
    if route is None:
        methods = ", ".join(_methods(routes))
        raise RefusedError(
            405,
            f"{request.method[:20]} is not served here, only {methods}",
            "not-supported",
            {"Allow": methods},
        )
    if not segments or segments[0] == "metadata" or segments[0].startswith("_"):
        return route, Call(service, request)
    id = segments[1] if len(segments) > 1 and not segments[1].startswith("_") else ""
    # An update chooses the id: one that is none is a fault of the request, for others there is nothing there.
    _check(service, segments[0], id, 400 if request.method == "PUT" else 404)
    version = segments[3] if segments[2:3] == ("_history",) and len(segments) > 3 else ""
    member = segments[2] if len(segments) > 2 and not segments[2].startswith("_") else ""
    if member and member != "*":
        _check(service, member, "")
    return route, Call(service, request, segments[0], id, version, member)


def _operation(request: Request, service: Service) -> tuple[Route, Call]:
    """``$name``, ``Type/$name`` and ``Type/id/$name``, by GET or POST."""
    *around, last = request.path
    if len(around) > 2:
        raise RefusedError(404, f"there is nothing at {'/'.join(request.path)[:200]!r}", "not-found")
    if request.method not in ("GET", "HEAD", "POST"):
        raise RefusedError(
            405,
            f"an operation is called by GET or POST, not by {request.method[:20]}",
            "not-supported",
            {"Allow": "GET, POST"},
        )
    resource_type, id = (*around, "", "")[:2]
    if resource_type:
        _check(service, resource_type, id)
    level = ("system", "type", "instance")[len(around)]
    served = table.find(service.release, last[1:], level, resource_type)
    return Route(request.method, "/".join(request.path), served, "none", (), ""), Call(
        service, request, resource_type, id
    )


def _check(service: Service, resource_type: str, id: str, no_id: int = 404) -> None:
    if resource_type not in service.parameters.resource_types:
        raise RefusedError(
            404,
            f"{resource_type[:100]!r} is no resource type of FHIR {service.release.version}",
            "not-supported",
        )
    if id and not is_id(id):
        raise RefusedError(
            no_id,
            f"{id[:100]!r} is no id: it is 1 to 64 letters, digits, hyphens and dots",
            "not-found" if no_id == 404 else "value",
        )
