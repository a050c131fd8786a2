"""The pages of the server: what is here, a resource, a Bundle, an OperationOutcome, the CapabilityStatement.

A page is drawn from the very answer that a program would get as JSON; nothing else is read.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import fhir_vitiligo
from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server.message import Request, Response
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.web.drawing import bundle, bundle_title, capabilities, issues, outcome_title, url_of
from fhir_vitiligo.web.html import HEADERS, Child, Html, document, element, joined, link
from fhir_vitiligo.web.narrative import narrative
from fhir_vitiligo.web.resource import address, elements, line
from fhir_vitiligo.web.routes import routes

LARGEST = 2_000_000
"""Bytes of JSON that are still drawn as a page; a larger answer is named, with the link to it."""
_KEPT = ("etag", "last-modified", "location", "content-location", "allow", "retry-after")


class Pages:
    """Draws an answer for a browser. ``first`` is the page at the root of the server."""

    def __init__(self, settings: Settings, release: Release) -> None:
        self._settings = settings
        self._release = release

    def __call__(self, request: Request, response: Response) -> Response | None:
        """The page for an answer; None for what is no resource in JSON (nothing at all, an image...)."""
        kind = {name.lower(): value for name, value in response.headers.items()}.get("content-type", "")
        if not response.body or "json" not in kind:
            return None
        if len(response.body) > LARGEST:
            return self._answer(request, response, "A large answer", _too_large(response))
        try:
            resource = json.loads_object(response.body)
        except InputError:
            return None
        title, *content = _drawn(request, response, resource)
        return self._answer(request, response, str(title), *content)

    def first(self, request: Request) -> Response:
        """What is here."""
        base = request.base
        types = [link(f"{base}/{name}", name) for name in definitions_of(self._release).resource_types]
        content = (
            element(
                "p",
                f"A FHIR {self._release.version} server for every resource type. Its base is ",
                element("code", base),
                ". A program gets JSON or XML here; a browser gets pages like this one.",
            ),
            element(
                "ul",
                element("li", link(f"{base}/metadata", "Capability statement"), ": what this server does"),
                element(
                    "li", link(_root(base, self._settings) + "/docs", "API page"), ": the routes, to try"
                ),
                element("li", link(f"{base}/_history", "What changed last")),
            ),
            element("h2", "Resource types"),
            element("ul", *(element("li", one) for one in types), class_="types"),
        )
        title = f"fhir-vitiligo {fhir_vitiligo.__version__}"
        return Response(200, document(title, self._navigation(request, formats=False), *content), HEADERS)

    def api(self, request: Request) -> Response:
        """Every route and operation."""
        root = _root(request.base, self._settings)
        content = routes(request.base, root, self._release)
        return Response(200, document("The API", self._navigation(request, formats=False), *content), HEADERS)

    def _answer(self, request: Request, response: Response, title: str, *content: Child) -> Response:
        body = document(title, self._navigation(request, formats=request.method in ("GET", "HEAD")), *content)
        kept = {name: value for name, value in response.headers.items() if name.lower() in _KEPT}
        return Response(response.status, body, {**kept, **HEADERS})

    def _navigation(self, request: Request, *, formats: bool) -> Html:
        root = _root(request.base, self._settings)
        places = [
            link(f"{root}/", "Start"),
            link(f"{request.base}/metadata", "Capabilities"),
            link(f"{root}/docs", "API"),
        ]
        if formats:
            places += [link(_in_format(request, "json"), "JSON"), link(_in_format(request, "xml"), "XML")]
        return joined(*(element("span", place) for place in places))


def _root(base: str, settings: Settings) -> str:
    return base.removesuffix(settings.base_path)


def _in_format(request: Request, name: str) -> str:
    pairs = [
        pair
        for pair in parse_qsl(request.query, keep_blank_values=True)
        if pair[0] not in ("_format", "_pretty")
    ]
    query = urlencode([*pairs, ("_format", name), ("_pretty", "true")])
    return f"{url_of(request)}?{query}"


def _too_large(response: Response) -> Html:
    return element(
        "p",
        f"This answer has {len(response.body):,} bytes: too many for a page. Take it as JSON or XML (above).",
    )


def _drawn(request: Request, response: Response, resource: Json) -> tuple[Child, ...]:
    """Title and content of the page for a resource."""
    kind = resource.get("resourceType")
    if kind == "OperationOutcome" and "id" not in resource:
        return (outcome_title(response.status), issues(resource))
    if kind == "Bundle" and "id" not in resource:
        return (bundle_title(request, resource), *bundle(request, resource))
    if kind == "CapabilityStatement" and request.path == ("metadata",):
        return ("What this server does", *capabilities(request, resource))
    return _resource(request, resource)


def _resource(request: Request, resource: Json) -> tuple[Child, ...]:
    kind, id = str(resource.get("resourceType", "")), resource.get("id")
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    told = line(resource)
    where = address(resource, request.base)
    about: list[Child] = [" · ".join(filter(None, (told.what, told.when, told.status)))]
    if where is not None and len(request.path) in (2, 4) and request.path[:2] == (kind, id):
        about.append(link(f"{where}/_history", f"version {meta.get('versionId', '')}"))
        about.append(f"of {meta.get('lastUpdated', '')}")
        if kind == "Patient":
            about.append(link(f"{where}/$everything", "everything of this patient"))
    text = resource.get("text")
    return (
        f"{kind}/{id}" if id else kind,
        element("p", joined(*about, between=" "), class_="small"),
        narrative(text.get("div") if isinstance(text, dict) else None, request.base),
        elements(resource, request.base),
    )
