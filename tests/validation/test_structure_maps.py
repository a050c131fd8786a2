"""StructureMaps: variables, elements, groups and transforms that are not there, as HL7's engine (6.10.3) tells it."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation import Validator
from tests.validation.profiles import CORE, Json

RULE = "StructureMap.group[0].rule[0]"
SOURCE, TARGET, DEPENDENT = f"{RULE}.source[0]", f"{RULE}.target[0]", f"{RULE}.dependent[0]"
INPUTS = [{"name": "src", "type": "Pat", "mode": "source"}, {"name": "tgt", "type": "Prac", "mode": "target"}]
CREATED = {"transform": "create", "parameter": [{"valueString": "HumanName"}]}


def source(**more: Any) -> Json:
    return {"source": [{"context": "src", "element": "name", "variable": "n", **more}]}


def target(**more: Any) -> Json:
    return {
        "target": [
            {
                "context": "tgt",
                "contextType": "variable",
                "element": "name",
                "variable": "tn",
                **CREATED,
                **more,
            }
        ]
    }


def transformed(transform: str, *parameters: Json, element: str = "gender") -> Json:
    return target(element=element, transform=transform, parameter=list(parameters))


def inside(**more: Any) -> Json:
    """A rule within the rule, from ``n`` to ``tn``."""
    to = {"context": "tn", "contextType": "variable", "element": "family", "transform": "copy"}
    rule = {
        "name": "inner",
        "source": [{"context": "n", "element": "family", "variable": "f", **more.get("source", {})}],
        "target": [{**to, "parameter": [{"valueId": "f"}], **more.get("target", {})}],
    }
    return {"rule": [rule]}


def structure_map(rule: Json, group: Json | None = None, **more: Any) -> Json:
    first = {
        "name": "main",
        "typeMode": "none",
        "input": INPUTS,
        "rule": [{"name": "r", **source(), **target(), **rule}],
    }
    return {
        "resourceType": "StructureMap",
        "url": "http://acme.test/StructureMap/m",
        "name": "M",
        "status": "draft",
        "structure": [
            {"url": f"{CORE}Patient", "mode": "source", "alias": "Pat"},
            {"url": f"{CORE}Practitioner", "mode": "target", "alias": "Prac"},
        ],
        "group": [{**first, **(group or {})}],
        **more,
    }


def text(value: str) -> Json:
    return {"valueString": value}


def variable(name: str) -> Json:
    return {"valueId": name}


def found(resource: Json, release: Release = Release.R4) -> list[str]:
    """The places of the errors of the map's own rules."""
    told = Validator(release).validate(resource)
    return [one.expression for one in told if one.rule == "structure-map" and one.severity == "error"]


MAP = text("http://acme.test/ConceptMap/c")
GOOD: dict[str, Json] = {
    "plain": {},
    "typed-source": source(type="HumanName"),
    "choice": source(element="deceased"),
    "inner": inside(),
    "copied": transformed("copy", variable("n"), element="name"),
    "coded": transformed("cc", text("http://acme.test/s"), text("c"), element="communication"),
    "evaluated": transformed("evaluate", text("true"), element="active"),
    "translated": transformed("translate", variable("n"), MAP, text("code")),
    "new-id": transformed("uuid", element="id"),
}
BAD: dict[str, tuple[Json, str]] = {
    "source-element": (source(element="nam"), SOURCE),
    "source-by-key": (source(element="deceasedBoolean"), SOURCE),
    "source-with-brackets": (source(element="deceased[x]"), SOURCE),
    "unknown-source": (source(context="nobody"), SOURCE),
    "target-as-source": (source(context="tgt"), SOURCE),
    "source-type": (source(type="Coding"), SOURCE),
    "source-type-of-nobody": (source(type="Nothing"), SOURCE),
    "variable-name": (source(variable="n-1"), SOURCE),
    "target-element": (target(element="nam"), TARGET),
    "unknown-target": (target(context="nobody"), TARGET),
    "source-as-target": (target(context="src"), TARGET),
    "inner-source": (inside(source={"element": "famly"}), f"{RULE}.rule[0].source[0]"),
    "inner-target": (inside(target={"element": "famly"}), f"{RULE}.rule[0].target[0]"),
    "two-created": (target(parameter=[text("HumanName"), text("HumanName")]), TARGET),
    "two-copied": (transformed("copy", variable("n"), variable("n"), element="name"), TARGET),
    "nothing-evaluated": (transformed("evaluate", element="active"), TARGET),
    "no-expression": (transformed("evaluate", text("name and"), element="active"), TARGET),
    "code-alone": (transformed("cc", text("http://acme.test/s"), element="communication"), TARGET),
    "nothing-appended": (transformed("append", element="id"), TARGET),
    "id-of-something": (transformed("uuid", text("a"), element="id"), TARGET),
    "translated-to-what": (transformed("translate", variable("n"), MAP), TARGET),
    "translated-to-nothing": (transformed("translate", variable("n"), MAP, text("foo")), TARGET),
    "nobody-translated": (transformed("translate", variable("nobody"), MAP, text("code")), TARGET),
}


@pytest.mark.parametrize("release", [Release.R4, Release.R5], ids=lambda release: release.name)
@pytest.mark.parametrize("name", GOOD)
def test_a_good_rule(name: str, release: Release) -> None:
    assert found(structure_map(GOOD[name]), release) == []


@pytest.mark.parametrize("release", [Release.R4, Release.R5], ids=lambda release: release.name)
@pytest.mark.parametrize("name", BAD)
def test_a_broken_rule(name: str, release: Release) -> None:
    rule, place = BAD[name]
    # What leans on the broken part may be told as well.
    assert found(structure_map(rule), release)[:1] == [place]


@pytest.mark.parametrize(
    ("group", "place"),
    [
        ({"name": "ma-in"}, "StructureMap.group[0]"),
        ({"extends": "nobody"}, "StructureMap.group[0].extends"),
        ({"input": [{**INPUTS[0], "type": "Nothing"}, INPUTS[1]]}, "StructureMap.group[0].input[0]"),
        ({"input": [INPUTS[0], {**INPUTS[1], "type": "Pat"}]}, "StructureMap.group[0].input[1]"),
        ({"input": [INPUTS[0], {**INPUTS[1], "name": "src"}]}, "StructureMap.group[0].input[1]"),
    ],
)
def test_a_broken_group(group: Json, place: str) -> None:
    assert place in found(structure_map({}, group))


def called(name: str, *variables: str, release: Release = Release.R4) -> Json:
    given: Json = {"name": name}
    if release is Release.R4:
        given["variable"] = list(variables)
    else:
        given["parameter"] = [variable(one) for one in variables]
    result = structure_map({"dependent": [given]})
    inputs = [{"name": "a", "mode": "source"}, {"name": "b", "mode": "target"}]
    result["group"].append({"name": "second", "typeMode": "none", "input": inputs, "rule": []})
    return result


@pytest.mark.parametrize("release", [Release.R4, Release.R5], ids=lambda release: release.name)
def test_groups_that_are_called(release: Release) -> None:
    part = "variable" if release is Release.R4 else "parameter"
    assert found(called("second", "n", "tn", release=release), release) == []
    assert found(called("third", "n", "tn", release=release), release) == [DEPENDENT]
    assert found(called("second", "n", release=release), release) == [DEPENDENT]
    assert found(called("second", "nobody", "tn", release=release), release) == [f"{DEPENDENT}.{part}[0]"]
    assert found(called("second", "n", "src", release=release), release) == [f"{DEPENDENT}.{part}[1]"]


def test_what_an_imported_map_has_is_not_missed() -> None:
    resource = called("third", "n", "tn")
    assert found({**resource, "import": ["http://acme.test/StructureMap/other"]}) == []


def test_a_logical_model_is_left_alone() -> None:
    resource = structure_map(source(element="nam"))
    resource["structure"][0]["url"] = "http://acme.test/StructureDefinition/model"
    assert found(resource) == []
