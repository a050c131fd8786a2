"""The page of terms: what a case can say in words that have a code, from the code registry."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files

from fhir_vitiligo.case import terms
from fhir_vitiligo.case.values import Term
from fhir_vitiligo.terminology import registry
from fhir_vitiligo.terminology.concepts import Concept
from fhir_vitiligo.terminology.systems import ALIAS, LOCAL

_SHORT = {system: alias for alias, system in ALIAS.items()}

INTRODUCTION = """# The terms of a case

Fields that the [data dictionary](data-dictionary.md) says take a *term* take any text. What is listed here is recognised, by its
key, its name or one of the other words, whatever the case, the accents and the punctuation, and goes out with its codes. Any
other text goes out as it is written, without a code.

A code in brackets is of the project's own CodeSystem: there is none elsewhere that says the same.
"""


def page(made: str) -> str:
    """All terms, a section for each kind, and the units."""
    lines = [made, INTRODUCTION]
    about = {row["category"]: row for row in _rows()}
    for category in (*categories(), "unit"):
        row = about[category]
        lines += [
            "",
            f"## {category}",
            "",
            f"{row['title']}. {row['definition']}",
            "",
            "| key | name | also | codes |",
            "|---|---|---|---|",
            *(_line(concept) for concept in registry.concepts(category)),
        ]
    return "\n".join(lines) + "\n"


def categories() -> list[str]:
    """The kinds of terms that fields of a case take, in the order of the registry."""
    used = {
        one.category
        for one in vars(terms).values()
        if isinstance(one, type) and issubclass(one, Term) and one.category
    }
    return [category for category in registry.categories() if category in used]


def _line(concept: Concept) -> str:
    also = "; ".join(concept.synonyms)
    cells = (f"`{concept.key}`", concept.display, also, ", ".join(_codes(concept)))
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _codes(concept: Concept) -> Iterator[str]:
    for coding in concept.codings:
        if coding.system == LOCAL:
            yield f"({coding.code})"
        else:
            yield f"{_SHORT.get(coding.system, coding.system)} {coding.code}"


def _rows() -> Iterator[dict[str, str]]:
    with (files("fhir_vitiligo") / "terminology" / "categories.csv").open(encoding="utf-8") as stream:
        yield from csv.DictReader(stream)
