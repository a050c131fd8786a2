"""HL7's FHIRPath tests for R4, all of them: what is expected to fail is run, and named with its reason."""

from __future__ import annotations

import pytest

from fhir_vitiligo.fhir.fhirpath import Environment, FHIRPathError, Node, compile_expression, root
from fhir_vitiligo.fhir.fhirpath.check import check
from fhir_vitiligo.fhir.fhirpath.functions.conversion import to_string
from fhir_vitiligo.fhir.fhirpath.model import system_type
from fhir_vitiligo.fhir.fhirpath.values import value_of
from fhir_vitiligo.fhir.release import Release
from tests.fhirpath.official_cases import FOLDER, Case, cases, resource

_HOUR = (
    "the last moment of the hour 08 is 08:59:59.999, as the specification's own example of highBoundary() has it;"
    " the test has 08:00:59.999"
)
EXPECTED_FAILURES = {
    "testPlusDate19": (
        "only above seconds is the decimal portion of a time-valued quantity ignored"
        " (http://hl7.org/fhirpath/N1/#datetime-arithmetic): 0.1 s after 00:00:00.000 is 00:00:00.100"
    ),
    "HighBoundaryDateTimeMillisecond1": _HOUR,
    "HighBoundaryDateTimeMillisecond3": _HOUR,
}
_PROFILES = "http://hl7.org/fhir/StructureDefinition/"


def _cases() -> list[object]:
    found = cases()
    if not found:
        skip = pytest.mark.skip(
            reason=f"HL7's FHIRPath tests are not beside the checkout: {FOLDER.name} is missing"
        )
        return [pytest.param(None, marks=skip)]
    return [
        pytest.param(
            case,
            id=case.name,
            marks=[pytest.mark.xfail(reason=EXPECTED_FAILURES[case.name], strict=True)]
            if case.name in EXPECTED_FAILURES
            else [],
        )
        for case in found
    ]


@pytest.mark.parametrize("case", _cases())
def test_official(case: Case) -> None:
    node = root(resource(case.file) if case.file else {"resourceType": "Patient"}, Release.R4)
    if case.invalid:
        with pytest.raises(FHIRPathError) as caught:
            _evaluated(case, node)
        if case.invalid == "syntax":
            assert caught.value.kind == "syntax"
        assert 1 <= caught.value.column <= len(case.expression) + 1
        return
    items = _evaluated(case, node)
    if case.predicate:
        assert case.outputs == (("boolean", "true" if items else "false"),)
        return
    wanted = [(kind.lower(), _plain(text)) for kind, text in case.outputs]
    found = [(_type_of(item).lower() if kind else "", to_string(value_of(item))) for item, (kind, _) in
             zip(items, [*wanted, *[("", "")] * len(items)], strict=False)]  # fmt: skip
    if case.ordered:
        assert found == wanted
    else:
        assert sorted(map(str, found)) == sorted(map(str, wanted))


def test_all_of_them_are_run() -> None:
    found = cases()
    if not found:
        pytest.skip("HL7's FHIRPath tests are not beside the checkout")
    # 937 stand in the file, two of them commented out.
    assert len(found) == 935
    assert {case.name for case in found} >= EXPECTED_FAILURES.keys()


def _evaluated(case: Case, node: Node) -> list[object]:
    check(case.expression, Release.R4, node.type.path, order=case.check_order)
    environment = Environment(node, conforms_to=_conforms_to)
    return compile_expression(case.expression, Release.R4, strict=True).evaluate(node, environment)


def _conforms_to(node: Node, profile: str) -> bool | None:
    """A core type's own profile is conformed to by what is of the type; others are not known."""
    name = profile.removeprefix(_PROFILES)
    return None if name == profile else name in node.type.ancestors


def _type_of(item: object) -> str:
    return item.type.path if isinstance(item, Node) else system_type(item)


def _plain(text: str) -> str:
    """As a value is written, without a literal's mark."""
    return text[2:] if text.startswith("@T") else text.removeprefix("@")
