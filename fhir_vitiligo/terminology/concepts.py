"""``concepts.csv``: what a case can say, the codes it is written with and the words it is recognised by.

A line is ``category,key,display,definition,parent,codings,relation,also,synonyms``:

- ``codings`` names codes of ``codes.csv`` that may be written, as ``alias|code`` (aliases:
  ``systems.ALIAS``), separated by spaces. ``relation`` says how each code stands to the concept: one word
  for all, or one word a code, of ``exact``, ``broader`` (the code says less) and ``narrower``.
- **Local code.** Every concept has one, ``<category>.<key>``, so that a key may be used in several
  categories and never changes its code when another category takes it too. A concept that means the same as
  one of another category shares that one's, by naming ``local|<category>.<key>`` among its codings. Units
  have none: UCUM is their code system.
- The local code is written when there is no exact code, or when ``local`` or ``local|...`` is among the
  codings.
- ``also`` names codes that are recognised on input and not written for this concept; behind ``~`` those that
  are near it but not the same.
- ``parent`` is the key of a more general concept of the category.
- ``synonyms`` are texts recognised on input, separated by ``;``. The key and the display always are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from fhir_vitiligo.errors import Issue, TerminologyError
from fhir_vitiligo.terminology.codes import Code, code_index, csv_fault, csv_rows
from fhir_vitiligo.terminology.systems import ALIAS, LOCAL

Relation = Literal["exact", "broader", "narrower", "near"]

_FOLDER = Path(__file__).parent
_COLUMNS: Final = (
    "category",
    "key",
    "display",
    "definition",
    "parent",
    "codings",
    "relation",
    "also",
    "synonyms",
)
_RELATIONS: Final = frozenset({"exact", "broader", "narrower"})
WITHOUT_LOCAL_CODE: Final = frozenset({"unit"})
"""Categories whose concepts are not in the project's CodeSystem."""


@dataclass(frozen=True, slots=True)
class Coding:
    """What becomes a FHIR Coding. ``version`` is ``None`` where the source of the code states none."""

    system: str
    code: str
    display: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Concept:
    """Something a case can say. ``codings`` may all be written, verified international codes first.

    ``relations`` says of each coding whether it is ``exact``, ``broader`` or ``narrower`` than the concept.
    ``also`` are further codes that mean it (``exact``) or are taken for it (``near``) on input.
    """

    category: str
    key: str
    display: str
    codings: tuple[Coding, ...]
    synonyms: tuple[str, ...]
    definition: str = ""
    parent: str | None = None
    relations: tuple[Relation, ...] = ()
    also: tuple[tuple[Coding, Relation], ...] = ()
    local_code: str | None = None
    local_display: str | None = None
    """What the local code is called: its concept's display, also where a concept of another category shares it."""

    @property
    def coding(self) -> Coding:
        """The first of ``codings``: the one to write where FHIR has room for one."""
        return self.codings[0]

    @property
    def local_coding(self) -> Coding:
        """The concept in the project's CodeSystem. :class:`TerminologyError` for a unit, which has none."""
        if self.local_code is None:
            raise TerminologyError(
                f"{self.category} {self.key!r} has no code of the project: UCUM is its code system."
            )
        return Coding(LOCAL, self.local_code, self.local_display or self.display)


@lru_cache(maxsize=1)
def concept_table() -> Mapping[str, Mapping[str, Concept]]:
    """Concepts by category and key, in file order. :class:`TerminologyError` lists every faulty line."""
    return read_concepts(_FOLDER / "concepts.csv", code_index())


@lru_cache(maxsize=1)
def category_table() -> Mapping[str, tuple[str, str]]:
    """Title and definition of each category, from ``categories.csv``."""
    path = _FOLDER / "categories.csv"
    faults: list[Issue] = []
    found = {
        row[0]: (row[1], row[2]) for _, row in csv_rows(path, ("category", "title", "definition"), faults)
    }
    if faults:
        raise TerminologyError(faults)
    return MappingProxyType(found)


def read_concepts(path: Path, codes: Mapping[tuple[str, str], Code]) -> Mapping[str, Mapping[str, Concept]]:
    """As :func:`concept_table`, from a file of that form that refers to ``codes``."""
    table: dict[str, dict[str, Concept]] = {}
    faults: list[Issue] = []
    lines: dict[tuple[str, str], int] = {}
    for line, row in csv_rows(path, _COLUMNS, faults):
        category, key = row[0], row[1]
        try:
            concept = _concept(row, codes)
            if key in table.get(category, ()):
                raise ValueError(f"{category} {key!r} is already on line {lines[category, key]}.")
        except ValueError as error:
            faults.append(csv_fault(path, line, str(error)))
            continue
        table.setdefault(category, {})[key] = concept
        lines[category, key] = line
    own = {f"{category}.{key}" for category, key in lines}
    for (category, key), line in lines.items():
        concept = table[category][key]
        if concept.parent is not None and concept.parent not in table[category]:
            faults.append(
                csv_fault(path, line, f"The parent {concept.parent!r} is no {category} of this file.")
            )
        if concept.local_code is not None and concept.local_code not in own:
            faults.append(
                csv_fault(path, line, f"local|{concept.local_code} is no category.key of this file.")
            )
    if faults:
        raise TerminologyError(faults)
    return MappingProxyType(
        {
            category: MappingProxyType({key: _named_as_its_code(one, table) for key, one in by_key.items()})
            for category, by_key in table.items()
        }
    )


def _named_as_its_code(concept: Concept, table: Mapping[str, Mapping[str, Concept]]) -> Concept:
    """A shared local code has one display wherever it is written: that of the concept whose code it is."""
    if concept.local_code is None:
        return concept
    category, _, key = concept.local_code.partition(".")
    display = table[category][key].display
    codings = tuple(
        replace(coding, display=display) if coding.system == LOCAL else coding for coding in concept.codings
    )
    return replace(concept, codings=codings, local_display=display)


def _concept(row: list[str], codes: Mapping[tuple[str, str], Code]) -> Concept:
    category, key, display, definition, parent, named, relation_words, also, synonyms = row
    if not (category and key and display and definition):
        raise ValueError("category, key, display and definition must not be empty.")
    local_code = None if category in WITHOUT_LOCAL_CODE else f"{category}.{key}"
    codings: list[Coding] = []
    local_asked = False
    for name in named.split():
        if name == "local" or name.startswith("local|"):
            local_asked = True
            local_code = name[6:] or local_code
        else:
            codings.append(_coding(name, codes, written=True))
    relations = _relations(relation_words.split(), len(codings))
    if local_code is not None and (local_asked or "exact" not in relations):
        codings.append(Coding(LOCAL, local_code, display))
        relations = (*relations, "exact")
    if not codings:
        raise ValueError(f"{category} {key!r} has no coding.")
    return Concept(
        category,
        key,
        display,
        tuple(codings),
        tuple(text for part in synonyms.split(";") if (text := part.strip())),
        definition,
        parent or None,
        relations,
        tuple(
            (_coding(t.lstrip("~"), codes, written=False), "near" if t[0] == "~" else "exact")
            for t in also.split()
        ),
        local_code,
    )


def _relations(words: list[str], count: int) -> tuple[Relation, ...]:
    if unknown := [word for word in words if word not in _RELATIONS]:
        raise ValueError(f"relation {unknown[0]!r}: write exact, broader or narrower.")
    if len(words) == 1:
        words = words * count
    if len(words) != count:
        raise ValueError(
            f"There are {count} codes and {len(words)} relations: write one for all, or one a code."
        )
    return tuple(words)  # type: ignore[arg-type]  # checked against _RELATIONS above


def _coding(name: str, codes: Mapping[tuple[str, str], Code], *, written: bool) -> Coding:
    alias, separator, code = name.partition("|")
    system = ALIAS.get(alias)
    if not separator or system is None:
        raise ValueError(f"{name!r} is not alias|code with an alias of {', '.join(ALIAS)}.")
    found = codes.get((system, code))
    if found is None:
        raise ValueError(f"{name} is not in codes.csv: add its line there first, with its source.")
    if written and not found.may_emit:
        raise ValueError(f"{name} may not be written ({found.note}): name it under also, or not at all.")
    # A version in codes.csv says where a code was seen, not in which editions it is valid.
    return Coding(system, code, found.display)
