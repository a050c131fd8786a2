"""Every invariant and every search parameter of core is an expression that is understood."""

from __future__ import annotations

import re

import pytest

from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.fhirpath import FHIRPathError, compile_expression
from fhir_vitiligo.fhir.fhirpath.check import check
from fhir_vitiligo.fhir.release import Release

_LENGTH = (
    "length() is asked of ElementDefinition: it can be asked of "
    "Boolean or Date or DateTime or Decimal or Integer or String or Time"
)
# Invariants that core itself got wrong, by release: what they ask for does not exist there.
_WRONG_IN_CORE: dict[Release, dict[str, set[str]]] = {
    Release.R4: {"cid-0": {"name in ChargeItemDefinition"}},
    Release.R4B: {
        "cid-0": {"name in ChargeItemDefinition"},
        "cnl-0": {"name in Evidence", "name in EvidenceReport"},
        "sdf-24": {_LENGTH},
        "sdf-25": {_LENGTH},
    },
    Release.R5: {},
}


def invariants(release: Release) -> set[tuple[str, str, str]]:
    """(path, key, expression) of all of core; the path of an element with a choice of types is left out."""
    definitions = definitions_of(release)
    names = (*definitions.resource_types, *definitions.type_names, *definitions.abstract_types)
    return {
        (element.path, invariant.key, invariant.expression)
        for name in names
        for element in definitions.structure(name).elements
        for invariant in element.invariants
    }


@pytest.mark.parametrize("release", Release)
def test_every_invariant_compiles(release: Release) -> None:
    found = invariants(release)
    assert len({expression for _, _, expression in found}) > 150
    for _, _, expression in found:
        compile_expression(expression, release)


@pytest.mark.parametrize("release", Release)
def test_every_invariant_binds_to_its_element(release: Release) -> None:
    definitions = definitions_of(release)
    bound = 0
    for path, _, expression in invariants(release):
        element = definitions.structure(path.partition(".")[0]).element(path)
        if element is not None and element.is_choice and len(element.types) > 1:
            with pytest.raises(KeyError, match="one of several types"):
                compile_expression(expression, release).bind(path)
            continue
        compile_expression(expression, release).bind(path)
        bound += 1
    assert bound > 1000


@pytest.mark.parametrize("release", Release)
def test_every_search_parameter_compiles(release: Release) -> None:
    expressions = {
        parameter.expression
        for parameter in definitions_of(release).all_search_parameters.values()
        if parameter.expression
    }
    expressions |= {
        expression
        for parameter in definitions_of(release).all_search_parameters.values()
        for _, expression in parameter.components
    }
    assert len(expressions) > 800
    for expression in expressions:
        compile_expression(expression, release)


@pytest.mark.parametrize("release", Release)
def test_only_known_mistakes_of_core_are_found_by_types_alone(release: Release) -> None:
    wrong: dict[str, set[str]] = {}
    for path, key, expression in sorted(invariants(release)):
        try:
            check(expression, release, path)
        except FHIRPathError as error:
            found = re.fullmatch(r"there is no element (.*)", error.reason)
            wrong.setdefault(key, set()).add(found[1] if found else error.reason)
    assert wrong == _WRONG_IN_CORE[release]
