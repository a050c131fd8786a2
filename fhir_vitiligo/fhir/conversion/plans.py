"""How the objects at a place go from one release to the other: the rules for them, and for all else what the definitions
of both releases say (https://hl7.org/fhir/R5/versions.html).
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fhir_vitiligo.fhir.conversion import rules
from fhir_vitiligo.fhir.conversion.moves import same_text
from fhir_vitiligo.fhir.conversion.rules import EXTENSION, Rule, Shape
from fhir_vitiligo.fhir.conversion.tree import Primitive
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.schema import ObjectSchema, Property


@dataclass(frozen=True, slots=True)
class Step:
    """``take``: the members of the source; ``give``: those of the target. ``back`` is None where nothing can be lost."""

    take: tuple[str, ...]
    give: tuple[str, ...]
    project: Shape
    back: Shape
    join: rules.Join = operator.or_
    join_back: rules.Join = operator.or_


@dataclass(frozen=True, slots=True)
class Plan:
    """How the objects at a place are converted: ``same`` members stay as they are, the others go through a step."""

    same: frozenset[str]
    whole: frozenset[str]
    steps: tuple[Step, ...]
    urls: tuple[str, ...]


def plan_of(source: ObjectSchema, target: ObjectSchema, declared: Iterable[Rule], *, up: bool) -> Plan:
    """From ``source`` to ``target``, to R5 if ``up``. Of rules for the same member the first counts."""
    there, here = source.properties, target.properties
    steps: list[Step] = []
    taken: set[str] = set()
    given: set[str] = set()
    whole: set[str] = set()
    urls: list[str] = []
    for rule in declared:
        ways = (rule.up, rule.down) if up else (rule.down, rule.up)
        take, give = (rule.r4, rule.r5) if up else (rule.r5, rule.r4)
        if not taken.isdisjoint(take) or not given.isdisjoint(give):
            continue
        steps.append(Step(take, give, *ways, _join_of(rule, up), _join_of(rule, not up)))
        taken.update(take)
        given.update(give)
        whole.update(take if rule.whole else ())
        urls += [name for name in take if name.startswith(EXTENSION)]
    same: set[str] = set()
    for key, one in there.items():
        if key in taken:
            continue
        other = here.get(key) if key not in given else None
        way = None if other is None else _alike(one, other)
        if way is None:
            steps.append(Step((key,), (), _nothing, _nothing))
        elif way is _PLAIN:
            same.add(key)
            given.add(key)
        else:
            steps.append(Step((key,), (key,), *way))
            given.add(key)
    steps += [Step((), (key,), _nothing, _nothing) for key in here if key not in given]
    return Plan(frozenset(same), frozenset(whole), tuple(steps), tuple(dict.fromkeys(urls)))


def _join_of(rule: Rule, up: bool) -> rules.Join:
    return operator.or_ if up or rule.join is None else rule.join


def _nothing(_: Json) -> Json:
    return {}


_PLAIN: tuple[Shape, Shape] = (_nothing, _nothing)


def _alike(one: Property, other: Property) -> tuple[Shape, Shape] | None:
    """How an element of the same name in both releases goes there and back: :data:`_PLAIN` where there is nothing to do, None
    where they have nothing in common.
    """
    key, kinds = one.key, (one.type.code, other.type.code)
    if kinds[0] == kinds[1] or same_text(*kinds):
        if kinds[0] == kinds[1] == "Reference" and (_lost(one, other) or _lost(other, one)):
            return _referring(one, other), _referring(other, one)
        if one.is_list == other.is_list:
            return _PLAIN
        return _sized(key, one, other), _sized(key, other, one)
    if "integer64" in kinds and not {"unsignedInt", "positiveInt", "integer"}.isdisjoint(kinds):
        return _number(key, kinds[1] == "integer64"), _number(key, kinds[0] == "integer64")
    for member, kind in (("concept", "CodeableConcept"), ("reference", "Reference")):
        if kinds == (kind, "CodeableReference"):
            return (
                rules.into(member, key, will_be_list=other.is_list),
                rules.out_of(member, key, will_be_list=one.is_list),
            )
        if kinds == ("CodeableReference", kind):
            return (
                rules.out_of(member, key, will_be_list=other.is_list),
                rules.into(member, key, will_be_list=one.is_list),
            )
    return None


def _sized(key: str, one: Property, other: Property) -> Shape:
    return rules.resized(key, is_list=one.is_list, will_be_list=other.is_list)


def _referring(one: Property, other: Property) -> Shape:
    sized, lost = _sized(one.key, one, other), _lost(one, other)
    if lost is None:
        return sized
    kept = rules.referring(one.key, lost)
    return lambda x: sized(kept(x))


def _targets(one: Property) -> frozenset[str] | None:
    """The resource types that may be referred to; None: every one."""
    names = frozenset(target.rpartition("/")[2] for target in one.type.target_profiles)
    return None if not names or "Resource" in names else names


def _lost(one: Property, other: Property) -> rules.Lost | None:
    """Which types the one may refer to and the other may not; None where there is none."""
    own, targets = _targets(one), _targets(other)
    if targets is None or (own is not None and own <= targets):
        return None
    return lambda kind: kind not in targets and (own is None or kind in own)


def _number(key: str, to_text: bool) -> Shape:
    """integer64 is text in JSON, the other whole numbers are not."""

    def of(value: Any) -> Any:
        if isinstance(value, Primitive):
            return Primitive(of(value.value), value.more)
        if to_text and isinstance(value, int):
            return str(value)
        return int(value) if not to_text and isinstance(value, str) and value.isdigit() else value

    return lambda x: {key: of(x[key])} if key in x else {}
