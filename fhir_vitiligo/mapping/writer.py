"""Case to resources: the compiled parts run over a case's items."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha1
from typing import Any

from fhir_vitiligo.case.model import Case
from fhir_vitiligo.fhir import differences
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import profiles
from fhir_vitiligo.mapping.declaration import Json
from fhir_vitiligo.mapping.parts import Kind, kinds
from fhir_vitiligo.mapping.writing import TEST_DATA

NAMESPACE = bytes.fromhex("5b6f0c4e7d1f5c0f9a3e2f1b8c7d6e5a")
"""Namespace of all ids: uuid5 of case id, kind, key and part."""

_NAMESPACE_HASH = sha1(NAMESPACE, usedforsecurity=False)
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}

SOFTWARE = "fhir_vitiligo"


def resource_id(name: str) -> str:
    """uuid5 (RFC 9562) of a name in the project's namespace, as text."""
    hashed = _NAMESPACE_HASH.copy()
    hashed.update(name.encode())
    digest = hashed.hexdigest()
    variant = _VARIANT[digest[16]]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


class _Urns(dict[tuple[str, str], str]):
    """The URL of an item's main resource, by kind and key: made when it is first asked for."""

    def __init__(self, case: str) -> None:
        super().__init__()
        self._case = case

    def __missing__(self, place: tuple[str, str]) -> str:
        kind, key = place
        made = self[place] = "urn:uuid:" + resource_id(f"{self._case}/{kind}/{key}")
        return made


class CaseWriter:
    """Writes the resources of one case."""

    def __init__(self, case: Case, release: Release) -> None:
        self.case, self.case_id, self.synthetic = case, case.id, case.synthetic
        self.release = release
        self.period_path = differences.path(release, "Encounter", "period")
        self.urns: Mapping[tuple[str, str], str] = _Urns(case.id)
        self.times = {point.key: point.when for point in case.timepoints if point.when is not None}
        """When a time point was: the time of its items that have none of their own."""
        self.first = case.timepoints[0].key if case.timepoints else None
        self.anchor = self.urns["timepoint", self.first] if self.first is not None else None
        self.patient = self.urns["subject", "subject"]

    def name(self, kind: str, key: str, part: str = "") -> str:
        """What the item's identifier says, and the id is made of."""
        return f"{self.case_id}/{kind}/{key}/{part}" if part else f"{self.case_id}/{kind}/{key}"

    def id(self, kind: str, key: str, part: str = "") -> str:
        """The id of an item's resource: the same in every run."""
        return self.resource_id(self.name(kind, key, part)) if part else self.urns[kind, key][9:]

    resource_id = staticmethod(resource_id)

    def is_use(self, key: str) -> bool:
        """Whether an intervention is the use of a medication rather than a procedure."""
        return any(one.key == key and one.is_medication for one in self.case.interventions)

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
                    self._add(found, kind, key, item)
        return found

    def item(self, kind: Kind, key: str, item: Any) -> list[Json]:
        """The resources of one item, its main one first."""
        found: list[Json] = []
        self._add(found, kind, key, item)
        return found

    def _add(self, found: list[Json], kind: Kind, key: str, item: Any) -> None:
        for compiled in kind.main:
            if compiled.when is None or compiled.when(item):
                found.append(compiled.write(self, key, item))
                break
        found += [compiled.write(self, key, item) for compiled in kind.further if compiled.says(item)]
