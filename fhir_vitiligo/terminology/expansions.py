"""What a value set holds, written out: ``$expand`` (https://hl7.org/fhir/R4/valueset-operation-expand.html)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fhir_vitiligo.errors import TerminologyError
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.terminology.code_systems import CodeSystem, Concept
from fhir_vitiligo.terminology.compositions import ValueSet
from fhir_vitiligo.terminology.memberships import Gap

_MISSING = {
    "value-set": "the value set {} that it takes in is not on board",
    "system": "the code system {} is not on board",
    "version": "{} is not on board in that version",
    "fragment": "only a part of the code system {} is on board",
    "filter": "the filter {} cannot be run here",
    "grammar": "the codes of {} follow a grammar and have no end",
}


@dataclass(frozen=True, slots=True)
class Expansion:
    """A page of a value set. ``total`` counts all pages; ``contains`` are entries of ``expansion.contains``."""

    url: str
    version: str | None
    total: int
    offset: int
    contains: tuple[Json, ...]


def expand(
    value_set: ValueSet,
    code_system: Callable[[str], CodeSystem | None],
    *,
    text: str = "",
    offset: int = 0,
    count: int | None = None,
    active_only: bool = False,
) -> Expansion:
    """The codes in the order of the composition, those of a whole system as the system has them.

    ``text``: every word of it must be in the display, or it begins the code. Raises :class:`TerminologyError`
    when the value set cannot be listed, with what is missing.
    """
    if value_set.gaps:
        raise _not_listable(value_set)
    words = text.casefold().split()
    contains = [
        entry
        for entry in _entries(value_set, code_system)
        if not (active_only and entry.get("inactive")) and _matches(entry, words)
    ]
    end = None if count is None else offset + max(count, 0)
    return Expansion(value_set.url, value_set.version, len(contains), offset, tuple(contains[offset:end]))


def missing(gap: Gap) -> str:
    """What stands in the way, as the second half of a sentence."""
    return _MISSING[gap.reason].format(gap.name)


def _not_listable(value_set: ValueSet) -> TerminologyError:
    told = "; ".join(map(missing, value_set.gaps[:3]))
    more = f" (and {len(value_set.gaps) - 3} more reasons)" if len(value_set.gaps) > 3 else ""
    text = f"The value set {value_set.url or value_set.name} cannot be listed here: {told}{more}."
    return TerminologyError(text, code="too-costly")


def _entries(value_set: ValueSet, code_system: Callable[[str], CodeSystem | None]) -> Iterator[Json]:
    for system, membership in value_set.by_system.items():
        known = code_system(system)
        for code, display in (membership.codes or {}).items():
            yield _entry(system, code, display, known.find(code) if known is not None else None)


def _entry(system: str, code: str, display: object, concept: Concept | None) -> Json:
    entry: Json = {"system": system}
    if concept is not None and concept.abstract:
        entry["abstract"] = True
    if concept is not None and concept.inactive:
        entry["inactive"] = True
    entry["code"] = code
    words = display if isinstance(display, str) else concept.display if concept is not None else None
    if words is not None:
        entry["display"] = words
    return entry


def _matches(entry: Json, words: list[str]) -> bool:
    display = str(entry.get("display", "")).casefold()
    return all(word in display for word in words) or entry["code"].casefold().startswith(" ".join(words))
