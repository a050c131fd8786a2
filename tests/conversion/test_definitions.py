"""Against the definitions of both releases: every code and every demanded element of R5 has where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from fhir_vitiligo.fhir.conversion import CONVERTED
from fhir_vitiligo.fhir.conversion.moves import at_place
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import schemas_of
from fhir_vitiligo.terminology.value_sets import terminology_of

R4, R5 = schemas_of(Release.R4), schemas_of(Release.R5)
# An answer that has further questions and no value is no answer in R5; nothing can be said for it.
NOT_TOLD = {"QuestionnaireResponse.item.answer.value"}
# These are told of other resources than those that are converted.
DEFINITIONS = (
    "DataRequirement",
    "ElementDefinition",
    "ParameterDefinition",
    "TriggerDefinition",
    "Contributor",
)


@cache
def places() -> tuple[str, ...]:
    """Every place of the converted types that both releases have, and of the datatypes they use."""
    found: dict[str, None] = dict.fromkeys(sorted(CONVERTED))
    todo = list(found)
    while todo:
        here, there = R4.of(todo[-1]).properties, R5.of(todo.pop()).properties
        for key, one in here.items():
            other = there.get(key)
            if other is None or one.kind != "complex" or one.content != other.content:
                continue
            if one.content not in found and not one.content.startswith(DEFINITIONS):
                found[one.content] = None
                todo.append(one.content)
    return tuple(found)


def codes(release: Release, value_set: str) -> set[str]:
    expansion = terminology_of(release).expand(value_set, "", 0, 5000)
    return {one["code"] for one in expansion.contains}


def bound() -> Iterator[tuple[str, str, str, str]]:
    """Place and name of the codes that have to be of a value set in both releases, and the value sets."""
    for place in places():
        for key, one in R4.of(place).properties.items():
            other = R5.of(place).properties.get(key)
            if other is None or not one.type.code == other.type.code == "code":
                continue
            old, new = one.element.binding, other.element.binding
            if old and new and old.strength == new.strength == "required":
                yield place, key, old.value_set, new.value_set


def test_every_code_of_r4_becomes_one_of_r5() -> None:
    checked = 0
    for place, key, old, new in bound():
        if "languages" in new or "mimetypes" in new or "currencies" in new:
            continue  # no lists: the same rules make the codes in both
        allowed = codes(Release.R5, new)
        for code in codes(Release.R4, old):
            rule = next((rule for rule in at_place(place) if key in rule.r4), None)
            told = code if rule is None else rule.up({key: code}).get(key)
            assert told in allowed, f"{place}.{key}: {code} becomes {told}"
            checked += 1
    assert checked > 300


def test_what_r5_demands_and_r4_does_not_comes_from_a_rule() -> None:
    demanded = set()
    for place in places():
        before = {one.name: one.min for one in R4.of(place).elements}
        for one in R5.of(place).elements:
            if one.min > 0 and before.get(one.name, 0) == 0:
                keys = set(R5.of(place).keys[one.name])
                if not any(keys & set(rule.r5) for rule in at_place(place)):
                    demanded.add(f"{place}.{one.name}")
    assert demanded == NOT_TOLD


def test_every_move_of_the_mapping_is_known() -> None:
    """What the tables of the mapping name is what the definitions name."""
    for place in places():
        for rule in at_place(place):
            of_r4, of_r5 = R4.of(place).properties, R5.of(place).properties
            assert {name for name in rule.r4 if not name.startswith("extension(")} <= of_r4.keys(), place
            assert {name for name in rule.r5 if not name.startswith("extension(")} <= of_r5.keys(), place
