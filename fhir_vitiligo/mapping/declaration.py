"""What a map is made of: frozen declarations without behaviour; :mod:`.compiler` makes them functions.

A path is written in R4's words, relative to the resource: ``name``, ``name[0]`` (the one member used of a
list), ``name[*]`` (every member), ``name[x]`` (choice; the codec knows the type), ``extension(url)`` and
``component(key)``, the component whose code is that concept of the registry's category ``observation``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.codecs import Codec
from fhir_vitiligo.mapping.profiles import Declared

Json = dict[str, Any]
ALL = frozenset(Release)
BEFORE_R5 = frozenset({Release.R4, Release.R4B})
R5 = frozenset({Release.R5})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the case and its element: both directions."""

    case: str
    fhir: str
    codec: Codec
    releases: frozenset[Release] = ALL


@dataclass(frozen=True, slots=True)
class Effective:
    """The time of an item: its own ``date``, else its time point's. ``required`` writes a reason where
    neither is known.
    """

    fhir: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Demand:
    """An element FHIR demands: where nothing was written at any of ``unless`` (or at the path itself), it says
    that it is unknown.
    """

    fhir: str
    unless: tuple[str, ...] = ()
    releases: frozenset[Release] = ALL
    value: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One resource of an item. The main part has no name; a further one (the findings of a lesion) has."""

    kind: str
    model: type[BaseModel]
    resource: str
    profile: Declared
    """What its resources declare in ``meta.profile``."""
    fields: tuple[Field, ...]
    name: str = ""
    title: str = ""
    """What the narrative calls it."""
    constants: Callable[[], Json] = dict
    """Members every such resource has, made anew at each call."""
    subject: str | None = "subject"
    """The element that refers to the patient."""
    anchored: bool = False
    """Whether it belongs to the first time point rather than to one of its own."""
    effective: Effective | None = None
    focus: str | None = None
    """The kind of the item's main resource that this further resource is about (Observation.focus)."""
    when: Callable[[Any], bool] | None = None
    """Whether an item has this main part; a further part is there when one of its fields is."""
    sets: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the item that being this part implies."""
    demands: tuple[Demand, ...] = ()
    identifiers: str = "many"
    """``many``, ``one`` or ``none``: what the resource type has room for."""
    releases: frozenset[Release] = ALL
