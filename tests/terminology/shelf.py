"""A package in memory, for tests that need a few definitions of their own."""

from __future__ import annotations

from collections.abc import Iterator

from fhir_vitiligo.fhir.json import Json


class Shelf:
    """A package of a few resources."""

    def __init__(self, *resources: Json) -> None:
        self.resources = resources

    def resolve(self, canonical: str, resource_type: str | None = None) -> Json | None:
        url, _, version = canonical.partition("|")
        for one in self.resources:
            if one["url"] == url and resource_type in (None, one["resourceType"]):
                return one if version in ("", one.get("version", "")) else None
        return None

    def of_type(self, resource_type: str) -> Iterator[Json]:
        return (one for one in self.resources if one["resourceType"] == resource_type)
