"""References: what they name is there, of a type that is allowed, and conforms
(https://hl7.org/fhir/R4/references.html, elementdefinition.html#ElementDefinition.type.targetProfile).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.errors import Severity
from fhir_vitiligo.fhir.definitions import CORE, TypeRef
from fhir_vitiligo.fhir.differences import REFERS_TO_ITSELF
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.fhir.references import is_conditional, parse_restful
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.library import Library
from fhir_vitiligo.validation.rules.place import Place, Rule

_WHITE_SPACE = re.compile(r"\s")
_HL7 = ("http://hl7.org/fhir/", "http://terminology.hl7.org/")
# Addresses that stand for no one in examples.
EXAMPLES = ("example.org", "acme.com", "acme.org")


def make(place: Place) -> Rule | None:
    if place.one.type.code != "Reference":
        return None
    targets = _targets(place.element.types)
    if place.base is None:
        return _core_rule(place, targets)
    if targets is None or targets == _targets(place.base.types):
        return None
    return _profile_rule(place, targets)


def make_aggregation(place: Place) -> Rule | None:
    """Where the target may be, for profiles that say so
    (https://hl7.org/fhir/R4/valueset-resource-aggregation-mode.html).
    """
    modes = frozenset() if place.node is None else place.node.aggregation
    if not modes or place.one.type.code != "Reference":
        return None

    def check(value: Any, companion: Any, context: Context) -> Iterator[Fault]:
        reference = value.get("reference") if type(value) is dict else None
        if type(reference) is not str:
            return
        if reference.startswith("#"):
            found, fits = "contained", "contained" in modes
        elif context.resolve(reference) is not None and context.bundle is not None:
            found, fits = "in the Bundle", not modes.isdisjoint(("bundled", "referenced"))
        else:
            found, fits = "elsewhere", "referenced" in modes
        if not fits:
            text = f"`{place.name}` refers to {shown(reference)}, which is {found}: it has to be {_listed(sorted(modes))}"
            yield Fault("reference-aggregation", "structure", f"{text}{place.source}.")

    return check


def _targets(types: tuple[TypeRef, ...]) -> tuple[str, ...] | None:
    """The profiles of which a target has to conform to one; None where any will do."""
    found = tuple(url for kind in types if kind.code == "Reference" for url in kind.target_profiles)
    return None if not found or CORE + "Resource" in found else found


def _core_rule(place: Place, targets: tuple[str, ...] | None) -> Rule:
    """In core each target is a type; what the reference names is looked for where it can be found."""
    allowed = None if targets is None else frozenset(url.removeprefix(CORE) for url in targets)
    family = _Family(place.library, allowed)
    resources = frozenset(place.library.definitions.resource_types)
    name = place.name

    def check(value: Any, companion: Any, context: Context) -> Iterator[Fault]:
        reference = value.get("reference") if type(value) is dict else None
        if type(reference) is not str:
            return
        if _WHITE_SPACE.search(reference) is not None:
            yield Fault(
                "reference",
                "invalid",
                f"`{name}` refers to {shown(reference)}: an address has no white space.",
            )
            return
        target: dict[str, Any] | None = None
        if reference.startswith("#") or context.outer is not None or context.can_resolve:
            found = context.candidates(reference)
            if reference == "#" and not context.is_contained and context.release not in REFERS_TO_ITSELF:
                found = []
            if not found and reference.startswith("#"):
                text = f"`{name}` refers to {shown(reference)}, which is not among the contained resources."
                yield Fault("reference-unresolved", "not-found", text)
                return
            if len(found) > 1:
                text = f"`{name}` refers to {shown(reference)}, which {len(found)} resources here are called."
                yield Fault("reference-ambiguous", "not-found", text)
            target = found[0] if found else None
        elif context.names_itself(reference):
            target = context.resource
        wanted = context.options.references_exist and not is_conditional(reference)
        if target is None and wanted and not any(one in reference for one in EXAMPLES):
            text = f"`{name}` refers to {shown(reference)}, which is not here."
            yield Fault("reference-unresolved", "not-found", text)
        kind = _type_of(reference, target, place.library)
        published = _published(reference, place.library) if target is None else None
        kind = published or kind
        stated = value.get("type")
        if kind is None:
            if isinstance(stated, str) and stated in resources and not family.allows(stated):
                types = _listed(sorted(allowed or ()))
                text = f"`{name}` says that it refers to a {shown(stated)}; it has to refer to {types}."
                yield Fault("reference-type", "structure", text)
            return
        if isinstance(stated, str) and stated == f"{CORE}{kind}":
            text = f"`{name}` says that it refers to a {shown(stated)}: a resource type is told by its name, {kind}."
            yield Fault("reference-type", "structure", text)
        elif isinstance(stated, str) and stated != kind and kind in place.library.types:
            text = f"`{name}` says that it refers to a {shown(stated)}, and it refers to a {kind}."
            yield Fault("reference-type", "structure", text)
        elif not family.allows(kind):
            types = _listed(sorted(allowed or ()))
            text = f"`{name}` refers to a {kind} ({shown(reference)}); it has to refer to {types}."
            yield Fault("reference-type", "structure", text, _severity(target or published, context))

    return check


def _published(reference: str, library: Library) -> str | None:
    """The type of a definition that HL7 publishes under this address: it is at hand like what is in the Bundle."""
    if not reference.startswith(_HL7):
        return None
    return min(library.kinds(reference), default=None)


def _severity(target: Any, context: Context) -> Severity:
    """What an address says of a target that is not at hand is only likely."""
    return "error" if target is not None or context.options.trust_references else "warning"


def _profile_rule(place: Place, targets: tuple[str, ...]) -> Rule:
    """A target has to conform to one of the profiles, as far as it is at hand."""
    library, name, source = place.library, place.name, place.source
    schemas = [(url, library.profile(url)) for url in targets]
    types = frozenset(schema.type for _, schema in schemas if schema is not None)
    family = _Family(library, types)
    unknown = [url for url, schema in schemas if schema is None]

    def check(value: Any, companion: Any, context: Context) -> Iterator[Fault]:
        reference = value.get("reference") if type(value) is dict else None
        if type(reference) is not str or is_conditional(reference):
            return
        target = context.resolve(reference)
        kind = _type_of(reference, target, library)
        for url in unknown if target is not None else ():
            text = (
                f"The profile {url} that the target of `{name}` has to conform to is not known here{source}."
            )
            yield Fault("profile-unknown", "not-found", text)
        if kind is None or not types:
            return
        if not family.allows(kind):
            wanted = _listed(sorted(types))
            text = f"`{name}` refers to a {kind} ({shown(reference)}); it has to refer to {wanted}{source}."
            yield Fault("reference-type", "structure", text, _severity(target, context))
        elif target is not None:
            profiles = context.walk.profiles
            fitting = [url for url, schema in schemas if schema is not None and profiles.fits(schema, kind)]
            inside = context.context_of(target)
            verdicts = [profiles.conforms(url, target, kind, inside) for url in fitting]
            if fitting and not any(verdict is not False for verdict in verdicts):
                text = f"`{name}` refers to {shown(reference)}, which does not conform to {_listed(fitting)}"
                yield Fault("reference-profile", "structure", f"{text}{source}.")

    return check


class _Family:
    """Whether a type, or one that it descends from, is among those allowed."""

    def __init__(self, library: Library, allowed: frozenset[str] | None) -> None:
        self.library = library
        self.allowed = allowed

    def allows(self, kind: str) -> bool:
        if self.allowed is None or kind in self.allowed:
            return True
        return not self.allowed.isdisjoint(self.library.definitions.ancestors(kind))


def _type_of(reference: str, target: dict[str, Any] | None, library: Library) -> str | None:
    """What the target is: it says so itself, or its address does."""
    if target is not None:
        name = target.get("resourceType")
        return name if isinstance(name, str) else None
    parts = parse_restful(reference)
    return parts.type if parts is not None and parts.type in library.definitions.resource_types else None


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else " or ".join([", ".join(names[:-1]), names[-1]])
