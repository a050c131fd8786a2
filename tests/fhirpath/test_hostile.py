"""An expression from a stranger's profile, on a stranger's data, ends: in an answer or in one kind of error."""

from __future__ import annotations

import threading
import time
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

from fhir_vitiligo.fhir.fhirpath import Environment, FHIRPathError, compile_expression, root
from fhir_vitiligo.fhir.json import loads_object
from fhir_vitiligo.fhir.release import Release

PATIENT = {"resourceType": "Patient", "name": [{"given": ["a" * 40 + "!"]}]}


def _evaluated(expression: str, resource: Any = PATIENT, **options: Any) -> Any:
    return compile_expression(expression, Release.R4).evaluate(
        root(resource, Release.R4), Environment(**options)
    )


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|aa)+$",
        "(a|a?)+$",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(.*a){20}",
        "(a{1,30}){1,30}$",
        "(x+x+)+y",
    ],
)
@pytest.mark.parametrize("text", ["a" * 40 + "!", "x" * 90_000], ids=["short", "long"])
def test_no_pattern_runs_for_long(pattern: str, text: str) -> None:
    started = time.perf_counter()
    functions = ("matches('{}')", "matchesFull('{}')", "replaceMatches('{}', 'b')")
    for function in functions if len(text) < 100 else functions[:1]:
        expression = "name.given." + function.format(pattern)
        try:
            _evaluated(expression, {"resourceType": "Patient", "name": [{"given": [text]}]})
        except FHIRPathError as error:
            assert error.kind == "limit", error  # noqa: PT017 - an answer is as good
    assert time.perf_counter() - started < 5


def test_polynomial_patterns_stop_by_the_clock() -> None:
    text = "a" * 90_000
    started = time.perf_counter()
    with pytest.raises(FHIRPathError, match="takes too long on this text"):
        _evaluated(
            "name.given.matches('a.*a.*a.*a.*[bc]$')",
            {"resourceType": "Patient", "name": [{"given": [text]}]},
        )
    assert time.perf_counter() - started < 2


def test_ordinary_patterns_need_no_other_library() -> None:
    from fhir_vitiligo.fhir.bounded_patterns import _MOST_STEPS, _compiled, _cost, _Timed

    for pattern in (
        "^[A-Z]([A-Za-z0-9_]){1,254}$",
        "[A-Z]([A-Za-z0-9_]){0,254}",
        "^[^|# ]+$",
        r"^http:\/\/hl7\.org\/fhirpath\/System\.[A-Z][A-Za-z]+$",
    ):
        power, factor = _cost(pattern)
        assert 200**power * factor <= _MOST_STEPS, pattern
        assert not isinstance(_compiled(pattern, False, True), _Timed), pattern


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("matches('(')", "is not a regular expression"),
        ("matches('a{5,2}')", "is not a regular expression"),
        ("matches('" + "a" * 3000 + "')", "the pattern is longer than 2000 characters"),
        ("replaceMatches('a', '$7')", "is not a regular expression"),
    ],
)
def test_a_pattern_that_is_none_is_told(expression: str, told: str) -> None:
    with pytest.raises(FHIRPathError, match=told):
        _evaluated(f"'abc'.{expression}")


@pytest.mark.parametrize(
    "expression",
    [
        "(1|2|3|4|5|6|7|8|9).select((1|2|3|4|5|6|7|8|9).aggregate($total.combine($total).combine($total), 1 | 2)).count()",
        "'a'.repeat($this + 'a').count()",
        "(1|2|3|4|5|6|7|8|9).repeat($this + 1).count()",
        "(1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19|20).aggregate($total + $total, 'aaaaaaaaaaaaaaaaaaaa').length()"
        + " + ('a'|'b').repeat($this + $this).count()",
        "'aaaaaaaaaa'.toChars().aggregate($total.replace('', $total), 'aaaaaaaaaaaaa')",
        "(1|2|3|4|5|6|7|8|9).select((1|2|3|4|5|6|7|8|9).select((1|2|3|4|5|6|7|8|9).select((1|2|3|4|5|6|7|8|9)"
        ".select((1|2|3|4|5|6|7|8|9).select((1|2|3|4|5|6|7|8|9).select((1|2|3|4|5|6|7|8|9).select((1|2|3|4|5|6|7|8|9))))))))"
        ".isDistinct()",
    ],
)
def test_the_budget_ends_what_grows(expression: str) -> None:
    tracemalloc.start()
    started = time.perf_counter()
    try:
        with pytest.raises(FHIRPathError) as caught:
            _evaluated(expression, budget=300_000)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.kind == "limit"
    assert time.perf_counter() - started < 20  # slow under tracemalloc
    assert most < 200_000_000


def test_the_default_budget_is_seconds_not_hours() -> None:
    started = time.perf_counter()
    with pytest.raises(FHIRPathError, match="too many steps"):
        _evaluated("(1|2|3|4|5|6|7|8|9).repeat($this + 1).count()")
    assert time.perf_counter() - started < 30


@pytest.mark.parametrize(
    "expression",
    [
        "10.power(1000000000)",
        "2.power(2.power(62))",
        "1e0.exp()",
        "1000000000.exp()",
        "value.power(3)",
        "(value * value * value * value).toString()",
        "value.round(2)",
        "value.toInteger()",
        "value.truncate()",
        "value div 3",
        "value mod 7",
        "value / 3",
        "value.highBoundary()",
        "value.sqrt().ln().log(2)",
        "value ~ 3.14",
        "value > 1",
        "value = value",
        "(value.toString() & 'mg').length()",
        "9223372036854775807 + 1",
        "(1 'kg' + 1 'mg') = 5 'mg'",
        "@9999-12-31 + 5 years",
        "@2020-01-31 + 99999999999999999999 months",
        "@2020-01-01T00:00:00+14:00 - 99999999999 'h'",
    ],
)
@pytest.mark.parametrize(
    "number", ["1e999999", "1e-999999", "-1e999999", "12345678901234567890.12345678901234567890"]
)
def test_numbers_of_any_size_are_answered_at_once(expression: str, number: str) -> None:
    node = loads_object(
        f'{{"resourceType": "Observation", "valueQuantity": {{"value": {number}, "system": "http://unitsofmeasure.org",'
        ' "code": "mg"}}'
    )
    expression = expression.replace("value", "Observation.value.value")
    started = time.perf_counter()
    try:
        result = _evaluated(expression, node)
        assert len(repr(result)) < 10_000
    except FHIRPathError:
        pass
    assert time.perf_counter() - started < 1


def test_quantities_of_any_size_are_compared_at_once() -> None:
    for number in ("1e999999999", "-1e999999", "1e-999999"):
        value = {"value": Decimal(number), "system": "http://unitsofmeasure.org", "code": "kg"}
        started = time.perf_counter()
        _evaluated(
            "Observation.value > 1 'mg' or Observation.value ~ 1 'mg'",
            {"resourceType": "Observation", "valueQuantity": value},
        )
        assert time.perf_counter() - started < 1


def test_deep_data_ends_in_an_error_not_in_a_traceback() -> None:
    deep: Any = {"url": "x", "valueString": "y"}
    for _ in range(5000):
        deep = {"url": "x", "extension": [deep]}
    patient = {"resourceType": "Patient", "extension": [deep]}
    assert len(_evaluated("descendants()", patient)) > 5000
    with pytest.raises(FHIRPathError) as caught:
        _evaluated(
            "extension = %other",
            patient,
            variables={"other": root(_copy(patient), Release.R4).children("extension")},
        )
    assert caught.value.kind == "limit"
    with pytest.raises(FHIRPathError):
        _evaluated("repeat(extension)", patient)


def _copy(value: Any) -> Any:
    made: list[Any] = []
    stack = [(value, made)]
    while stack:
        source, into = stack.pop()
        new: Any = {} if isinstance(source, dict) else [] if isinstance(source, list) else source
        if isinstance(into, list):
            into.append(new)
        if isinstance(source, dict):
            for key, inner in source.items():
                holder: list[Any] = []
                new[key] = holder if isinstance(inner, list) else inner
                if isinstance(inner, list):
                    stack += [(one, holder) for one in inner]
        elif isinstance(source, list):
            stack += [(one, new) for one in source]
    return made[0]


@pytest.mark.parametrize(
    "expression",
    [
        " or ".join(["name.exists().not()"] * 1500),
        " | ".join(["name.given"] * 2500),
        " & ".join(["'a'"] * 5000),
        "(" * 40 + "name" + ".where(given.exists()))" * 20 + ")" * 20,
        "name.where(given.exists($this.exists()) and " * 35 + "true" + ")" * 35,
    ],
    ids=["or", "union", "concatenation", "parentheses", "nested"],
)
def test_long_and_nested_expressions_run(expression: str) -> None:
    _evaluated(expression)


def test_threads_share_an_expression() -> None:
    expression = compile_expression(
        "name.where(given.exists($this.length() > 3)).given.select($index.toString() & $this)", Release.R4
    )
    results: dict[int, Any] = {}

    def work(number: int) -> None:
        patient = {
            "resourceType": "Patient",
            "name": [{"given": [f"given{number}-{other}" for other in range(50)]}],
        }
        node = root(patient, Release.R4)
        for _ in range(50):
            results[number] = expression.evaluate(node, Environment(node))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(8):
        assert results[number] == [f"{other}given{number}-{other}" for other in range(50)]
