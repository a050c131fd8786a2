"""Invariants on what the packaged cases become, whole and damaged, beside `fhirpathpy`'s evaluator."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

import fhir_vitiligo as fv
from fhir_vitiligo.fhir import json as fhir_json
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.fhirpath import Environment, FHIRPathError, Node, compile_expression, root
from fhir_vitiligo.fhir.fhirpath.node import descendants
from fhir_vitiligo.fhir.release import Release

fhirpathpy = pytest.importorskip("fhirpathpy", reason="fhirpathpy, the second opinion, is not installed")
from fhirpathpy.engine.nodes import ResourceNode  # noqa: E402
from fhirpathpy.models import models  # noqa: E402

_CASES = ("case-report", "surgery-graft")
_NO_OPINION = object()


def _plain(value: Any) -> Any:
    return json.loads(fhir_json.dumps(value))


def _invariants(node: Node, release: Release) -> Iterator[str]:
    structure = definitions_of(release).structure(node.type.path.partition(".")[0])
    element = structure.element(node.type.path) or structure.elements[0]
    for invariant in element.invariants:
        # ele-1 counts children, which it takes a primitive's value for; and htmlChecks() it does not have.
        if invariant.key not in ("ele-1", "txt-1", "txt-2"):
            yield invariant.expression


@cache
def _foreign(expression: str, model: str) -> Any:
    return fhirpathpy.compile(expression, models[model], {"traceFn": lambda *_: None})


def _theirs(expression: str, node: Node, resource: Any, model: str) -> Any:
    try:
        found = _foreign(expression, model)(
            ResourceNode.create_node(_plain(node.value), node.type.path),
            {"resource": resource, "rootResource": resource},
        )
    except Exception:  # noqa: BLE001 - functions it has not, and singletons it insists on
        return _NO_OPINION
    return found[0] if len(found) == 1 and isinstance(found[0], bool) else bool(found)


def _damaged(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The resource, and copies of it that each lack one thing or have it doubled."""
    yield resource
    for path, key in list(_places(resource, ())):
        changed = copy.deepcopy(resource)
        inside = changed
        for step in path:
            inside = inside[step]
        value = inside.pop(key)
        yield changed
        if isinstance(value, list) and isinstance(value[0], dict):
            inside[key] = [*value, copy.deepcopy(value[0])]
            yield changed


def _places(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("resourceType", "text", "extension") and key[0] != "_":
                yield path, key
                yield from _places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value[:2]):
            yield from _places(inner, (*path, index))


@pytest.mark.parametrize(("release", "model"), [(Release.R4, "r4"), (Release.R5, "r5")])
@pytest.mark.parametrize("name", _CASES)
def test_invariants_as_fhirpathpy_has_them(name: str, release: Release, model: str) -> None:
    bundle = fv.to_fhir(fv.example(name), release=release.value)
    seen, compared, failed, silent = set(), 0, 0, set()
    by_type: dict[str, Any] = {}
    for entry in bundle["entry"]:
        by_type.setdefault(entry["resource"]["resourceType"], entry["resource"])
    for whole in by_type.values():
        for resource in _damaged(whole):
            top = root(resource, release)
            before = copy.deepcopy(resource)
            environment, plain = Environment(top), _plain(resource)
            for node in (top, *descendants(top)):
                key = (node.type.path, fhir_json.dumps(node.value) if node is not top else id(resource))
                if key in seen or node.value is None:
                    continue
                seen.add(key)
                for expression in _invariants(node, release):
                    theirs = _theirs(expression, node, plain, model)
                    if theirs is _NO_OPINION:
                        silent.add(expression)
                        continue
                    compiled = compile_expression(expression, release)
                    ours = compiled.test(node, environment)
                    assert ours is theirs, (node.path, expression, node.value)
                    bound = compiled.bind(node.type.path)
                    assert bound(node.value, node.companion, environment) is ours, (node.path, expression)
                    compared += 1
                    failed += not ours
            assert resource == before
    assert compared > 300
    assert failed > 3
    assert all("resolve()" in expression or "Boundary()" in expression or "hasValue()" in expression for expression in silent), silent  # fmt: skip


@pytest.mark.parametrize(("release", "model"), [(Release.R4, "r4"), (Release.R5, "r5")])
def test_search_expressions_as_fhirpathpy_has_them(release: Release, model: str) -> None:
    compared = 0
    for name in _CASES:
        for entry in fv.to_fhir(fv.example(name), release=release.value)["entry"]:
            resource = entry["resource"]
            kind, node = resource["resourceType"], root(resource, release)
            for parameter in definitions_of(release).search_parameters(kind).values():
                # It takes no resource for what it descends from; composites select the whole resource.
                if not parameter.expression or parameter.expression.startswith(
                    ("Resource", "DomainResource")
                ):
                    continue
                try:
                    theirs = _foreign(parameter.expression, model)(_plain(resource), {})
                except Exception:  # noqa: BLE001 - resolve(), and `as` of several
                    continue
                ours = compile_expression(parameter.expression, release).evaluate(node)
                # What has only extensions it leaves out.
                raw = [item.value if isinstance(item, Node) else item for item in ours]
                found = [one for one in _plain(raw) if one is not None and not _only_extended(one)]
                assert found == [one for one in _plain(theirs) if one is not None], parameter.expression
                compared += bool(found)
    assert compared > 50


def _only_extended(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"extension"}


def test_errors_are_of_one_kind() -> None:
    """Whatever an expression meets in data that fits no definition, it answers or raises one error."""
    nonsense: list[Any] = [
        "x",
        5,
        True,
        None,
        [],
        {},
        [None],
        [[]],
        {"value": {}},
        [{"a": 1}, "x"],
        "9" * 400,
    ]
    expressions = {
        invariant.expression
        for name in (
            "Observation",
            "Patient",
            "Quantity",
            "Period",
            "Reference",
            "Timing",
            "Attachment",
            "Bundle",
        )
        for element in definitions_of(Release.R4).structure(name).elements
        for invariant in element.invariants
    }
    told = set()
    for name in ("Observation", "Patient", "Bundle"):
        for key in (
            "value",
            "valueQuantity",
            "code",
            "name",
            "contained",
            "entry",
            "subject",
            "component",
            "extension",
        ):
            for value in nonsense:
                node = root({"resourceType": name, key: value, f"_{key}": value}, Release.R4)
                for expression in expressions:
                    try:
                        compile_expression(expression, Release.R4).test(node)
                        compile_expression(expression, Release.R4).bind(name)(
                            node.value, None, Environment(node)
                        )
                    except FHIRPathError as error:
                        told.add(error.kind)
    assert told <= {"execution", "semantic"}
