"""Which resources belong together: what a reference points to, and whose case each resource is.

https://hl7.org/fhir/R4/bundle.html#references: a reference is relative to where the resource that has it
stands, and names another server's resource when it is absolute.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha1
from typing import Any
from urllib.parse import parse_qsl

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.codecs import dicts
from fhir_vitiligo.mapping.intake import KEY, Entry

_SUBJECTS = ("subject", "patient", "beneficiary", "for", "individual")
_NOT_PATIENTS = frozenset(
    {"Group", "Device", "Location", "Organization", "Practitioner", "Substance", "Medication", "Procedure"}
)
"""What else the resources read here may be about (Observation.subject and its like)."""
_ABSOLUTE = re.compile(r"https?://(?P<base>\S+)\Z", re.IGNORECASE)


@lru_cache(maxsize=4096)
def split(reference: str) -> tuple[str | None, str]:
    """The server (without ``http://`` or ``https://``) that a reference names, and the rest without a version.

    ``Patient/1`` names no server; what is no URL of a resource is the rest as it is.
    """
    text = reference.partition("/_history/")[0]
    found = _ABSOLUTE.match(text)
    if found is None:
        return None, _by_identifier(text) if "?" in text else text
    around, _, identity = found["base"].rpartition("/")
    base, _, kind = around.rpartition("/")
    return (base, f"{kind}/{identity}") if base and kind and identity else (None, text)


def _by_identifier(reference: str) -> str:
    """A conditional reference by an identifier, whatever else it asks for."""
    kind, _, query = reference.partition("?")
    asked = next((value for name, value in parse_qsl(query) if name == "identifier"), None)
    return reference if asked is None else f"{kind}?identifier={asked}"


class Index:
    """Who is called what."""

    def __init__(self, entries: list[Entry]) -> None:
        self._by_name: dict[str, list[Entry]] = {}
        self._bases: dict[int, str | None] = {}
        for entry in entries:
            if entry.holder is None:
                self._bases[id(entry)] = _base(entry)
                for name in _names(entry):
                    self._by_name.setdefault(name, []).append(entry)

    def find(self, reference: str, of: Entry) -> Entry | None:
        """The resource that a reference in ``of`` points to, if it is here."""
        holder = of.holder or of
        if reference.startswith("#"):
            return holder.contained.get(reference[1:]) if len(reference) > 1 else of.holder
        exact = self._by_name.get(reference)
        if exact is not None and exact[0].full_url == reference:
            return exact[0]
        base, name = split(reference)
        base = base or self._bases[id(holder)]
        called = self._by_name.get(name, ())
        same = [entry for entry in called if self._bases[id(entry)] == base]
        if same:
            return same[0]
        # Where either side does not say on which server it is, only the other can be meant.
        fitting = [entry for entry in called if base is None or self._bases[id(entry)] is None]
        return fitting[0] if len(fitting) == 1 else None

    def same(self, entry: Entry) -> Entry:
        """The first entry with the same resource: a search may name one more than once, and a history, which
        has the newest first, does (https://hl7.org/fhir/R4/http.html#history).
        """
        if entry.holder is not None or entry.id is None:
            return entry
        base = self._bases[id(entry)]
        called = self._by_name[f"{entry.type}/{entry.id}"]
        return next(other for other in called if self._bases[id(other)] == base)

    def name(self, entry: Entry) -> str:
        """What a case of this patient is called."""
        base = self._bases.get(id(entry))
        if entry.holder is not None or entry.id is None:
            return f"{entry.label}#{entry.id}" if entry.holder is not None else entry.full_url or entry.label
        return f"{base + '/' if base else ''}{entry.type}/{entry.id}"


def _base(entry: Entry) -> str | None:
    """The server an entry says it is from."""
    if entry.full_url is None:
        return None
    base, name = split(entry.full_url)
    return base if entry.id is None or name == f"{entry.type}/{entry.id}" else None


def _names(entry: Entry) -> Iterator[str]:
    """What a reference to an entry may say, servers left out."""
    if entry.full_url is not None:
        yield entry.full_url
    if entry.id is not None:
        yield f"{entry.type}/{entry.id}"
        yield f"urn:uuid:{entry.id}"
    elif entry.full_url is not None:
        yield split(entry.full_url)[1]
    if entry.asked is not None:
        yield split(entry.asked)[1]
    identifiers = entry.original.get("identifier")
    for one in [identifiers] if isinstance(identifiers, dict) else dicts(identifiers):
        name = _conditional(entry.type, one)
        if name is not None:
            yield name


def _conditional(kind: str, identifier: Json) -> str | None:
    """The conditional reference that an identifier makes: ``Patient?identifier=system|value``."""
    system, value = identifier.get("system"), identifier.get("value")
    if not isinstance(value, str) or not value or not (system is None or isinstance(system, str)):
        return None
    return f"{kind}?identifier={system or ''}|{value}"


def _references_to_patient(entry: Entry) -> Iterator[str]:
    """What an entry says of the patient it is about."""
    for name in _SUBJECTS:
        about = entry.original.get(name)
        for value in about if isinstance(about, list) else (about,):
            if not isinstance(value, dict):
                continue
            if isinstance(value.get("reference"), str):
                yield value["reference"]
            elif isinstance(value.get("identifier"), dict) and value.get("type") in (None, "Patient"):
                logical = _conditional("Patient", value["identifier"])
                if logical is not None:
                    yield logical


def groups(entries: list[Entry], index: Index) -> Iterator[tuple[list[Entry], list[Entry]]]:
    """The entries of each case, in the order they came: ours by case id, others by patient, the rest by who
    refers to it. Beside them, with the first case, those that are of no patient: of a group or a device, or of
    nobody, where they could be of one patient or another.
    """
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
    others = found.pop(NO_PATIENT, [])
    rest = [entry for entry in entries if entry.case is None]
    if len(found) > 1:
        for number, group in enumerate(found.values()):
            yield group, [] if number else [*rest, *others]
    elif found or rest:
        yield [*next(iter(found.values()), ()), *rest], others


NO_PATIENT = ""
"""The case of what says that it is about something else than a patient."""


def _case_of(entry: Entry, index: Index) -> str | None:
    if entry.own is not None:
        return "case " + entry.own[0]
    header = _header_id(entry.original)
    if header is not None:
        return "case " + header
    if entry.type == "Patient":
        return "patient " + index.name(index.same(entry))
    said = None
    for reference in _references_to_patient(entry):
        about = index.find(reference, entry)
        if about is not None and about.type == "Patient":
            return "case " + about.own[0] if about.own else "patient " + index.name(index.same(about))
        base, name = split(reference)
        kind = about.type if about is not None else name.partition("/")[0].partition("?")[0]
        patient = f"patient {base}/{name}" if base else f"patient {name}"
        said = said or (NO_PATIENT if kind in _NOT_PATIENTS else patient)
    return said


def _header_id(resource: Json) -> str | None:
    """The case id in the header of a Provenance of ours."""
    for extension in dicts(resource.get("extension")):
        if extension.get("url") == urls.own("case-header"):
            for part in dicts(extension.get("extension")):
                identity = part.get("valueId")
                if part.get("url") == "id" and isinstance(identity, str) and KEY.match(identity):
                    return identity
    return None


def _by_reference(entries: list[Entry], index: Index) -> None:
    """Give an entry without a patient to the first case that refers to it, directly or through others."""
    if all(entry.case is not None for entry in entries):
        return
    waiting = [entry for entry in entries if entry.case is not None]
    for entry in waiting:
        for reference in entry.references:
            target = index.find(reference, entry)
            if target is not None and target.case is None:
                target.case = entry.case
                waiting.append(target)


_NOT_KEY = re.compile(r"[^A-Za-z0-9.\-]+")


def key_of(text: str) -> str:
    """A key made of any text: as it is where it can be one, else with what a key cannot have replaced, and
    told apart.
    """
    plain = _NOT_KEY.sub("-", text).strip("-.")
    if plain == text and len(text) <= 64 and text[:1].isalnum():
        return text
    return f"{plain[:40].strip('-.') or 'x'}-{sha1(text.encode(), usedforsecurity=False).hexdigest()[:12]}"


def is_test_data(resource: Json, label: Json) -> bool:
    """Whether a resource is labelled as invented, by a security label."""
    meta: Any = resource.get("meta")
    return any(
        (one.get("system"), one.get("code")) == (label["system"], label["code"])
        for one in dicts(meta.get("security") if isinstance(meta, dict) else None)
    )
