"""The types an expression walks over: FHIR's of one release, and FHIRPath's own System types.

https://hl7.org/fhir/R4/fhirpath.html#types, http://hl7.org/fhirpath/N1/#models. What an element is called in JSON
is looked up once per type and name, so that a step costs one dictionary access while an expression runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from typing import Any

from fhir_vitiligo.fhir.fhirpath.quantity import Quantity
from fhir_vitiligo.fhir.fhirpath.temporal import Temporal, parse
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import ObjectSchema, Property, schemas_of

UCUM = "http://unitsofmeasure.org"
SYSTEM_TYPES = frozenset(
    ("Any", "Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity")
)


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One JSON key that holds an element: ``valueQuantity`` of ``value``. ``companion`` is ``_valueString`` or None.

    ``type`` is None where the resource itself says what it is (``contained``).
    """

    name: str
    key: str
    companion: str | None
    type: Type | None


class _Members(dict[str, tuple[Choice, ...]]):
    """Element name to the keys that may hold it; filled as names are asked for, empty for what does not exist."""

    __slots__ = ("_type",)

    def __init__(self, of: Type) -> None:
        self._type = of

    def __missing__(self, name: str) -> tuple[Choice, ...]:
        found = tuple(self._type.choice(key) for key in self._type.schema.keys.get(name, ()))
        if found:
            self[name] = found
        return found


class _Keys(dict[str, Choice | None]):
    """JSON key to what it holds; None for what is no element."""

    __slots__ = ("_type",)

    def __init__(self, of: Type) -> None:
        self._type = of

    def __missing__(self, key: str) -> Choice | None:
        # What a hostile resource makes up is not kept.
        if key not in self._type.schema.properties:
            return None
        found = self[key] = self._type.choice(key)
        return found


class Type:
    """A type of FHIR. ``path`` is its name, or for what is defined inside another one ``Patient.contact``.

    ``ancestors`` are the names of the types it is, itself included. ``convert`` makes a System value of the JSON
    value; None where there is none to make. ``textual`` primitives are strings there too.
    """

    __slots__ = (
        "_schema", "ancestors", "convert", "keys", "members", "model", "path", "primitive", "resource", "textual",
    )  # fmt: skip

    def __init__(self, model: Model, path: str, ancestors: frozenset[str]) -> None:
        self.model = model
        self.path = path
        self.ancestors = ancestors
        self.primitive = path in model.primitives
        self.resource = "Resource" in ancestors
        self.convert: Callable[[Any], Any] | None = None
        if self.primitive:
            self.convert = _CONVERSIONS.get(path, _string)
        elif "Quantity" in ancestors:
            self.convert = _quantity
        self.textual = self.convert is _string
        self.members = _Members(self)
        self.keys = _Keys(self)
        self._schema: ObjectSchema | None = None

    def __repr__(self) -> str:
        return f"FHIR.{self.path}"

    @property
    def schema(self) -> ObjectSchema:
        """What core defines for a value of this type."""
        if self._schema is None:
            self._schema = self.model.schemas.of(self.path)
        return self._schema

    def choice(self, key: str) -> Choice:
        found: Property = self.schema.properties[key]
        companion = f"_{key}" if found.kind == "primitive" and found.companion else None
        type_ = None if found.kind == "resource" else self.model.content(found)
        return Choice(found.element.name, key, companion, type_)


@cache
def model_of(release: Release) -> Model:
    """The one model of this release."""
    return Model(release)


class Model:
    """The FHIR types of one release; threads may share it. Get it by :func:`model_of`."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.schemas = schemas_of(release)
        self.definitions = self.schemas.definitions
        self.primitives = frozenset(self.definitions.primitive_types) | {"xhtml"}
        self._names = frozenset(self.definitions._types)
        self._bases = frozenset(base for _, base, _, _ in self.definitions._types.values())
        self._types: dict[str, Type] = {}
        self._descendants: dict[str, tuple[str, ...]] = {}

    def is_type(self, name: str) -> bool:
        """Whether core defines a type of this name, abstract ones too."""
        return name in self._names

    def is_leaf(self, name: str) -> bool:
        """Whether no other type descends from the one of this name."""
        return name not in self._bases

    def descendants(self, name: str) -> tuple[str, ...]:
        """The types that descend from the one of this name, at any distance."""
        found = self._descendants.get(name)
        if found is None:
            below = (one for one in self._names if one != name and name in self.definitions.ancestors(one))
            found = self._descendants[name] = tuple(sorted(below))
        return found

    @cached_property
    def element_names(self) -> frozenset[str]:
        """What elements are called, of any type."""
        structures = (self.definitions.structure(name) for name in self._names)
        return frozenset(
            element.path.rpartition(".")[2].removesuffix("[x]")
            for structure in structures
            for element in structure.elements
        )

    def type(self, path: str) -> Type:
        """The type at ``Patient``, ``HumanName`` or ``Patient.contact``; :class:`KeyError` names what is none."""
        found = self._types.get(path)
        if found is None:
            found = self._types[path] = self._made(path)
        return found

    def resource(self, value: Any) -> Type:
        """The type a resource says it is; ``Resource`` when core has none of that name."""
        name = value.get("resourceType") if isinstance(value, dict) else None
        if isinstance(name, str):
            found = self._types.get(name)
            if found is not None and found.resource:
                return found
            if name in self._names and "Resource" in self.definitions.ancestors(name):
                return self.type(name)
        return self.type("Resource")

    def content(self, found: Property) -> Type:
        """What a property of :mod:`fhir_vitiligo.fhir.schema` holds."""
        return self.type(found.content)

    def _made(self, path: str) -> Type:
        name, _, below = path.partition(".")
        if name not in self._names:
            raise KeyError(f"{name} is not a type of FHIR {self.release.name}")
        if not below:
            return Type(self, path, frozenset((path, *self.definitions.ancestors(path))))
        element = self.definitions.structure(name).element(path)
        if element is None:
            raise KeyError(f"{path} is not an element of FHIR {self.release.name}")
        if element.content_reference:
            return self.type(element.content_reference)
        if not self.definitions.structure(name).children(path):
            if len(element.types) != 1:
                raise KeyError(f"{path} has one of several types: name the one that is meant")
            return self.type(element.types[0].code)
        base = element.types[0].code if element.types else "BackboneElement"
        return Type(self, path, frozenset((path, base, *self.definitions.ancestors(base))))


# What JSON holds, as System values. A value that is not written as its type has it is given as it is: whoever
# checks types tells it, and here it must only not be taken for what it is not.


def _string(value: Any) -> Any:
    return value if type(value) is str else None


def _boolean(value: Any) -> Any:
    return value if value is True or value is False else _string(value)


def _integer(value: Any) -> Any:
    if type(value) is str:
        return int(value) if len(value) <= 20 and value.lstrip("+-").isdecimal() else value
    return value if type(value) is int else _decimal(value)


def _decimal(value: Any) -> Any:
    kind = type(value)
    if kind is Decimal:
        return value if value.is_finite() else None
    return Decimal(value) if kind is int else _string(value)


def _temporal(kind: Any) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if type(value) is not str:
            return None
        found = parse(value, kind)
        return value if found is None else found

    return convert


def _quantity(value: Any) -> Any:
    if type(value) is not dict:
        return None
    number = _decimal(value.get("value"))
    if type(number) is not Decimal:
        return None
    code = value.get("code") if value.get("system") == UCUM else None
    unit = code or value.get("unit") or value.get("code") or "1"
    return Quantity(number, unit if isinstance(unit, str) else "1")


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "boolean": _boolean,
    "integer": _integer,
    "integer64": _integer,
    "positiveInt": _integer,
    "unsignedInt": _integer,
    "decimal": _decimal,
    "date": _temporal("Date"),
    "dateTime": _temporal("DateTime"),
    "instant": _temporal("DateTime"),
    "time": _temporal("Time"),
}


def system_type(value: Any) -> str:
    """``Boolean``, ``Integer``...: which System type a value that is no Node has."""
    return value.kind if type(value) is Temporal else _NAMES.get(type(value), "Any")


_NAMES: dict[type, str] = {
    bool: "Boolean",
    int: "Integer",
    Decimal: "Decimal",
    str: "String",
    Quantity: "Quantity",
}
