"""Case to resources: the compiled parts run over a case's items."""

from __future__ import annotations

from hashlib import sha1
from typing import Any

from fhir_vitiligo.case.consistency import UNKNOWN_TIME
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.case.values import Fact, Identifier, Moment
from fhir_vitiligo.fhir import differences
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import profiles, urls
from fhir_vitiligo.mapping.codecs import IdentifierCodec
from fhir_vitiligo.mapping.declaration import Json
from fhir_vitiligo.mapping.narrative import EMPTY, div
from fhir_vitiligo.mapping.parts import CompiledPart, Kind, kinds

NAMESPACE = bytes.fromhex("5b6f0c4e7d1f5c0f9a3e2f1b8c7d6e5a")
"""Namespace of all ids: uuid5 of case id, kind, key and part."""

_NAMESPACE_HASH = sha1(NAMESPACE, usedforsecurity=False)
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}

SOFTWARE = "fhir_vitiligo"
TEST_DATA: Json = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}
_IDENTIFIER = IdentifierCodec()


def resource_id(name: str) -> str:
    """uuid5 (RFC 9562) of a name in the project's namespace, as text."""
    hashed = _NAMESPACE_HASH.copy()
    hashed.update(name.encode())
    digest = hashed.hexdigest()
    variant = _VARIANT[digest[16]]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


class CaseWriter:
    """Writes the resources of one case."""

    def __init__(self, case: Case, release: Release) -> None:
        self.case = case
        self.release = release
        self.period_path = differences.path(release, "Encounter", "period")
        self._urns: dict[tuple[str, str], str] = {}
        self._when = {point.key: point.when for point in case.timepoints if point.when is not None}
        self._anchor = case.timepoints[0].key if case.timepoints else None
        self._patient = self.urn("subject", "subject")

    def name(self, kind: str, key: str, part: str = "") -> str:
        """What the item's identifier says, and the id is made of."""
        return f"{self.case.id}/{kind}/{key}/{part}" if part else f"{self.case.id}/{kind}/{key}"

    def id(self, kind: str, key: str, part: str = "") -> str:
        """The id of an item's resource: the same in every run."""
        return resource_id(self.name(kind, key, part)) if part else self.urn(kind, key)[9:]

    def urn(self, kind: str, key: str) -> str:
        """The URL of an item's main resource."""
        found = self._urns.get((kind, key))
        if found is None:
            found = self._urns[kind, key] = "urn:uuid:" + resource_id(self.name(kind, key))
        return found

    def reference(self, kind: str, key: str) -> Json:
        return {"reference": self.urn(kind, key)}

    def meta(self, profile: str) -> Json:
        """``Resource.meta``: the profile, and that it is test data where the case is an invented one."""
        meta: Json = {"profile": [profiles.url(profile)]}
        if self.case.synthetic:
            meta["security"] = [dict(TEST_DATA)]
        return meta

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
                found.append(self._resource(compiled, key, item))
                break
        found += [self._resource(further, key, item) for further in kind.further if _says(further, item)]
        return found

    def _resource(self, compiled: CompiledPart, key: str, item: Any) -> Json:
        part = compiled.part
        resource = compiled.head(
            self.id(part.kind, key, part.name),
            profiles.url(profiles.of(part.profile, item)),
            self.name(part.kind, key, part.name),
            self._patient,
            self.urn(part.focus, key) if part.focus is not None else None,
        )
        if self.case.synthetic:
            resource["meta"]["security"] = [TEST_DATA.copy()]
        if not part.name and part.identifiers != "none" and item.identifiers:
            self._identify(resource, item.identifiers)
        if part.anchored and self._anchor is not None:
            resource["encounter"] = self.reference("timepoint", self._anchor)
        if compiled.write_time is not None:
            time = self._time(compiled, item)
            if time is not None:
                compiled.write_time(resource, time, self)
        # Most fields of most items are empty, so a look into the instance comes first.
        values, lines = item.__dict__, []
        for field in compiled.fields:
            value = values[field.case] if field.get is None else field.get(item)
            if value is not None and value is not EMPTY:
                lines.append(field.tell(value))
                field.write(resource, value, self)
        resource["text"]["div"] = div(part.title, lines)
        for demand in compiled.demands:
            demand(resource)
        return resource

    def _identify(self, resource: Json, others: tuple[Identifier, ...]) -> None:
        """What other systems call the item, where the type has room for it or in an extension."""
        more = [_IDENTIFIER.encode(other, self) for other in others]
        if isinstance(resource["identifier"], list):
            resource["identifier"] += more
        else:
            url = urls.own("further-identifier")
            resource["extension"] = [{"url": url, "valueIdentifier": other} for other in more]

    def default_time(self, at: str | None, *, anchored: bool, required: bool) -> Fact[Moment] | None:
        """The time of an item that has none of its own."""
        point = self._anchor if anchored else at
        when = self._when.get(point) if point is not None else None
        return when or (UNKNOWN_TIME if required else None)

    def _time(self, compiled: CompiledPart, item: Any) -> Fact[Moment] | None:
        anchored, effective = compiled.part.anchored, compiled.part.effective
        own: Fact[Moment] | None = None if anchored else getattr(item, "date", None)
        required = effective is not None and effective.required
        return own or self.default_time(getattr(item, "at", None), anchored=anchored, required=required)


def _says(compiled: CompiledPart, item: Any) -> bool:
    """Whether an item has anything for a further resource."""
    values = item.__dict__
    for field in compiled.fields:
        value = values[field.case] if field.get is None else field.get(item)
        if value is not None and value is not EMPTY:
            return True
    part = compiled.part
    return part.effective is not None and not part.anchored and getattr(item, "date", None) is not None
