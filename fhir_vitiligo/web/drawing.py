"""What a page shows of an OperationOutcome, a Bundle and a CapabilityStatement: tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.server.message import Request
from fhir_vitiligo.web.html import Child, Html, element, joined, link
from fhir_vitiligo.web.resource import address, line, words

_BUNDLE_ROWS = {"searchset": "Found", "history": "Versions"}


def url_of(request: Request) -> str:
    """The address that was asked, without the query."""
    return "/".join((request.base, *(quote(segment, safe="$") for segment in request.path)))


def outcome_title(status: int) -> str:
    """The title of the page of an error, or of what was asked for an outcome."""
    said = {
        400: "was not understood",
        404: "is not here",
        410: "was deleted",
        409: "is in conflict",
        412: "met a condition that fails",
    }
    if status < 400:
        return "Outcome"
    return f"{status}: what was asked {said.get(status, 'was refused' if status < 500 else 'failed')}"


def issues(outcome: Json) -> Html:
    """The issues of an OperationOutcome, one a line."""
    rows = []
    for issue in _objects(outcome.get("issue")):
        severity = str(issue.get("severity", ""))
        # Which classes there are is the page's, not the resource's.
        looks = severity if severity in ("fatal", "error", "warning") else None
        text = issue.get("diagnostics") or words(issue.get("details"))
        where = joined(*_strings(issue.get("expression")), between=", ")
        rows.append((element("span", severity, class_=looks), issue.get("code"), where, text))
    return _table(("Severity", "Kind", "Where", "What"), rows)


def bundle_title(request: Request, bundle: Json) -> str:
    """What was found, where, and how much."""
    count = f": {bundle['total']}" if "total" in bundle else ""
    head = _BUNDLE_ROWS.get(str(bundle.get("type")), "Bundle")
    place = "/".join(part for part in request.path if part not in ("_search", "_history"))
    return f"{head} in {place}{count}" if place else f"{head}{count}"


def bundle(request: Request, resource: Json) -> Iterator[Child]:
    """The entries of a Bundle as a table, with the ways to the other pages."""
    entries = _objects(resource.get("entry"))
    outcomes = [
        entry["resource"]
        for entry in entries
        if _type(entry) == "OperationOutcome" and _mode(entry) == "outcome"
    ]
    yield _asked(request, resource)
    for outcome in outcomes:
        yield issues(outcome)
    is_history = resource.get("type") == "history"
    rows = [_row(request, entry, is_history) for entry in entries if entry.get("resource") not in outcomes]
    yield _table(("Resource", "What", "When", "Status", "Last updated", ""), rows)
    links = {entry.get("relation"): entry.get("url") for entry in _objects(resource.get("link"))}
    ways = [
        link(str(links[name]), told)
        for name, told in (("previous", "Previous page"), ("prev", "Previous page"), ("next", "Next page"))
        if links.get(name)
    ]
    yield element("p", joined(*ways, between=" · ")) if ways else None


def _asked(request: Request, bundle: Json) -> Child:
    """What was asked, and how to ask for something else."""
    if bundle.get("type") != "searchset" or len(request.path) != 1 or request.method not in ("GET", "HEAD"):
        return None
    example = element("code", f"{url_of(request)}?_lastUpdated=gt2026-01-01&_sort=-_lastUpdated")
    shown = urlencode(
        [pair for pair in parse_qsl(request.query, keep_blank_values=True) if pair[0] != "_format"],
        safe="|,:/$",
    )
    asked = element("p", "Asked: ", element("code", shown)) if shown else None
    return joined(asked, element("p", "A search is an address: ", example, class_="small"))


def _row(request: Request, entry: Json, is_history: bool) -> tuple[Child, ...]:
    resource = entry.get("resource")
    resource = resource if isinstance(resource, dict) else {}
    asked = entry.get("request")
    asked = asked if isinstance(asked, dict) else {}
    answered = entry.get("response")
    answered = answered if isinstance(answered, dict) else {}
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    told = line(resource)
    where = address(resource, request.base)
    name = (
        where.removeprefix(f"{request.base}/")
        if where
        else str(asked.get("url") or resource.get("resourceType") or "")
    )
    if is_history:
        version = meta.get("versionId")
        where = (
            f"{where}/_history/{version}"
            if where and isinstance(version, str) and version.isalnum()
            else where
        )
        note = f"{asked.get('method', '')} {answered.get('status', '')}"
    else:
        note = " ".join(
            filter(None, (_mode(entry) if _mode(entry) != "match" else "", str(answered.get("status", ""))))
        )
    if not resource and isinstance(answered.get("location"), str):
        where = (
            answered["location"]
            if "://" in answered["location"]
            else f"{request.base}/{answered['location']}"
        )
        name = answered["location"]
    changed = meta.get("lastUpdated") or answered.get("lastModified")
    return (link(where, name) if where else name, told.what, told.when, told.status, changed, note)


def capabilities(request: Request, statement: Json) -> Iterator[Child]:
    """What the server does, a line for each resource type."""
    rest = next(iter(_objects(statement.get("rest"))), {})
    software = statement.get("software")
    software = software if isinstance(software, dict) else {}
    yield element(
        "p",
        f"{software.get('name', '')} {software.get('version', '')}, FHIR {statement.get('fhirVersion', '')}.",
    )
    yield element("p", rest.get("documentation"))
    operations = [one.get("name") for one in _objects(rest.get("operation"))]
    yield (
        element(
            "p",
            "Operations of the whole server or of every type: ",
            ", ".join(f"${name}" for name in operations),
        )
        if operations
        else None
    )
    common = ", ".join(str(one.get("name")) for one in _objects(rest.get("searchParam")))
    yield element("p", "Search parameters of every type: ", common) if common else None
    rows = []
    for one in _objects(rest.get("resource")):
        searches = [str(parameter.get("name")) for parameter in _objects(one.get("searchParam"))]
        ways = ", ".join(str(way.get("code")) for way in _objects(one.get("interaction")))
        named = ", ".join(f"${way.get('name')}" for way in _objects(one.get("operation")))
        kind = str(one.get("type", ""))
        rows.append(
            (
                link(f"{request.base}/{kind}", kind) if kind.isalpha() else kind,
                ways,
                named,
                ", ".join(searches),
            )
        )
    yield _table(("Type", "Interactions", "Operations", "Search parameters"), rows)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[Child, ...]]) -> Html:
    if not rows:
        return element("p", "Nothing.")
    top = element("thead", element("tr", *(element("th", head) for head in heads)))
    body = element("tbody", *(element("tr", *(element("td", cell) for cell in row)) for row in rows))
    return element("table", top, body)


def _objects(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _strings(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _type(entry: Json) -> str:
    resource = entry.get("resource")
    return str(resource.get("resourceType", "")) if isinstance(resource, dict) else ""


def _mode(entry: Json) -> str:
    search = entry.get("search")
    return str(search.get("mode", "")) if isinstance(search, dict) else ""
