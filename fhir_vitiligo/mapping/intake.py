"""What comes in: every resource of a document of any kind, each with a copy that the maps take apart.

https://hl7.org/fhir/R4/bundle.html, https://hl7.org/fhir/R4/parameters.html.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import differences, json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import profiles, urls
from fhir_vitiligo.mapping.codecs import dicts
from fhir_vitiligo.mapping.residue import Path

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]{0,63}\Z")
# In JSON text that we wrote ourselves there is no white space, and within a string every quote has a backslash
# before it: this is nothing but a member of that name, and finding it there is faster than walking the tree.
_REFERENCE = b'"reference":"'
_NULL = re.compile(rb"[:,\[]null")
_STRING = re.compile(rb'(?:[^"\\]|\\.)*"')

Own = tuple[str, str, str, str]
"""Case, kind, key and part of something that we wrote."""


class Entry:
    """One resource: as it came, as what is left of it, where it stands, and how others call it."""

    __slots__ = (
        "_references", "asked", "case", "contained", "deleted", "full_url", "holder", "id", "label", "original",
        "own", "path", "resource", "text", "type",
    )  # fmt: skip

    def __init__(
        self,
        original: Json,
        label: str,
        full_url: str | None = None,
        holder: Entry | None = None,
        index: int = 0,
    ) -> None:
        self.original = original
        """The caller's own: never changed."""
        self.resource = original
        """What the maps take apart: a copy, once :meth:`restore` has made one."""
        self.label = label
        """``Type/id`` as the residue names it; a contained resource has its holder's."""
        self.full_url = full_url
        self.holder = holder
        self.path: Path = ("contained", index) if holder is not None else ()
        """Where its leaves start within ``holder``."""
        self.type = str(original.get("resourceType"))
        identity = original.get("id")
        self.id = identity if isinstance(identity, str) else None
        self.case: str | None = None
        self.asked: str | None = None
        """The conditional reference to it that its request makes: ``Patient?identifier=system|value``."""
        self.deleted = False
        """Whether the history that it stands in says so."""
        self.contained: dict[str, Entry] = {}
        """By id."""
        self.text = _text(original)
        self._references: tuple[str, ...] | None = None
        self.own = _own(original)
        """What it is, where we wrote it."""

    @property
    def references(self) -> tuple[str, ...]:
        """Every reference in it."""
        if self._references is None:
            self._references = tuple(_references(self.text))
        return self._references

    def restore(self) -> None:
        """Put everything back that was read."""
        # Decoding text is several times faster than copying a tree, and makes exact decimals of floats.
        self.resource = json.loads(self.text)


def _references(text: bytes) -> Iterator[str]:
    for piece in text.split(_REFERENCE)[1:]:
        found = _STRING.match(piece)
        assert found is not None
        yield json.loads(b'"' + found[0])


def _own(resource: Json) -> Own | None:
    found = resource.get("identifier")
    for one in [found] if isinstance(found, dict) else dicts(found):
        if one.get("system") == urls.ITEM and isinstance(one.get("value"), str):
            parts = one["value"].split("/")
            if len(parts) in (3, 4) and all(map(KEY.match, parts)):
                return parts[0], parts[1], parts[2], parts[3] if len(parts) == 4 else ""
    return None


@dataclass(slots=True)
class Envelope:
    """A Bundle or Parameters without its resources."""

    resource: Json
    label: str


def collect(document: Any) -> tuple[list[Entry], list[Envelope]]:
    """Every resource of a Bundle of any type, of Parameters, of a list, or the resource itself; those in
    Bundles within, and contained ones, too. The input is not touched.
    """
    entries: list[Entry] = []
    envelopes: list[Envelope] = []
    waiting = [_Found(document, "")]
    while waiting:
        found = waiting.pop()
        node, place = found.node, found.place
        if isinstance(node, list | tuple):
            waiting += reversed([_Found(item, f"{place}[{index}]") for index, item in enumerate(node)])
            continue
        if not isinstance(node, dict) or not isinstance(node.get("resourceType"), str):
            raise InputError(
                "expected a FHIR resource: a JSON object with a resourceType",
                code="structure",
                expression=place.lstrip("."),
            )
        kind = node["resourceType"]
        if kind == "Bundle":
            waiting += reversed(_open_bundle(node, place, envelopes))
        elif kind == "Parameters":
            waiting += reversed(_open_parameters(node, place, envelopes))
        else:
            entry = Entry(node, _label(node, found.url, place), found.url)
            entry.deleted = found.deleted
            entries.append(entry)
            if found.around is not None:
                entry.asked = _asked(found.around.get("request"), entry.type)
                _settle_entry(found.around, entry)
    entries += [inner for entry in entries for inner in _contained(entry)]
    return entries, envelopes


def _text(node: Any) -> bytes:
    """JSON in and JSON out, which makes it a copy with exact decimals; :class:`InputError` for what is none."""
    try:
        text = json.dumps(node)
    except RecursionError:
        raise InputError("nested too deeply: no FHIR resource is", code="too-costly") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"this cannot be JSON: {error}", code="structure") from None
    if _NULL.search(text):
        _refuse_no_numbers(node)
    return text


def _refuse_no_numbers(document: Any) -> None:
    # What is no number is written as null, and would be gone.
    stack = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, float) and not math.isfinite(node):
            raise InputError(f"{node} is no number of JSON", code="value")
        if isinstance(node, dict):
            stack.extend(node.values())
        elif isinstance(node, list | tuple):
            stack.extend(node)


def _label(resource: Json, url: str | None, place: str) -> str:
    if isinstance(resource.get("id"), str):
        return f"{resource['resourceType']}/{resource['id']}"
    if url is not None:
        return url
    place = place.lstrip(".")
    return f"{resource['resourceType']}{f' ({place})' if place else ''}"


@dataclass(slots=True)
class _Found:
    """Something that may be a resource: where it stands, and what stands around it in a Bundle."""

    node: Any
    place: str
    url: str | None = None
    around: Json | None = None
    deleted: bool = False


def _open_bundle(bundle: Json, place: str, envelopes: list[Envelope]) -> list[_Found]:
    found = bundle.get("entry", [])
    envelope = json.loads(_text({name: value for name, value in bundle.items() if name != "entry"}))
    envelopes.append(Envelope(envelope, _label(bundle, None, place)))
    if not isinstance(found, list):
        raise InputError(
            "Bundle.entry must be a list", code="structure", expression=f"{place}.Bundle.entry".lstrip(".")
        )
    inside: list[_Found] = []
    outer: list[Json] = []
    deleted: set[str] = set()
    for index, entry in enumerate(found):
        here = f"{place}.entry[{index}]"
        if not isinstance(entry, dict):
            raise InputError(
                "an entry of a Bundle must be an object",
                code="structure",
                expression=f"{place}.Bundle.entry[{index}]".lstrip("."),
            )
        around = {name: value for name, value in entry.items() if name != "resource"}
        if around.keys() != {"fullUrl"}:
            around = json.loads(_text(around))
        outer.append(around)
        resource = entry.get("resource")
        if resource is None and bundle.get("type") == "history":
            deleted |= _deletion(entry.get("request"))
        if resource is not None:
            url = entry.get("fullUrl")
            name = (
                f"{resource.get('resourceType')}/{resource.get('id')}" if isinstance(resource, dict) else ""
            )
            inside.append(
                _Found(resource, here, url if isinstance(url, str) else None, around, name in deleted)
            )
    if outer:
        envelope["entry"] = outer
    _settle_profile(envelope)
    if isinstance(envelope.get("type"), str) and envelope["type"] in _BUNDLE_TYPES:
        envelope.pop("type")
    return inside


def _asked(request: Any, kind: str) -> str | None:
    """What a conditional create or update looks for (https://hl7.org/fhir/R4/http.html#ccreate, #cond-update)."""
    if not isinstance(request, dict):
        return None
    url, query = request.get("url"), request.get("ifNoneExist")
    if isinstance(url, str) and url.startswith(f"{kind}?"):
        return url
    return f"{kind}?{query.lstrip('?')}" if isinstance(query, str) and query else None


def _deletion(request: Any) -> set[str]:
    """What a request deletes: in a history its older versions follow (https://hl7.org/fhir/R4/http.html#history)."""
    if (
        not isinstance(request, dict)
        or request.get("method") != "DELETE"
        or not isinstance(request.get("url"), str)
    ):
        return set()
    return {request["url"]}


_BUNDLE_TYPES = frozenset(
    {"transaction", "collection", "document", "searchset", "batch", "message", "history"}
)


def _open_parameters(parameters: Json, place: str, envelopes: list[Envelope]) -> list[_Found]:
    """The resources of Parameters, such as the answer of an operation; their parts' too."""
    parameters = json.loads(_text(parameters))
    envelopes.append(Envelope(parameters, _label(parameters, None, place)))
    inside: list[_Found] = []
    waiting = [
        (one, f"{place}.parameter[{index}]") for index, one in enumerate(_places(parameters.get("parameter")))
    ]
    while waiting:
        one, here = waiting.pop(0)
        if not isinstance(one, dict):
            continue
        if one.get("resource") is not None:
            inside.append(_Found(one.pop("resource"), here))
        waiting += [(part, f"{here}.part[{index}]") for index, part in enumerate(_places(one.get("part")))]
    return inside


def _places(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _contained(entry: Entry) -> list[Entry]:
    found = []
    for index, resource in enumerate(_places(entry.original.get("contained"))):
        if isinstance(resource, dict):
            inner = Entry(resource, entry.label, holder=entry, index=index)
            if inner.id is not None:
                entry.contained.setdefault(inner.id, inner)
            found.append(inner)
    return found


def _settle_profile(bundle: Json) -> None:
    """Take away the profile that a Bundle of that type of ours declares."""
    meta, kind = bundle.get("meta"), bundle.get("type")
    declared = meta.get("profile") if isinstance(meta, dict) else None
    own = profiles.BUNDLES.get(kind) if isinstance(kind, str) else None
    if isinstance(declared, list) and own is not None and profiles.url(own) in declared:
        # null is no value, and the others keep their places
        declared[declared.index(profiles.url(own))] = None


def _settle_entry(around: Json, entry: Entry) -> None:
    """Take away what only repeats the resource: its own URL and the request that puts it there."""
    if entry.id is not None:
        if around.get("fullUrl") == f"urn:uuid:{entry.id}" or str(around.get("fullUrl")).endswith(
            f"/{entry.type}/{entry.id}"
        ):
            around.pop("fullUrl")
        if around.get("request") == {"method": "PUT", "url": f"{entry.type}/{entry.id}"}:
            around.pop("request")
    if around.get("search") in ({"mode": "match"}, {"mode": "include"}):
        around.pop("search")


def release_of(entries: Iterable[Entry]) -> Release:
    """R5 when any resource has a member that only R5 has, else R4 (and so R4B, which is the same here)."""
    return Release.R5 if any(differences.looks_like_r5(entry.original) for entry in entries) else Release.R4
