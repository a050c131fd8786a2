"""Search parameters, ready for use: definitions joined with their search type and their compiled path.

https://hl7.org/fhir/R4/searchparameter.html. The official ones of a release, the project's own, and those a
user has stored. What is defined but cannot be searched here is listed with the reason
(:meth:`Parameters.left_out`), so that a query can refuse it by name and the capability statement can say so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.definition_types import SearchParameter, Structure
from fhir_vitiligo.fhir.definitions import Definitions, definitions_of
from fhir_vitiligo.fhir.lately import Lately
from fhir_vitiligo.fhir.paths import Path
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.definitions import FurtherParameter, own_parameters
from fhir_vitiligo.search.extract import Extraction
from fhir_vitiligo.search.types import SEARCH_TYPES
from fhir_vitiligo.search.types.base import SearchType
from fhir_vitiligo.search.types.companions import COMPANIONS
from fhir_vitiligo.search.types.composite import canonical, composite
from fhir_vitiligo.search.types.date import DATE
from fhir_vitiligo.search.types.near import NEAR
from fhir_vitiligo.search.types.reference import REFERENCE
from fhir_vitiligo.search.types.special import LOGICAL_ID
from fhir_vitiligo.search.types.token import TOKEN
from fhir_vitiligo.search.values import composite_values, nothing, values_of

if TYPE_CHECKING:
    from fhir_vitiligo.search.criteria import Condition

_MOST_READ = 300
_RESOLVES_TO = re.compile(r"resolve\(\)\s+is\s+(\w+)")

# Answered from what the store keeps of every resource: column of the search type -> property of the stored
# version.
_STORED: Mapping[str, tuple[SearchType, Mapping[str, str]]] = MappingProxyType(
    {
        "_id": (LOGICAL_ID, MappingProxyType({"id": "id"})),
        "_lastUpdated": (DATE, MappingProxyType({"low": "updated", "high": "updated"})),
    }
)
# R4 gives the two components of this one each other's expression (its definitions are the right way round).
_SWAPPED = frozenset({"DocumentReference-relationship"})


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """A search parameter of one resource type.

    ``stored``: the store's own properties that stand for the columns of ``type``; such a parameter has no
    index rows. ``companions``: what some modifiers search instead, by name; they are made from the same
    values and are Parameters with a ``variant``. ``together``: of a composite over the resource itself the
    parameters of its components, which together say the same; it has rows for other elements alone. ``pairs``:
    by another parameter what has the rows of both side by side, for a search that names a value of each.
    """

    resource_type: str
    definition: SearchParameter
    type: SearchType
    targets: tuple[str, ...]
    values: Path
    stored: Mapping[str, str] | None = None
    variant: str = ""
    companions: Mapping[str, Parameter] = field(default_factory=dict)
    together: tuple[Parameter, ...] = ()
    pairs: Mapping[Parameter, Parameter] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self.definition.code

    @property
    def key(self) -> str:
        """What tells it from all others of the resource type that ever were: its code, of a companion with the
        variant. A definition that is not core's has its digest in it, so that an altered one is another one.
        """
        code = self.code
        if isinstance(self.definition, FurtherParameter):
            code = f"{code}#{self.definition.digest}"
        return f"{code}:{self.variant}" if self.variant else code

    @property
    def url(self) -> str:
        """The canonical of its definition."""
        return self.definition.url


class TypeParameters(dict[str, Parameter]):
    """The parameters of one resource type by code; they stay as they are. ``extraction`` makes their index rows."""

    def __init__(self, parameters: Mapping[str, Parameter], choices: Callable[[], frozenset[str]]) -> None:
        super().__init__(parameters)
        self.extraction = Extraction(self.values(), choices)


class _Source(Protocol):
    """What is needed of :class:`~fhir_vitiligo.fhir.definitions.Definitions`."""

    @property
    def resource_types(self) -> tuple[str, ...]: ...
    @property
    def type_names(self) -> tuple[str, ...]: ...
    @property
    def all_search_parameters(self) -> Mapping[str, SearchParameter]: ...
    def ancestors(self, name: str) -> tuple[str, ...]: ...
    def search_parameters(self, resource_type: str) -> Mapping[str, SearchParameter]: ...
    def compartment(self, name: str) -> Mapping[str, tuple[str, ...]]: ...
    def structure(self, name: str) -> Structure: ...


class Parameters:
    """The search parameters of a release by resource type and code; a type is compiled when it is first
    asked for. Core's come first: none of ``further`` takes the place of one of the same code.

    ``read_lately``: what parts of queries say, for who reads queries with these parameters.
    """

    def __init__(
        self,
        definitions: _Source | Definitions,
        release: Release = Release.R4,
        further: Sequence[FurtherParameter] = (),
    ) -> None:
        self.definitions = definitions
        self.release = release
        self.further = tuple(further)
        self.resource_types = frozenset(definitions.resource_types)
        self._of: dict[str, tuple[TypeParameters, Mapping[str, str]]] = {}
        self.read_lately: Lately[Condition] = Lately(_MOST_READ)

    def of(self, resource_type: str) -> TypeParameters:
        """What can be searched of this resource type, by code; :class:`KeyError` for what is no resource
        type.
        """
        return self._compiled(resource_type)[0]

    def left_out(self, resource_type: str) -> Mapping[str, str]:
        """What is defined for this type and cannot be searched here: code to reason."""
        return self._compiled(resource_type)[1]

    def every(self, resource_type: str) -> Iterator[Parameter]:
        """What has a number: what can be searched, the companions and the pairs."""
        for parameter in self.of(resource_type).values():
            yield parameter
            yield from parameter.companions.values()
            yield from parameter.pairs.values()

    @property
    def revision(self) -> str:
        """Another one when other definitions are in use."""
        told = "\n".join(one.digest for one in self.further)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def with_further(self, further: Sequence[FurtherParameter]) -> Parameters:
        """These parameters and those of ``further`` that they lack; what is compiled already is kept."""
        known = {one.url for one in self.further}
        new = [one for one in further if one.url not in known]
        made = Parameters(self.definitions, self.release, (*self.further, *new))
        touched = {name for one in new for name in one.base}
        for resource_type, compiled in self._of.items():
            if touched.isdisjoint((resource_type, *self.definitions.ancestors(resource_type))):
                made._of[resource_type] = compiled
        return made

    def afresh(self) -> Parameters:
        """The same, with nothing compiled yet."""
        return Parameters(self.definitions, self.release, self.further)

    def fingerprint_parts(self) -> Iterable[str]:
        """A line a parameter: when one changes, the index rows made from it are out of date."""
        for resource_type in sorted(self.resource_types):
            for code, definition in sorted(self._definitions(resource_type).items()):
                yield f"{resource_type} {code} {definition.type} {definition.expression} {definition.components}"

    def _definitions(self, resource_type: str) -> Mapping[str, SearchParameter]:
        lines = {resource_type, *self.definitions.ancestors(resource_type)}
        further = {one.code: one for one in self.further if not lines.isdisjoint(one.base)}
        return {**further, **self.definitions.search_parameters(resource_type)}

    def _compiled(self, resource_type: str) -> tuple[TypeParameters, Mapping[str, str]]:
        found = self._of.get(resource_type)
        if found is None:
            if resource_type not in self.resource_types:
                raise KeyError(resource_type)
            usable: dict[str, Parameter] = {}
            left_out: dict[str, str] = {}
            # Composites come last: some are made of others.
            for code, definition in sorted(
                self._definitions(resource_type).items(), key=lambda one: one[1].type == "composite"
            ):
                try:
                    if definition.type == "composite":
                        usable[code] = self._composite(resource_type, definition, usable)
                    else:
                        usable[code] = self._parameter(resource_type, definition)
                except InputError as error:
                    left_out[code] = error.issues[0].text
            _pair(usable)
            found = self._of[resource_type] = (
                TypeParameters(usable, partial(self._choices, resource_type)),
                MappingProxyType(left_out),
            )
        return found

    def _choices(self, resource_type: str) -> frozenset[str]:
        """The elements of a resource that stand in JSON with their type behind their name."""
        children = self.definitions.structure(resource_type).children(resource_type)
        return frozenset(element.name for element in children if element.is_choice)

    def _parameter(self, resource_type: str, definition: SearchParameter) -> Parameter:
        named = NEAR if definition.code == "near" else SEARCH_TYPES.get(definition.type)
        kind, stored = _STORED.get(definition.code, (named, None))
        if kind is None:
            raise InputError(
                f"search parameters of type {definition.type} are not served", code="not-supported"
            )
        if definition.processing_mode != "normal" and kind is not NEAR:
            raise InputError(f"it asks for {definition.processing_mode} comparison", code="not-supported")
        path = self._path(resource_type, definition.expression) if definition.expression else None
        if path is None:
            raise InputError(
                "the release defines no path for it: it needs code of its own", code="not-supported"
            )
        targets = _targets(resource_type, definition)
        return _with_companions(resource_type, definition, kind, targets, path, COMPANIONS.get(kind), stored)

    def _composite(
        self, resource_type: str, definition: SearchParameter, known: Mapping[str, Parameter]
    ) -> Parameter:
        kinds = tuple(self._component_type(url) for url, _ in definition.components)
        if not kinds:
            raise InputError("it is a composite without components", code="not-supported")
        texts = component_texts(definition, self.release)
        together = _together(resource_type, definition.expression, texts, known)
        elements = [
            branch
            for branch in definition.expression.split("|")
            if not together or branch.strip() != resource_type
        ]
        path = composite_values(
            "|".join(elements), texts, resource_type, self.definitions.type_names, self.release
        )
        if path is None and not together:
            raise InputError("its path does not start at this type", code="not-supported")
        path = path or nothing
        kind = composite(*kinds)
        in_base = canonical(kind, kinds)
        companions = None if in_base is None else {"canonical": in_base}
        made = _with_companions(resource_type, definition, kind, (), path, companions, None)
        return replace(made, together=together)

    def _component_type(self, name: str) -> SearchType:
        """By id, as core names them here, or by canonical."""
        further = {one.url: one for one in self.further}
        id = name.removeprefix("http://hl7.org/fhir/SearchParameter/")
        found = further.get(name) or self.definitions.all_search_parameters.get(id)
        kind = None if found is None else SEARCH_TYPES.get(found.type)
        if kind is None:
            raise InputError(f"its component {name} is not defined", code="not-supported")
        return kind

    def _path(self, resource_type: str, expression: str) -> Path | None:
        return values_of(expression, resource_type, self.definitions.type_names, self.release)


def component_texts(definition: SearchParameter, release: Release) -> list[str]:
    """The paths of a composite's components, in their order."""
    texts = [text for _, text in definition.components]
    if definition.id in _SWAPPED and release is not Release.R5:
        texts.reverse()
    return texts


@cache
def parameters_of(release: Release) -> Parameters:
    """The one set of search parameters of this release: core's and the project's own."""
    return Parameters(definitions_of(release), release, own_parameters(release))


def _with_companions(
    resource_type: str,
    definition: SearchParameter,
    kind: SearchType,
    targets: tuple[str, ...],
    path: Path,
    companions: Mapping[str, SearchType] | None,
    stored: Mapping[str, str] | None,
) -> Parameter:
    of_modifiers = {
        name: Parameter(resource_type, definition, companion, targets, path, variant=name)
        for name, companion in (companions or {}).items()
        if stored is None
    }
    return Parameter(resource_type, definition, kind, targets, path, stored, "", of_modifiers)


def _pair(usable: dict[str, Parameter]) -> None:
    """Gives ``patient`` its pair with ``code``, if there are both: what a chart asks for most, and alone either may leave
    thousands.
    """
    patient, code = usable.get("patient"), usable.get("code")
    if patient is not None and code is not None and (patient.type, code.type) == (REFERENCE, TOKEN):
        pair = Parameter(
            code.resource_type, code.definition, composite(REFERENCE, TOKEN), (), nothing, variant="patient"
        )
        usable["patient"] = replace(patient, pairs={code: pair})


def _together(
    resource_type: str, expression: str, components: Iterable[str], known: Mapping[str, Parameter]
) -> tuple[Parameter, ...]:
    """Of a composite over the resource itself, a parameter for each component that selects just the same; empty
    where there is none for one of them.
    """
    if resource_type not in (branch.strip() for branch in expression.split("|")):
        return ()
    by_path = {
        _paths(resource_type, one.definition.expression): one
        for one in known.values()
        if not isinstance(one.definition, FurtherParameter) and one.stored is None
    }
    found = [
        by_path.get(
            _paths(resource_type, "|".join(f"{resource_type}.{part.strip()}" for part in text.split("|")))
        )
        for text in components
    ]
    return tuple(one for one in found if one is not None) if all(found) else ()


def _paths(resource_type: str, expression: str) -> frozenset[str]:
    """The branches for this type in one spelling: ``(X as T)`` and ``X.as(T)`` are the same, and R4 spells some
    types as nothing is spelt. SampledData gives no rows.
    """
    branches = {
        re.sub(r"^\((.*) as (\w+)\)$", r"\1.as(\2)", branch.strip()).lower()
        for branch in expression.split("|")
    }
    head = f"{resource_type.lower()}."
    return frozenset(
        one for one in branches if one.lstrip("( ").startswith(head) and not one.endswith(".as(sampleddata)")
    )


def _targets(resource_type: str, definition: SearchParameter) -> tuple[str, ...]:
    """The types the parameter may point to, narrowed where its path says ``resolve() is Patient``."""
    branches = [
        part for part in definition.expression.split("|") if part.strip(" (").startswith(f"{resource_type}.")
    ]
    narrowed = [_RESOLVES_TO.search(branch) for branch in branches]
    if narrowed and all(narrowed):
        return tuple(sorted({match[1] for match in narrowed if match}))
    return definition.target
