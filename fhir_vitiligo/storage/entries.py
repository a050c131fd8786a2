"""The entries of a Bundle as requests: read, and every fault of them told at once. Pure.

https://hl7.org/fhir/R4/http.html#transaction, https://hl7.org/fhir/R4/bundle.html#transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fhir_vitiligo.errors import FhirVitiligoError, InputError, Issue
from fhir_vitiligo.fhir import bundles, json, json_text
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.references import is_id
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.search.query import SearchQuery, parse_query, query_pairs
from fhir_vitiligo.storage.conditions import EMPTY_CONDITION, condition
from fhir_vitiligo.storage.draft import check_resource
from fhir_vitiligo.storage.etag import parse_etag
from fhir_vitiligo.storage.patch import Patch, patch_of_entry
from fhir_vitiligo.storage.repository import ANY_VERSION, NO_VERSION

# In the order in which a transaction does them.
METHODS = ("DELETE", "POST", "PUT", "PATCH", "GET", "HEAD")
_READS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Entry:
    """One request of a Bundle.

    ``id`` is None where the store or ``condition`` decides it: the search of a conditional request (of a POST its
    ``ifNoneExist``). ``text`` is the resource as it was received, where that is known; else ``held`` has it. ``patch`` is that of
    a PATCH. A GET reads ``id``, in ``version`` where that is given, or searches by ``query``; ``known`` are the versions that
    the client has (ifNoneMatch), ``since`` is when it got them (ifModifiedSince; microseconds since 1970).
    """

    number: int
    method: str
    type: str
    id: str | None = None
    held: Json | None = None
    text: bytes | None = None
    full_url: str = ""
    if_version: int | None = None
    condition: SearchQuery | None = None
    patch: Patch | None = None
    version: int | None = None
    query: SearchQuery | None = None
    known: str = ""
    since: int | None = None

    def resource(self) -> Json | None:
        """The resource of a POST or PUT; made from its text anew each time, so that not all of a Bundle are held as objects."""
        return self.held if self.text is None else json.loads_object(self.text)

    @property
    def place(self) -> str:
        return f"Bundle.entry[{self.number}]"

    @property
    def writes(self) -> bool:
        return self.method not in _READS


def read_entries(
    bundle: Json, parameters: Parameters, texts: Sequence[bytes | None] | None = None, base: str = ""
) -> list[Entry]:
    """The requests of a transaction or batch Bundle in its order. ``texts``: the resources as received, entry
    by entry; what stands there is not looked for in ``bundle``.

    :class:`InputError` carries the faults of all entries, each with its place.
    """
    found: list[Entry] = []
    faults: list[Issue] = []
    for number, raw in enumerate(bundles.entries(bundle)):
        try:
            found.append(read_entry(raw, number, parameters, None if texts is None else texts[number], base))
        except InputError as error:
            faults += located(error, f"Bundle.entry[{number}]").issues
    faults += doubles((entry, entry.id) for entry in found)
    faults += _same_names(found)
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
            f"the method {str(method)[:20]!r} is not served in a Bundle: it has {', '.join(METHODS)}",
            code="not-supported",
            expression="request.method",
        )
    if not isinstance(url, str):
        raise InputError("the request needs `url`", code="required", expression="request.url")
    full_url = raw.get("fullUrl", "")
    if not isinstance(full_url, str):
        raise InputError("fullUrl is a string", code="value", expression="fullUrl")
    entry = _target(Entry(number, method, "", full_url=full_url), url, parameters, base)
    if method in _READS:
        return _unless_known(entry, request)
    entry = _conditions(entry, request, parameters, base)
    if method == "DELETE":
        return entry
    resource = raw.get("resource") if text is None else _read(text)
    if not isinstance(resource, dict):
        raise InputError(f"{method} needs `resource`", code="required", expression="resource")
    if method == "PATCH":
        return replace(entry, patch=patch_of_entry(json.dumps(resource) if text is None else text))
    return _with_resource(entry, resource, text, parameters)


def _unless_known(entry: Entry, request: Json) -> Entry:
    known, since = request.get("ifNoneMatch", ""), request.get("ifModifiedSince")
    if not isinstance(known, str):
        raise InputError("ifNoneMatch is a string", code="value", expression="request.ifNoneMatch")
    if since is None:
        return replace(entry, known=known) if known else entry
    try:
        moment = datetime.fromisoformat(since).timestamp()
    except (TypeError, ValueError, OverflowError):
        raise InputError(
            f"ifModifiedSince is an instant such as 2026-11-22T10:00:00Z, not {str(since)[:100]!r}",
            code="value",
            expression="request.ifModifiedSince",
        ) from None
    return replace(entry, known=known, since=int(moment * 1_000_000))


def _conditions(entry: Entry, request: Json, parameters: Parameters, base: str) -> Entry:
    told = {name: request.get(name) for name in ("ifMatch", "ifNoneMatch", "ifNoneExist")}
    if not all(isinstance(value, str | None) for value in told.values()):
        raise InputError(
            "ifMatch, ifNoneMatch and ifNoneExist are strings", code="value", expression="request"
        )
    if told["ifMatch"] is not None:
        any_version = told["ifMatch"].strip() == "*"
        entry = replace(entry, if_version=ANY_VERSION if any_version else parse_etag(told["ifMatch"]))
    elif (told["ifNoneMatch"] or "").strip() == "*":
        entry = replace(entry, if_version=NO_VERSION)
    if told["ifNoneExist"] is not None and entry.method == "POST":
        if not told["ifNoneExist"].strip():
            raise InputError(EMPTY_CONDITION, code="invalid", expression="request.ifNoneExist")
        found = condition(parameters, entry.type, told["ifNoneExist"], base)
        return replace(entry, condition=found)
    return entry


def _with_resource(entry: Entry, resource: Json, text: bytes | None, parameters: Parameters) -> Entry:
    found_type = check_resource(resource, parameters)
    if found_type != entry.type:
        raise InputError(
            f"the resource is a {found_type}, but the url is one of {entry.type}",
            code="invalid",
            expression="resource",
        )
    if entry.method == "PUT" and entry.id is not None and resource.get("id") != entry.id:
        raise InputError(
            f"the resource has the id {resource.get('id')!r}, but the url says {entry.id!r}",
            code="invalid",
            expression="resource.id",
        )
    return replace(entry, text=text) if text is not None else replace(entry, held=resource)


def _read(text: bytes) -> Any:
    try:
        resource = json.loads(text)
        if json_text.may_be_deep(text):
            json_text.check_depth(resource)
    except InputError as error:
        raise located(error, "resource") from None
    return resource


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


def _target(entry: Entry, url: str, parameters: Parameters, base: str) -> Entry:
    """The entry with what its url names: ``Patient``, ``Patient/1``, ``Patient?identifier=1``, ``Patient/1/_history/2``."""
    if base and url.startswith(base):
        url = url[len(base) :]
    path, mark, query = url.strip("/").partition("?")
    resource_type, *rest = path.strip("/").split("/")
    if resource_type not in parameters.resource_types:
        raise InputError(
            f"{resource_type[:100]!r} is no resource type of this release of FHIR",
            code="value",
            expression="request.url",
        )
    entry = replace(entry, type=resource_type)
    if entry.method == "POST":
        if rest and rest[-1].startswith("$"):
            raise _bad_url(
                f"the operation {rest[-1][:50]} is no part of a transaction: call it by itself, or in a batch"
            )
        if rest:
            raise _bad_url("a POST goes to a type, not to an id: use PUT")
        # Some clients write the condition of a create into the url.
        return replace(entry, condition=condition(parameters, resource_type, query, base)) if query else entry
    if rest:
        return _of_id(entry, rest, url)
    if entry.method in _READS:
        found = parse_query(parameters, resource_type, query_pairs(query), base=base)
        return replace(entry, query=found)
    if not mark:
        raise _bad_url(f"{entry.method} needs the url Type/id or Type?condition, not {url[:100]!r}")
    return replace(entry, condition=condition(parameters, resource_type, query, base))


def _of_id(entry: Entry, rest: Sequence[str], url: str) -> Entry:
    match rest:
        case [id] if is_id(id):
            return replace(entry, id=id)
        case [id, "_history", version] if (
            not entry.writes and is_id(id) and version.isascii() and version.isdigit() and len(version) <= 18
        ):
            return replace(entry, id=id, version=int(version))
        case _ if entry.writes:
            raise _bad_url(f"{entry.method} needs the url Type/id, not {url[:100]!r}")
        case _:
            raise _bad_url(
                f"a transaction reads Type/id, Type/id/_history/version and Type?search, not {url[:100]!r}: ask in a batch"
            )


def _bad_url(text: str) -> InputError:
    return InputError(text, code="invalid", expression="request.url")


def doubles(entries: Iterator[tuple[Entry, str | None]]) -> Iterator[Issue]:
    """No resource may be written twice; ``entries`` with the ids they write."""
    seen: dict[tuple[str, str], Entry] = {}
    for entry, id in entries:
        if id is not None and entry.writes:
            first = seen.setdefault((entry.type, id), entry)
            if first is not entry:
                yield Issue(
                    "error",
                    "duplicate",
                    entry.place,
                    f"{entry.type}/{id} is written by {first.place} already",
                )


def _same_names(entries: Sequence[Entry]) -> Iterator[Issue]:
    """A fullUrl names one resource (bdl-7): a link to it could mean either."""
    seen: dict[str, Entry] = {}
    for entry in entries:
        first = seen.setdefault(entry.full_url, entry)
        if entry.full_url and first is not entry:
            text = f"{first.place} has the same fullUrl: each entry needs its own (bdl-7)"
            yield Issue("error", "duplicate", f"{entry.place}.fullUrl", text)


def in_resource(error: FhirVitiligoError) -> FhirVitiligoError:
    """An error about a resource, as one about what holds it: of ``Patient.gender`` it is ``resource.gender``."""
    return type(error)(replace(issue, expression=below(issue.expression)) for issue in error.issues)


def below(expression: str) -> str:
    """A place in a resource as one in the entry that holds it."""
    return ".".join(["resource", *expression.split(".")[1:]])


def located(error: FhirVitiligoError, place: str) -> FhirVitiligoError:
    """The same error with its issues placed within ``place``."""
    return type(error)(
        replace(issue, expression=f"{place}.{issue.expression}" if issue.expression else place)
        for issue in error.issues
    )
