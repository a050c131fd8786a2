"""The packaged example cases: the case report, and invented cases of the other shapes, each labelled
synthetic.
"""

from __future__ import annotations

import difflib
from functools import lru_cache
from importlib.resources import files

from fhir_vitiligo.case.io import read_case
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.errors import InputError

_FIRST = "case-report"
_SUFFIX = ".yaml"


@lru_cache(maxsize=1)
def example_names() -> tuple[str, ...]:
    """The names of the examples, the case report first."""
    folder = files("fhir_vitiligo") / "example_cases"
    names = sorted(
        entry.name.removesuffix(_SUFFIX) for entry in folder.iterdir() if entry.name.endswith(_SUFFIX)
    )
    return tuple(sorted(names, key=lambda name: name != _FIRST))


def example_text(name: str) -> str:
    """The YAML of an example as its author wrote it, comments included; :class:`InputError` names those
    there are.
    """
    if name not in example_names():
        near = difflib.get_close_matches(name, example_names(), 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(example_names())}"
        raise InputError(f"there is no example {name!r}: {hint}", code="not-found")
    return (files("fhir_vitiligo") / "example_cases" / (name + _SUFFIX)).read_text(encoding="utf-8")


def about(name: str) -> str:
    """What an example shows, from the comment it begins with: its shape where one is named, else the
    first sentence.
    """
    said = []
    for line in example_text(name).splitlines():
        if not line.startswith("#") or not line.strip("# "):
            break
        said.append(line.strip("# "))
    text = " ".join(said)
    head, named, shape = text.partition("Shape: ")
    first = (shape if named else text).partition(". ")[0].rstrip(".")
    return f"synthetic: {first}" if head.startswith("SYNTHETIC") else first


def example(name: str = _FIRST) -> Case:
    """An example as a case."""
    return read_case(example_text(name).encode())


def examples() -> dict[str, Case]:
    """All examples by name."""
    return {name: example(name) for name in example_names()}
