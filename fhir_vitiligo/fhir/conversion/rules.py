"""The ways in which elements change their place and shape from R4 to R5, each forward and back.

https://hl7.org/fhir/R5/diff.html. A rule takes the members it names from an object and makes those of the other release of
them. It sees shapes only: what is inside of its values has been converted before. Where going there and back does not
give what it was, the converter keeps the original in an extension, so a rule may leave out what has no place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_vitiligo.fhir.conversion.tree import Primitive
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.references import parse_restful

EXTENSION = "extension("
"""How a rule names the extensions of a url: ``extension(URL)``."""
Shape = Callable[[Json], Json]
"""From members of an object in one release to those in the other."""
Join = Callable[[Json, Json], Json]
Lost = Callable[[str], bool]
"""Whether a resource type may be referred to in one release and not in the other."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """``r4`` and ``r5`` are the members that belong together; ``extension(URL)`` stands for the extensions of that URL.

    ``whole``: what is inside of the values is for the rule, too, as it belongs to other places in the other release.
    ``join``: the members of R4 of what ``down`` makes and of the originals that were kept of them; by default these replace
    those.
    """

    r4: tuple[str, ...]
    r5: tuple[str, ...]
    up: Shape
    down: Shape
    whole: bool = False
    join: Join | None = None


def renamed(r4: str, r5: str) -> Rule:
    """The same under another name."""
    return Rule((r4,), (r5,), lambda x: _put(r5, x.get(r4)), lambda y: _put(r4, y.get(r5)))


def concepts_and_references(concept: str | None, reference: str | None, r5: str, *, several: bool) -> Rule:
    """A CodeableConcept and a Reference that R5 has as one CodeableReference; ``several``: lists of them."""
    names = tuple(name for name in (concept, reference) if name)

    def up(x: Json) -> Json:
        found = [{"concept": one} for one in listed(x.get(concept or ""))]
        found += [{"reference": one} for one in listed(x.get(reference or ""))]
        return _of(r5, found, several=several)

    def down(y: Json) -> Json:
        found = listed(y.get(r5))
        concepts = [one["concept"] for one in found if "concept" in one] if concept else []
        references = [one["reference"] for one in found if "reference" in one] if reference else []
        return {
            **_of(concept or "", concepts, several=several),
            **_of(reference or "", references, several=several),
        }

    return Rule(names, (r5,), up, down)


def coded(name: str, system: str) -> Rule:
    """A code that R5 has as a CodeableConcept with a coding of ``system``."""

    def up(x: Json) -> Json:
        return {name: {"coding": [{"system": system, "code": x[name]}]}} if name in x else {}

    def down(y: Json) -> Json:
        codings = [one for one in y.get(name, {}).get("coding", ()) if one.get("system") == system]
        return _put(name, codings[0].get("code") if codings else None)

    return Rule((name,), (name,), up, down)


def recoded(name: str, up: Mapping[str, str], down: Mapping[str, str]) -> Rule:
    """A code of which some have other names, or none, in the other release: these become the nearest there is."""
    return Rule((name,), (name,), _with(name, up), _with(name, down))


def _with(name: str, codes: Mapping[str, str]) -> Shape:
    def shape(x: Json) -> Json:
        value = x.get(name)
        if isinstance(value, Primitive):
            return {name: Primitive(codes.get(value.value, value.value), value.more)}
        return _put(name, codes.get(value, value) if isinstance(value, str) else value)

    return shape


def filled(name: str, r4: Any = None, r5: Any = None) -> Rule:
    """What one of the releases demands and the other does not: ``r4`` or ``r5`` stands where nothing is said."""

    def shape(missing: Any, own: Any) -> Shape:
        def fill(x: Json) -> Json:
            value = x.get(name)
            if value is None or value == own:
                value = missing
            return _put(name, value)

        return fill

    return Rule((name,), (name,), shape(r5, r4), shape(r4, r5))


def demanded(name: str, r4: Any) -> Rule:
    """What R4 demands and R5 does not: ``r4`` stands where nothing is said, and is as good in R5."""
    return Rule((name,), (name,), lambda x: _put(name, x.get(name)), lambda y: {name: y.get(name, r4)})


def each(name: str, up: Callable[[Any], Any], down: Callable[[Any], Any], whole: bool = True) -> Rule:
    """A list whose members have another shape; None for a member leaves it out."""

    def over(change: Callable[[Any], Any]) -> Shape:
        return lambda x: _put(name, [new for one in listed(x.get(name)) if (new := change(one)) is not None])

    return Rule((name,), (name,), over(up), over(down), whole)


def resized(name: str, *, is_list: bool, will_be_list: bool) -> Shape:
    """One as a list of one, or the first of a list."""

    def shape(x: Json) -> Json:
        value = x.get(name)
        if is_list == will_be_list or value is None:
            return _put(name, value)
        return {name: [value]} if will_be_list else _put(name, value[0] if value else None)

    return shape


def into(member: str, name: str, *, will_be_list: bool) -> Shape:
    """Values as members of a CodeableReference: ``{"concept": value}``."""
    return lambda x: _of(name, [{member: one} for one in listed(x.get(name))], several=will_be_list)


def out_of(member: str, name: str, *, will_be_list: bool) -> Shape:
    """The members of CodeableReferences by themselves."""
    return lambda x: _of(
        name, [one[member] for one in listed(x.get(name)) if member in one], several=will_be_list
    )


def referring(name: str, lost: Lost) -> Shape:
    """References but those to types that ``lost`` says are not to be referred to any more; one whose type cannot be told
    stays.
    """

    def is_kept(reference: Any) -> bool:
        kind = referred_type(reference)
        return kind is None or not lost(kind)

    def shape(x: Json) -> Json:
        value = x.get(name)
        if isinstance(value, list):
            return _put(name, [one for one in value if is_kept(one)])
        return _put(name, value if value is None or is_kept(value) else None)

    return shape


def referred_type(reference: Any) -> str | None:
    """The resource type that a Reference is one to, as far as it says so."""
    if not isinstance(reference, dict):
        return None
    link = reference.get("reference")
    target = parse_restful(link) if isinstance(link, str) else None
    kind = target.type if target is not None else reference.get("type")
    return kind if isinstance(kind, str) else None


def refers_to(reference: Any, types: Iterable[str]) -> bool:
    """Whether a Reference may be one to these types: nothing in it says otherwise."""
    kind = referred_type(reference)
    return kind is None or kind in types


def listed(value: Any) -> list[Any]:
    """What there is, as a list."""
    return [] if value is None else value if isinstance(value, list) else [value]


def _put(name: str, value: Any) -> Json:
    return {} if value is None or value == [] else {name: value}


def _of(name: str, found: list[Any], *, several: bool) -> Json:
    return _put(name, found if several else (found[0] if found else None))
