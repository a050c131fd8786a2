"""Definitions with something wrong in them, used as packages: a hostile profile ends in an issue, as a hostile resource does."""

from __future__ import annotations

import contextlib
import copy
import os
import random
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import fhir_vitiligo as fv
from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation import Validator

PACKAGE = Path(__file__).resolve().parents[2] / "profiles" / "package"
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
ENOUGH = 10.0  # seconds; most take some milliseconds
SHARDS = 4
VALUES = (
    None, True, 0, -1, 10**30, 1.5, "", "*", "-1", "9" * 30, "x" * 3000, "\x00", "a|b|c", "#x", [], {}, [[]], [{}], [None], {"a": 1},
    "Observation", "Observation.value[x]", "Observation.component.code.coding", "Resource", "BackboneElement", "xhtml", "code",
    "http://hl7.org/fhir/StructureDefinition/Observation", "http://hl7.org/fhir/StructureDefinition/Element",
    "http://hl7.org/fhirpath/System.String", "http://hl7.org/fhir/ValueSet/all-types",
    "value", "type", "profile", "exists", "pattern", "closed", "ordered", "specialization", "required", "is-a", "regex", "in",
    "(((((((((a+)+)+)+)+)+)+)+)+)$", "$this", "%resource", "resolve().x.y", "extension('a').value", "(", "iif(",
    [{"url": "http://hl7.org/fhir/StructureDefinition/regex", "valueString": "((x+)+)+(.|x)*!"}],
    "repeat(children())", "descendants().descendants()",
)  # fmt: skip
NAMES = (
    "slicing", "sliceName", "contentReference", "binding", "constraint", "type", "min", "max", "fixedCode", "maxLength", "base",
    "patternCodeableConcept", "minValueQuantity", "condition", "compose", "expansion", "concept", "property", "filter",
    "supplements", "extension",
)  # fmt: skip


@cache
def definitions() -> tuple[Json, ...]:
    """Our profiles, whole and as differentials, and our value sets and code systems."""
    found = []
    for file in sorted(PACKAGE.glob("*.json")):
        one = json.loads_object(file.read_bytes())
        if one.get("resourceType") == "StructureDefinition":
            found += [one, {name: value for name, value in one.items() if name != "snapshot"}]
        elif one.get("resourceType") in ("ValueSet", "CodeSystem"):
            found.append(one)
    return tuple(found)


@cache
def resources() -> tuple[Json, ...]:
    """What the packaged case report becomes."""
    return tuple(entry["resource"] for entry in fv.to_fhir(fv.example("case-report"))["entry"])


def fitting(definition: Json) -> list[Json]:
    """Resources that a definition speaks of; two of any where none is."""
    kind = definition.get("type")
    claiming = [one for one in resources() if definition["url"] in one.get("meta", {}).get("profile", [])]
    return (claiming or [one for one in resources() if one["resourceType"] == kind] or [*resources()])[:2]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each object or array with each of its keys."""
    waiting = [value]
    while waiting:
        around = waiting.pop()
        keys = (
            list(around)
            if isinstance(around, dict)
            else range(len(around))
            if isinstance(around, list)
            else ()
        )
        for key in keys:
            yield around, key
            waiting.append(around[key])


def mutated(definition: Json, chance: random.Random) -> Json:
    """A copy with one to five things left out, replaced, moved, doubled or added."""
    made: Json = copy.deepcopy(definition)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        there = [(a, k) for a, k in places(made) if a is not made or k not in ("resourceType", "url")]
        around, key = chance.choice(there)
        other, place = chance.choice(there)
        value = copy.deepcopy(chance.choice((other[place], chance.choice(VALUES))))
        match chance.randrange(6):
            case 0:
                del around[key]
            case 1 | 2:
                around[key] = value
            case 3 if isinstance(around, list):
                around.insert(key, copy.deepcopy(around[key]))
            case 4 if isinstance(around, list):
                chance.shuffle(around)
            case 5:
                around[key] = [around[key]]
            case _ if isinstance(around, dict):
                around[chance.choice(NAMES)] = value
            case _:
                around.append(value)
    return made


def use(definition: Json, at: list[Json]) -> None:
    """All that a package's definition is used for; it may be refused."""
    validator = Validator(Release.R4, [definition])
    profiles = [definition["url"]] if definition["resourceType"] == "StructureDefinition" else []
    for resource in at:
        assert all(issue.text for issue in validator.validate(resource, profiles))
    assert all(issue.text for issue in validator.validate(definition))
    for profile in profiles:
        assert str(validator.explain(profile))


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_hostile_definition_ends_in_an_issue(shard: int) -> None:
    chance = random.Random(f"definitions {shard}" if "FUZZ_EXAMPLES" not in os.environ else None)
    for _ in range(EXAMPLES // SHARDS):
        original = chance.choice(definitions())
        one = mutated(original, chance)
        started = time.process_time()
        try:
            with contextlib.suppress(InputError):
                use(one, fitting(original))
            spent = time.process_time() - started
            assert spent < ENOUGH, f"{spent:.1f} s"
        except Exception as error:
            error.add_note(json.dumps(one).decode())
            raise
