"""Compiles the schema of a place to nested closures: the walker, which alone knows paths
(https://hl7.org/fhir/R4/json.html).

A property is compiled when it is first met, so that an Observation costs nothing for the fifty types its
extensions could have. A closure gets the value, the object around it, the faults of this walk and how deep it
stands.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from fhir_vitiligo.fhir.definitions import Definitions, definitions_of
from fhir_vitiligo.fhir.json import MAX_DEPTH
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation.faults import Fault, Faults
from fhir_vitiligo.validation.rules import (
    ABSENCE_RULES,
    ELEMENT_RULES,
    OBJECT_RULES,
    VALUE_RULES,
    Rule,
    types,
)
from fhir_vitiligo.validation.schema import ObjectSchema, Property, Schemas

# (value, faults, depth), and the same with the object that the value stands in.
ObjectCheck = Callable[[Any, Faults, int], None]
PropertyCheck = Callable[[Any, dict[str, Any], Faults, int], None]


@cache
def compiler_of(release: Release) -> Compiler:
    """The one compiler of this release: what it compiled is kept."""
    return Compiler(definitions_of(release))


class Compiler:
    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.schemas = Schemas(definitions)
        self._resource_types = frozenset(definitions.resource_types)
        self._objects: dict[str, ObjectCheck] = {}

    def resource(self, value: Any, faults: Faults, depth: int) -> None:
        """Check a resource of any type: what ``resourceType`` names decides."""
        if not isinstance(value, dict):
            faults.put(types.not_an_object("A resource", value))
            return
        name = value.get("resourceType")
        if isinstance(name, str) and name in self._resource_types:
            self.object(name)(value, faults, depth)
        elif "resourceType" in value:
            release = self.definitions.release.name
            faults.put(types.unknown_resource(name, self.definitions.resource_types, release))
        else:
            faults.put(types.no_resource_type())

    def object(self, path: str) -> ObjectCheck:
        """The check of what stands at ``Patient``, ``HumanName`` or ``Patient.contact``."""
        found = self._objects.get(path)
        if found is None:
            found = self._objects[path] = self._object(self.schemas.of(path))
        return found

    def _object(self, schema: ObjectSchema) -> ObjectCheck:
        members = _Members(self, schema)
        rules = [rule for make in OBJECT_RULES if (rule := make(schema, self.definitions)) is not None]

        def check(value: Any, faults: Faults, depth: int) -> None:
            if not isinstance(value, dict):
                faults.put(types.not_an_object(schema.path, value))
            elif depth > MAX_DEPTH:
                faults.put(types.too_deep(MAX_DEPTH))
            elif not value:
                faults.put(types.empty(f"{schema.path} object"))
            elif not schema.is_resource and _is_id_alone(value):
                faults.put(types.nothing_but_id(schema.path))
            else:
                for key, item in value.items():
                    members[key](item, value, faults, depth + 1)
                for rule in rules:
                    for fault in rule(value):
                        faults.put(fault)

        return check

    def property(self, one: Property) -> PropertyCheck:
        """The check of one JSON name of an element."""
        if one.kind == "primitive":
            single = self._primitive(one)
            return self._list(one, single) if one.is_list else self._single(one, single)
        target = self.resource if one.kind == "resource" else self.object(one.content)
        rules = self._made(VALUE_RULES, one)

        def single_object(value: Any, faults: Faults, depth: int) -> None:
            target(value, faults, depth)
            for rule in rules:
                for fault in rule(value):
                    faults.put(fault)

        inner = single_object if rules else target
        return self._list(one, inner) if one.is_list else self._single(one, inner)

    def companion(self, one: Property) -> PropertyCheck:
        """The check of ``_key``: ids and extensions of primitive values."""
        element = self.object("Element")
        absent = self._made(ABSENCE_RULES, one)
        key = one.key

        def beside_a_value(value: Any, faults: Faults, depth: int) -> None:
            if not _is_id_alone(value):
                element(value, faults, depth)

        def alone(value: Any, faults: Faults, depth: int) -> None:
            element(value, faults, depth)
            for rule in absent:
                for fault in rule(value):
                    faults.put(fault)

        with_value, without = self._single(one, beside_a_value), self._single(one, alone)

        def check(value: Any, around: dict[str, Any], faults: Faults, depth: int) -> None:
            (with_value if key in around else without)(value, around, faults, depth)

        return _companion_list(one, beside_a_value, alone) if one.is_list else check

    def _made(self, makers: Any, one: Property) -> list[Rule]:
        return [rule for make in makers if (rule := make(one, self.definitions)) is not None]

    def _primitive(self, one: Property) -> ObjectCheck:
        rules = self._made(VALUE_RULES, one)

        def check(value: Any, faults: Faults, depth: int) -> None:
            for rule in rules:
                for fault in rule(value):
                    faults.put(fault)
                    return  # a value that is not written right is not looked up as well

        return check

    def _single(self, one: Property, target: ObjectCheck) -> PropertyCheck:
        rules = self._made(ELEMENT_RULES, one)

        def check(value: Any, around: dict[str, Any], faults: Faults, depth: int) -> None:
            before = len(faults)
            try:
                if value is None:
                    faults.put(types.null(one.key))
                elif isinstance(value, list):
                    faults.put(types.not_single(one))
                else:
                    target(value, faults, depth)
                    for rule in rules:
                        for fault in rule(value):
                            faults.put(fault)
            finally:
                # Also when the walk ends early: what was found has its place.
                if len(faults) > before:
                    faults.prefix(before, one.step)

        return check

    def _list(self, one: Property, target: ObjectCheck) -> PropertyCheck:
        rules = self._made(ELEMENT_RULES, one)
        companion = f"_{one.key}" if one.companion else ""

        def check(value: Any, around: dict[str, Any], faults: Faults, depth: int) -> None:
            if not isinstance(value, list) or not value:
                faults.put_all((_no_list(one, value),), one.step)
                return
            for index, item in enumerate(value):
                before = len(faults)
                try:
                    if item is not None:
                        target(item, faults, depth)
                    elif not _has_entry(around.get(companion), index):
                        faults.put(types.null_entry(one.key))
                finally:
                    if len(faults) > before:
                        faults.prefix(before, f"{one.step}[{index}]")
            for rule in rules:
                faults.put_all(rule(value), one.step)

        return check


def _companion_list(one: Property, beside_a_value: ObjectCheck, alone: ObjectCheck) -> PropertyCheck:
    """``_given`` beside ``given``: entry by entry, null where there is nothing to add."""

    def check(value: Any, around: dict[str, Any], faults: Faults, depth: int) -> None:
        values = around.get(one.key)
        if not isinstance(value, list) or not value:
            faults.put_all((_no_list(one, value, "_"),), one.step)
            return
        if isinstance(values, list) and len(values) != len(value):
            faults.put_all((types.uneven(one.key, len(values), len(value)),), one.step)
        for index, item in enumerate(value):
            before = len(faults)
            try:
                if item is not None:
                    (beside_a_value if _has_entry(values, index) else alone)(item, faults, depth)
                elif not isinstance(values, list) or index >= len(values):
                    faults.put(types.null_entry(f"_{one.key}"))
            finally:
                if len(faults) > before:
                    faults.prefix(before, f"{one.step}[{index}]")

    return check


def _no_list(one: Property, value: Any, mark: str = "") -> Fault:
    key = mark + one.key
    if value is None:
        return types.null(key)
    return types.empty(f"`{key}` array") if value == [] else types.not_a_list(key, value)


def _is_id_alone(value: Any) -> bool:
    """Too little for an element, enough beside a primitive's value."""
    return isinstance(value, dict) and len(value) == 1 and "id" in value


def _has_entry(values: Any, index: int) -> bool:
    return isinstance(values, list) and index < len(values) and values[index] is not None


class _Members(dict[str, PropertyCheck]):
    """The checks of an object's properties by JSON name; one is compiled when it is first met."""

    __slots__ = ("compiler", "schema")

    def __init__(self, compiler: Compiler, schema: ObjectSchema) -> None:
        super().__init__()
        self.compiler = compiler
        self.schema = schema
        if schema.is_resource:
            self["resourceType"] = _nothing

    def __missing__(self, key: Any) -> PropertyCheck:
        one = self.schema.properties.get(key)
        if one is not None:
            found = self[key] = self.compiler.property(one)
            return found
        named = self.schema.properties.get(key[1:]) if isinstance(key, str) and key.startswith("_") else None
        if named is not None and named.companion:
            found = self[key] = self.compiler.companion(named)
            return found
        # Not kept: a hostile sender could fill the memory with names.
        return self._unknown(key)

    def _unknown(self, key: Any) -> PropertyCheck:
        def check(value: Any, around: dict[str, Any], faults: Faults, depth: int) -> None:
            # Told of the object: an element that does not exist has no path.
            faults.put(types.unknown(self.schema, key))

        return check


def _nothing(value: Any, around: dict[str, Any], faults: Faults, depth: int) -> None:
    """``resourceType`` was read before."""
