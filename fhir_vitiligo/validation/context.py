"""Where a walk stands: the resource it is in, what is around it, and what a rule may ask.

https://hl7.org/fhir/R4/fhirpath.html#variables (``%resource``, ``%rootResource``) and
https://hl7.org/fhir/R4/references.html (what a reference resolves to inside a Bundle or a container).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fhir_vitiligo.fhir.definitions import Definitions
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation.bundle_index import BundleIndex
from fhir_vitiligo.validation.faults import Faults

if TYPE_CHECKING:
    from fhir_vitiligo.validation.library import Library
    from fhir_vitiligo.validation.profiles import Profiles
    from fhir_vitiligo.validation.readable import Reading
    from fhir_vitiligo.validation.remembered import Members


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller may choose; left alone, what HL7's engine does when it is left alone, but for ``examples``.

    ``any_extension``: an extension that nobody here defines is told as information, not as an error.
    ``extension_domains``: such extensions are expected below these addresses.
    ``examples``: addresses of example.org and the like may be used, and are a warning where nothing that is
    loaded is at them; else they are errors.
    ``fetch``: gives the resource that a reference to somewhere else names, or None.
    ``contained``: contained resources are looked at. ``references_exist``: a reference to what is not at
    hand is an error.
    ``trust_references``: a reference whose target is not at hand is what its address says (``Patient/1``).
    ``implied``: profiles that apply without being claimed (the vital signs) are asked for.
    """

    any_extension: bool = False
    extension_domains: tuple[str, ...] = ()
    examples: bool = True
    trust_references: bool = False
    fetch: Callable[[str], Json | None] | None = None
    contained: bool = True
    references_exist: bool = False
    implied: bool = True


@dataclass(slots=True, eq=False)
class Walk:
    """One walk of the validator: what is shared by all resources inside the one it was given. ``reading`` is what
    was made of a malformed one, on the second walk.
    """

    library: Library
    profiles: Profiles
    options: Options
    reading: Reading | None = None
    # (resource, profile): whether it conforms; None while that is being found out.
    conformance: dict[tuple[int, str], bool | None] = field(default_factory=dict)
    contexts: dict[int, Context] = field(default_factory=dict)
    # What the caller's own fetch gave for a reference.
    fetched: dict[str, Json | None] = field(default_factory=dict)
    # Where a recursive type stands; the walker counts.
    depth: int = 0
    # What trial validations cost so far; hostile slicing ends here.
    trials: int = 0
    # Once a walk is enough.
    told_of_obligations: bool = False
    # A decimal that is a float: another JSON library read the resource.
    has_floats: bool = False

    def fetch(self, reference: str) -> Json | None:
        """What is outside of the resource, where the caller can get it; asked once."""
        fetch = self.options.fetch
        if fetch is None:
            return None
        if reference not in self.fetched:
            self.fetched[reference] = fetch(reference)
        return self.fetched[reference]

    def end(self) -> None:
        """Let go of the resource: a context and what FHIRPath asks of it refer to one another, and would keep it
        until the garbage collector comes by.
        """
        for context in self.contexts.values():
            context.end()
        self.contexts.clear()


class Context:
    """One resource of a walk.

    ``resource`` is the one the walk is in (``%resource``), ``container`` the one that contains it, itself
    where nothing does (``%rootResource``), ``outer`` the context of the Bundle or Parameters that it is an
    entry of, and ``full_url`` that entry's. ``members`` checks those of the resource where some may be remembered.
    """

    __slots__ = (
        "_environment",
        "_index",
        "container",
        "element_ids",
        "faults",
        "full_url",
        "is_contained",
        "members",
        "outer",
        "resource",
        "walk",
    )

    def __init__(
        self,
        walk: Walk,
        faults: Faults,
        resource: Json,
        container: Json | None = None,
        outer: Context | None = None,
        full_url: str = "",
    ) -> None:
        self.walk = walk
        self.faults = faults
        self.resource = resource
        self.container = resource if container is None else container
        self.is_contained = container is not None
        self.outer = outer
        self.full_url = full_url
        self.members: Members | None = None
        # Ids of elements seen so far, with the element each is of.
        self.element_ids: dict[str, Any] | None = None
        self._environment: Any = None
        self._index: BundleIndex | None = None
        walk.contexts[id(resource)] = self

    @property
    def release(self) -> Release:
        return self.walk.library.release

    @property
    def definitions(self) -> Definitions:
        return self.walk.library.definitions

    @property
    def library(self) -> Library:
        """Everything that has a canonical: ``library.resolve(canonical, "ValueSet")``, ``library.terminology``."""
        return self.walk.library

    @property
    def options(self) -> Options:
        return self.walk.options

    @property
    def language(self) -> Any:
        """What the resource says its language is; any JSON."""
        return self.resource.get("language")

    def names_itself(self, reference: str) -> bool:
        """Whether a reference in the resource is the resource's own address."""
        return reference == f"{self.resource.get('resourceType')}/{self.resource.get('id')}"

    def enter(self, resource: Json, around: Any, contained: bool) -> Context:
        """The context of a resource inside this one: contained, or the ``resource`` of an entry ``around`` it."""
        found = self.walk.contexts.get(id(resource))
        if found is not None and found.resource is resource:
            return found
        if contained:
            return Context(self.walk, self.faults, resource, self.container, self.outer, self.full_url)
        full_url = around.get("fullUrl") if isinstance(around, dict) else None
        return Context(
            self.walk, self.faults, resource, None, self, full_url if isinstance(full_url, str) else ""
        )

    def resolve(self, reference: str) -> Json | None:
        """The resource that a literal reference names, where it is at hand: contained, or in a Bundle around.

        ``#`` is the container itself. None for what is elsewhere, and for what two entries could be.
        """
        found = self.candidates(reference)
        return found[0] if len(found) == 1 else None

    def candidates(self, reference: str) -> list[Json]:
        """Every resource at hand that the reference could name; more than one is a fault of the Bundle."""
        if reference.startswith("#"):
            return self._contained(reference[1:])
        outer = self if self.outer is None and self.is_bundle else self.outer
        full_url = self.full_url
        while outer is not None:
            if found := outer.index.find(reference, full_url):
                return found
            full_url, outer = outer.full_url, outer.outer
        fetched = self.walk.fetch(reference)
        return [] if fetched is None else [fetched]

    def _contained(self, name: str) -> list[Json]:
        if not name:
            return [self.container]
        contained = self.container.get("contained")
        if not isinstance(contained, list):
            return []
        return [one for one in contained if isinstance(one, dict) and one.get("id") == name]

    def context_of(self, resource: Json) -> Context:
        """The context of a resource that :meth:`resolve` gave, whether the walk was there yet or not."""
        found = self.walk.contexts.get(id(resource))
        if found is not None and found.resource is resource:
            return found
        outer = self.outer
        while outer is not None:
            full_url = outer.index.full_urls.get(id(resource))
            if full_url is not None:
                return Context(self.walk, self.faults, resource, None, outer, full_url)
            outer = outer.outer
        return Context(self.walk, self.faults, resource, self.container, self.outer, self.full_url)

    @property
    def can_resolve(self) -> bool:
        """Whether references beyond ``#`` can be resolved from the outermost resource."""
        return self.is_bundle or self.walk.options.fetch is not None

    @property
    def is_bundle(self) -> bool:
        return self.resource.get("resourceType") == "Bundle"

    @property
    def bundle(self) -> Json | None:
        """The nearest Bundle around, or None."""
        outer = self.outer
        while outer is not None:
            if outer.resource.get("resourceType") == "Bundle":
                return outer.resource
            outer = outer.outer
        return None

    @property
    def index(self) -> BundleIndex:
        """The entries of this resource (a Bundle or Parameters) by what references call them."""
        if self._index is None:
            self._index = BundleIndex(self.resource)
        return self._index

    @contextmanager
    def reporting(self, faults: Faults) -> Iterator[Faults]:
        """What is found in the meantime goes to ``faults``."""
        kept, self.faults = self.faults, faults
        try:
            yield faults
        finally:
            self.faults = kept

    def trial(self) -> AbstractContextManager[Faults]:
        """Faults of what is only tried out: they are given to the caller and not told."""
        return self.reporting(Faults())

    @property
    def environment(self) -> Any:
        """What FHIRPath may ask of this place (:class:`fhir_vitiligo.fhir.fhirpath.Environment`)."""
        if self._environment is None:
            from fhir_vitiligo.validation.expressions import environment_of

            self._environment = environment_of(self)
        return self._environment

    def end(self) -> None:
        """Let go of what refers to this context."""
        self._environment = None
