"""Codes of one system as codes of another: ``$translate`` over the ConceptMaps on board.

https://hl7.org/fhir/R4/conceptmap.html, conceptmap-operation-translate.html; R5 renamed ``equivalence`` to
``relationship`` (https://hl7.org/fhir/R5/conceptmap.html), and both are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fhir_vitiligo.fhir.json import Json

# What a map says from source to target, said the other way round; the rest is the same both ways.
_PAIRS = (
    ("wider", "narrower"),
    ("subsumes", "specializes"),
    ("source-is-narrower-than-target", "source-is-broader-than-target"),
)
_REVERSED = {**dict(_PAIRS), **{second: first for first, second in _PAIRS}}
_NOT_A_MATCH = frozenset({"unmatched", "disjoint", "not-related-to"})


@dataclass(frozen=True, slots=True)
class Translation:
    """A code that another stands for. ``relationship`` is the map's own word: ``equivalent``, ``wider``..."""

    system: str
    code: str
    display: str | None
    relationship: str
    comment: str | None
    map_url: str

    @property
    def is_match(self) -> bool:
        """False where the map says that there is no such code."""
        return self.relationship not in _NOT_A_MATCH


def translate(
    maps: Iterable[Json], system: str, code: str, *, target: str | None = None, reverse: bool = False
) -> list[Translation]:
    """What ``system#code`` is in the maps' target systems, or in the one that ``target`` names.

    ``reverse`` reads the maps from target to source, and turns ``wider`` into ``narrower``. Each answer comes
    once, in the order of the maps.
    """
    found: dict[tuple[str, str, str], Translation] = {}
    for one in maps:
        for translation in _matches(one, system, code, reverse=reverse):
            if target in (None, translation.system):
                key = (translation.system, translation.code, translation.relationship)
                found.setdefault(key, translation)
    return list(found.values())


def is_between(resource: Json, source: str | None, target: str | None) -> bool:
    """Whether a ConceptMap goes from the value set or system ``source`` to ``target``; ``None``: any."""
    return all(
        wanted is None or wanted in _scopes(resource, side)
        for side, wanted in (("source", source), ("target", target))
    )


def _scopes(resource: Json, side: str) -> set[str]:
    names = (
        side,
        f"{side}Uri",
        f"{side}Canonical",
        f"{side}Scope",
        f"{side}ScopeUri",
        f"{side}ScopeCanonical",
    )
    told = [resource.get(name) for name in names]
    told += [group.get(side) for group in _objects(resource.get("group"))]
    texts = {text for text in told if isinstance(text, str)}
    return texts | {text.partition("|")[0] for text in texts}


def _matches(resource: Json, system: str, code: str, *, reverse: bool) -> Iterator[Translation]:
    for group in _objects(resource.get("group")):
        near, far = _bare(group.get("source")), _bare(group.get("target"))
        if system != (far if reverse else near):
            continue
        mapped = False
        for element in _objects(group.get("element")):
            mapped = mapped or element.get("code") == code
            for target in _objects(element.get("target")):
                here, there = (target, element) if reverse else (element, target)
                if here.get("code") == code and isinstance(there.get("code"), str):
                    system_there = (near if reverse else far) or ""
                    yield _translation(resource, system_there, there, target, reverse=reverse)
        if not mapped and not reverse:
            yield from _unmapped(resource, group, far or "", code)


def _unmapped(resource: Json, group: Json, system: str, code: str) -> Iterator[Translation]:
    """What the group says of codes that it does not list; another map it names is not followed."""
    rule = group.get("unmapped")
    if not isinstance(rule, dict):
        return
    relationship = str(rule.get("relationship") or "equivalent")
    if rule.get("mode") in ("provided", "use-source-code"):
        yield Translation(system, code, None, relationship, None, str(resource.get("url", "")))
    elif rule.get("mode") == "fixed" and isinstance(rule.get("code"), str):
        yield Translation(
            system, rule["code"], rule.get("display"), relationship, None, str(resource.get("url", ""))
        )


def _translation(resource: Json, system: str, there: Json, target: Json, *, reverse: bool) -> Translation:
    told = str(target.get("relationship") or target.get("equivalence") or "equivalent")
    return Translation(
        system=system,
        code=there["code"],
        display=there.get("display"),
        relationship=_REVERSED.get(told, told) if reverse else told,
        comment=target.get("comment"),
        map_url=str(resource.get("url", "")),
    )


def _bare(canonical: Any) -> str | None:
    return canonical.partition("|")[0] if isinstance(canonical, str) else None


def _objects(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
