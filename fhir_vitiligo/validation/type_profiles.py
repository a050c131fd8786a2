"""Profiles on the type of an element: a Quantity that has to be an Age, an address of a country, the resource
of an entry (https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.type.profile).

A value has to conform to one of them. Extensions are held against the definition that their url names, where
they stand (:mod:`.rules.extension`); here only against what narrows that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault, Faults
from fhir_vitiligo.validation.rules.place import Place

if TYPE_CHECKING:
    from fhir_vitiligo.validation.profiles import Check, Profiles


def type_profile_check(profiles: Profiles, place: Place) -> Check | None:
    """The check of a place's type profiles; None where it has none beyond core's."""
    if place.one.kind == "resource":
        return _resource_check(profiles, place)
    kinds = [kind for kind in place.element.types if kind.code == place.one.type.code]
    # The type itself among its profiles, or named once more without any: whatever is of the type conforms to one.
    plain = any(not kind.profiles or any(map(profiles.library.is_type, kind.profiles)) for kind in kinds)
    if plain:
        return None
    urls = [url for kind in kinds for url in kind.profiles]
    if place.one.type.code == "Extension":
        return _narrowed_extension(profiles, place, urls) if urls else None
    known = {url for kind in (place.base.types if place.base is not None else ()) for url in kind.profiles}
    urls = [url for url in urls if url not in known]
    return _one_of(profiles, place, urls) if urls else None


def _resource_check(profiles: Profiles, place: Place) -> Check | None:
    """The type and the profiles of a resource inside another one."""
    kinds = place.element.types
    if not kinds or all(kind.code in ("Resource", "DomainResource") and not kind.profiles for kind in kinds):
        return None
    library = profiles.library

    def check(value: Any, companion: Any, context: Context) -> None:
        name = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(name, str):
            return
        family = (name, *library.definitions.ancestors(name))
        fitting = [kind for kind in kinds if kind.code in family]
        urls = [url for kind in fitting for url in kind.profiles]
        types = {schema.type for url in urls if (schema := library.profile(url)) is not None}
        if not fitting or (types and types.isdisjoint(family)):
            wanted = " or ".join(sorted(types or {kind.code for kind in kinds}))
            text = f"The resource is a {name}; it has to be a {wanted}{place.source}."
            context.faults.put(Fault("resource-type", "structure", text))
        elif urls and all(kind.profiles for kind in fitting):
            inside = context.context_of(value)
            with inside.reporting(context.faults):
                _run(profiles, place, urls, value, None, name, inside)

    return check


def _one_of(profiles: Profiles, place: Place, urls: list[str]) -> Check:
    name = place.one.type.code

    def check(value: Any, companion: Any, context: Context) -> None:
        _run(profiles, place, urls, value, companion, name, context)

    return check


def _narrowed_extension(profiles: Profiles, place: Place, urls: list[str]) -> Check:
    """What a profile asks of an extension beyond the definition that the url names: profiles of that definition."""
    narrowed: bool | None = None

    def check(value: Any, companion: Any, context: Context) -> None:
        nonlocal narrowed
        if narrowed is None:  # looked up when the first comes
            narrowed = all(_has_another_url(profiles, url) for url in urls)
        if narrowed:
            _run(profiles, place, urls, value, companion, "Extension", context)

    return check


def _has_another_url(profiles: Profiles, canonical: str) -> bool:
    schema = profiles.library.profile(canonical)
    own = None if schema is None else schema.root.child("url")
    return own is not None and own.element.fixed not in (None, canonical.partition("|")[0])


def _run(
    profiles: Profiles, place: Place, urls: list[str], value: Any, companion: Any, name: str, context: Context
) -> None:
    tried: list[Faults] = []
    others: list[str] = []
    for url in urls:
        schema = profiles.library.profile(url)
        if schema is None:
            problem = profiles.library.problems.get(url.partition("|")[0], "it is not known here")
            text = f"The profile {url} that `{place.name}` has to conform to cannot be used: {problem}"
            context.faults.put(Fault("profile-unknown", "not-found", f"{text}{place.source}."))
            continue
        if not profiles.fits(schema, name):
            others.append(f"{url} (for {schema.type})")
            continue
        plan = profiles.plan(schema)
        if plan is None:
            return
        if len(urls) == 1:
            plan(value, companion, context)
            return
        with context.trial() as faults:
            plan(value, companion, context)
        if not faults.has_error:
            for fault in faults:
                context.faults.put(fault)
            return
        tried.append(faults)
    if others and len(others) == len(urls):
        text = f"`{place.name}` is a {name}, and no {name} can conform to {', '.join(others)}{place.source}."
        context.faults.put(Fault("profile-type", "invalid", text))
    if tried:
        text = f"`{place.name}` conforms to none of the profiles {', '.join(urls)}{place.source}."
        context.faults.put(Fault("profile-no-match", "structure", text))
        for faults in tried:
            for fault in faults:
                context.faults.put(fault)
