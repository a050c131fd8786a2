"""A package in memory, for tests that need a few definitions of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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


def value_set(name: str, *include: Json, exclude: tuple[Json, ...] = (), **more: Any) -> Json:
    compose = {"include": list(include), "exclude": list(exclude), **more}
    return {"resourceType": "ValueSet", "url": f"urn:{name}", "name": name, "compose": compose}


def where(prop: str, operator: str, value: str, system: str = "urn:s") -> Json:
    return {"system": system, "filter": [{"property": prop, "op": operator, "value": value}]}


def system(url: str = "urn:s", **more: Any) -> Json:
    return {"resourceType": "CodeSystem", "url": url, "content": "complete", **more}


TREE: list[Json] = [
    {"code": "a", "display": "Alpha", "concept": [
        {"code": "a1", "display": "Alpha One", "concept": [{"code": "a11"}]},
        {"code": "a2", "designation": [{"language": "de", "value": "Alpha Zwei"}], "display": "Alpha Two"},
    ]},
    {"code": "b", "property": [{"code": "kind", "valueCode": "x"}]},
    {"code": "c", "property": [{"code": "subsumedBy", "valueCode": "a2"}, {"code": "kind", "valueString": "y"}]},
    {"code": "d", "property": [{"code": "inactive", "valueBoolean": True}]},
    {"code": "e", "property": [{"code": "notSelectable", "valueBoolean": True}]},
]  # fmt: skip
