"""Documents and messages: all that the first entry refers to is there, and nothing is there that it does not lead to.

https://hl7.org/fhir/R4/documents.html#content and https://hl7.org/fhir/R4/messaging.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_vitiligo.errors import Severity
from fhir_vitiligo.fhir.differences import RELATIVE_TO_NOTHING
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.fhir.references import find_references, parse_restful
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import below, numbered


@dataclass(frozen=True, slots=True)
class _Kind:
    """``required``: elements of the first entry whose targets have to be in the Bundle."""

    first: str
    severity: Severity
    required: tuple[str, ...]


_KINDS = {
    "document": _Kind(
        "Composition",
        "error",
        ("subject", "encounter", "author", "attester", "custodian", "event", "section"),
    ),
    "message": _Kind("MessageHeader", "warning", ("focus",)),
}


def focus_faults(bundle: Json, context: Context) -> Iterator[Fault]:
    """The rules of a document or message; nothing for other Bundles."""
    kind = _KINDS.get(str(bundle.get("type")))
    entries = [
        (index, entry, entry["resource"])
        for index, entry in numbered(bundle.get("entry"))
        if isinstance(entry.get("resource"), dict)
    ]
    if kind is None or not entries:
        return
    index, _, first = entries[0]
    if index != 0 or first.get("resourceType") != kind.first:
        text = f"A {bundle['type']} begins with a {kind.first}, not with a {first.get('resourceType')}."
        yield Fault("bundle-first", "invariant", text, steps=["resource", f"entry[{index}]"])
        return
    for fault in _targets(kind, first, context):
        fault.steps += ["resource", "entry[0]"]
        yield fault
    yield from _orphans(kind, entries, context)


def _targets(kind: _Kind, first: Json, context: Context) -> Iterator[Fault]:
    inner = context.enter(first, _entry_of(context, first), False)
    for path, reference in find_references(first):
        place = below(path, first).removesuffix(".reference")
        if reference.startswith("#") or place.split(".")[0].split("[")[0] not in kind.required:
            continue
        found = _named(reference, inner)
        if not found:
            text = f"{shown(reference)} is not in the Bundle, which has to hold all that its {kind.first} refers to."
            yield Fault("bundle-target", "not-found", text, steps=[place])
        elif len(found) > 1:
            text = f"{shown(reference)} names {len(found)} entries: which is meant cannot be told."
            yield Fault("bundle-target", "multiple-matches", text, steps=[place])


def _named(reference: str, inner: Context) -> list[Json]:
    """The entries that a reference names; a relative one in an entry without a base names none before R5."""
    target, around = parse_restful(reference), parse_restful(inner.full_url)
    is_relative = target is not None and not target.base
    if is_relative and (around is None or not around.base) and inner.release not in RELATIVE_TO_NOTHING:
        return []
    return inner.candidates(reference)


def _alike(reference: str, context: Context) -> str | None:
    """The fullUrl of an entry that a reference seems to mean and does not name."""
    target = parse_restful(reference)
    alike = context.index.by_name.get(f"{target.type}/{target.id}") if target is not None else None
    return None if not alike else shown(context.index.full_urls.get(id(alike[0]), ""))


def _entry_of(context: Context, resource: Json) -> Json:
    return {"fullUrl": context.index.full_urls.get(id(resource), "")}


def _orphans(kind: _Kind, entries: list[tuple[int, Json, Json]], context: Context) -> Iterator[Fault]:
    """Entries that no chain of references connects with the first one; backwards is for Provenance only."""
    targets: dict[int, set[int]] = {}
    for index, entry, resource in entries:
        inner = context.enter(resource, entry, False)
        named = targets[id(resource)] = set()
        for path, reference in find_references(resource):
            if reference.startswith("#"):
                continue
            found = _named(reference, inner)
            named.update(id(target) for target in found)
            if index and not found and (likely := _alike(reference, context)) is not None:
                text = f"{shown(reference)} leads to no entry, though {likely} has this type and id: refer to that fullUrl."
                place = below(path, resource).removesuffix(".reference")
                yield Fault("bundle-target", "not-found", text, steps=[place, "resource", f"entry[{index}]"])
    reached = _closure({id(entries[0][2])}, targets)
    forward = set(reached)
    while more := {
        one for one, names in targets.items() if one not in reached and not names.isdisjoint(reached)
    }:
        reached = _closure(reached | more, targets)
    for index, _, resource in entries:
        name = f"The entry {index} ({resource.get('resourceType')})"
        if id(resource) not in reached:
            text = f"{name} has nothing to do with the {kind.first}: no reference leads there or back."
            yield Fault(
                "bundle-orphan", "informational", text, severity=kind.severity, steps=[f"entry[{index}]"]
            )
        elif id(resource) not in forward and resource.get("resourceType") != "Provenance":
            text = f"{name} is not referred to from the {kind.first}; only a Provenance may merely refer to what is."
            yield Fault("bundle-orphan", "informational", text, severity="warning", steps=[f"entry[{index}]"])


def _closure(start: set[int], targets: dict[int, set[int]]) -> set[int]:
    found, todo = set(start), list(start)
    while todo:
        for target in targets.get(todo.pop(), ()):
            if target not in found:
                found.add(target)
                todo.append(target)
    return found
