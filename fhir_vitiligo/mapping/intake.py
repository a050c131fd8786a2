"""What comes in: the resources of a document of any kind, told apart by patient and case, with the names they
are referred to by.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import differences
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.codecs import dicts
from fhir_vitiligo.mapping.facts import copied
from fhir_vitiligo.mapping.residue import Path

MAX_DEPTH = 100
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]{0,63}\Z")
_SUBJECTS = ("subject", "patient", "beneficiary", "for", "individual")


@dataclass(slots=True)
class Entry:
    """One resource: its JSON (taken apart while it is read), where it stands, and how others call it."""

    resource: Json
    label: str
    """``Type/id`` as the residue names it."""
    path: Path = ()
    """Where its leaves start within ``holder``: not empty for a contained resource."""
    holder: Entry | None = None
    full_url: str | None = None
    original: Json = field(default_factory=dict)
    case: str | None = None

    @property
    def type(self) -> str:
        return str(self.original.get("resourceType"))

    def names(self) -> Iterator[str]:
        """What a reference to it may say."""
        identity = self.original.get("id")
        if self.holder is not None:
            if isinstance(identity, str):
                yield f"{self.holder.label}#{identity}"
            return
        if isinstance(identity, str):
            yield f"{self.type}/{identity}"
            yield f"urn:uuid:{identity}"
        if self.full_url:
            yield self.full_url

    def own(self) -> tuple[str, str, str, str] | None:
        """(case, kind, key, part) where we wrote it."""
        identifiers = self.original.get("identifier")
        for one in (
            [identifiers]
            if isinstance(identifiers, dict)
            else identifiers
            if isinstance(identifiers, list)
            else ()
        ):
            if isinstance(one, dict) and one.get("system") == urls.ITEM and isinstance(one.get("value"), str):
                parts = one["value"].split("/")
                if len(parts) in (3, 4) and all(map(_KEY.match, parts)):
                    return parts[0], parts[1], parts[2], parts[3] if len(parts) == 4 else ""
        return None

    def restore(self) -> None:
        """Put everything back that was read."""
        fresh = copied(self.original)
        self.resource.clear()
        self.resource.update(fresh)


@dataclass(slots=True)
class Envelope:
    """A Bundle without its resources."""

    resource: Json
    label: str


def collect(document: Any) -> tuple[list[Entry], list[Envelope]]:
    """Every resource of a Bundle of any type, of a list, or the resource itself; contained ones too. The
    input is not touched.
    """
    entries: list[Entry] = []
    envelopes: list[Envelope] = []
    _check_depth(document)
    _collect(document, entries, envelopes, None, "")
    for entry in tuple(entries):
        inside = entry.resource.get("contained")
        for index, contained in enumerate(inside if isinstance(inside, list) else ()):
            if isinstance(contained, dict):
                inner = Entry(contained, entry.label, ("contained", index), entry, original=copied(contained))
                entries.append(inner)
    return entries, envelopes


def _check_depth(document: Any) -> None:
    stack: list[tuple[Any, int]] = [(document, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise InputError(f"nested more than {MAX_DEPTH} deep: no FHIR resource is", code="too-costly")
        if isinstance(node, dict | list):
            stack.extend((child, depth + 1) for child in (node.values() if isinstance(node, dict) else node))


def _collect(
    document: Any, entries: list[Entry], envelopes: list[Envelope], url: str | None, place: str
) -> None:
    if isinstance(document, list | tuple):
        for index, item in enumerate(document):
            _collect(item, entries, envelopes, None, f"{place}[{index}]")
        return
    if not isinstance(document, dict) or not isinstance(document.get("resourceType"), str):
        raise InputError(
            "expected a FHIR resource: a JSON object with a resourceType", code="structure", expression=place
        )
    if document["resourceType"] != "Bundle":
        resource = copied(document)
        label = str(document["resourceType"])
        if isinstance(document.get("id"), str):
            label += "/" + document["id"]
        elif url is not None:
            label = url
        elif place:
            label += place if place.startswith("[") else f" ({place})"
        entries.append(Entry(resource, label, full_url=url, original=document))
        return
    envelope = {name: copied(value) for name, value in document.items() if name != "entry"}
    label = f"Bundle/{document['id']}" if isinstance(document.get("id"), str) else f"Bundle{place}"
    envelopes.append(Envelope(envelope, label))
    found = document.get("entry", [])
    if not isinstance(found, list):
        raise InputError("Bundle.entry must be a list", code="structure", expression=f"{place}Bundle.entry")
    outer: list[Any] = []
    for index, entry in enumerate(found):
        if not isinstance(entry, dict):
            raise InputError(
                "an entry of a Bundle must be an object",
                code="structure",
                expression=f"Bundle.entry[{index}]",
            )
        around = {name: copied(value) for name, value in entry.items() if name != "resource"}
        outer.append(around)
        resource = entry.get("resource")
        if resource is not None:
            full = entry.get("fullUrl")
            before = len(entries)
            _collect(resource, entries, envelopes, full if isinstance(full, str) else None, f"entry[{index}]")
            if len(entries) > before:
                _settle_entry(around, entries[before])
    if outer:
        envelope["entry"] = outer
    if envelope.get("type") in (
        "transaction",
        "collection",
        "document",
        "searchset",
        "batch",
        "message",
        "history",
    ):
        envelope.pop("type")


def _settle_entry(around: Json, entry: Entry) -> None:
    """Take away what only repeats the resource: its own URL and the request that puts it there."""
    identity = entry.original.get("id")
    if isinstance(identity, str):
        if around.get("fullUrl") in (f"urn:uuid:{identity}",) or str(around.get("fullUrl")).endswith(
            f"/{entry.type}/{identity}"
        ):
            around.pop("fullUrl")
        if around.get("request") == {"method": "PUT", "url": f"{entry.type}/{identity}"}:
            around.pop("request")
    if around.get("search") in ({"mode": "match"}, {"mode": "include"}):
        around.pop("search")


def release_of(entries: Iterable[Entry]) -> Release:
    """R5 when any resource has a member that only R5 has, else R4 (and so R4B, which is the same here)."""
    return Release.R5 if any(differences.looks_like_r5(entry.original) for entry in entries) else Release.R4


def reference_of(value: Any) -> str | None:
    """The string of a Reference."""
    found = value.get("reference") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def normal_reference(reference: str) -> Iterator[str]:
    """The forms under which a reference's target may be known: as it is, without version, and relative."""
    yield reference
    text = reference.partition("/_history/")[0]
    if text != reference:
        yield text
    *_, kind, identity = ("", "", *text.split("/"))
    if kind and identity and not reference.startswith("#"):
        yield f"{kind}/{identity}"


def references_in(node: Any) -> Iterator[str]:
    """Every reference string below a node."""
    stack = [node]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            found = value.get("reference")
            if isinstance(found, str):
                yield found
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)


def patient_of(entry: Entry) -> str | None:
    """The reference to the patient that a resource is about."""
    for name in _SUBJECTS:
        about = entry.original.get(name)
        for value in about if isinstance(about, list) else (about,):
            found = reference_of(value)
            if found is not None:
                return found
    return None


def groups(entries: list[Entry]) -> list[list[Entry]]:
    """The entries of each case, in the order they came: ours by case id, others by patient, the rest by who
    refers to it.
    """
    index: dict[str, Entry] = {}
    for entry in entries:
        for name in entry.names():
            index.setdefault(name, entry)
    for entry in entries:
        entry.case = _case_of(entry, index)
    for entry in entries:
        if entry.case is None and entry.holder is not None:
            entry.case = entry.holder.case
    _by_reference(entries, index)
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.case is not None:
            found.setdefault(entry.case, []).append(entry)
    rest = [entry for entry in entries if entry.case is None]
    if not found:
        return [rest] if rest else []
    first = next(iter(found.values()))
    first.extend(rest)
    return list(found.values())


def _case_of(entry: Entry, index: dict[str, Entry]) -> str | None:
    own = entry.own()
    if own is not None:
        return "case " + own[0]
    header = _header_id(entry.original)
    if header is not None:
        return "case " + header
    if entry.type == "Patient":
        return "patient " + next(iter(entry.names()), entry.label)
    reference = patient_of(entry)
    if reference is None:
        return None
    for name in normal_reference(reference if not reference.startswith("#") else f"{entry.label}{reference}"):
        if name in index:
            patient = index[name]
            own = patient.own()
            return "case " + own[0] if own else "patient " + next(iter(patient.names()), patient.label)
    return "patient " + reference


def _header_id(resource: Json) -> str | None:
    """The case id in the header of a Provenance of ours."""
    for extension in dicts(resource.get("extension")):
        if extension.get("url") == urls.own("case-header"):
            for part in dicts(extension.get("extension")):
                identity = part.get("valueId")
                if part.get("url") == "id" and isinstance(identity, str) and _KEY.match(identity):
                    return identity
    return None


def _by_reference(entries: list[Entry], index: dict[str, Entry]) -> None:
    """Give an entry without a patient to the first case that refers to it, directly or through others."""
    waiting = True
    while waiting:
        waiting = False
        for entry in entries:
            if entry.case is None:
                continue
            for reference in references_in(entry.original):
                scoped = reference if not reference.startswith("#") else f"{entry.label}{reference}"
                target = next((index[name] for name in normal_reference(scoped) if name in index), None)
                if target is not None and target.case is None:
                    target.case = entry.case
                    waiting = True


_NOT_KEY = re.compile(r"[^A-Za-z0-9.\-]+")


def key_of(text: str) -> str:
    """A key made of any text: as it is where it can be one, else with what a key cannot have replaced, and
    told apart.
    """
    plain = _NOT_KEY.sub("-", text).strip("-.")
    if plain == text and len(text) <= 64 and text[:1].isalnum():
        return text
    return f"{plain[:40].strip('-.') or 'x'}-{sha1(text.encode(), usedforsecurity=False).hexdigest()[:12]}"
