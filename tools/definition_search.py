"""SearchParameters, CompartmentDefinitions and OperationDefinitions to compact records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Record = dict[str, Any]

_SEARCH_URL = "http://hl7.org/fhir/SearchParameter/"


def _is_published(definition: Record) -> bool:
    """Core packages also carry examples, and search parameters that never were given a date or a base."""
    return bool(definition.get("date")) and not definition["id"].startswith("example")


def search_records(definitions: Iterable[Record]) -> dict[str, Record]:
    """By id: ``{code, type, base, expression, target, ...}`` with FHIR's names; the url is core's prefix and
    the id.
    """
    records: dict[str, Record] = {}
    holder: dict[tuple[str, str], tuple[str, str]] = {}
    for definition in sorted(
        filter(_is_published, definitions), key=lambda d: (str(d["date"])[:10], d["id"])
    ):
        if definition["url"] != _SEARCH_URL + definition["id"]:
            raise ValueError(
                f"search parameter {definition['id']} has the unexpected url {definition['url']}"
            )
        bases = definition["base"] if isinstance(definition["base"], list) else [definition["base"]]
        for base in bases:
            # R4B and R5 state _filter twice: the one of the release itself is dated later and wins.
            earlier = holder.get((base, definition["code"]))
            if earlier is not None:
                records.pop(earlier[0])
            holder[base, definition["code"]] = (definition["id"], definition["date"])
        record: Record = {"code": definition["code"], "type": definition["type"], "base": sorted(bases)}
        if expression := definition.get("expression"):
            record["expression"] = expression
        for key in ("target", "comparator", "modifier", "chain"):
            if values := definition.get(key):
                record[key] = sorted(values) if key == "target" else values
        for key in ("multipleOr", "multipleAnd"):
            if key in definition:
                record[key] = definition[key]
        if components := definition.get("component"):
            record["component"] = [
                [c["definition"].removeprefix(_SEARCH_URL), c["expression"]] for c in components
            ]
        usage = definition.get("processingMode") or definition.get("xpathUsage") or "normal"
        if usage != "normal":
            record["processingMode"] = usage
        records[definition["id"]] = record
    return dict(sorted(records.items()))


def compartment_records(definitions: Iterable[Record]) -> dict[str, dict[str, list[str]]]:
    """By compartment (``Patient``): resource type to the search parameters that place it there, outsiders
    left out.
    """
    return {
        definition["code"]: {
            resource["code"]: resource["param"]
            for resource in sorted(definition["resource"], key=lambda resource: str(resource["code"]))
            if resource.get("param")
        }
        for definition in sorted(
            filter(_is_published, definitions), key=lambda definition: str(definition["code"])
        )
    }


def operation_records(definitions: Iterable[Record]) -> dict[str, Record]:
    """By id: ``{code, resource, system, type, instance, affectsState, parameter}``."""
    records: dict[str, Record] = {}
    for definition in sorted(
        filter(_is_published, definitions), key=lambda definition: str(definition["id"])
    ):
        record: Record = {"url": definition["url"], "code": definition["code"]}
        if resources := definition.get("resource"):
            record["resource"] = resources
        for flag in ("system", "type", "instance", "affectsState"):
            if definition.get(flag):
                record[flag] = True
        record["parameter"] = [_parameter(parameter) for parameter in definition.get("parameter", ())]
        records[definition["id"]] = record
    return records


def _parameter(parameter: Record) -> list[Any]:
    """``[name, use, min, max, type, parts]``; parts only where there are some."""
    highest = parameter["max"]
    record = [
        parameter["name"],
        parameter["use"],
        parameter["min"],
        highest if highest == "*" else int(highest),
        parameter.get("type", ""),
    ]
    if parts := parameter.get("part"):
        record.append([_parameter({"use": parameter["use"], **part}) for part in parts])
    return record
