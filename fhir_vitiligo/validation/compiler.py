"""Compiles the schema of a place to nested closures: the walker, which alone knows paths
(https://hl7.org/fhir/R4/json.html).

This is core: the shape of the JSON and what the types say. What a profile adds is walked apart
(:mod:`.profiles`), over what core has seen already. A property is compiled when it is first met, so that an
Observation costs nothing for the fifty types its extensions could have.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from fhir_vitiligo.fhir.json import MAX_DEPTH
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import ObjectSchema, Property
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.library import Library, library_of
from fhir_vitiligo.validation.profiles import Profiles
from fhir_vitiligo.validation.remembered import MemberCheck
from fhir_vitiligo.validation.resource_check import check_resource
from fhir_vitiligo.validation.rules import (
    ABSENCE_RULES,
    COMPANION_RULES,
    ELEMENT_RULES,
    MEMBER_RULES,
    OBJECT_RULES,
    VALUE_RULES,
    types,
)
from fhir_vitiligo.validation.rules.place import Place, Rule

# (value, context), and the same with the object that the value stands in.
ObjectCheck = Callable[[Any, Context], None]
PropertyCheck = MemberCheck


@cache
def compiler_of(release: Release) -> Compiler:
    """The one compiler of a release with what is always on board: what it compiled is kept."""
    return Compiler(library_of(release))


class Compiler:
    def __init__(self, library: Library) -> None:
        self.library = library
        self.schemas = library.schemas
        self.profiles = Profiles(library)
        self._objects: dict[str, ObjectCheck] = {}

    def object(self, path: str) -> ObjectCheck:
        """The check of what stands at ``Patient``, ``HumanName`` or ``Patient.contact``."""
        found = self._objects.get(path)
        if found is None:
            found = self._objects[path] = self._object(self.schemas.of(path))
        return found

    def _object(self, schema: ObjectSchema) -> ObjectCheck:
        members = _Members(self, schema)
        counting = [rule for make in MEMBER_RULES if (rule := make(schema, self.library)) is not None]
        rules = [rule for make in OBJECT_RULES if (rule := make(schema, self.library)) is not None]
        is_resource = schema.is_resource
        # The ids of an ElementDefinition say its path and slice.
        is_type = "." not in schema.path and schema.path not in ("Element", "ElementDefinition")

        def check(value: Any, context: Context) -> None:
            if type(value) is not dict:
                context.faults.put(types.not_an_object(schema.path, value))
            elif not value and context.walk.reading is None:
                context.faults.put(types.empty(f"{schema.path} object"))
            else:
                if "id" in value and not is_resource:
                    if len(value) == 1:
                        context.faults.put(types.nothing_but_id(schema.path))
                    if (fault := types.repeated_id(value, context)) is not None:
                        context.faults.put(fault)
                    if is_type and (fault := types.unwritten_id(value, context)) is not None:
                        context.faults.put(fault)
                if is_resource and context.members is not None:
                    context.members.check(value, members, context)
                else:
                    for key, item in value.items():
                        members[key](item, value, context)
                faults = context.faults
                # Walked again as what can be read of it.
                if faults.malformed:
                    return
                for rule in counting:
                    for fault in rule(value, None, context):
                        faults.put(fault)
                if (reading := context.walk.reading) is not None:
                    value = reading.seen(value)
                for rule in rules:
                    for fault in rule(value, None, context):
                        faults.put(fault)

        return _counted(check) if schema.path in _RECURSIVE else check

    def property(self, one: Property) -> PropertyCheck:
        """The check of one JSON name of an element."""
        place = Place(one, one.element, None, self.library)
        if one.kind == "primitive":
            single = self._primitive(one, place)
        elif one.kind == "resource":
            single = self._resource(one)
        else:
            single = self._complex(one, place)
        return self._list(one, place, single) if one.is_list else self._single(one, place, single)

    def companion(self, one: Property) -> PropertyCheck:
        """The check of ``_key``: ids and extensions of primitive values."""
        element = self.object("Element")
        place = Place(one, one.element, None, self.library)
        always = self._made(COMPANION_RULES, place)
        absent = [*always, *self._made(ABSENCE_RULES, place)]
        key = one.key

        def beside_a_value(value: Any, context: Context) -> None:
            if _is_id_alone(value):
                if fault := types.repeated_id(value, context):
                    context.faults.put(fault)
                return
            element(value, context)
            for rule in always:
                for fault in rule(None, value, context):
                    context.faults.put(fault)

        def alone(value: Any, context: Context) -> None:
            if not value and context.walk.reading is not None:
                context.faults.put(types.without_value(key))
                return
            element(value, context)
            for rule in absent:
                for fault in rule(None, value, context):
                    context.faults.put(fault)

        with_value, without = self._placed(one, beside_a_value), self._placed(one, alone)

        def check(value: Any, around: dict[str, Any], context: Context) -> None:
            (with_value if key in around else without)(value, around, context)

        return _companion_list(one, beside_a_value, alone) if one.is_list else check

    def _made(self, makers: Any, place: Place) -> list[Rule]:
        return [rule for make in makers if (rule := make(place)) is not None]

    def _complex(self, one: Property, place: Place) -> Callable[[Any, dict[str, Any], Context], None]:
        target = self.object(one.content)
        rules = self._made(VALUE_RULES, place)
        if one.element.content_reference:
            target = _counted(target)
        if not rules:
            return lambda value, around, context: target(value, context)

        def check(value: Any, around: dict[str, Any], context: Context) -> None:
            target(value, context)
            for rule in rules:
                for fault in rule(value, None, context):
                    context.faults.put(fault)

        return check

    def _primitive(self, one: Property, place: Place) -> Callable[[Any, dict[str, Any], Context], None]:
        rules = self._made(VALUE_RULES, place)
        companion = f"_{one.key}"
        many = one.is_list

        def check(value: Any, around: dict[str, Any], context: Context) -> None:
            beside = None if many else around.get(companion)
            for rule in rules:
                for fault in rule(value, beside, context):
                    context.faults.put(fault)
                    if fault.rule == "primitive":
                        return  # a value that is not written right is not looked up as well

        return check

    def _resource(self, one: Property) -> Callable[[Any, dict[str, Any], Context], None]:
        contained = one.key == "contained"

        def check(value: Any, around: dict[str, Any], context: Context) -> None:
            if not contained or context.options.contained:
                check_resource(self, value, context, around, contained)

        return check

    def _single(self, one: Property, place: Place, target: PropertyCheck) -> PropertyCheck:
        rules = self._made(ELEMENT_RULES, place)
        step, key = one.step, one.key

        def check(value: Any, around: dict[str, Any], context: Context) -> None:
            faults = context.faults
            before = len(faults)
            try:
                if value is None:
                    faults.put(types.null(key))
                elif type(value) is list:
                    faults.put(types.not_single(one))
                else:
                    target(value, around, context)
                    for rule in rules:
                        for fault in rule(value, None, context):
                            faults.put(fault)
            finally:
                # Also when the walk ends early: what was found has its place.
                if len(faults) > before:
                    faults.prefix(before, step)

        return check

    def _placed(self, one: Property, target: ObjectCheck) -> PropertyCheck:
        place = Place(one, one.element, None, self.library)
        return self._single(one, place, lambda value, around, context: target(value, context))

    def _list(self, one: Property, place: Place, target: PropertyCheck) -> PropertyCheck:
        rules = self._made(ELEMENT_RULES, place)
        companion = f"_{one.key}" if one.companion else ""
        step = one.step

        def check(value: Any, around: dict[str, Any], context: Context) -> None:
            faults = context.faults
            if type(value) is not list or not value:
                faults.put_all((_no_list(one, value),), step)
                if type(value) is not dict:
                    return
                # Read as one.
                value = [value]
            for index, item in enumerate(value):
                before = len(faults)
                try:
                    if item is not None:
                        target(item, around, context)
                    elif not _has_entry(around.get(companion), index):
                        faults.put(types.null_entry(one.key))
                finally:
                    if len(faults) > before:
                        faults.prefix(before, f"{step}[{index}]")
            for rule in rules:
                faults.put_all(rule(value, None, context), step)

        return check


# Types that can hold themselves without end; a resource within a resource counts as well.
_RECURSIVE = frozenset({"Extension"})


def _counted(target: ObjectCheck) -> ObjectCheck:
    def check(value: Any, context: Context) -> None:
        walk = context.walk
        if walk.depth >= MAX_DEPTH:
            context.faults.put(types.too_deep(MAX_DEPTH))
            return
        walk.depth += 1
        target(value, context)
        walk.depth -= 1

    return check


def _companion_list(one: Property, beside_a_value: ObjectCheck, alone: ObjectCheck) -> PropertyCheck:
    """``_given`` beside ``given``: entry by entry, null where there is nothing to add."""

    def check(value: Any, around: dict[str, Any], context: Context) -> None:
        faults = context.faults
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
                    (beside_a_value if _has_entry(values, index) else alone)(item, context)
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
        def check(value: Any, around: dict[str, Any], context: Context) -> None:
            # Told of the object: an element that does not exist has no path.
            context.faults.put(types.unknown(self.schema, key))

        return check


def _nothing(value: Any, around: dict[str, Any], context: Context) -> None:
    """``resourceType`` was read before."""
