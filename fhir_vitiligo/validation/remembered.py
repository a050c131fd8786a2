"""What was found of a member of a resource is found again of the same text: most members of what a sender writes (category, code,
subject) are, byte for byte, those of a resource that was checked a moment ago.

That holds where the member alone decides. Rules ask for anything else through the context, so one that notes what it is asked
for tells which members these are, and no rule has to know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.lately import Lately
from fhir_vitiligo.validation.context import Context, Walk
from fhir_vitiligo.validation.faults import Fault

# What a member holds, the resource it is in, and where that stands.
MemberCheck = Callable[[Any, Json, Context], None]

_MOST = 1000
_LONGEST = 500  # bytes
_HOLDS_MORE = frozenset({dict, list})
_INSIDE = ("Bundle", "Parameters")  # what is in them may refer to what else is


class Remembered:
    """The faults of members by their text. For one validator, since they depend on its options; threads may share it."""

    def __init__(self) -> None:
        self.known: Lately[tuple[Fault, ...]] = Lately(_MOST)

    def beside(self, walk: Walk, resource: Json, texts: Mapping[str, bytes]) -> Members | None:
        """What checks the members of a resource that nothing is around; None where others have a say. ``texts``: the members as
        the JSON they were read from.
        """
        language = resource.get("language")
        if (
            walk.options.fetch is not None
            or resource.get("resourceType") in _INSIDE
            or not (language is None or type(language) is str)
        ):
            return None
        return Members(self.known, texts, language)


class Members:
    """The members of one resource: each is checked, or has the faults that one of the same text had."""

    __slots__ = ("_known", "_language", "_texts")

    def __init__(
        self, known: Lately[tuple[Fault, ...]], texts: Mapping[str, bytes], language: str | None
    ) -> None:
        self._known = known
        self._texts = texts
        self._language = language

    def check(self, resource: Json, checks: Mapping[str, MemberCheck], context: Context) -> None:
        """``checks`` has what checks a member by its name."""
        texts, known, language = self._texts, self._known, self._language
        noting: _Noting | None = None
        for key, item in resource.items():
            check = checks[key]
            text = texts.get(key)
            # What is beside a primitive value (`_birthDate`) is checked with it.
            if text is None or len(text) > _LONGEST or type(item) not in _HOLDS_MORE or key[0] == "_":
                check(item, resource, context)
                continue
            asked = (check, text, language)
            found = known.find(asked)
            if found is None:
                noting = noting or _Noting(context)
                found = noting.found(check, item, resource)
                if found is not None:
                    known.keep(asked, found)
            elif found:
                for fault in found:
                    context.faults.put(fault)


class _Noting(Context):
    """A context that notes whether a member asked for what is not in it.

    What no member can change is no such thing: that nothing is around the resource, its type, its language.
    """

    __slots__ = ("_plain", "_told")

    def __init__(self, plain: Context) -> None:
        self._plain = plain
        self._told = False
        self.walk = plain.walk
        self.faults = plain.faults
        self.is_contained = False
        self.outer = None
        self.full_url = ""

    def found(self, check: MemberCheck, item: Any, resource: Json) -> tuple[Fault, ...] | None:
        """The faults of a member, which are told; None where another member of the same text might have others."""
        faults = self.faults
        before, left_out = len(faults), faults.left_out
        self._told = False
        check(item, resource, self)
        found = tuple(faults[before:])
        if (
            self._told
            or self.walk.has_floats
            or faults.malformed  # of what is, only the form is looked at
            or faults.left_out != left_out
            or any(fault.code == "too-costly" for fault in found)
            or not (type(item) is dict or all(type(one) is dict for one in item))
        ):
            return None
        return found

    @property
    def language(self) -> Any:
        return self._plain.language

    @property
    def is_bundle(self) -> bool:
        return False

    def names_itself(self, reference: str) -> bool:
        # Whoever names another resource of the same type might have named this one.
        if not reference.startswith(f"{self._plain.resource.get('resourceType')}/"):
            return False
        self._told = True
        return self._plain.names_itself(reference)

    def enter(self, resource: Json, around: Any, contained: bool) -> Context:
        self._told = True
        return self._plain.enter(resource, around, contained)

    def context_of(self, resource: Json) -> Context:
        self._told = True
        return self._plain.context_of(resource)


def _noted(name: str) -> property:
    def get(context: _Noting) -> Any:
        context._told = True
        return getattr(context._plain, name)

    def put(context: _Noting, value: Any) -> None:
        context._told = True
        setattr(context._plain, name, value)

    return property(get, put)


# What a member sees of the resource around it.
for _name in ("container", "element_ids", "resource", "_environment", "_index"):
    setattr(_Noting, _name, _noted(_name))
