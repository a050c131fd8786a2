"""A resource broken at one place, in every way that people and programs break resources.

Each mutation takes a copy of a good resource and one element of it: left out, doubled, written as another JSON
type or another type of the choice, under another name, with another code, or (in a list) in another slice.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fhir_vitiligo.fhir.json import Json

Path = tuple[str | int, ...]

# Members that say what the others mean; another value moves an entry to another slice or to none.
_DISCRIMINATING = ("code", "category", "type", "system", "url", "use", "resourceType")


@dataclass(frozen=True, slots=True)
class Mutation:
    """``kind`` names the way (``dropped``, ``doubled``...); ``path`` leads to what was changed."""

    kind: str
    path: Path
    resource: Json

    def __str__(self) -> str:
        return f"{self.kind} {'.'.join(str(step) for step in self.path)}"


def mutations(resource: Json) -> Iterator[tuple[str, Path]]:
    """Every way in which a resource can be broken, without the broken resources; see :func:`mutated`."""
    for path in paths(resource, ()):
        value, around = at(resource, path), at(resource, path[:-1])
        # A list whose one entry is left out is the list emptied.
        alone = isinstance(around, list) and len(around) == 1
        for kind, (applies, _) in _WAYS.items():
            if applies(value, path[-1]) and not (alone and kind == "dropped"):
                yield kind, path


def mutated(resource: Json, kind: str, path: Path) -> Mutation:
    """The resource broken in one way at one place."""
    changed = copy.deepcopy(resource)
    around = at(changed, path[:-1])
    _WAYS[kind][1](around, path[-1])
    return Mutation(kind, path, changed)


def paths(value: Any, path: Path) -> Iterator[Path]:
    """Every member and list entry, those of a list's first two entries only: more are more of the same."""
    if isinstance(value, dict):
        for key, member in value.items():
            # The narrative's own text is no element.
            yield (*path, key)
            yield from paths(member, (*path, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value[:2]):
            yield (*path, index)
            yield from paths(entry, (*path, index))


def at(value: Any, path: Path) -> Any:
    """What a path leads to."""
    for step in path:
        value = value[step]
    return value


def _drop(around: Any, step: Any) -> None:
    del around[step]


def _double(around: Any, step: Any) -> None:
    if isinstance(around, list):
        around.insert(step, copy.deepcopy(around[step]))
    else:
        around[step] = [around[step], copy.deepcopy(around[step])]


def _retype(around: Any, step: Any) -> None:
    value = around[step]
    if isinstance(value, bool):
        around[step] = "true" if value else "false"
    elif isinstance(value, str):
        around[step] = 12 if len(value) % 2 else {"value": value}
    elif isinstance(value, list):
        around[step] = value[0] if value else {}
    elif isinstance(value, dict):
        around[step] = "text"
    else:
        around[step] = str(value)


def _rename(around: Any, step: Any) -> None:
    members = [(f"{key[:-1]}x" if key == step else key, value) for key, value in around.items()]
    around.clear()
    around.update(members)


def _choose(around: Any, step: Any) -> None:
    """The same element of a choice as another type: ``valueQuantity`` becomes ``valueString``."""
    head = next(name for name in _CHOICES if step.startswith(name) and step != name)
    key, value = f"{head}String", "somewhat"
    if step == key:
        key, value = f"{head}Boolean", True  # type: ignore[assignment]
    members = [(key, value) if one == step else (one, held) for one, held in around.items()]
    around.clear()
    around.update(members)


_CHOICES = (
    "value",
    "onset",
    "abatement",
    "effective",
    "performed",
    "medication",
    "deceased",
    "multipleBirth",
)


def _recode(around: Any, step: Any) -> None:
    value = around[step]
    if step in ("code", "status", "use", "gender", "mode", "type", "relationship", "language"):
        around[step] = "unheard-of"
    elif step == "system":
        around[step] = "http://hl7.org/fhir/administrative-gender"
    elif step == "reference":
        around[step] = "Location/elsewhere" if "/" in value else "#nobody"
    elif step == "display":
        around[step] = "Something else"
    elif step == "url":
        around[step] = f"{value}-other"
    elif value[:4].isdigit():
        around[step] = f"{value[:4]}-13-45"
    else:
        around[step] = f"{value} "


def _reslice(around: Any, step: Any) -> None:
    """Another value of what a slice is known by, from elsewhere in FHIR."""
    value = around[step]
    if isinstance(value, list):
        around[step] = list(reversed(value))
    elif step == "code":
        around[step] = "8867-4"
    elif step == "url":
        around[step] = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
    elif step == "resourceType":
        around[step] = "Basic"
    elif isinstance(value, dict):
        around[step] = {"text": "of another kind"}
    else:
        around[step] = "official" if step == "use" else "http://loinc.org"


def _nest(around: Any, step: Any) -> None:
    """An extension that is fine by itself, in an element that it may not be made for."""
    own = around[step].setdefault("extension", [])
    if isinstance(own, list):
        own.append(
            {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
        )


def _empty(around: Any, step: Any) -> None:
    around[step] = type(around[step])()


_WAYS: dict[str, tuple[Callable[[Any, Any], bool], Callable[[Any, Any], None]]] = {
    "dropped": (lambda value, step: True, _drop),
    "doubled": (lambda value, step: True, _double),
    "retyped": (lambda value, step: True, _retype),
    "emptied": (lambda value, step: isinstance(value, str | list | dict), _empty),
    "renamed": (lambda value, step: isinstance(step, str), _rename),
    "chosen": (
        lambda value, step: (
            isinstance(step, str)
            and any(step.startswith(one) and step[len(one) :][:1].isupper() for one in _CHOICES)
        ),
        _choose,
    ),
    "recoded": (lambda value, step: isinstance(value, str) and value != "", _recode),
    "resliced": (
        lambda value, step: step in _DISCRIMINATING or (isinstance(value, list) and len(value) > 1),
        _reslice,
    ),
    "extended": (lambda value, step: isinstance(value, dict) and step not in ("text",), _nest),
}
