"""Search by the words of the specification: slow, obvious, over all resources one after another.

https://hl7.org/fhir/R4/search.html. Written for tests, without any of the engine's code: paths are FHIRPath,
nothing is indexed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from fhir_vitiligo.fhir.definition_types import SearchParameter
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.fhirpath import Environment, Node, compile_expression, root

from .values import BASE, R4, TESTS, Resource, is_reference, split

Resolve = Callable[[str, Node], Resource | None]


@dataclass
class World:
    """All resources there are, by type and id."""

    resources: Mapping[tuple[str, str], Resource]
    further: Mapping[tuple[str, str], SearchParameter] = field(default_factory=dict)
    _values: dict[tuple[str, str, str], list[Node]] = field(default_factory=dict)

    def of_type(self, resource_type: str) -> list[Resource]:
        return [one for (kind, _), one in self.resources.items() if kind == resource_type]

    def definition(self, resource_type: str, code: str) -> SearchParameter:
        found = definitions_of(R4).search_parameters(resource_type).get(code)
        return found or self.further[resource_type, code]

    def values(self, resource: Resource, code: str) -> list[Node]:
        """What the parameter's expression selects; a primitive without a value is none."""
        kind, id = resource["resourceType"], resource["id"]
        if (kind, id, code) not in self._values:
            expression = self.definition(kind, code).expression
            found = evaluate(expression, root(resource, R4), resource)
            self._values[kind, id, code] = [one for one in found if one.value is not None]
        return self._values[kind, id, code]

    def find(self, resource_type: str, pairs: Iterable[tuple[str, str]]) -> list[str]:
        """The ids of the resources that fulfil all parameters."""
        found = self.of_type(resource_type)
        for name, value in pairs:
            found = [resource for resource in found if self.fulfils(resource, name, value)]
        return sorted(resource["id"] for resource in found)

    def fulfils(self, resource: Resource, name: str, value: str) -> bool:
        kind, id = resource["resourceType"], resource["id"]
        if name.startswith("_has:"):
            _, other, reference, rest = name.split(":", 3)
            return any(
                (kind, id) in self.targets(one, reference) and self.fulfils(one, rest, value)
                for one in self.of_type(other)
            )
        head, dot, rest = name.partition(".")
        code, _, modifier = head.partition(":")
        if dot:
            return any(
                self.fulfils(self.resources[target], rest, value)
                for target in self.targets(resource, code)
                if target in self.resources and modifier in ("", target[0]) and self.knows(target[0], rest)
            ) or any(
                self.fulfils(one, rest, value)
                for one in self.inside(resource, code)
                if modifier in ("", one["resourceType"]) and self.knows(one["resourceType"], rest)
            )
        if code == "_id" and "#" in id:  # contained: it has none for others
            return False
        if code == "_id":
            found = id in value.split(",")
            return not found if modifier == "not" else found
        if modifier == "missing":
            return (not self.present(resource, code)) is (value == "true")
        texts = split(value, ",")
        if modifier == "not":
            return not any(self.one(resource, code, "", text) for text in texts)
        if modifier == "not-in":
            return not any(self.one(resource, code, "in", text) for text in texts)
        return any(self.one(resource, code, modifier, text) for text in texts)

    def knows(self, resource_type: str, name: str) -> bool:
        if name.startswith("_has:"):
            return True
        code = name.partition(".")[0].partition(":")[0]
        known = definitions_of(R4).search_parameters(resource_type)
        return code in known or (resource_type, code) in self.further

    def present(self, resource: Resource, code: str) -> bool:
        definition = self.definition(resource["resourceType"], code)
        if definition.type == "composite":
            return bool(self.elements(resource, definition))
        return bool(self.values(resource, code))

    def targets(self, resource: Resource, code: str) -> set[tuple[str, str]]:
        """What is here and the parameter refers to."""
        found = set()
        for node in self.values(resource, code):
            text = node.value.get("reference", "") if isinstance(node.value, dict) else node.value
            text = text if isinstance(node.value, dict) else text.partition("|")[0]
            parts = text.removeprefix(f"{BASE}/").split("/")
            if len(parts) >= 2 and ":" not in text.removeprefix(f"{BASE}/"):
                found.add((parts[0], parts[1]))
            if isinstance(node.value, str):  # a canonical names by its url
                found |= {at for at, one in self.resources.items() if one.get("url") == text}
        return found

    def inside(self, resource: Resource, code: str) -> list[Resource]:
        """What it contains, or what is contained beside it, and the parameter refers to; their ids are unique in the world."""
        names = {f"#{one['id'].rpartition('#')[2]}": one for one in resource.get("contained", ())}
        if not names:
            return []
        definition = self.definition(resource["resourceType"], code)
        nodes = evaluate(
            definition.expression,
            root(resource, R4),
            resource,
            lambda reference, node: names.get(reference) or _named(reference, node),
        )
        told = [node.value.get("reference", "") for node in nodes if isinstance(node.value, dict)]
        whole = f"{resource['resourceType']}/{resource['id']}".partition("#")[0]
        return [
            {**names[one], "id": f"{whole}{one}", "contained": resource["contained"]}
            for one in told
            if one in names
        ]

    # One text against one resource

    def one(self, resource: Resource, code: str, modifier: str, text: str) -> bool:
        definition = self.definition(resource["resourceType"], code)
        if definition.type == "composite":
            texts = split(text, "$")
            return any(
                all(
                    any(TESTS[kind](node, "", part) for node in nodes)
                    for (kind, nodes), part in zip(components, texts, strict=True)
                )
                for components in self.elements(resource, definition)
            )
        targets = _narrowed(definition, resource["resourceType"])
        if definition.type == "reference":
            return any(is_reference(node, modifier, text, targets) for node in self.values(resource, code))
        test = TESTS[definition.type]
        return any(test(node, modifier, text) for node in self.values(resource, code))

    def elements(self, resource: Resource, definition: SearchParameter) -> list[list[tuple[str, list[Node]]]]:
        """Of every element of a composite that has all components: their types and values."""
        every = definitions_of(R4).all_search_parameters
        further = {one.url: one for one in self.further.values()}
        found = []
        for element in evaluate(definition.expression, root(resource, R4), resource):
            components = []
            for name, expression in definition.components:
                kind = (
                    further.get(name) or every[name.removeprefix("http://hl7.org/fhir/SearchParameter/")]
                ).type
                components.append(
                    (kind, [one for one in evaluate(expression, element, resource) if one.value is not None])
                )
            if all(nodes for _, nodes in components):
                found.append(components)
        return found


def evaluate(expression: str, node: Node, resource: Resource, resolve: Resolve | None = None) -> list[Node]:
    top = root(resource, R4)
    environment = Environment(resource=top, root_resource=top, resolve=resolve or _named)
    # R4's code-value-date spells a type as nothing is spelt.
    found = compile_expression(expression.replace("DateTime", "dateTime"), R4).evaluate(node, environment)
    # `deceased` is not an element but an answer: true or false.
    return [one if isinstance(one, Node) else Node(one, top.type) for one in found]


def _named(reference: str, _: Node) -> Resource | None:
    """The address of a resource tells its type, wherever it is; nothing is fetched to see."""
    found = re.fullmatch(r"(?:https?://.*/)?([A-Z]\w+)/([\w.\-]+)(?:/_history/.*)?", reference)
    return {"resourceType": found[1], "id": found[2]} if found else None


def _narrowed(definition: SearchParameter, resource_type: str) -> tuple[str, ...]:
    of_type = [
        one for one in definition.expression.split("|") if one.strip(" (").startswith(resource_type + ".")
    ]
    only = [re.search(r"resolve\(\) is (\w+)", one) for one in of_type]
    return tuple(one[1] for one in only if one) if only and all(only) else definition.target
