"""What is done for each resource of a walk: its type, core, the rules of its type, the profiles it claims.

https://hl7.org/fhir/R4/resource.html#Meta (``meta.profile``). Profiles that apply by themselves are in
:mod:`.implied`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fhir_vitiligo.fhir.json import MAX_DEPTH, Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.implied import implied_profiles
from fhir_vitiligo.validation.resources import RESOURCE_RULES
from fhir_vitiligo.validation.rules import types

if TYPE_CHECKING:
    from fhir_vitiligo.validation.compiler import Compiler

# Nobody claims more; what comes after is not looked at.
_MAX_PROFILES = 50


def check_resource(
    compiler: Compiler, value: Any, context: Context, around: Any = None, contained: bool = False
) -> None:
    """Check a resource inside another one: what ``resourceType`` names decides."""
    if (name := resource_type(compiler, value, context)) is None:
        return
    walk = context.walk
    if walk.depth >= MAX_DEPTH:
        context.faults.put(types.too_deep(MAX_DEPTH))
        return
    walk.depth += 1
    check_in_context(compiler, name, value, context.enter(value, around, contained))
    walk.depth -= 1


def resource_type(compiler: Compiler, value: Any, context: Context) -> str | None:
    """The type of a resource; None, and a fault, where it has none of this release."""
    definitions = compiler.library.definitions
    if not isinstance(value, dict):
        context.faults.put(types.not_an_object("A resource", value))
        return None
    name = value.get("resourceType")
    if isinstance(name, str) and name in definitions.resource_types:
        return name
    if "resourceType" in value:
        release = definitions.release.name
        context.faults.put(types.unknown_resource(name, definitions.resource_types, release))
    else:
        context.faults.put(types.no_resource_type())
    return None


def check_in_context(
    compiler: Compiler, name: str, value: Json, context: Context, profiles: Iterable[str] = ()
) -> None:
    """``profiles`` are those the caller asks for, besides the resource's own. Of what is malformed only its form
    is told: the rest is asked of what can be read.
    """
    compiler.object(name)(value, context)
    if context.faults.malformed:
        return
    if (rules := RESOURCE_RULES.get(name)) is not None:
        for fault in rules(value, context):
            context.faults.put(fault)
    done: set[str] = set()
    for url in profiles:
        _check_profile(url, value, context, done, "asked")
    for index, url in enumerate(_claimed(value)):
        _check_profile(url, value, context, done, f"meta.profile[{index}]")
    if context.options.implied:
        for url in implied_profiles(name, value):
            _check_profile(url, value, context, done, "")


def _claimed(value: Json) -> list[Any]:
    meta = value.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    return profiles[:_MAX_PROFILES] if isinstance(profiles, list) else []


def _check_profile(url: Any, value: Json, context: Context, done: set[str], where: str) -> None:
    if not isinstance(url, str) or url in done:
        return
    done.add(url)
    library = context.library
    schema = library.profile(url)
    if schema is None:
        for fault in _unknown(url, context, where):
            context.faults.put(fault)
        return
    if schema.url in done and schema.url != url:
        return
    done.add(schema.url)
    context.walk.profiles.check(schema, value, context)
    if schema.has_obligations and not context.walk.told_of_obligations:
        context.walk.told_of_obligations = True
        text = f"The profile {schema.canonical} obliges systems that make or read it, which no resource can show."
        context.faults.put(Fault("obligation", "informational", text, severity="information"))
    for imposed in schema.imposed:
        _check_profile(imposed, value, context, done, where)


def _unknown(url: str, context: Context, where: str) -> Iterable[Fault]:
    if not where:
        return
    problem = context.library.problems.get(url.partition("|")[0])
    if problem is not None:
        yield Fault("profile-broken", "processing", f"The profile {shown(url)} cannot be used: {problem}.")
        return
    text = f"The profile {shown(url)} is not known here, so nothing was checked against it: load its package."
    if where == "asked":
        yield Fault("profile-unknown", "not-found", text)
    else:
        yield Fault(
            "profile-unknown",
            "not-found",
            text,
            severity="warning",
            steps=[
                where,
            ],
        )
