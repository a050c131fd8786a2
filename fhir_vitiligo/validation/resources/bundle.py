"""A Bundle's own rules beside its invariants (https://hl7.org/fhir/R4/bundle.html): fullUrls, links, what a search gives.

What makes a document or a message is in :mod:`.bundle_focus`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.errors import Severity
from fhir_vitiligo.fhir.addresses import is_absolute
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.fhir.references import find_references, is_conditional, parse_restful
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.bundle_focus import focus_faults
from fhir_vitiligo.validation.resources.nodes import below, numbered, objects

# Only these are carried out, and only then is a search asked in the place of a reference.
_CARRIED_OUT = frozenset(("transaction", "batch"))
# An entry of these need not be called anything yet.
_WITHOUT_FULL_URL = frozenset(("transaction", "transaction-response", "batch", "batch-response"))
_KNOWN = _WITHOUT_FULL_URL | {"document", "message", "history", "searchset", "collection"}
# Slashes of ``Patient/1`` and ``Patient/1/_history/2``.
_STEPS = frozenset((1, 3))
_PAGES = frozenset(("first", "previous", "prev", "next", "last"))
_PAGED = frozenset(("searchset", "history"))


def check(bundle: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``Bundle``."""
    kind = str(bundle.get("type"))
    yield from _links(bundle, kind)
    for index, entry in numbered(bundle.get("entry")):
        for fault in _entry(entry, kind, context.definitions.resource_types):
            fault.steps.append(f"entry[{index}]")
            yield fault
    if kind == "searchset":
        yield from _searchset(bundle)
    yield from focus_faults(bundle, context)


def _links(bundle: Json, kind: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, link in numbered(bundle.get("link")):
        relation = link.get("relation")
        if not isinstance(relation, str):
            continue
        place = [f"link[{index}]"] if kind in _PAGED else ["relation", f"link[{index}]"]
        if relation in seen:
            text = f"There is a link `{relation}` already: nobody could tell which one is meant."
            yield Fault("bundle-link", "business-rule", text, steps=place)
        elif relation in _PAGES and kind not in _PAGED:
            text = f"A Bundle of type {shown(kind)} has no pages, so it has no link `{relation}`."
            yield Fault("bundle-link", "business-rule", text, steps=place)
        seen.add(relation)


def _entry(entry: Json, kind: str, types: tuple[str, ...]) -> Iterator[Fault]:
    full_url, resource = entry.get("fullUrl"), entry.get("resource")
    if full_url is None:
        if kind not in _WITHOUT_FULL_URL:
            text = "The entry has no fullUrl: but for batches and transactions, an entry says what its resource is called."
            yield Fault("bundle-full-url", "required", text)
        # What a server answers is relative to that server.
        if kind in _KNOWN and not kind.endswith("-response"):
            yield from _relative_references(resource)
        return
    if not isinstance(full_url, str):
        return
    yield from _nameless_references(resource, kind)
    if not is_absolute(full_url):
        text = f"The fullUrl {shown(full_url)} is relative: write the whole URL, or urn:uuid: and a UUID."
        yield Fault("bundle-full-url", "value", text)
        return
    told = parse_restful(full_url)
    # An address that only looks like a server's (a type nobody knows) says nothing of the resource's name.
    if isinstance(resource, dict) and told is not None and told.base and told.type in types:
        kind_and_id = f"{resource.get('resourceType')}/{resource.get('id')}"
        if "id" not in resource:
            text = f"The fullUrl {shown(full_url)} is that of a resource on a server, but the resource has no id."
            yield Fault("bundle-full-url", "value", text)
        elif not full_url.endswith(f"/{kind_and_id}"):
            text = f"The fullUrl {shown(full_url)} and the resource {kind_and_id} in it do not name the same."
            yield Fault("bundle-full-url", "value", text)


def _relative_references(resource: Any) -> Iterator[Fault]:
    for place, reference in _places(resource):
        if reference.startswith("#") or is_absolute(reference):
            continue
        text = f"The reference {shown(reference)} is relative, and its entry has no fullUrl that it could be relative to."
        yield Fault("bundle-full-url", "value", text, steps=[place, "resource"])


def _nameless_references(resource: Any, kind: str) -> Iterator[Fault]:
    """Relative references that are none to a resource (https://hl7.org/fhir/R4/bundle.html#references)."""
    for place, reference in _places(resource):
        if is_conditional(reference):
            if kind in _CARRIED_OUT:
                continue
            text = f"{shown(reference)} is a search: only a transaction or batch can have one in the place of a reference."
        elif reference.startswith("#") or is_absolute(reference):
            continue
        elif reference.rstrip("/").count("/") not in _STEPS:
            text = f"{shown(reference)} names no resource: a relative reference is written as type and id, such as Patient/1."
        else:
            continue
        yield Fault("reference", "invalid", text, steps=[place, "resource"])


def _places(resource: Any) -> Iterator[tuple[str, str]]:
    """Each reference with the place of what holds it."""
    for path, reference in find_references(resource) if isinstance(resource, dict) else ():
        place = below(path, resource).removesuffix(".reference")
        if "][" not in place:  # an array in an array is no element
            yield place, reference


def _searchset(bundle: Json) -> Iterator[Fault]:
    searched = _searched(bundle)
    if searched is None:
        text = "The search result has no link `self`, which tells what was searched for."
        yield Fault("bundle-search", "business-rule", text, severity="warning")
    entries = numbered(bundle.get("entry"))
    without = sum(1 for _, entry in entries if _mode(entry) is None)
    if without:
        text = f"{without} of {len(entries)} entries do not say (`search.mode`) whether they match or are included."
        yield Fault("bundle-search", "business-rule", text, severity="warning")
    for index, entry in entries:
        for fault in _hit(entry, searched):
            fault.steps.append(f"entry[{index}]")
            yield fault


def _mode(entry: Json) -> Any:
    search = entry.get("search")
    return search.get("mode") if isinstance(search, dict) else None


def _hit(entry: Json, searched: str | None) -> Iterator[Fault]:
    resource, mode = entry.get("resource"), _mode(entry)
    if not isinstance(resource, dict):
        yield Fault("bundle-search", "required", "An entry of a search result has a resource.")
        return
    kind = resource.get("resourceType")
    if mode == "outcome" and kind != "OperationOutcome":
        text = f"What a search says of itself is an OperationOutcome, not a {kind}."
        yield Fault("bundle-search", "invalid", text, steps=["resource"])
        return
    severity: Severity = "error" if mode == "match" else "warning"
    if "id" not in resource and (mode == "match" or kind != "OperationOutcome"):
        text = "A resource in a search result has an id."
        yield Fault("bundle-search", "required", text, severity=severity, steps=["resource"])
    if searched and kind != searched and mode in ("match", None):
        text = f"The search was for {searched}; a {kind} can only be included, it is no match."
        yield Fault("bundle-search", "business-rule", text, severity=severity, steps=["resource"])


def _searched(bundle: Json) -> str | None:
    """The type that the self link searched for; empty where it was not for one type, None without such a link."""
    for link in objects(bundle.get("link")):
        url = link.get("url")
        if link.get("relation") == "self" and isinstance(url, str):
            last = url.partition("?")[0].rstrip("/").rpartition("/")[2]
            return last if last[:1].isupper() else ""
    return None
