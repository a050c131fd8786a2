"""Turns the records of the compact definitions into their values.

The records' shapes are told in ``tools/definition_*.py``, where they are made. Keys are FHIR's own.
Addresses of core lose their prefix in the data and get it back here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fhir_vitiligo.fhir.definition_types import (
    CORE,
    Binding,
    Element,
    Invariant,
    Operation,
    OperationParameter,
    SearchParameter,
    Structure,
    TypeRef,
)

Record = dict[str, Any]


def structure(name: str, record: Record, inherited: Iterable[Invariant]) -> Structure:
    """``inherited`` are the invariants of the type's ancestors, which apply to its root too."""
    url = record["url"]
    invariants = {key: _invariant(key, url, *told) for key, told in record.get("invariants", {}).items()}
    # A constrained form of a type (SimpleQuantity) speaks of the type's own paths.
    root = record["base"] if record.get("derivation") == "constraint" else name
    first, *others = (_element(root, item, invariants) for item in record["elements"])
    if inherited := tuple(inherited):
        first = Element(
            root, first.min, first.max, first.types, first.binding, invariants=inherited + first.invariants
        )
    elements = (first, *others)
    children: dict[str, list[Element]] = {}
    for element in others:
        children.setdefault(element.path.rpartition(".")[0], []).append(element)
    return Structure(
        name=name,
        url=url,
        kind=record["kind"],
        base=record.get("base"),
        abstract=record.get("abstract", False),
        elements=elements,
        regex=record.get("regex"),
        by_path={element.path: element for element in elements},
        by_parent={path: tuple(below) for path, below in children.items()},
    )


def _invariant(
    key: str, source: str, severity: Any, expression: str, human: str, best: bool = False
) -> Invariant:
    return Invariant(key, severity, expression, human, best, source)


def _element(root: str, record: list[Any], invariants: Mapping[str, Invariant]) -> Element:
    tail, least, most, types, *rest = record
    more: Record = rest[0] if rest else {}
    return Element(
        path=f"{root}.{tail}" if tail else root,
        min=least,
        max=_max(most),
        types=_types(types),
        binding=_binding(more),
        content_reference=more.get("contentReference"),
        fixed=more.get("fixed"),
        pattern=more.get("pattern"),
        min_value=more.get("minValue"),
        max_value=more.get("maxValue"),
        max_length=more.get("maxLength"),
        is_modifier=more.get("isModifier", False),
        is_summary=more.get("isSummary", False),
        is_xml_attribute="xmlAttr" in more.get("representation", ()),
        invariants=tuple(invariants[key] for key in more.get("invariants", ())),
    )


def _max(highest: int | str) -> int | None:
    return None if isinstance(highest, str) else highest


def _types(records: Iterable[Any]) -> tuple[TypeRef, ...]:
    return tuple(
        TypeRef(record)
        if isinstance(record, str)
        else TypeRef(record[0], *(_canonicals(urls) for urls in record[1:]))
        for record in records
    )


def _canonicals(urls: Iterable[str]) -> tuple[str, ...]:
    return tuple(url if ":" in url else CORE + url for url in urls)


def _binding(more: Record) -> Binding | None:
    return Binding(*more["binding"]) if "binding" in more else None


def search_parameter(name: str, record: Record) -> SearchParameter:
    return SearchParameter(
        id=name,
        code=record["code"],
        type=record["type"],
        base=tuple(record["base"]),
        expression=record.get("expression", ""),
        target=tuple(record.get("target", ())),
        components=tuple((parameter, expression) for parameter, expression in record.get("component", ())),
        comparators=tuple(record.get("comparator", ())),
        modifiers=tuple(record.get("modifier", ())),
        chains=tuple(record.get("chain", ())),
        multiple_or=record.get("multipleOr"),
        multiple_and=record.get("multipleAnd"),
        processing_mode=record.get("processingMode", "normal"),
    )


def operation(name: str, record: Record) -> Operation:
    return Operation(
        id=name,
        url=record["url"],
        code=record["code"],
        resources=tuple(record.get("resource", ())),
        system=record.get("system", False),
        type=record.get("type", False),
        instance=record.get("instance", False),
        affects_state=record.get("affectsState", False),
        parameters=tuple(_parameter(parameter) for parameter in record["parameter"]),
    )


def _parameter(record: list[Any]) -> OperationParameter:
    name, use, least, most, kind, *parts = record
    return OperationParameter(
        name, use, least, _max(most), kind, tuple(_parameter(part) for part in (parts or [()])[0])
    )
