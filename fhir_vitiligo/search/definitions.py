"""SearchParameter resources that core does not have: the project's own and those a user has stored.

https://hl7.org/fhir/R4/searchparameter.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.definition_types import SearchParameter
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.own_package import own_package

_KINDS = frozenset(
    {"number", "date", "string", "token", "reference", "composite", "quantity", "uri", "special"}
)


@dataclass(frozen=True, slots=True)
class FurtherParameter(SearchParameter):
    """A search parameter with a canonical of its own; ``components`` name theirs by canonical."""

    canonical: str = ""

    @property
    def url(self) -> str:
        return self.canonical

    @property
    def digest(self) -> str:
        """Another one for a definition that selects or compares something else."""
        told = (
            self.canonical,
            self.code,
            self.type,
            self.base,
            self.expression,
            self.target,
            self.components,
        )
        return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


def further_parameter(resource: Json) -> FurtherParameter:
    """A SearchParameter resource as the server uses it; :class:`InputError` says what it lacks for that."""
    url, code, kind = (resource.get(name) for name in ("url", "code", "type"))
    base = resource.get("base")
    if not (isinstance(url, str) and isinstance(code, str) and code and isinstance(base, list) and base):
        raise InputError("a SearchParameter needs url, code and base to be searched by", code="required")
    if kind not in _KINDS:
        raise InputError(f"{url}: {str(kind)[:50]!r} is no type of search parameters", code="value")
    if not all(part.isalnum() for part in code.replace("-", "_").split("_") if part):
        raise InputError(f"{url}: the code {code[:100]!r} cannot stand in a query", code="value")
    expression = resource.get("expression")
    components = resource.get("component")
    return FurtherParameter(
        id=str(resource.get("id", "")),
        code=code,
        type=str(kind),
        base=_texts(base),
        expression=expression if isinstance(expression, str) else "",
        target=_texts(resource.get("target")),
        components=tuple(
            (str(one.get("definition", "")), str(one.get("expression", "")))
            for one in (components if isinstance(components, list) else ())
            if isinstance(one, dict)
        ),
        comparators=_texts(resource.get("comparator")),
        modifiers=_texts(resource.get("modifier")),
        chains=_texts(resource.get("chain")),
        multiple_or=_flag(resource.get("multipleOr")),
        multiple_and=_flag(resource.get("multipleAnd")),
        processing_mode=str(resource.get("processingMode") or resource.get("xpathUsage") or "normal"),
        canonical=url,
    )


def own_parameters(release: Release) -> tuple[FurtherParameter, ...]:
    """The search parameters of the project's own package."""
    return tuple(further_parameter(resource) for resource in _own(release))


def active(resources: Iterable[Json]) -> list[Json]:
    """Those that are in force and can be used; two of one url: the later."""
    found: dict[str, Json] = {}
    for resource in resources:
        try:
            parameter = further_parameter(resource)
        except InputError:
            continue
        if resource.get("status") == "active":
            found[parameter.url] = resource
    return list(found.values())


def _own(release: Release) -> Iterator[Json]:
    for path in sorted(own_package(release).glob("SearchParameter-*.json")):
        yield json.loads_object(path.read_bytes())


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
