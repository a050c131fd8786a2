"""A query string as data (https://hl7.org/fhir/R4/search.html#Introduction).

Every parameter is read by its type; what is not known is refused by name, because a filter that is ignored
in silence returns what nobody asked for. Names with an underscore that nobody defines are left out instead:
clients add their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from fhir_vitiligo.errors import InputError, Issue
from fhir_vitiligo.search import cursor
from fhir_vitiligo.search.criteria import Condition, Criterion
from fhir_vitiligo.search.cursor import FIRST, Cursor
from fhir_vitiligo.search.includes import Include, parse_include
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.search.reader import ConditionReader, NotServedError, UnknownParameterError
from fhir_vitiligo.search.sort import SortKey, parse_sort

if TYPE_CHECKING:  # heavy, and of no use to most searches
    from fhir_vitiligo.terminology.value_sets import Terminology

Pairs = Sequence[tuple[str, str]]

# How the answer is shaped, not what is searched; the server reads these itself.
PRESENTATION = frozenset({"_format", "_pretty"})
# Hints that change no result when they are not followed.
_HINTS = frozenset({"_elements", "_summary", "_score", "_maxresults", "_graph"})
_SHAPE = frozenset({"_elements", "_summary"})
_CONTROL = frozenset({"_count", "_total", "_after", "_sort", "_type"})
_INCLUDES = frozenset({"_include", "_revinclude"})
_DIGITS = 18  # fits 64 bits
MAX_PARAMETERS = 100  # of one query


@dataclass(frozen=True, slots=True)
class Limits:
    """Page sizes: what is sent when nobody asks, and the most that is sent."""

    default_count: int = 50
    max_count: int = 1000


@dataclass(frozen=True, slots=True)
class Selection:
    """Of one resource type, the resources that fulfil all conditions, and what they are sorted by."""

    resource_type: str
    criteria: tuple[Condition, ...] = ()
    sort: tuple[SortKey, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search of one resource type, or of several: then ``resource_type`` is empty and ``parts`` has them.

    Without ``sort`` results come in the order in which the resources were first stored; those of ``_lastUpdated`` alone
    in the order of their last change. ``count`` 0 asks for
    the number of results alone. ``after`` is :attr:`Page.next` of the page before. ``applied`` is what was
    understood, for the self link; ``ignored`` the names that were not. ``bases``: what may stand before a
    reference to here.
    """

    resource_type: str
    criteria: tuple[Condition, ...] = ()
    count: int = 50
    after: Cursor = FIRST
    total: bool = True
    applied: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()
    sort: tuple[SortKey, ...] = ()
    parts: tuple[Selection, ...] = ()
    includes: tuple[Include, ...] = ()
    bases: tuple[str, ...] = ("",)

    @property
    def selections(self) -> tuple[Selection, ...]:
        """One for each resource type."""
        if not self.resource_type:
            return self.parts
        return (Selection(self.resource_type, self.criteria, self.sort),)

    def following(self, after: Cursor) -> Pairs:
        """The parameters of the page behind this one."""
        return [pair for pair in self.applied if pair[0] != "_after"] + [("_after", cursor.to_text(after))]


def parse_query(
    parameters: Parameters,
    resource_type: str,
    pairs: Pairs,
    *,
    base: str = "",
    strict: bool = True,
    limits: Limits | None = None,
    compartment: tuple[str, str] | None = None,
    every_name: bool = False,
    terminology: Terminology | None = None,
) -> SearchQuery:
    """The query that ``pairs`` (decoded names and values, in order) ask of ``resource_type``.

    An empty ``resource_type`` is a search of the whole system, or of the types in ``_type``. ``base`` is this
    server's own base URL: a reference that is written with it is one to here. Not ``strict`` leaves unknown
    parameters out and says so in ``ignored``; ``strict`` does so with those alone whose names begin with an underscore and
    mean nothing in FHIR, and with ``every_name`` not even with them. ``compartment``, type and id, leaves only its members.
    ``terminology`` is what ``:in`` and its kin ask (None: what is on board).
    :class:`InputError` carries every fault of the query at once.
    """
    if len(pairs) > MAX_PARAMETERS:
        raise InputError(f"the query has more than {MAX_PARAMETERS} parameters", code="too-costly")
    conditions = ConditionReader(parameters, base, terminology)
    reader = _Reader(
        conditions, parameters, resource_type, base, strict, limits or Limits(), compartment, every_name
    )
    reader.read_types(pairs)
    for name, value in pairs:
        reader.read(name, value)
    return reader.query()


def query_pairs(text: str) -> list[tuple[str, str]]:
    """The decoded names and values of a query string, in order. :class:`InputError` for what is not UTF-8."""
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except UnicodeDecodeError:
        raise InputError(
            "the query is not UTF-8: escape every byte of a character with %", code="invalid"
        ) from None
    except ValueError:
        raise InputError(f"the query has more than {MAX_PARAMETERS} parameters", code="too-costly") from None


class _Reader:
    def __init__(
        self,
        conditions: ConditionReader,
        parameters: Parameters,
        resource_type: str,
        base: str,
        strict: bool,
        limits: Limits,
        compartment: tuple[str, str] | None,
        every_name: bool,
    ) -> None:
        self.parameters = parameters
        self.type = resource_type
        self.types: tuple[str, ...] = (resource_type,) if resource_type else ()
        self.base = base
        self.strict = strict
        self.every_name = every_name
        self.limits = limits
        self.compartment = compartment
        self.conditions = conditions
        self.faults: list[Issue] = []
        self.criteria: dict[str, list[Condition]] = {}
        self.sort: dict[str, tuple[SortKey, ...]] = {}
        self.includes: list[Include] = []
        self.applied: list[tuple[str, str]] = []
        self.ignored: list[str] = []
        self.control: dict[str, str] = {}
        self.total_only = False

    def read_types(self, pairs: Pairs) -> None:
        """The types that are searched, before anything is asked of them."""
        if not self.type:
            asked = [part for name, value in pairs if name == "_type" for part in value.split(",")]
            unknown = [name for name in asked if name not in self.parameters.resource_types]
            if unknown:
                raise InputError(
                    f"_type: {unknown[0][:100]!r} is no resource type", code="invalid", expression="_type"
                )
            members = (
                self.parameters.definitions.compartment(self.compartment[0])
                if self.compartment is not None
                else self.parameters.resource_types
            )
            self.types = tuple(dict.fromkeys(asked)) or tuple(
                sorted(name for name in members if name in self.parameters.resource_types)
            )
        self.criteria = {name: [] for name in self.types}
        if self.compartment is not None:
            for name in self.types:
                try:
                    member = self.conditions.in_compartment(name, *self.compartment)
                except InputError:
                    if self.type:
                        raise
                    del self.criteria[name]  # a type that is never inside has no results
                else:
                    self.criteria[name].append(member)
            self.types = tuple(self.criteria)

    def read(self, name: str, value: str) -> None:
        try:
            if name in _CONTROL:
                self._read_control(name, value)
            elif name in PRESENTATION:
                self.applied.append((name, value))
            elif name in _HINTS:
                if name in _SHAPE:  # of the following pages, too
                    self.applied.append((name, value))
                else:
                    self.ignored.append(name)
                self.total_only |= (name, value) == ("_summary", "count")
            elif name.partition(":")[0] in _INCLUDES:
                self.includes.append(parse_include(self.parameters, name, value, frozenset(self.types)))
                self.applied.append((name, value))
            else:
                self._read_criterion(name, value)
        except InputError as error:
            # The query is refused as a whole with all its faults; each says which parameter it is about.
            self.faults += [
                replace(issue, expression=issue.expression or name[:100]) for issue in error.issues
            ]

    def query(self) -> SearchQuery:
        self._sort_changes()
        self._includes_of_texts()
        count = "0" if self.total_only else self.control.get("_count")
        after, total = FIRST, self.control.get("_total")
        if "_after" in self.control:
            keys = len(next(iter(self.sort.values()), ()))
            try:
                after = cursor.from_text(self.control["_after"], keys + 1)
            except InputError as error:
                self.faults += [replace(issue, expression="_after") for issue in error.issues]
        if self.faults:
            raise InputError(self.faults)
        one = self.types[0] if self.type else ""
        return SearchQuery(
            resource_type=self.type,
            criteria=tuple(self.criteria[one]) if one else (),
            count=self.limits.default_count if count is None else min(int(count), self.limits.max_count),
            after=after,
            # Counting everything again for every page would make a walk through all pages quadratic.
            total=total in ("accurate", "estimate") or (total is None and after == FIRST),
            applied=tuple(self.applied),
            ignored=tuple(self.ignored),
            sort=self.sort.get(one, ()),
            parts=()
            if one
            else tuple(
                Selection(name, tuple(self.criteria[name]), self.sort.get(name, ())) for name in self.types
            ),
            includes=tuple(self.includes),
            bases=("", self.base) if self.base else ("",),
        )

    def _includes_of_texts(self) -> None:
        """``_include`` and ``_revinclude`` cannot be mixed with ``_summary=text``
        (https://hl7.org/fhir/R4/search.html#summary): a text alone has no references that lead to what came along.
        """
        if not self.includes or ("_summary", "text") not in self.applied:
            return
        named = [pair for pair in self.applied if pair[0].partition(":")[0] in _INCLUDES]
        if self.strict:
            self.faults += InputError(
                f"{named[0][0]} cannot be asked together with _summary=text, which leaves the references out: ask for "
                "_summary=true, or leave one of the two out",
                code="not-supported",
                expression=named[0][0],
            ).issues
        self.includes = []
        self.applied = [pair for pair in self.applied if pair not in named]
        self.ignored += dict.fromkeys(name for name, _ in named)

    def _sort_changes(self) -> None:
        """What asks only for what has changed since is given it in the order of the changes: who walks through the pages
        while others write meets what changes meanwhile at the end, and each page is found in the index of that order.
        """
        for kind in self.types:
            criteria = self.criteria[kind]
            if criteria and not self.sort.get(kind) and all(map(_is_of_change, criteria)):
                self.sort[kind] = (SortKey(self.parameters.of(kind)["_lastUpdated"]),)
            else:
                return  # several types have one order

    def _read_control(self, name: str, value: str) -> None:
        if name in self.control and name != "_sort":
            raise InputError(f"{name} may be given once", code="invalid")
        if name == "_total":
            if value not in ("none", "estimate", "accurate"):
                raise InputError(f"_total is none, estimate or accurate, not {value[:100]!r}", code="invalid")
        elif name == "_type":
            if self.type:
                raise InputError(
                    f"_type belongs to a search of the whole system, not of {self.type}", code="not-supported"
                )
        elif name == "_sort":
            for kind in self.types:
                before = self.sort.get(kind, ())
                self.sort[kind] = parse_sort(value, kind, self.parameters.of(kind), before)
        elif name == "_count" and not (
            value.isascii() and value.isdigit() and len(value.lstrip("0")) <= _DIGITS
        ):
            raise InputError(
                f"{name} is a whole number of at most {_DIGITS} digits, not {value[:100]!r}", code="invalid"
            )
        self.control[name] = value
        self.applied.append((name, value))

    def _read_criterion(self, name: str, value: str) -> None:
        try:
            for kind in self.types:
                self.criteria[kind].append(self.conditions.read(kind, name, value))
        except UnknownParameterError as error:
            is_known = "." in name or name.startswith("_has:") or isinstance(error, NotServedError)
            if self.strict and (is_known or self.every_name or not name.startswith("_")):
                if not self.type and len(self.types) > 1:
                    raise InputError(
                        f"{error.issues[0].text}; a search of several types takes what all of them have "
                        "(_type names them)",
                        code="not-supported",
                    ) from None
                raise
            for some in self.criteria.values():
                # Of several types some may have known it.
                del some[min(map(len, self.criteria.values())) :]
            self.ignored.append(name)
        else:
            self.applied.append((name, value))


def _is_of_change(condition: Condition) -> bool:
    return isinstance(condition, Criterion) and condition.parameter.code == "_lastUpdated"
