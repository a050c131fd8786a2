"""``_summary`` and ``_elements``: parts of resources (https://hl7.org/fhir/R4/search.html#summary, #elements).

What is left of a resource is tagged SUBSETTED, so that nobody takes it for the whole and writes it back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.as_written import AsWritten
from fhir_vitiligo.fhir.definitions import Element, definitions_of
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server.message import FHIR_JSON, Request, Response

_SUMMARIES = ("true", "text", "data", "count", "false")
_ALWAYS = frozenset({"resourceType", "id", "meta"})
_TAG = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}
_ANSWERED = (200, 201)

# What is left of a resource; whether it came along with a result.
_Cut = Callable[[Json, bool], Json]


def check_shape(request: Request) -> None:
    """:class:`InputError` for a ``_summary`` that is none: asked before anything is done, since what is refused has done
    nothing.
    """
    if "_summary" in request.query:
        _parts(request)


def shaped(request: Request, response: Response, release: Release) -> Response:
    """The answer with the parts of its resources that the request asks for."""
    cut = _cut(request, release)
    if cut is None or response.status not in _ANSWERED or response.headers.get("Content-Type") != FHIR_JSON:
        return response
    read = AsWritten(response.body)
    document = read.value
    if not isinstance(document, dict) or document.get("resourceType") == "OperationOutcome":
        return response
    if document.get("resourceType") == "Bundle" and document.get("type") in ("searchset", "history"):
        for entry in document.get("entry", ()):
            mode = entry.get("search", {}).get("mode")
            if "resource" in entry and mode != "outcome":
                entry["resource"] = cut(entry["resource"], mode == "include")
    else:
        document = cut(document, False)
    return Response(response.status, read.dumps(document), response.headers)


def _parts(request: Request) -> tuple[str, frozenset[str]]:
    """What ``_summary`` and ``_elements`` ask for."""
    summary, elements = "", ""
    for name, value in request.pairs():
        if name == "_summary":
            summary = value
        elif name == "_elements":
            elements = f"{elements},{value}"
    if summary and summary not in _SUMMARIES:
        raise InputError(
            f"_summary is one of {', '.join(_SUMMARIES)}, not {summary[:50]!r}",
            code="invalid",
            expression="_summary",
        )
    return summary, frozenset(name.strip() for name in elements.split(",") if name.strip())


def _cut(request: Request, release: Release) -> _Cut | None:
    if "_summary" not in request.query and "_elements" not in request.query:
        return None
    summary, names = _parts(request)
    if names:
        return lambda resource, along: _asked(resource, names, release, along)
    match summary:
        case "true":
            return lambda resource, _: _summary(resource, release)
        case "text":
            return lambda resource, _: _only(resource, frozenset({"text"}), release)
        case "data":
            return lambda resource, _: _tagged({k: v for k, v in resource.items() if k != "text"})
        case _:
            return None


def _asked(resource: Json, names: frozenset[str], release: Release, along: bool) -> Json:
    """``_elements`` is about the results; of what came along with them it says something only by the name of its type."""
    if along:
        names = frozenset(name for name in names if name.startswith(f"{resource.get('resourceType')}."))
    return _only(resource, names, release) if names else resource


def _only(resource: Json, names: frozenset[str], release: Release) -> Json:
    """The elements named, and those without which it would be no resource. Names that are no elements ask for nothing."""
    kind = str(resource.get("resourceType"))
    own = {name.removeprefix(f"{kind}.").partition(".")[0] for name in names}
    # `Patient.name` says nothing about Observations.
    if all(name.partition(".")[0][:1].isupper() and not name.startswith(f"{kind}.") for name in names):
        return resource
    members = _members(release, kind, kind)

    def is_kept(name: str) -> bool:
        bare = name.removeprefix("_")
        known = members.get(bare)
        return bare in _ALWAYS or bare in own or (known is not None and (known.name in own or known.needed))

    return _tagged({name: value for name, value in resource.items() if is_kept(name)})


def _summary(resource: Json, release: Release) -> Json:
    kind = str(resource.get("resourceType"))
    return _tagged(_summary_of(resource, release, kind, kind))


def _summary_of(value: Json, release: Release, kind: str, path: str) -> Json:
    members = _members(release, kind, path)
    found: Json = {}
    for name, child in value.items():
        known = members.get(name.removeprefix("_"))
        if name in _ALWAYS:
            found[name] = child
        elif known is not None and (known.summary or known.needed):
            inside = f"{path}.{known.name}"
            found[name] = _inner(child, release, kind, inside) if known.nested else child
    return found


def _inner(value: Any, release: Release, kind: str, path: str) -> Any:
    if isinstance(value, list):
        return [_inner(one, release, kind, path) for one in value]
    return _summary_of(value, release, kind, path) if isinstance(value, dict) else value


class _Member(NamedTuple):
    name: str
    summary: bool
    needed: bool
    nested: bool


@lru_cache(maxsize=4096)
def _members(release: Release, kind: str, path: str) -> Mapping[str, _Member]:
    """The members of the JSON object at ``path``, choices by each of their names."""
    definitions = definitions_of(release)
    if kind not in definitions.resource_types:
        return {}
    structure = definitions.structure(kind)
    found: dict[str, _Member] = {}
    for element in structure.children(path):
        member = _Member(
            element.name, element.is_summary, element.min > 0, bool(structure.children(element.path))
        )
        found.update(dict.fromkeys(_names(element), member))
    return found


def _names(element: Element) -> list[str]:
    if not element.is_choice:
        return [element.name]
    return [element.name + one.code[:1].upper() + one.code[1:] for one in element.types]


def _tagged(resource: Json) -> Json:
    meta = resource.get("meta")
    meta = dict(meta) if isinstance(meta, dict) else {}
    tags = meta.get("tag")
    tags = list(tags) if isinstance(tags, list) else []
    if not any(isinstance(tag, dict) and tag.get("code") == _TAG["code"] for tag in tags):
        tags.append(_TAG)
    meta["tag"] = tags
    return {"resourceType": resource.get("resourceType"), **resource, "meta": meta}
