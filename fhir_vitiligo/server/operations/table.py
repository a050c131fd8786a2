"""Which operations there are, and where: a definition and its handler each (https://hl7.org/fhir/R4/operations.html).

An operation is served on the levels and types that its OperationDefinition names. HL7's definitions come with core, the project's
own with its package.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.definitions import Operation, OperationParameter, definitions_of
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.own_package import own_package
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.content import resource_response
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.server.operations.inputs import Inputs, inputs_of

Handler = Callable[[Call, Inputs], Awaitable[Json | Response]]


def _late(module: str, name: str) -> Handler:
    """A handler that is imported when it is first called: what some need (the mapper, the validator) takes longer to load
    than all the rest of the server.
    """

    async def handler(call: Call, inputs: Inputs) -> Json | Response:
        loaded = import_module(f"fhir_vitiligo.server.operations.{module}")
        handle: Handler = getattr(loaded, name)
        return await handle(call, inputs)

    return handler


HANDLERS: Mapping[str, Handler] = {
    "CapabilityStatement-versions": _late("versions", "versions"),
    "CodeSystem-lookup": _late("terminology", "lookup"),
    "CodeSystem-validate-code": _late("terminology", "validate_code_in_system"),
    "Composition-document": _late("document", "document"),
    "ConceptMap-translate": _late("terminology", "translate"),
    "Observation-lastn": _late("lastn", "lastn"),
    "Patient-everything": _late("everything", "everything"),
    "Resource-meta": _late("meta", "meta"),
    "Resource-meta-add": _late("meta", "meta_add"),
    "Resource-meta-delete": _late("meta", "meta_delete"),
    "Resource-validate": _late("validate", "validate"),
    "ValueSet-expand": _late("terminology", "expand"),
    "ValueSet-validate-code": _late("terminology", "validate_code"),
    "diff": _late("diff", "diff"),
    "from-fhir": _late("case", "from_fhir"),
    "reindex": _late("reindex", "reindex"),
    "summary": _late("summary", "summary"),
    "to-fhir": _late("case", "to_fhir"),
}
"""Id of the OperationDefinition -> what does it."""

# Their definitions say in words that the search parameters of the type are inputs.
_SEARCHING = frozenset(("Observation-lastn",))

# How a resource is written is part of what is told.
_AS_WRITTEN = frozenset(("Resource-validate",))

# The resource itself says its type, and clients send it to the base.
_ON_SYSTEM_TOO = frozenset(("Resource-validate",))


@dataclass(frozen=True)
class Served:
    """An operation with its handler."""

    definition: Operation
    handler: Handler

    async def __call__(self, call: Call) -> Response:
        if call.request.method == "GET" and self.definition.affects_state:
            raise RefusedError(
                405,
                f"${self.definition.code} changes what is stored: POST it",
                "not-supported",
                {"Allow": "POST"},
            )
        inputs = inputs_of(
            call,
            self.definition,
            searches=self.definition.id in _SEARCHING,
            as_written=self.definition.id in _AS_WRITTEN,
        )
        found = await self.handler(call, inputs)
        return (
            found if isinstance(found, Response) else resource_response(call.request, 200, json.dumps(found))
        )

    @cached_property
    def on_every_type(self) -> bool:
        return not {"Resource", "DomainResource"}.isdisjoint(self.definition.resources)

    def is_on(self, level: str, resource_type: str) -> bool:
        """Whether it is served on ``system``, on a ``type`` or an ``instance`` of it."""
        if level == "system":
            return self.definition.system or self.definition.id in _ON_SYSTEM_TOO
        on_level = self.definition.type if level == "type" else self.definition.instance
        return on_level and (self.on_every_type or resource_type in self.definition.resources)


def find(release: Release, code: str, level: str, resource_type: str) -> Served:
    """The operation of that name there; a 404 :class:`RefusedError` says where else it is."""
    named = served(release).get(code, ())
    for one in named:
        if one.is_on(level, resource_type):
            return one
    if not named:
        known = ", ".join(f"${name}" for name in sorted(served(release)))
        raise RefusedError(
            404, f"there is no operation ${code[:50]}: this server has {known}", "not-supported"
        )
    places = "; ".join(_places(one.definition) for one in named)
    raise RefusedError(404, f"${code} is not served here, but on {places}", "not-supported")


@cache
def served(release: Release) -> Mapping[str, tuple[Served, ...]]:
    """Everything that is served, by name."""
    found: dict[str, list[Served]] = {}
    for name, definition in definitions(release):
        found.setdefault(definition.code, []).append(Served(definition, HANDLERS[name]))
    return {code: tuple(some) for code, some in sorted(found.items())}


def definitions(release: Release) -> Iterator[tuple[str, Operation]]:
    """The definitions of what has a handler."""
    core = definitions_of(release).operations
    own = {
        path.stem.partition("-")[2]: path for path in own_package(release).glob("OperationDefinition-*.json")
    }
    for name in HANDLERS:
        if name in core:
            yield name, core[name]
        elif name in own:
            yield name, operation_of(json.loads_object(own[name].read_bytes()))
        else:
            raise InputError(f"the operation {name} has a handler and no definition")


def operation_of(definition: Json) -> Operation:
    """An OperationDefinition as a plain value."""
    return Operation(
        id=definition["id"],
        url=definition["url"],
        code=definition["code"],
        resources=tuple(definition.get("resource", ())),
        system=definition["system"],
        type=definition["type"],
        instance=definition["instance"],
        affects_state=definition.get("affectsState", False),
        parameters=tuple(_parameter(one) for one in definition.get("parameter", ())),
    )


def _parameter(one: Mapping[str, Any]) -> OperationParameter:
    most = None if one["max"] == "*" else int(one["max"])
    parts = tuple(_parameter(part) for part in one.get("part", ()))
    return OperationParameter(one["name"], one["use"], one["min"], most, one.get("type", ""), parts)


def _places(definition: Operation) -> str:
    levels = [
        ("the base", definition.system or definition.id in _ON_SYSTEM_TOO),
        ("a type", definition.type),
        ("a resource", definition.instance),
    ]
    where = ", ".join(name for name, is_on in levels if is_on)
    return f"{where} ({', '.join(definition.resources)})" if definition.resources else where
