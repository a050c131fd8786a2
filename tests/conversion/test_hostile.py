"""Whatever is sent: converted, or refused in a sentence."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server.vitiligo_moves import converter

EXAMPLES = sorted((Path(__file__).parents[2] / "profiles" / "examples").glob("r?/*.json"))
JUNK: tuple[Any, ...] = (
    None,
    True,
    7,
    "",
    "x",
    [],
    {},
    [None],
    [[]],
    {"a": {}},
    [{"_a": 1}],
    {"extension": [1]},
    "Patient/x",
)


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every container with every key or index in it."""
    found: list[tuple[Any, Any]] = []
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        found.append((node, key))
        found += places(child)
    return found


@pytest.mark.parametrize("seed", range(40))
def test_broken_resources(seed: int) -> None:
    random = Random(seed)
    told = Counter[bool]()
    for path in random.sample([path for path in EXAMPLES if path.stat().st_size < 30_000], 20):
        source, target = (Release.R4, Release.R5) if path.parent.name == "r4" else (Release.R5, Release.R4)
        resource = json.loads_object(path.read_bytes())
        for _ in range(random.choice((1, 2, 5))):
            container, key = random.choice(places(resource))
            if random.random() < 0.3 and isinstance(container, dict):
                container[
                    random.choice(("_" + str(key), "extension", "value", "contained", "reference", "concept"))
                ] = deepcopy(random.choice(JUNK))
            else:
                container[key] = deepcopy(random.choice(JUNK))
        try:
            converter(source, target).convert(resource)
        except InputError as error:
            told[0 < len(str(error)) < 600] += 1
        else:
            told[True] += 1
    assert set(told) == {True}
