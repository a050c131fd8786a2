"""Where the elements of a profile are in an instance: snapshot ids to places in JSON, slices told by their discriminators.

https://hl7.org/fhir/R4/elementdefinition.html#id
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from profile_rules import Json, Profile


@dataclass(frozen=True, slots=True)
class Place:
    """A value in an instance: ``around[key]``, or ``around[key][index]`` where the element repeats. ``path`` is FHIRPath."""

    around: Json
    key: str
    index: int | None
    path: str
    parent_path: str

    @property
    def value(self) -> Any:
        """None for a primitive that has extensions only."""
        found = self.around.get(self.key)
        return found if self.index is None or found is None else found[self.index]

    @property
    def object(self) -> Json | None:
        """What the children stand in: the object itself, or what is beside a primitive (``_onsetDateTime``)."""
        if isinstance(self.value, dict):
            return self.value
        beside = self.around.get(f"_{self.key}")
        return beside if self.index is None and isinstance(beside, dict) else None

    def put(self, value: Any) -> None:
        if self.index is None:
            self.around[self.key] = value
        else:
            self.around[self.key][self.index] = value


def places(profile: Profile, instance: Json, element: str) -> list[Place]:
    """Every place where the instance has this element."""
    steps = element.split(".")
    found = [Place({"": instance}, "", None, instance["resourceType"], "")]
    for i in range(1, len(steps)):
        found = [
            inner
            for place in found
            if place.object is not None
            for inner in _members(place, steps[i])
            if _is_slice(profile, ".".join(steps[: i + 1]), inner)
        ]
    return found


def parents(profile: Profile, instance: Json, element: str) -> list[Place]:
    """The places that could have this element."""
    return places(profile, instance, element.rpartition(".")[0])


def _members(place: Place, step: str) -> Iterator[Place]:
    name, _, slice_name = step.partition(":")
    around = place.object
    assert around is not None
    plain = name.removesuffix("[x]")
    # A primitive may be there by its extensions alone.
    for key in dict.fromkeys(key.removeprefix("_") for key in around):
        if key != plain and not (
            name.endswith("[x]") and key.startswith(plain) and key[len(plain) :][:1].isupper()
        ):
            continue
        told = plain if key == plain else f"{plain}.ofType({_type(key[len(plain) :])})"
        if isinstance(around.get(key), list):
            for index in range(len(around[key])):
                yield Place(around, key, index, f"{place.path}.{told}[{index}]", place.path)
        elif not (name.endswith("[x]") and slice_name and key != slice_name):
            yield Place(around, key, None, f"{place.path}.{told}", place.path)


_PRIMITIVES = frozenset(
    {"String", "Boolean", "Integer", "DateTime", "Date", "Time", "Decimal", "Code", "Uri", "Markdown"}
)


def _type(suffix: str) -> str:
    return suffix[0].lower() + suffix[1:] if suffix in _PRIMITIVES else suffix


def _is_slice(profile: Profile, element: str, place: Place) -> bool:
    last = element.rpartition(".")[2]
    # The name of a choice's slice is the JSON name of its type.
    if ":" not in last or place.key == last.partition(":")[2]:
        return True
    discriminators = profile.slicing(element).get("discriminator", [])
    if not discriminators:
        raise ValueError(f"{profile.id}: the slice {element} has no discriminator that could tell it")
    return all(_told(profile, element, one, place.value) for one in discriminators)


def _told(profile: Profile, element: str, discriminator: Json, value: Any) -> bool:
    path = discriminator["path"]
    if path == "url":
        kinds = profile.elements[element].get("type", [])
        urls = [url for kind in kinds for url in kind.get("profile", ())] or [element.rpartition(":")[2]]
        return isinstance(value, dict) and value.get("url") in urls
    node = value
    for step in () if path == "$this" else path.split("."):
        node = node.get(step) if isinstance(node, dict) else None
    where = element if path == "$this" else f"{element}.{path}"
    if discriminator["type"] == "type":
        kinds = profile.elements[where]["type"]
        return isinstance(node, dict) and node.get("resourceType") in {kind["code"] for kind in kinds}
    if discriminator["type"] == "profile":
        wanted = {url for kind in profile.elements[where]["type"] for url in kind.get("profile", ())}
        return isinstance(node, dict) and not wanted.isdisjoint(node.get("meta", {}).get("profile", ()))
    told = pattern(profile, where)
    if told is None:
        raise ValueError(f"{profile.id}: nothing at {where} tells the slice {element}")
    return contains(told, node)


def pattern(profile: Profile, element: str) -> Any:
    """The fixed value or pattern at an element, put together from what stands below where it is not stated in one piece."""
    stated = profile.elements.get(element, {})
    for key, value in stated.items():
        if key.startswith(("fixed", "pattern")):
            return value
    below = {
        name.rpartition(".")[2]: inner
        for name in profile.elements
        if name.rpartition(".")[0] == element and (inner := pattern(profile, name)) is not None
    }
    return {
        name: [value] if _repeats(profile, f"{element}.{name}") else value for name, value in below.items()
    } or None


def _repeats(profile: Profile, element: str) -> bool:
    return str(profile.elements[element].get("base", {}).get("max", "1")) not in ("0", "1")


def contains(told: Any, value: Any) -> bool:
    """Whether a value has everything that a pattern states."""
    if isinstance(told, dict):
        return isinstance(value, dict) and all(
            key in value and contains(inner, value[key]) for key, inner in told.items()
        )
    if isinstance(told, list):
        return isinstance(value, list) and all(any(contains(inner, one) for one in value) for inner in told)
    return bool(told == value)
