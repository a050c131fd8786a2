"""The parser reads what the grammar has, as the grammar has it, and says where it cannot."""

from __future__ import annotations

import time

import pytest

from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.fhirpath import FHIRPathError, parse
from fhir_vitiligo.fhir.fhirpath.parser import MAX_LENGTH
from fhir_vitiligo.fhir.fhirpath.syntax import Binary, Literal, Member
from fhir_vitiligo.fhir.release import Release
from tests.fhirpath.foreign_trees import ours, theirs
from tests.fhirpath.official_cases import cases
from tests.fhirpath.test_core_expressions import invariants

# fhirpathpy's grammar puts `is` and `as` below `|` and the inequalities; the specification has them above
# (http://hl7.org/fhirpath/N1/#operator-precedence).
_OTHER_PRECEDENCE = {"(1 | 1 is Integer).count()", "1 > 2 is Boolean"}
# It has no DateTime without a time, and leaves what follows unread without a word.
_LEFT_UNREAD = {"@2015T.is(DateTime)", "@2015-02T.is(DateTime)", "@2015-02-04T.is(DateTime)"}


def _core_expressions() -> set[str]:
    found = set()
    for release in Release:
        found |= {expression for _, _, expression in invariants(release)}
        for parameter in definitions_of(release).all_search_parameters.values():
            found.add(parameter.expression)
            found.update(expression for _, expression in parameter.components)
    return found - {""}


@pytest.fixture(scope="module")
def foreign() -> object:
    return pytest.importorskip("fhirpathpy.parser", reason="fhirpathpy, the second opinion, is not installed")


def _compare(expression: str, foreign: object) -> bool:
    """Whether the other parser reads it, and then as ours."""
    try:
        other = theirs(foreign.parse(expression))  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - whatever its generated code raises: it has no opinion
        return False
    assert ours(parse(expression)) == other, expression
    return True


def test_core_expressions_read_as_by_fhirpathpy(foreign: object) -> None:
    expressions = _core_expressions()
    # It knows no double quotes, which R5's eld-11 has.
    silent = {expression for expression in expressions if not _compare(expression, foreign)}
    assert len(expressions) > 1500
    assert all('"' in expression for expression in silent), silent


def test_official_expressions_read_as_by_fhirpathpy(foreign: object) -> None:
    compared = 0
    for case in cases():
        expression = case.expression.strip()
        # Of an unfinished expression it reads the beginning.
        if case.invalid or expression in _OTHER_PRECEDENCE | _LEFT_UNREAD:
            continue
        assert _compare(expression, foreign), expression
        compared += 1
    if not compared:
        pytest.skip("HL7's FHIRPath tests are not beside the checkout")
    assert compared > 850


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("name.given +", 13, "the end is not expected here"),
        ("name.", 6, "the end is not the name of an element or function"),
        ("name..given", 6, "'.' is not the name of an element or function"),
        ("(a or b", 8, "')' is missing before the end"),
        ("a.where(b = 'c'", 16, "')' is missing before the end"),
        ("a b", 3, "'b' is not expected here"),
        ("and b", 1, "the operator 'and' has nothing on its left"),
        ("a = 'unclosed", 5, '"\'unclosed" cannot be read'),
        ("a = #", 5, "'#' cannot be read"),
        ("'\\q'", 1, "'\\\\q' is not an escape sequence"),
        ("@2015-13", 1, "@2015-13 is not a date or time: there is no month 13"),
        ("@2015-02-30", 1, "@2015-02-30 is not a date or time: that month has no day 30"),
        ("x is 5", 6, "'5' is not the name of a type"),
        ("1 /* open", 4, "'*' is not expected here"),
        ("{1}", 2, "'}' is missing before '1'"),
    ],
)
def test_a_fault_is_told_with_its_column(text: str, column: int, reason: str) -> None:
    with pytest.raises(FHIRPathError) as caught:
        parse(text)
    assert caught.value.reason == reason
    assert caught.value.column == column
    assert caught.value.kind == "syntax"
    assert f"(column {caught.value.column} of the FHIRPath {text!r})" in str(caught.value)


def test_precedence_and_association() -> None:
    assert ours(parse("a implies b or c and d = e | f is X + 1 * -g.h[0]"))[1] == "implies"
    assert ours(parse("1 - 2 - 3")) == ours(parse("(1 - 2) - 3"))
    assert ours(parse("-1.abs()")) == ("sign", "-", ("call", ("literal", "1"), "abs"))
    assert ours(parse("a | b is C")) == ours(parse("a | (b is C)"))
    assert ours(parse("a < b | c")) == ours(parse("a < (b | c)"))


def test_a_chain_of_or_is_one_node() -> None:
    tree = parse(" or ".join(f"a{number}" for number in range(300)))
    assert isinstance(tree, Binary)
    assert len(tree.terms) == 300


def test_escapes_and_quoted_names() -> None:
    assert parse(r"'\u0041\t\'\\'") == Literal(0, "A\t'\\")
    assert parse("`div`.`a-b`") == Member(6, Member(0, None, "div"), "a-b")
    assert parse('"text"') == Literal(0, "text")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "(" * 3_000 + "a" + ")" * 3_000,
        "-" * 5_000 + "1",
        "a" + ".b" * 5_000,
        "a" + "[0]" * 5_000,
        "a" + " + a" * 5_000,
        "a.where(" * 2_000 + "b" + ")" * 2_000,
        "a" * (MAX_LENGTH + 1),
    ],
    ids=["open", "parentheses", "signs", "path", "indexes", "sum", "calls", "length"],
)
def test_depth_and_length_are_bounded(text: str) -> None:
    with pytest.raises(FHIRPathError) as caught:
        parse(text)
    assert caught.value.kind == "limit"
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("text", [" " * 49_000 + "#", "/*" * 24_000, "'" + "\\'" * 24_000, "`" * 49_999])
def test_what_cannot_be_read_is_told_at_once(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(FHIRPathError):
        parse(text)
    assert time.perf_counter() - started < 1
