"""A search parameter of a query, name and value, as a condition
(https://hl7.org/fhir/R4/search.html#modifiers, #chaining, #has).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.references import is_id
from fhir_vitiligo.search import not_served
from fhir_vitiligo.search.criteria import AllOf, AnyOf, Chain, Condition, Criterion, ReverseChain
from fhir_vitiligo.search.implied import with_implied_systems
from fhir_vitiligo.search.parameters import Parameter, Parameters
from fhir_vitiligo.search.subsumption import TERMINOLOGY_MODIFIERS, subsumed
from fhir_vitiligo.search.types.base import Alternative, Context, SearchType, split
from fhir_vitiligo.search.types.companions import MODIFIERS as COMPANION_MODIFIERS
from fhir_vitiligo.search.values import nothing

if TYPE_CHECKING:  # heavy, and of no use to most searches
    from fhir_vitiligo.terminology.value_sets import Terminology

MAX_ALTERNATIVES = 400  # of one parameter; SQLite joins at most 500 selects and nests expressions 1,000 deep
_MAX_HOPS = 6
_LONGEST_KEPT = 100  # characters of a value
_MAX_BRANCHES = 60  # of all chains of a query: a reference to anything, twice over, is 20,000


class UnknownParameterError(InputError):
    """A resource type has no search parameter of that name."""


class NotServedError(UnknownParameterError):
    """A search parameter that FHIR defines, and that is not served here."""


class ConditionReader:
    """Reads the parameters of one query. ``base``: this server's own base URL. ``terminology``: what ``:in`` and its kin
    ask, None for what is on board.
    """

    def __init__(self, parameters: Parameters, base: str, terminology: Terminology | None = None) -> None:
        self._parameters = parameters
        self._terminology = terminology
        self._base = base
        self._bases = ("", base) if base else ("",)
        self._branches = 0

    def read(self, resource_type: str, name: str, value: str, hops: int = 0) -> Condition:
        """:class:`InputError` tells what is wrong, :class:`UnknownParameterError` that nobody defines it."""
        if not _is_kept(name, value):
            return self._read(resource_type, name, value, hops)
        lately, key = self._parameters.read_lately, (self._base, resource_type, name, value)
        found = lately.find(key)
        if found is None:
            found = self._read(resource_type, name, value, hops)
            lately.keep(key, found)
        return found

    def _read(self, resource_type: str, name: str, value: str, hops: int) -> Condition:
        if hops > _MAX_HOPS:
            raise InputError(f"more than {_MAX_HOPS} references one behind another", code="too-costly")
        if name.startswith("_has:"):
            return self._reverse(resource_type, name, value, hops)
        if name == "_list":
            return self._in_list(resource_type, value)
        head, dot, rest = name.partition(".")
        code, colon, modifier = head.partition(":")
        parameter = self._parameter(resource_type, code, name)
        if dot:
            return self._chain(parameter, modifier, rest, value, hops)
        if not value:
            raise InputError(
                f"the search parameter {name} has no value: leave it out, or search for {code}:missing=true",
                code="invalid",
            )
        return self._criterion(parameter, modifier if colon else None, value)

    def in_compartment(self, resource_type: str, compartment: str, id: str) -> Condition:
        """Membership in a compartment, by the parameters that core's definition names."""
        codes = self._parameters.definitions.compartment(compartment).get(resource_type, ())
        known = self._parameters.of(resource_type)
        conditions: list[Condition] = []
        if resource_type == compartment:
            conditions.append(self._criterion(known["_id"], None, id))
        conditions += [
            self._criterion(known[code], None, f"{compartment}/{id}") for code in codes if code in known
        ]
        if not conditions:
            raise InputError(
                f"no {resource_type} is part of the compartment of a {compartment}", code="not-supported"
            )
        return conditions[0] if len(conditions) == 1 else AnyOf(tuple(conditions))

    def _parameter(self, resource_type: str, code: str, name: str) -> Parameter:
        known = self._parameters.of(resource_type)
        found = known.get(code)
        if found is not None:
            return found
        left_out = self._parameters.left_out(resource_type)
        if code in left_out or code in not_served.PARAMETERS:
            reason = not_served.PARAMETERS.get(code) or left_out[code]
            raise NotServedError(
                f"the search parameter {name[:100]!r} is not served: {reason}", code="not-supported"
            )
        close = difflib.get_close_matches(code[:100], known, n=1, cutoff=0.7)
        hint = f"; did you mean {close[0]}?" if close else f": it has {', '.join(sorted(known))}"
        raise UnknownParameterError(
            f"{resource_type} has no search parameter {code[:100]!r}{hint}", code="not-supported"
        )

    # Links

    def _chain(self, parameter: Parameter, target: str, rest: str, value: str, hops: int) -> Condition:
        code = parameter.code
        if parameter.type.name != "reference":
            raise InputError(
                f"{code} is a {parameter.type.name}: only a reference leads to {rest[:100]!r}",
                code="not-supported",
            )
        possible = parameter.targets or tuple(sorted(self._parameters.resource_types))
        if target and target not in possible:
            raise InputError(
                f"{code} does not refer to {target[:100]!r}: it refers to {', '.join(possible)}",
                code="not-supported",
            )
        found: list[tuple[str, Parameter | None, Condition]] = []
        unknown: UnknownParameterError | None = None
        fault: InputError | None = None
        for kind in (target,) if target else possible:
            if kind not in self._parameters.resource_types:
                continue
            try:
                condition = self.read(kind, rest, value, hops + 1)
            except UnknownParameterError as error:
                unknown = error
            except InputError as error:
                fault = error
            else:
                self._branch()
                found.append((kind, self._url(kind), condition))
        if not found:
            if fault is not None:
                raise fault
            if unknown is not None and len(possible) > 1 and not target:
                raise UnknownParameterError(
                    f"nothing that {parameter.resource_type}.{code} refers to has a search parameter {rest[:100]!r}",
                    code="not-supported",
                )
            assert unknown is not None
            raise unknown
        return Chain(parameter, tuple(found), self._bases)

    def _reverse(self, resource_type: str, name: str, value: str, hops: int) -> Condition:
        _, kind, *more = name.split(":", 3)
        if len(more) != 2 or kind not in self._parameters.resource_types:
            raise InputError(
                f"_has is written _has:Type:reference:parameter, not {name[:100]!r}", code="invalid"
            )
        reference, rest = more
        parameter = self._parameter(kind, reference, name)
        if parameter.type.name != "reference" or (
            parameter.targets and resource_type not in parameter.targets
        ):
            raise InputError(
                f"{name[:100]}: {kind}.{reference} does not refer to a {resource_type}", code="not-supported"
            )
        self._branch()
        condition = self.read(kind, rest, value, hops + 1)
        return ReverseChain(parameter, resource_type, condition, self._bases, self._url(resource_type))

    def _url(self, resource_type: str) -> Parameter | None:
        """By what a canonical leads to resources of this type."""
        url = self._parameters.of(resource_type).get("url")
        return url if url is not None and url.type.name == "uri" else None

    def _in_list(self, resource_type: str, value: str) -> Condition:
        """https://hl7.org/fhir/R4/search.html#list"""
        if not all(is_id(part) for part in value.split(",")):
            raise InputError(
                f"_list takes ids of List resources, not {value[:100]!r}: the lists with names of their own "
                "($current-...) are not served",
                code="not-supported",
            )
        lists = self._parameters.of("List")
        named = self._criterion(lists["_id"], None, value)
        return ReverseChain(lists["item"], resource_type, named, self._bases)

    def _branch(self) -> None:
        self._branches += 1
        if self._branches > _MAX_BRANCHES:
            raise InputError(
                "the chain leads to too many resource types: name them (subject:Patient.name)",
                code="too-costly",
            )

    # Values

    def _criterion(self, parameter: Parameter, modifier: str | None, value: str) -> Condition:
        if modifier == "missing":
            if value not in ("true", "false"):
                raise InputError(
                    f"{parameter.code}:missing is true or false, not {value[:100]!r}", code="invalid"
                )
            return self._missing(parameter, value == "true")
        kind = parameter.type.name
        texts = split(value, ",")
        if not all(texts):
            raise InputError(f"{parameter.code} has an empty value between commas", code="invalid")
        if modifier in COMPANION_MODIFIERS and modifier in parameter.companions:
            companion = parameter.companions[modifier]
            return Criterion(companion, self._alternatives(companion, texts, None))
        if kind == "token" and parameter.stored is None and modifier in TERMINOLOGY_MODIFIERS:
            release, terminology = self._parameters.release, self._terminology
            related = [one for text in texts for one in subsumed(text, modifier, release, terminology)]
            alternatives = tuple(dict.fromkeys(related))
            if modifier in ("above", "below"):
                alternatives = with_implied_systems(parameter, alternatives, self._parameters)
            return Criterion(parameter, alternatives, negated=modifier == "not-in")
        negated = modifier == "not" and kind == "token"
        if negated:
            modifier = None
        self._check_modifier(parameter, modifier)
        if parameter.together:
            return self._composite(parameter, texts)
        in_base = parameter.companions.get("canonical")
        if in_base is not None:
            return self._quantity(parameter, in_base, texts)
        return Criterion(parameter, self._alternatives(parameter, texts, modifier), negated=negated)

    def _missing(self, parameter: Parameter, missing: bool) -> Condition:
        own = Criterion(parameter, missing=missing)
        if not parameter.together:
            return own
        parts = tuple(Criterion(one, missing=missing) for one in parameter.together)
        if missing:
            return AllOf(parameter.resource_type, (own, AnyOf(parts)))
        return AnyOf((own, AllOf(parameter.resource_type, parts)))

    def _composite(self, parameter: Parameter, texts: Iterable[str]) -> Condition:
        """A composite over the resource itself is its components' parameters together."""
        whole = [self._together(parameter, text) for text in texts]
        if parameter.values is nothing:
            return whole[0] if len(whole) == 1 else AnyOf(tuple(whole))
        in_base = parameter.companions.get("canonical")
        inner = (
            Criterion(parameter, self._alternatives(parameter, texts, None))
            if in_base is None
            else self._quantity(parameter, in_base, texts)
        )
        return AnyOf((*whole, inner))

    def _together(self, parameter: Parameter, text: str) -> Condition:
        # The form of the whole is the composite's to judge.
        parameter.type.parse(text, None, Context(parameter.targets, self._base))
        parts = tuple(
            self._criterion(one, None, part)
            for one, part in zip(parameter.together, split(text, "$"), strict=True)
        )
        return AllOf(parameter.resource_type, parts)

    def _quantity(self, parameter: Parameter, in_base: Parameter, texts: Iterable[str]) -> Condition:
        """What names a UCUM code is looked for in base units, the rest as it is written."""
        found: dict[Parameter, list[str]] = {}
        for text in texts:
            named = in_base.type.parse(text, None, Context(parameter.targets, self._base))
            found.setdefault(in_base if named else parameter, []).append(text)
        conditions = tuple(Criterion(one, self._alternatives(one, some, None)) for one, some in found.items())
        return conditions[0] if len(conditions) == 1 else AnyOf(conditions)

    def _alternatives(
        self, parameter: Parameter, texts: Iterable[str], modifier: str | None
    ) -> tuple[Alternative, ...]:
        context = Context(parameter.targets, self._base)
        alternatives: dict[Alternative, None] = {}
        for text in texts:
            found = parameter.type.parse(text, modifier, context)
            if "|" in text and not parameter.variant:
                found = with_implied_systems(parameter, found, self._parameters)
            alternatives.update(dict.fromkeys(found))
            if len(alternatives) > MAX_ALTERNATIVES:
                raise InputError(
                    f"{parameter.code} asks for more than {MAX_ALTERNATIVES} alternatives: split the query",
                    code="too-costly",
                )
        return tuple(alternatives)

    def _check_modifier(self, parameter: Parameter, modifier: str | None) -> None:
        if modifier is None or modifier in parameter.type.modifiers:
            return
        kind, code = parameter.type.name, parameter.code
        known = {"missing", *modifiers_of(parameter.type)} - (
            TERMINOLOGY_MODIFIERS if parameter.stored is not None else frozenset()
        )
        if kind == "reference":
            if modifier in parameter.targets or (
                not parameter.targets and modifier in self._parameters.resource_types
            ):
                return
            known |= set(parameter.targets)
        reason = not_served.MODIFIERS.get(kind, {}).get(modifier, "")
        why = f" ({reason})" if reason else ""
        raise InputError(
            f"the modifier :{modifier[:100]} of the {kind} parameter {code} is not served{why}: it has "
            f"{', '.join(f':{name}' for name in sorted(known))}",
            code="not-supported",
        )


def _is_kept(name: str, value: str) -> bool:
    """Whether its condition is worth remembering, as clients ask for the same few codes, days and patients over and over: it
    is small, and the same tomorrow (how near ``ap`` has to be depends on the day). A chain counts its branches each time.
    """
    return (
        len(value) <= _LONGEST_KEPT
        and "," not in value
        and not value.startswith("ap")
        and "$ap" not in value
        and "." not in name
        and not name.startswith("_")
        and name.partition(":")[2] not in TERMINOLOGY_MODIFIERS
    )


def modifiers_of(kind: SearchType) -> frozenset[str]:
    """The modifiers of a search type, ``missing`` and the types of references not among them."""
    match kind.name:
        case "token":
            return TERMINOLOGY_MODIFIERS | {"not", "text", "of-type"}
        case "reference":
            return frozenset({"identifier"})
        case _:
            return kind.modifiers
