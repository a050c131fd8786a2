"""Compiles what a profile adds to core (https://hl7.org/fhir/R4/profiling.html).

Each element of a profile is held against what core says of it; only the difference becomes a check, and where
there is none below an element, the walk does not go there. So a profile costs what it asks for, and nothing is
told twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fhir_vitiligo.fhir.definitions import Element, TypeRef
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.schema import Kind, ObjectSchema, Property
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.groups import GroupCheck, group_check
from fhir_vitiligo.validation.library import Library
from fhir_vitiligo.validation.rules import PROFILE_RULES
from fhir_vitiligo.validation.rules.place import Place
from fhir_vitiligo.validation.schema import Node, Schema
from fhir_vitiligo.validation.type_profiles import type_profile_check

# (value, companion, context) of one occurrence; None where there is nothing to check.
Check = Callable[[Any, Any, Context], None]

# A profile whose types' profiles lead on and on ends here.
_MAX_TRIALS = 20_000


class Profiles:
    """The compiled profiles of one library; each part is compiled when it is first met."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._plans: dict[str, Check | None] = {}
        self._contents: dict[tuple[int, str], Check | None] = {}
        # Keeps the nodes alive whose identity is a key.
        self._nodes: list[Node] = []

    def check(self, schema: Schema, resource: Json, context: Context) -> None:
        """The faults of a resource against a profile; they go to the context."""
        if not self.fits(schema, resource.get("resourceType")):
            text = f"The profile {schema.canonical} is for {schema.type}, not for {resource.get('resourceType')}."
            context.faults.put(Fault("profile-type", "invalid", text))
        elif (plan := self.plan(schema)) is not None:
            plan(resource, None, context)

    def fits(self, schema: Schema, name: Any) -> bool:
        """Whether the profile is for resources, or values, of this type or of one it descends from."""
        return (
            "#" in schema.url
            or name == schema.type
            or (isinstance(name, str) and schema.type in self.library.definitions.ancestors(name))
        )

    def conforms(self, url: str, value: Any, name: str, context: Context) -> bool | None:
        """Whether a value of type ``name`` conforms, tried once a walk; None for a profile nobody knows.

        What is being tried already, further up, is taken to conform: the outer trial decides.
        """
        schema = self.library.profile(url)
        if schema is None:
            return None
        if not self.fits(schema, name):
            return False
        plan = self.plan(schema)
        if plan is None:
            return True
        walk = context.walk
        key = (id(value), schema.canonical)
        known = walk.conformance.get(key, ...)
        if known is not ...:
            return known is not False
        walk.trials += 1
        if walk.trials > _MAX_TRIALS:
            return None
        walk.conformance[key] = None
        inside = context.context_of(value) if isinstance(value, dict) and "resourceType" in value else context
        with inside.trial() as faults:
            plan(value, None, inside)
            verdict = not faults.has_error
        walk.conformance[key] = verdict
        return verdict

    def plan(self, schema: Schema) -> Check | None:
        """The check of a whole profile; None where it asks for nothing that core does not."""
        key = schema.canonical
        if key not in self._plans:
            forward = _Forward()
            self._plans[key] = forward
            self._plans[key] = forward.made = self._plan(schema)
        return self._plans[key]

    def _plan(self, schema: Schema) -> Check | None:
        # A logical model constrains nothing that a resource is made of.
        if self.library.is_type(schema.url) or schema.type not in self.library.types:
            return None
        if "#" in schema.url:
            above, _, name = schema.root.element.path.rpartition(".")
            part = self.library.schemas.of(above).properties[name]
            return self.node(schema, schema.root, part, part.element)
        structure = self.library.definitions.structure(schema.type)
        base = structure.elements[0]
        kind: Kind = "primitive" if structure.kind == "primitive-type" else "complex"
        one = Property(schema.type, schema.type, base, TypeRef(schema.type), kind, schema.type, False)
        return self.node(schema, schema.root, one, base)

    def node(self, schema: Schema, node: Node, one: Property, base: Element) -> Check | None:
        """The check of one occurrence of ``node``, written as ``one``."""
        place = Place(one, node.element, base, self.library, node, schema)
        rules = [rule for make in PROFILE_RULES if (rule := make(place)) is not None]
        more = [
            check
            for check in (self._content(schema, node, one), type_profile_check(self, place))
            if check is not None
        ]
        if not rules:
            return more[0] if len(more) == 1 else _all(more)

        def check(value: Any, companion: Any, context: Context) -> None:
            for rule in rules:
                for fault in rule(value, companion, context):
                    context.faults.put(fault)
            for one_more in more:
                one_more(value, companion, context)

        return check

    def _content(self, schema: Schema, node: Node, one: Property) -> Check | None:
        """The check of what is below a node."""
        if node.element.content_reference is not None:
            referred = schema.own(node.element.content_reference)
            node = node if referred is None or node.children else referred
        if not node.children or one.kind == "resource":
            return None
        key = (id(node), one.content)
        if key not in self._contents:
            self._nodes.append(node)
            forward = _Forward()
            self._contents[key] = forward
            self._contents[key] = forward.made = self._children(schema, node, one)
        return self._contents[key]

    def _children(self, schema: Schema, node: Node, one: Property) -> Check | None:
        table = self.library.schemas.of("Element" if one.kind == "primitive" else one.content)
        groups = [
            check for child in node.children if (check := self._group(schema, child, table)) is not None
        ]
        if not groups:
            return None
        if one.kind == "primitive":

            def check_companion(value: Any, companion: Any, context: Context) -> None:
                around = companion if type(companion) is dict else {}
                for group in groups:
                    group(around, context)

            return check_companion

        def check_object(value: Any, companion: Any, context: Context) -> None:
            if type(value) is dict:
                for group in groups:
                    group(value, context)

        return check_object

    def _group(self, schema: Schema, child: Node, table: ObjectSchema) -> GroupCheck | None:
        keys = table.keys.get(child.name)
        if keys is None:
            # valueQuantity, as older snapshots write a choice that has one type left.
            keys = (child.name,) if child.name in table.properties else ()
        properties = [table.properties[key] for key in keys]
        return group_check(self, schema, child, properties) if properties else None


class _Forward:
    """Stands for a check that is still being made, in a type that contains itself."""

    made: Check | None = None

    def __call__(self, value: Any, companion: Any, context: Context) -> None:
        if self.made is not None:
            self.made(value, companion, context)


def _all(checks: list[Check]) -> Check | None:
    if not checks:
        return None

    def check(value: Any, companion: Any, context: Context) -> None:
        for one in checks:
            one(value, companion, context)

    return check
