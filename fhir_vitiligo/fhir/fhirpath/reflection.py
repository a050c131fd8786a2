"""What type a value is of: ``is``, ``as``, ``ofType()``, ``type()`` (http://hl7.org/fhirpath/N1/#types)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fhir_vitiligo.fhir.fhirpath.faults import Place
from fhir_vitiligo.fhir.fhirpath.model import SYSTEM_TYPES, Model, Type, system_type
from fhir_vitiligo.fhir.fhirpath.node import Item, Node


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """What ``type()`` gives: ``namespace`` is ``System`` or ``FHIR``."""

    namespace: str
    name: str


def type_info(item: Item) -> TypeInfo:
    if type(item) is Node:
        return TypeInfo("FHIR", item.type.path)
    return TypeInfo("System", system_type(item))


def exact_type(name: str, model: Model) -> Type | None:
    """The type of everything that ``as`` and ``ofType`` let pass, where it is one: what no other descends from."""
    namespace, _, short = name.rpartition(".")
    if namespace == "System" or not model.is_type(short) or (not namespace and short in SYSTEM_TYPES):
        return None
    found = model.type(short)
    return found if found.primitive or model.is_leaf(short) else None


def type_test(
    name: str, model: Model, place: Place, *, exact: bool, any_case: bool = False
) -> Callable[[Item], bool]:
    """Whether an item is of the type called ``name``, qualified or not; a name of no type is an error.

    ``exact``: a primitive only of its own type, as ``as`` and ``ofType`` have it: a code is a string, but a string
    is not what an element of type code is read as. Complex types and resources count with all their ancestors.
    ``any_case`` takes an element of type string for a String.
    """
    namespace, _, short = name.rpartition(".")
    fhir = namespace in ("", "FHIR") and model.is_type(short)
    system = namespace in ("", "System") and short in SYSTEM_TYPES
    if not fhir and not system and namespace != "System":
        raise place.error(f"there is no type {name} in FHIR {model.release.name}", "semantic")
    primitive = short[:1].lower() + short[1:]
    if any_case and not namespace and not fhir and primitive in model.primitives:
        return lambda item: (
            (item.type.path == primitive) if type(item) is Node else system_type(item) == short
        )

    def test(item: Item) -> bool:
        if type(item) is Node:
            if not fhir:
                return False
            kind = item.type
            return kind.path == short if exact and kind.primitive else short in kind.ancestors
        return system and (system_type(item) == short or short == "Any")

    return test
