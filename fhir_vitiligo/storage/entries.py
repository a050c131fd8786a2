"""The entries of a Bundle as writes: read, and every fault of them told at once. Pure.

https://hl7.org/fhir/R4/http.html#transaction, https://hl7.org/fhir/R4/bundle.html#transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from fhir_vitiligo.errors import FhirVitiligoError, InputError, Issue
from fhir_vitiligo.fhir import bundles
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.references import parse_restful
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.search.query import SearchQuery
from fhir_vitiligo.storage.conditions import condition
from fhir_vitiligo.storage.draft import check_resource
from fhir_vitiligo.storage.etag import parse_etag

METHODS = ("DELETE", "POST", "PUT")  # in the order in which a transaction does them


@dataclass(frozen=True, slots=True)
class Entry:
    """One write of a Bundle. ``id`` is None where the store or the condition decides it; ``text`` is the
    resource as it was received, where that is known.
    """

    number: int
    method: str
    type: str
    id: str | None = None
    resource: Json | None = None
    text: bytes | None = None
    full_url: str = ""
    if_version: int | None = None
    if_none_exist: SearchQuery | None = None

    @property
    def place(self) -> str:
        return f"Bundle.entry[{self.number}]"


def read_entries(
    bundle: Json, parameters: Parameters, texts: Sequence[bytes | None] | None = None, base: str = ""
) -> list[Entry]:
    """The writes of a transaction or batch Bundle in its order. ``texts``: the resources as received, entry
    by entry.

    :class:`InputError` carries the faults of all entries, each with its place.
    """
    found: list[Entry] = []
    faults: list[Issue] = []
    for number, raw in enumerate(bundles.entries(bundle)):
        try:
            found.append(read_entry(raw, number, parameters, None if texts is None else texts[number], base))
        except InputError as error:
            faults += located(error, f"Bundle.entry[{number}]").issues
    faults += _doubles(found)
    if faults:
        raise InputError(faults)
    return found


def read_entry(raw: Json, number: int, parameters: Parameters, text: bytes | None, base: str) -> Entry:
    """One entry; :class:`InputError` says what of it is wrong, with a place within the entry."""
    request = raw.get("request")
    if not isinstance(request, dict):
        raise InputError(
            "the entry needs `request`, with method and url", code="required", expression="request"
        )
    method, url = request.get("method"), request.get("url")
    if method not in METHODS:
        raise InputError(
            f"the method {str(method)[:20]!r} is not served in a Bundle: it has POST, PUT and DELETE",
            code="not-supported",
            expression="request.method",
        )
    if not isinstance(url, str):
        raise InputError("the request needs `url`", code="required", expression="request.url")
    if base and url.startswith(base + "/"):
        url = url[len(base) + 1 :]
    resource_type, id = _target(method, url.strip("/"), parameters)
    full_url = raw.get("fullUrl", "")
    if not isinstance(full_url, str):
        raise InputError("fullUrl is a string", code="value", expression="fullUrl")
    if_match, if_none_exist = request.get("ifMatch"), request.get("ifNoneExist")
    if not isinstance(if_match, str | None) or not isinstance(if_none_exist, str | None):
        raise InputError("ifMatch and ifNoneExist are strings", code="value", expression="request")
    if_version = None if if_match is None else parse_etag(if_match)
    if method == "DELETE":
        return Entry(number, method, resource_type, id, if_version=if_version)
    resource = raw.get("resource")
    if not isinstance(resource, dict):
        raise InputError(f"{method} needs `resource`", code="required", expression="resource")
    found_type = check_resource(resource, parameters)
    if found_type != resource_type:
        raise InputError(
            f"the resource is a {found_type}, but the url is one of {resource_type}",
            code="invalid",
            expression="resource",
        )
    if method == "PUT" and resource.get("id") != id:
        raise InputError(
            f"the resource has the id {resource.get('id')!r}, but the url says {id!r}",
            code="invalid",
            expression="resource.id",
        )
    return Entry(
        number,
        method,
        resource_type,
        id,
        resource,
        text,
        full_url,
        if_version,
        condition(parameters, resource_type, if_none_exist, base)
        if if_none_exist and method == "POST"
        else None,
    )


def entries_of_resources(document: Json, parameters: Parameters) -> list[Entry]:
    """Writes that store every resource of a document that is no transaction: under its own id where it has
    one.

    A Bundle keeps its links: what an entry's ``fullUrl`` names is found by it.
    """
    if not bundles.is_bundle(document):
        resource_type, id = check_resource(document, parameters), document.get("id")
        return [Entry(0, "POST" if id is None else "PUT", resource_type, id, document)]
    return [
        _storing(raw["resource"], number, raw.get("fullUrl"), parameters)
        for number, raw in enumerate(bundles.entries(document))
        if isinstance(raw.get("resource"), dict) and raw["resource"].get("resourceType") != "OperationOutcome"
    ]


def _storing(resource: Json, number: int, full_url: object, parameters: Parameters) -> Entry:
    try:
        resource_type, id = check_resource(resource, parameters), resource.get("id")
    except InputError as error:
        raise located(error, f"Bundle.entry[{number}].resource") from None
    name = full_url if isinstance(full_url, str) else ""
    return Entry(number, "POST" if id is None else "PUT", resource_type, id, resource, None, name)


def _target(method: str, url: str, parameters: Parameters) -> tuple[str, str | None]:
    """Type and id of ``Patient`` or ``Patient/1``."""
    resource_type, slash, id = url.partition("/")
    if "?" in url:
        raise InputError(
            f"a conditional {method} is not served: name the resource by its id",
            code="not-supported",
            expression="request.url",
        )
    if resource_type not in parameters.resource_types:
        raise InputError(
            f"{resource_type[:100]!r} is no resource type of this release of FHIR",
            code="value",
            expression="request.url",
        )
    if method == "POST" and slash:
        raise InputError(
            "a POST goes to a type, not to an id: use PUT", code="invalid", expression="request.url"
        )
    if method != "POST" and (parse_restful(url) is None or "/" in id):
        raise InputError(
            f"{method} needs the url Type/id, not {url[:100]!r}", code="invalid", expression="request.url"
        )
    return resource_type, id or None


def _doubles(entries: Sequence[Entry]) -> Iterator[Issue]:
    """No resource may be named twice."""
    seen: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        if entry.id is not None:
            first = seen.setdefault((entry.type, entry.id), entry)
            if first is not entry:
                yield Issue(
                    "error",
                    "duplicate",
                    entry.place,
                    f"{entry.type}/{entry.id} is written by {first.place} already",
                )


def located(error: FhirVitiligoError, place: str) -> FhirVitiligoError:
    """The same error with its issues placed within ``place``."""
    return type(error)(
        replace(issue, expression=f"{place}.{issue.expression}" if issue.expression else place)
        for issue in error.issues
    )
