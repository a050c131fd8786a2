"""``%resource``, ``%sct``, ``%vs-name``..., and what the environment holds under a name.

https://hl7.org/fhir/R4/fhirpath.html#vars
"""

from __future__ import annotations

from fhir_vitiligo.fhir.definitions import CORE
from fhir_vitiligo.fhir.fhirpath.code import EMPTY, Code, from_value
from fhir_vitiligo.fhir.fhirpath.faults import Place
from fhir_vitiligo.fhir.fhirpath.node import Collection, Environment, Item, Node

_SYSTEMS = {"sct": "http://snomed.info/sct", "loinc": "http://loinc.org", "ucum": "http://unitsofmeasure.org"}


_FIXED = frozenset((*_SYSTEMS, "context", "resource", "rootResource"))


def is_own(name: str) -> bool:
    """Whether the specification gives the name its meaning."""
    return name in _FIXED or name.startswith(("vs-", "ext-"))


def constant(name: str, place: Place) -> Code:
    if name in _SYSTEMS:
        return from_value(_SYSTEMS[name])
    if name.startswith("vs-"):
        return from_value(f"http://hl7.org/fhir/ValueSet/{name[3:]}")
    if name.startswith("ext-"):
        return from_value(CORE + name[4:])
    if name == "context":
        return Code(lambda this, env: EMPTY if env.context is None else [env.context])
    if name == "resource":
        return Code(_resource)
    if name == "rootResource":
        return Code(_root_resource)

    def variable(this: Item | None, env: Environment) -> Collection:
        try:
            return env.variables[name]
        except KeyError:
            raise place.error(f"there is no constant %{name}") from None

    return Code(variable)


def _resource(this: Item | None, env: Environment) -> Collection:
    found = env.resource
    if found is None and env.context is not None:
        found = env.context.resource()
    return EMPTY if found is None else [found]


def _root_resource(this: Item | None, env: Environment) -> Collection:
    found = env.root_resource
    if found is None and env.context is not None:
        found = outermost_of(env.context)
    return EMPTY if found is None else [found]


def outermost_of(node: Node) -> Node | None:
    """The resource that contains, or is, the one a node is part of: the target of ``#``."""
    found = node.resource()
    while found is not None and found.name == "contained" and found.parent is not None:
        found = found.parent.resource()
    return found
