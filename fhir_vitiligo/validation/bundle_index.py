"""What the references in a Bundle name (https://hl7.org/fhir/R4/bundle.html#references).

A reference with a base, or a URN, is looked for among the entries' fullUrls. A relative one is first read with
the base of the entry it stands in; where that entry has a fullUrl without a base (``urn:uuid:``), the type
and id of the resources decide.
"""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.references import parse_restful


class BundleIndex:
    """The resources of a Bundle's entries, or of a Parameters' parameters, by fullUrl and by type and id."""

    def __init__(self, resource: Json) -> None:
        self.by_url: dict[str, list[Json]] = {}
        self.by_name: dict[str, list[Json]] = {}
        # By the identity of the resource: what its entry is called.
        self.full_urls: dict[int, str] = {}
        if resource.get("resourceType") == "Parameters":
            self._add_parameters(resource.get("parameter"))
        else:
            for entry in _objects(resource.get("entry")):
                self._add(entry.get("fullUrl"), entry.get("resource"))

    def find(self, reference: str, full_url: str) -> list[Json]:
        """The resources that ``reference`` names, written in the entry called ``full_url``."""
        reference = reference.partition("#")[0] if not reference.startswith("#") else reference
        if found := self.by_url.get(reference):
            return found
        target = parse_restful(reference)
        if target is None:
            return []
        plain = f"{target.type}/{target.id}"
        if target.base:
            return _of_version(self.by_url.get(f"{target.base}/{plain}", []), target.version)
        around = parse_restful(full_url)
        if around is not None and around.base:
            return _of_version(self.by_url.get(f"{around.base}/{plain}", []), target.version)
        return _of_version(self.by_name.get(plain, []), target.version)

    def _add(self, full_url: Any, resource: Any) -> None:
        if not isinstance(resource, dict):
            return
        self.full_urls[id(resource)] = full_url if isinstance(full_url, str) else ""
        if isinstance(full_url, str):
            self.by_url.setdefault(full_url, []).append(resource)
        kind, name = resource.get("resourceType"), resource.get("id")
        if isinstance(kind, str) and isinstance(name, str):
            self.by_name.setdefault(f"{kind}/{name}", []).append(resource)

    def _add_parameters(self, parameters: Any) -> None:
        todo = _objects(parameters)
        while todo:
            one = todo.pop(0)
            self._add(None, one.get("resource"))
            todo.extend(_objects(one.get("part")))


def _of_version(found: list[Json], version: str) -> list[Json]:
    if not version:
        return found
    return [one for one in found if _version(one) == version]


def _version(resource: Json) -> Any:
    meta = resource.get("meta")
    return meta.get("versionId") if isinstance(meta, dict) else None


def _objects(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
