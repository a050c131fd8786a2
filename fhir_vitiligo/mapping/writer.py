"""Case to resources: the compiled parts run over a case's items."""

from __future__ import annotations

from hashlib import sha1
from typing import Any

from fhir_vitiligo.case.consistency import UNKNOWN_TIME
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.case.values import Fact, Identifier, Moment
from fhir_vitiligo.fhir import differences
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.codecs import IdentifierCodec
from fhir_vitiligo.mapping.compiler import Step, _enter
from fhir_vitiligo.mapping.declaration import Json
from fhir_vitiligo.mapping.facts import copied
from fhir_vitiligo.mapping.moments import InstantCodec
from fhir_vitiligo.mapping.narrative import narrative
from fhir_vitiligo.mapping.parts import CompiledPart, Kind, kinds

NAMESPACE = bytes.fromhex("5b6f0c4e7d1f5c0f9a3e2f1b8c7d6e5a")
"""Namespace of all ids: uuid5 of case id, kind, key and part."""

_NAMESPACE_HASH = sha1(NAMESPACE, usedforsecurity=False)

SOFTWARE = "fhir_vitiligo"
TEST_DATA: Json = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}
_IDENTIFIER = IdentifierCodec()
EMPTY: tuple[()] = ()
"""The one empty tuple there is (CPython shares it)."""
_INSTANT = InstantCodec()


def resource_id(name: str) -> str:
    """uuid5 (RFC 9562) of a name in the project's namespace, as text."""
    hashed = _NAMESPACE_HASH.copy()
    hashed.update(name.encode())
    digest = hashed.hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


class CaseWriter:
    """Writes the resources of one case."""

    def __init__(self, case: Case, release: Release) -> None:
        self.case = case
        self.release = release
        self.period_path = differences.path(release, "Encounter", "period")
        self._ids: dict[tuple[str, str, str], str] = {}
        self._when = {point.key: point.when for point in case.timepoints if point.when is not None}
        self._anchor = case.timepoints[0].key if case.timepoints else None

    def name(self, kind: str, key: str, part: str = "") -> str:
        """What the item's identifier says, and the id is made of."""
        return f"{self.case.id}/{kind}/{key}/{part}" if part else f"{self.case.id}/{kind}/{key}"

    def id(self, kind: str, key: str, part: str = "") -> str:
        """The id of an item's resource: the same in every run."""
        place = (kind, key, part)
        found = self._ids.get(place)
        if found is None:
            found = self._ids[place] = resource_id(self.name(kind, key, part))
        return found

    def reference(self, kind: str, key: str) -> Json:
        return {"reference": "urn:uuid:" + self.id(kind, key)}

    def resources(self) -> list[Json]:
        """Every resource of the case but the Provenance, the patient first."""
        found: list[Json] = []
        for kind in kinds(self.release).values():
            if kind.name != "case":
                for key, item in kind.items(self.case):
                    found += self.item(kind, key, item)
        return found

    def item(self, kind: Kind, key: str, item: Any) -> list[Json]:
        """The resources of one item, its main one first."""
        found = []
        for compiled in kind.main:
            if compiled.part.when is None or compiled.part.when(item):
                found.append(self._resource(compiled, key, item, always=True))
                break
        found += (self._resource(compiled, key, item, always=False) for compiled in kind.further)
        return [resource for resource in found if resource is not None]

    def _resource(self, compiled: CompiledPart, key: str, item: Any, *, always: bool) -> Json | None:
        part = compiled.part
        # Most fields of most items are empty, so a look into the instance comes first; an empty tuple says
        # nothing either.
        values = item.__dict__
        present = [
            (field, value)
            for field in compiled.fields
            if (value := values[field.case] if field.get is None else field.get(item)) is not None
            and value is not EMPTY
        ]
        if (
            not present
            and not always
            and not (part.effective and not part.anchored and getattr(item, "date", None))
        ):
            return None
        resource: Json = {"resourceType": compiled.resource, "id": self.id(part.kind, key, part.name)}
        if self.case.synthetic:
            resource["meta"] = {"security": [dict(TEST_DATA)]}
        resource["text"] = narrative(part.title, present)
        self._identify(resource, compiled, key, getattr(item, "identifiers", ()))
        resource.update(part.constants())
        if compiled.release_constants:
            resource.update(compiled.release_constants)
        for element, codes in compiled.codes.items():
            if element in resource:
                resource[element] = codes.get(resource[element], resource[element])
        if part.subject is not None:
            resource[part.subject] = self.reference("subject", "subject")
        if part.focus is not None:
            resource["focus"] = [self.reference(part.focus, key)]
        if part.anchored and self._anchor is not None:
            resource["encounter"] = self.reference("timepoint", self._anchor)
        self._time(resource, compiled, item)
        for field, value in present:
            field.write(resource, value, self)
        for path, unless, value in compiled.demands:
            if not _there(resource, unless):
                *around, last = path
                _enter(resource, around)[last.name] = copied(value)
        return resource

    def _identify(
        self, resource: Json, compiled: CompiledPart, key: str, others: tuple[Identifier, ...]
    ) -> None:
        room = compiled.part.identifiers
        if room == "none":
            return
        own: Json = {"system": urls.ITEM, "value": self.name(compiled.part.kind, key, compiled.part.name)}
        if compiled.part.name:
            others = ()
        if room == "many" or self.release is Release.R5:
            resource["identifier"] = [own, *(_IDENTIFIER.encode(one, self) for one in others)]
            return
        resource["identifier"] = own
        if others:
            resource["extension"] = [
                {"url": urls.own("further-identifier"), "valueIdentifier": _IDENTIFIER.encode(one, self)}
                for one in others
            ]

    def default_time(self, at: str | None, *, anchored: bool, required: bool) -> Fact[Moment] | None:
        """The time of an item that has none of its own."""
        point = self._anchor if anchored else at
        when = self._when.get(point) if point is not None else None
        return when or (UNKNOWN_TIME if required else None)

    def _time(self, resource: Json, compiled: CompiledPart, item: Any) -> None:
        effective = compiled.part.effective
        if effective is None or compiled.effective is None:
            return
        own = None if compiled.part.anchored else getattr(item, "date", None)
        time = own or self.default_time(
            getattr(item, "at", None), anchored=compiled.part.anchored, required=effective.required
        )
        if time is not None:
            *around, last = compiled.effective
            _INSTANT.put(_enter(resource, around), last.name, time, self)


def _there(resource: Any, path: tuple[Step, ...]) -> bool:
    for step in path:
        if isinstance(resource, list):
            resource = resource[0] if resource else None
        if not isinstance(resource, dict) or step.name not in resource:
            return False
        resource = resource[step.name]
    return True
