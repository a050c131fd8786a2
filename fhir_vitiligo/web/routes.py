"""The API page: every route and operation that is served, from the tables that serve them. It needs nothing from elsewhere,
as a page does that loads its scripts from the internet: a hospital's server has none.
"""

from __future__ import annotations

from itertools import groupby

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server.operations import table
from fhir_vitiligo.server.routes import ROUTES, Route
from fhir_vitiligo.web.html import Html, element, joined, link

_LEVELS = (("system", ""), ("type", "{type}/"), ("instance", "{type}/{id}/"))
_SEARCH = "Patient?name=vit&_count=10"


def routes(base: str, root: str, release: Release) -> tuple[Html, ...]:
    """The content of the page, for a client that knows the server as ``base``."""
    rows = [_row(base, path, list(some)) for path, some in groupby(sorted(ROUTES, key=_path), key=_path)]
    return (
        element(
            "p",
            "A path begins at ",
            element("code", base),
            ". ",
            element("code", "{type}"),
            " is a resource type, ",
            element("code", "{member}"),
            " one of what belongs to a resource. What can be searched, by type, is in the ",
            link(f"{base}/metadata", "capability statement"),
            "; for programs the routes are ",
            link(f"{root}/openapi.json", "OpenAPI"),
            ".",
        ),
        element("p", "To try: ", link(f"{base}/{_SEARCH}", element("code", f"/{_SEARCH}")), "."),
        element("h2", "Routes"),
        element("table", *rows),
        element("h2", "Operations"),
        element("table", *_operations(release)),
        element("h2", "From a command line"),
        element("pre", _commands(base)),
    )


def _path(route: Route) -> str:
    return route.path


def _row(base: str, path: str, some: list[Route]) -> Html:
    shown = element("code", f"/{path}")
    is_open = any(route.method == "GET" for route in some) and "{" not in path and path
    what = [element("div", element("code", route.method), " ", route.summary) for route in some]
    return element(
        "tr", element("td", link(f"{base}/{path}", shown) if is_open else shown), element("td", *what)
    )


def _operations(release: Release) -> list[Html]:
    found: list[Html] = []
    for code, some in table.served(release).items():
        for one in some:
            kinds = one.definition.resources
            types = "" if one.on_every_type or not kinds else ", ".join(kinds)
            places = [
                element("code", f"/{around}${code}")
                for level, around in _LEVELS
                if one.is_on(level, kinds[0] if kinds else "Patient")
            ]
            inputs = [parameter.name for parameter in one.definition.parameters if parameter.use == "in"]
            found.append(
                element(
                    "tr",
                    element("td", joined(*places, between=" ")),
                    element("td", types),
                    element("td", ", ".join(inputs)),
                )
            )
    head = [element("th", text) for text in ("Where", "Types", "Inputs")]
    return [element("tr", *head), *found]


def _commands(base: str) -> str:
    return "\n".join(
        (
            f"curl '{base}/{_SEARCH}'",
            f"curl -X POST -H 'Content-Type: application/fhir+json' -d @patient.json '{base}/Patient'",
            f"curl -H 'Accept: application/fhir+json; fhirVersion=5.0' '{base}/Patient/ID'",
            f"curl '{base}/Patient/ID/$everything'",
        )
    )
