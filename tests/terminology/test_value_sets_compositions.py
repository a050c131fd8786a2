"""Compositions: filters, includes, excludes, value sets in value sets, and packages that mean no good."""

from __future__ import annotations

import time
from typing import Any

import pytest

from fhir_vitiligo.errors import TerminologyError
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.terminology.memberships import Gap
from fhir_vitiligo.terminology.value_sets import Terminology
from tests.terminology.shelf import TREE, Shelf, system, value_set, where

CORE = "http://hl7.org/fhir/ValueSet/"
SYSTEM = "http://terminology.hl7.org/CodeSystem/"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
R4 = Terminology(Release.R4)


FILTERS = {
    "whole": ({"system": "urn:s"}, "a a1 a11 a2 b c d e"),
    "is-a": (where("concept", "is-a", "a"), "a a1 a11 a2 c"),
    "descendent-of": (where("concept", "descendent-of", "a"), "a1 a11 a2 c"),
    "is-not-a": (where("concept", "is-not-a", "a"), "b d e"),
    "child-of": (where("concept", "child-of", "a"), "a1 a2"),
    "leaves": (where("concept", "descendent-leaf", "a"), "a11 c"),
    "generalizes": (where("concept", "generalizes", "a11"), "a11 a1 a"),
    "code-is": (where("code", "=", "b"), "b"),
    "code-in": (where("code", "in", "b, a1,zz"), "a1 b"),
    "code-not-in": (where("code", "not-in", "a,a1,a11,a2,b"), "c d e"),
    "regex": (where("code", "regex", "a.?"), "a a1 a2"),
    "kind-is": (where("kind", "=", "x"), "b"),
    "kind-in": (where("kind", "in", "x,y"), "b c"),
    "kind-not-in": (where("kind", "not-in", "x"), "a a1 a11 a2 c d e"),
    "kind-exists": (where("kind", "exists", "true"), "b c"),
    "kind-absent": (where("kind", "exists", "false"), "a a1 a11 a2 d e"),
    "kind-regex": (where("kind", "regex", "[xz]"), "b"),
    "parent-is": (where("parent", "=", "a"), "a1 a2"),
    "child-exists": (where("child", "exists", "true"), "a a1 a2"),
    "inactive": (where("inactive", "=", "true"), "d"),
    "active": (where("inactive", "=", "false"), "a a1 a11 a2 b c e"),
    "selectable": (where("notSelectable", "=", "false"), "a a1 a11 a2 b c d"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_filters_leave_what_the_specification_says(name: str) -> None:
    clause, codes = FILTERS[name]
    board = Terminology(Release.R4, Shelf(system(caseSensitive=True, concept=TREE), value_set(name, clause)))
    assert {entry["code"] for entry in board.expand(f"urn:{name}").contains} == {*codes.split()}
    for code in ("a", "a1", "a11", "a2", "b", "c", "d", "e"):
        assert (board.validate(f"urn:{name}", "urn:s", code).kind == "in") == (code in codes.split())


@pytest.mark.parametrize(
    "clause",
    [
        where("unheard", "=", "x"),
        where("concept", "resembles", "x"),
        where("code", "regex", "("),
        where("code", "regex", "a" * 3000),
        {"system": "urn:s", "filter": [{"property": "concept", "op": "is-a"}]},
    ],
)
def test_a_filter_that_cannot_be_run_leaves_everything_open(clause: Json) -> None:
    board = Terminology(
        Release.R4, Shelf(system(caseSensitive=True, concept=TREE), value_set("some", clause))
    )
    verdict = board.validate("urn:some", "urn:s", "a")
    assert verdict.kind == "cannot-tell"
    assert verdict.gap is not None
    assert verdict.gap.reason == "filter"
    # What is not in the system cannot pass any filter.
    assert board.validate("urn:some", "urn:s", "zz").kind == "unknown-code"


def test_includes_add_exclude_takes_away_and_value_sets_nest() -> None:
    below_a = where("concept", "is-a", "a")
    board = Terminology(
        Release.R4,
        Shelf(
            system(caseSensitive=True, concept=TREE),
            system("urn:t", concept=[{"code": "t1"}, {"code": "a"}]),
            value_set("below-a", below_a),
            value_set("all", {"system": "urn:s"}, {"system": "urn:t"}),
            value_set("both", {"system": "urn:s", "valueSet": ["urn:below-a"]}),
            value_set("two", {"valueSet": ["urn:below-a", "urn:all"]}),
            value_set("less", {"valueSet": ["urn:all"]}, exclude=({"valueSet": ["urn:below-a"]},)),
            value_set("but", {"system": "urn:s"}, exclude=({"system": "urn:s", "concept": [{"code": "b"}]},)),
            value_set("open", {"system": "urn:s"}, {"valueSet": ["urn:not-here"]}),
            value_set("shut", {"system": "urn:s"}, exclude=({"valueSet": ["urn:not-here"]},)),
            value_set("cut", {"system": "urn:s", "valueSet": ["urn:not-here"]}),
            value_set("living", {"system": "urn:s"}, inactive=False),
            value_set(
                "filters", below_a | {"filter": [*below_a["filter"], *where("code", "regex", "a.")["filter"]]}
            ),
            value_set("nothing"),
        ),
    )

    def codes(name: str) -> list[str]:
        return [f"{e['system'][-1]}.{e['code']}" for e in board.expand(f"urn:{name}").contains]

    assert codes("below-a") == ["s.a", "s.a1", "s.a11", "s.a2", "s.c"]
    assert codes("both") == ["s.a", "s.a1", "s.a11", "s.a2", "s.c"]
    assert codes("two") == ["s.a", "s.a1", "s.a11", "s.a2", "s.c"]
    assert codes("less") == ["s.b", "s.d", "s.e", "t.t1", "t.a"]
    assert codes("but") == ["s.a", "s.a1", "s.a11", "s.a2", "s.c", "s.d", "s.e"]
    assert codes("living") == ["s.a", "s.a1", "s.a11", "s.a2", "s.b", "s.c", "s.e"]
    assert codes("filters") == ["s.a1", "s.a2"]
    assert codes("nothing") == []
    # What is not on board could add to a value set, take from it, or have nothing in common with it.
    gap = Gap("value-set", "urn:not-here")
    assert board.validate("urn:open", "urn:s", "a").kind == "in"
    assert board.validate("urn:open", "urn:t", "t1").gap == gap
    assert board.validate("urn:shut", "urn:s", "a").gap == gap
    assert board.validate("urn:shut", "urn:t", "t1").kind == "not-in"
    assert board.validate("urn:cut", "urn:s", "a").gap == gap
    assert board.validate("urn:cut", "urn:t", "t1").kind == "not-in"
    with pytest.raises(TerminologyError, match="the value set urn:not-here that it takes in is not on board"):
        board.expand("urn:open")


def test_a_value_set_may_be_only_an_expansion_or_stand_in_a_resource() -> None:
    listed = {"resourceType": "ValueSet", "url": "urn:v", "expansion": {"contains": [
        {"system": "urn:x", "code": "1", "display": "One", "contains": [{"system": "urn:x", "code": "11"}]},
        {"system": "urn:x", "code": "h", "abstract": True, "contains": [{"system": "urn:x", "code": "h1"}]},
    ]}}  # fmt: skip
    board = Terminology(Release.R4, Shelf(listed))
    assert [entry["code"] for entry in board.expand("urn:v").contains] == ["1", "11", "h1"]
    assert board.validate("urn:v", "urn:x", "h").kind == "not-in"
    contained = R4.compile({"resourceType": "ValueSet", "id": "v", "compose": {"include": [
        {"system": SYSTEM + "v3-MaritalStatus", "concept": [{"code": "M"}]}]}})  # fmt: skip
    assert R4.validate(contained, SYSTEM + "v3-MaritalStatus", "M").displays == ("Married",)
    assert R4.validate(contained, SYSTEM + "v3-MaritalStatus", "S").kind == "not-in"


def test_a_system_offers_its_own_value_set() -> None:
    assert R4.validate("http://snomed.info/sct?fhir_vs", SNOMED, "53120008").kind == "unknown-code"
    assert R4.validate("http://snomed.info/sct?fhir_vs", LOINC, "8480-6").kind == "not-in"
    assert R4.validate("http://loinc.org/vs", LOINC, "8480-6").kind == "cannot-tell"


# Hostile packages, and cost


def test_value_sets_that_take_each_other_in_end() -> None:
    board = Terminology(
        Release.R4,
        Shelf(
            system(caseSensitive=True, concept=TREE),
            value_set("self", {"valueSet": ["urn:self"]}, where("code", "=", "b")),
            value_set("one", {"valueSet": ["urn:two"]}, where("code", "=", "a")),
            value_set("two", {"valueSet": ["urn:one"]}, where("code", "=", "b")),
        ),
    )
    assert [entry["code"] for entry in board.expand("urn:self").contains] == ["b"]
    # From whichever side one comes, both are in both.
    for name in ("one", "two", "one"):
        assert {entry["code"] for entry in board.expand(f"urn:{name}").contains} == {"a", "b"}


def test_a_web_of_value_sets_is_bounded() -> None:
    everyone = [f"urn:n{number}" for number in range(30)]
    web = [value_set(f"n{n}", *({"valueSet": [url]} for url in everyone)) for n in range(30)]
    chain = [value_set(f"c{n}", *[{"valueSet": [f"urn:c{n + 1}"]}] * 2) for n in range(100)]
    began = time.process_time()
    board = Terminology(Release.R4, Shelf(*web, *chain))
    assert board.validate("urn:n0", "urn:s", "a").kind in ("not-in", "cannot-tell")
    assert board.validate("urn:c0", "urn:s", "a").kind == "cannot-tell"
    assert time.process_time() - began < 5


def test_a_deep_or_circular_code_system_is_read() -> None:
    deep: Json = {"code": "c0"}
    for number in range(1, 5_000):
        deep = {"code": f"c{number}", "concept": [deep]}
    circular = [
        {"code": "x", "property": [{"code": "parent", "valueCode": "y"}]},
        {"code": "y", "property": [{"code": "parent", "valueCode": "x"}]},
    ]
    board = Terminology(
        Release.R4,
        Shelf(
            system("urn:deep", concept=[deep]),
            system("urn:circle", concept=circular),
            value_set("below", where("concept", "is-a", "c4999", "urn:deep")),
            value_set("round", where("concept", "descendent-of", "x", "urn:circle")),
        ),
    )
    assert board.expand("urn:below").total == 5_000
    assert [entry["code"] for entry in board.expand("urn:round").contains] == ["y"]


@pytest.mark.parametrize(
    "broken",
    [
        {"compose": {"include": {"system": "urn:s"}}},
        {"compose": {"include": [None, 5, {"system": 7}, {"system": "urn:s", "concept": "a"}]}},
        {"compose": {"include": [{"system": "urn:s", "filter": [3, {"property": 1}]}]}},
        {"compose": {"include": [{"valueSet": "urn:b"}, {"valueSet": [1]}]}},
        {"compose": []},
        {"expansion": {"contains": [1, {"code": 5}]}},
        {},
    ],
)
def test_a_broken_value_set_breaks_nothing(broken: Json) -> None:
    concepts: list[Any] = [1, {"code": 5}, {"code": "a", "property": [{}], "concept": {"code": "b"}}]
    board = Terminology(
        Release.R4,
        Shelf(
            system(caseSensitive=True, concept=concepts, property=[None, {"code": 4}]),
            {"resourceType": "ValueSet", "url": "urn:b"} | broken,
        ),
    )
    assert board.validate("urn:b", "urn:s", "a").kind in ("in", "not-in", "cannot-tell")
    assert board.lookup("urn:s", "a") is not None
