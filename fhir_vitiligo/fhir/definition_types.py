"""What the core definitions consist of: plain frozen values, read by :mod:`fhir_vitiligo.fhir.definitions`.

https://hl7.org/fhir/R4/elementdefinition.html, searchparameter.html, operationdefinition.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

CORE = "http://hl7.org/fhir/StructureDefinition/"
SEARCH_PARAMETER_URL = "http://hl7.org/fhir/SearchParameter/"

Kind = Literal["resource", "complex-type", "primitive-type"]
Strength = Literal["required", "extensible", "preferred", "example"]


@dataclass(frozen=True, slots=True)
class TypeRef:
    """One allowed type of an element. No target profile: any target will do; no profile: the plain type."""

    code: str
    target_profiles: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """``value_set`` and ``max_value_set`` are canonical urls, with ``|version`` where one is stated."""

    strength: Strength
    value_set: str
    max_value_set: str | None = None


@dataclass(frozen=True, slots=True)
class Invariant:
    """A rule in FHIRPath; ``human`` is the sentence its user reads, ``source`` the url of the type that
    states it. ``is_best_practice`` marks good advice, which breaks nothing.
    """

    key: str
    severity: Literal["error", "warning"]
    expression: str
    human: str
    is_best_practice: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Element:
    """``path`` starts with the type (``Patient.contact.name``); ``max`` is ``None`` for ``*``.

    ``content_reference`` is the path whose definition holds here too. The invariants of a type's root element
    include those of the types it descends from; other elements have only their own, their type brings
    more.
    """

    path: str
    min: int
    max: int | None
    types: tuple[TypeRef, ...]
    binding: Binding | None = None
    content_reference: str | None = None
    fixed: Any = None
    pattern: Any = None
    min_value: Any = None
    max_value: Any = None
    max_length: int | None = None
    is_modifier: bool = False
    is_summary: bool = False
    is_xml_attribute: bool = False
    invariants: tuple[Invariant, ...] = ()

    @property
    def name(self) -> str:
        """The last step, without ``[x]``: ``value`` for ``Observation.value[x]``."""
        return self.path.rpartition(".")[2].removesuffix("[x]")

    @property
    def is_choice(self) -> bool:
        return self.path.endswith("[x]")


@dataclass(frozen=True, slots=True)
class Structure:
    """A type with all its elements in order, the type itself first. ``regex`` is a primitive's own."""

    name: str
    url: str
    kind: Kind
    base: str | None
    abstract: bool
    elements: tuple[Element, ...]
    regex: str | None = None
    by_path: Mapping[str, Element] = field(default_factory=dict, repr=False, compare=False)
    by_parent: Mapping[str, tuple[Element, ...]] = field(default_factory=dict, repr=False, compare=False)

    def element(self, path: str) -> Element | None:
        """The element at ``Patient.contact.name``; choices are named as defined, ``Observation.value[x]``."""
        return self.by_path.get(path)

    def children(self, path: str) -> tuple[Element, ...]:
        """The elements one step below; empty where the element's type defines what is inside."""
        return self.by_parent.get(path, ())


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """``components`` are (id of the parameter, expression) of a composite. ``target`` are resource types.

    ``multiple_or`` and ``multiple_and`` are ``None`` where the definition is silent, which means allowed.
    ``processing_mode`` is ``normal``, ``phonetic``, ``nearby`` or ``other``. An empty ``expression`` marks a
    parameter that a server has to know by name (``_text``, ``_list``).
    """

    id: str
    code: str
    type: str
    base: tuple[str, ...]
    expression: str
    target: tuple[str, ...]
    components: tuple[tuple[str, str], ...]
    comparators: tuple[str, ...]
    modifiers: tuple[str, ...]
    chains: tuple[str, ...]
    multiple_or: bool | None
    multiple_and: bool | None
    processing_mode: str

    @property
    def url(self) -> str:
        return SEARCH_PARAMETER_URL + self.id


@dataclass(frozen=True, slots=True)
class OperationParameter:
    name: str
    use: Literal["in", "out"]
    min: int
    max: int | None
    type: str
    parts: tuple[OperationParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """An OperationDefinition: ``$code`` on the system, on types, on instances of ``resources``."""

    id: str
    url: str
    code: str
    resources: tuple[str, ...]
    system: bool
    type: bool
    instance: bool
    affects_state: bool
    parameters: tuple[OperationParameter, ...]
