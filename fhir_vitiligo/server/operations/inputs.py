"""What an operation is given: the query of a GET, a Parameters resource, or a resource by itself.

https://hl7.org/fhir/R4/operations.html#executing. Names that the OperationDefinition does not know are refused, because an option
that is ignored in silence gives what nobody asked for.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.definitions import Operation, OperationParameter
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.search.query import PRESENTATION, Pairs
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.content import read_body, read_once

AFTER = "_after"
"""What the next link of an operation adds, where its answers come in pages."""

# How the answer is shaped, on every request.
_SHAPE = PRESENTATION | {"_summary", "_elements"}
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Inputs:
    """The values by parameter name, in order: primitives, datatypes or resources; of a GET text only.

    ``parts``: of a parameter that has parts, an :class:`Inputs` each time it was given.
    """

    values: Mapping[str, list[Any]]
    parts: Mapping[str, list[Inputs]] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """The value of a parameter that is given once; None where it is not."""
        found = self.values.get(name)
        return found[0] if found else None

    def text(self, name: str) -> str | None:
        """The value as text."""
        value = self.get(name)
        if value is None or isinstance(value, str):
            return value
        raise InputError(
            f"the parameter {name} is text, not {type(value).__name__}", code="invalid", expression=name
        )

    def texts(self, name: str) -> list[str]:
        """All its values as text."""
        found = self.values.get(name, [])
        return [one for one in found if isinstance(one, str)]

    def flag(self, name: str) -> bool:
        """The value as true or false; false where it is not given."""
        value = self.get(name)
        value = _TRUTH.get(value, value) if isinstance(value, str) else value
        if value is None or isinstance(value, bool):
            return bool(value)
        raise InputError(f"the parameter {name} is true or false", code="invalid", expression=name)

    def number(self, name: str, least: int = 0) -> int | None:
        """The value as a whole number of at least ``least``."""
        value = self.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9:
            value = int(value)
        if value is None or (type(value) is int and value >= least):
            return value
        raise InputError(
            f"the parameter {name} is a whole number from {least} on", code="invalid", expression=name
        )

    def pairs(self, call: Call) -> Pairs:
        """The query that asks for the same by GET."""
        asked = call.request.pairs()
        named = {name for name, _ in asked}
        return [
            *asked,
            *(
                (name, str(value).lower() if isinstance(value, bool) else str(value))
                for name, values in self.values.items()
                for value in values
                if name not in named and not isinstance(value, dict)
            ),
        ]

    def object(self, name: str) -> Json | None:
        """The value as a datatype or resource."""
        value = self.get(name)
        if value is None or isinstance(value, dict):
            return value
        raise InputError(
            f"the parameter {name} is an object: send it in a Parameters resource",
            code="invalid",
            expression=name,
        )


def inputs_of(
    call: Call, operation: Operation, *, searches: bool = False, as_written: bool = False
) -> Inputs:
    """The inputs of a request, checked against the definition of its operation.

    ``searches``: the search parameters of the type are inputs too, under their names. ``as_written``: the operation itself
    tells of members that stand twice in the body.
    """
    known = {one.name: one for one in operation.parameters if one.use == "in"}
    if "_count" in known:
        known[AFTER] = OperationParameter(AFTER, "in", 0, 1, "string")
    pairs = [(name, value) for name, value in call.request.pairs() if name not in _SHAPE]
    given: list[tuple[str, Any, Any]] = [(name, value, None) for name, value in pairs]
    if call.request.method == "POST" and call.request.body.strip():
        body = read_once(call.request) if as_written else read_body(call.request)
        given += _from_body(body, known, operation)
    if searches:
        searched = {
            name: OperationParameter(name, "in", 0, None, "string")
            for name, _, _ in given
            if name not in known
        }
        known = searched | known
    return _checked(given, known, operation)


def _from_body(
    body: Json, known: Mapping[str, OperationParameter], operation: Operation
) -> list[tuple[str, Any, Any]]:
    if body.get("resourceType") == "Parameters" and not _is_meant_itself(body, known):
        return list(_listed(body))
    kind = body.get("resourceType")
    takers = [name for name, one in known.items() if one.type in ("Resource", "Any", kind)]
    if not takers:
        came = f"not a {kind[:50]}" if isinstance(kind, str) else "and what came has no `resourceType`"
        raise InputError(
            f"${operation.code} takes a Parameters resource, {came}: "
            f'send {{"resourceType": "Parameters", "parameter": [...]}} with {", ".join(known)}',
            code="invalid",
            expression="resourceType",
        )
    return [(takers[0], body, None)]


def _is_meant_itself(body: Json, known: Mapping[str, OperationParameter]) -> bool:
    """A Parameters resource that is not the list of inputs but the input: $validate of one."""
    takes = any(one.type in ("Resource", "Any") for one in known.values())
    listed = body.get("parameter")
    named = listed if isinstance(listed, list) else []
    # What is no name is told later, as a fault of the input.
    names = (one.get("name") for one in named if isinstance(one, dict))
    return takes and not any(name in known for name in names if isinstance(name, str))


def _listed(body: Json) -> Iterator[tuple[str, Any, Any]]:
    listed = body.get("parameter", [])
    if not isinstance(listed, list):
        raise InputError("`parameter` is an array", code="structure", expression="Parameters.parameter")
    for index, one in enumerate(listed):
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str):
            place = f"Parameters.parameter[{index}]"
            raise InputError("a parameter needs a name", code="required", expression=place)
        value = next(
            (value for key, value in one.items() if key.startswith("value") and len(key) > 5),
            one.get("resource"),
        )
        yield name, value, one.get("part")


def _checked(
    given: list[tuple[str, Any, Any]], known: Mapping[str, OperationParameter], operation: Operation
) -> Inputs:
    values: dict[str, list[Any]] = {}
    parts: dict[str, list[Inputs]] = {}
    for name, value, part in given:
        definition = known.get(name)
        if definition is None:
            near = difflib.get_close_matches(name[:100], known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known) or 'none'}"
            raise InputError(
                f"${operation.code} has no parameter {name[:100]!r}: {hint}",
                code="not-supported",
                expression=name[:100],
            )
        if definition.parts:
            inner = {one.name: one for one in definition.parts}
            listed = list(_listed({"parameter": part})) if part is not None else []
            parts.setdefault(name, []).append(_checked(listed, inner, operation))
        elif value is not None:
            values.setdefault(name, []).append(value)
    for name, definition in known.items():
        count = len(values.get(name, ())) + len(parts.get(name, ()))
        if definition.max is not None and count > definition.max:
            raise InputError(
                f"the parameter {name} of ${operation.code} may be given once",
                code="invalid",
                expression=name,
            )
        if count < definition.min:
            raise InputError(
                f"${operation.code} needs the parameter {name}", code="required", expression=name
            )
    return Inputs(values, parts)
