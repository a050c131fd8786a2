"""What breaks each invariant of the profiles, and nothing else. A new invariant needs a line in ``INVARIANTS``.

A change gets the object that the element stands in and the element's name there. It tells the FHIRPath step of what it changed,
or nothing where this instance cannot be made to break the invariant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Change = Callable[[Json, str], str | None]

# Says nothing about a time, and may stand anywhere.
_NO_REASON: Json = {
    "url": "http://hl7.org/fhir/StructureDefinition/rendered-value",
    "valueString": "some day",
}


def _number(value: int) -> Change:
    """Put a number into the Quantity."""

    def change(around: Json, element: str) -> str | None:
        # A choice, or the slice of it that is a Quantity.
        name = element.replace("[x]", "Quantity")
        if not isinstance(around.get(name), dict):
            return None
        around[name]["value"] = value
        around[name].pop("comparator", None)
        return "value.ofType(Quantity)"

    return change


def _no_reason(around: Json, name: str) -> str | None:
    """A time that is neither a date nor says what it is instead."""
    if name not in around and f"_{name}" not in around:
        return None
    around.pop(name, None)
    around[f"_{name}"] = {"extension": [_NO_REASON]}
    plain = name.removesuffix("DateTime")
    return name if plain == name else f"{plain}.ofType(dateTime)"


def _unread_text(around: Json, name: str) -> str | None:
    """Text in place of the value, as if it were one."""
    found = [key for key in around if key.removeprefix("_").startswith("value")]
    if not found:
        return None
    for key in found:
        del around[key]
    around[name] = "about five"
    return "value.ofType(string)"


def _nothing_said(around: Json, name: str) -> str | None:
    """A component without a value and without a reason."""
    for index, component in enumerate(around.get(name, ())):
        for key in [
            key for key in component if key.removeprefix("_").startswith("value") or key == "dataAbsentReason"
        ]:
            del component[key]
        return f"{name}[{index}]"
    return None


def _side_of_nothing(instance: Json, _: str) -> str | None:
    return "BodyStructure" if "locationQualifier" in instance and instance.pop("location", None) else None


def _no_cells(instance: Json, _: str) -> str | None:
    plain = {"text": "a cream"}
    instance["code"] = plain
    for ingredient in instance.get("ingredient", ()):
        ingredient.pop("itemCodeableConcept", None)
        ingredient.update(
            {"item": {"concept": plain}} if "item" in ingredient else {"itemCodeableConcept": plain}
        )
    return "Medication"


def _dlqi_total(instance: Json, _: str) -> str | None:
    codes = [coding.get("code") for coding in instance["code"].get("coding", ())]
    if "instrument.dlqi" not in codes or "valueQuantity" not in instance:
        return None
    instance["valueQuantity"]["value"] = 31
    return "Observation"


def _refuted(around: Json, name: str) -> str | None:
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    around[name] = {"coding": [{"system": system, "code": "refuted"}]}
    return name


def _another_code(around: Json, name: str) -> str | None:
    around[name] = {"text": "another thing"}
    return name


def _text_for_a_value(component: Json) -> bool:
    """Text where a number or a code belongs, and nothing that says it could not be read."""
    found = [
        key for key in component if key.removeprefix("_").startswith("value") or key == "dataAbsentReason"
    ]
    for key in found:
        del component[key]
    component["valueString"] = "about five"
    return bool(found)


def _picture_inside(attachment: Json) -> bool:
    attachment["data"] = "aGk="
    return True


ON_VALUES: dict[str, Callable[[Json], bool]] = {
    "vit-component-2": _text_for_a_value,
    "vit-photograph-1": _picture_inside,
}
"""The same for rules about an object whatever it is called: the object itself is changed; False where it cannot be."""

INVARIANTS: dict[str, Change] = {
    "vit-cell-1": _no_cells,
    "vit-comorbidity-1": _refuted,
    "vit-component-1": _nothing_said,
    "vit-dlqi-1": _dlqi_total,
    "vit-dlqi-2": _number(4),
    "vit-dlqi-3": _another_code,
    "vit-f-vasi-1": _number(4),
    "vit-f-vasi-ftu-1": _number(113),
    "vit-grafting-1": _another_code,
    "vit-lesion-1": _side_of_nothing,
    "vit-moment-1": _no_reason,
    "vit-percent-1": _number(101),
    "vit-phototherapy-1": _another_code,
    "vit-vasi-1": _number(33),
    "vit-vasi-2": _another_code,
    "vit-ves-1": _another_code,
    "vit-vetf-1": _number(4),
    "vit-vetf-2": _number(2),
    "vit-vetf-3": _another_code,
    "vit-written-1": _unread_text,
}
