"""A query string as data (https://hl7.org/fhir/R4/search.html#Introduction).

Every parameter is read by its type; what is not known is refused by name, because a filter that is ignored
in silence returns what nobody asked for. Names with an underscore that nobody defines are left out instead:
clients add their own.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from fhir_vitiligo.errors import InputError, Issue
from fhir_vitiligo.search.parameters import Parameter, Parameters
from fhir_vitiligo.search.types.base import Alternative, Context, split

Pairs = Sequence[tuple[str, str]]

# How the answer is shaped, not what is searched; the server reads these itself.
PRESENTATION = frozenset({"_format", "_pretty"})
# Hints that change no result when they are not followed.
_HINTS = frozenset({"_elements", "_summary", "_score", "_maxresults", "_graph"})
# Defined by FHIR and not served: to leave them out would change the result.
_NOT_SERVED = frozenset(
    {"_contained", "_containedType", "_content", "_filter", "_has", "_include", "_list", "_query",
     "_revinclude", "_sort", "_text", "_type"}
)  # fmt: skip
_DIGITS = 18  # fits 64 bits
MAX_PARAMETERS = 100  # of one query
MAX_ALTERNATIVES = 400  # of one parameter; SQLite joins at most 500 selects and nests expressions 1,000 deep


@dataclass(frozen=True, slots=True)
class Limits:
    """Page sizes: what is sent when nobody asks, and the most that is sent."""

    default_count: int = 50
    max_count: int = 1000


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter of a query: some alternative holds for one of its index rows.

    ``negated``: none holds for any row (``:not``, which includes resources without a value). ``missing``:
    there is no row at all (True) or there is one (False); then there are no alternatives.
    """

    parameter: Parameter
    alternatives: tuple[Alternative, ...] = ()
    negated: bool = False
    missing: bool | None = None


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search of one resource type. Results come in the order in which the resources were first stored.

    ``count`` 0 asks for the number of results alone. ``after`` is the store's own key of the last result of
    the page before (0: the first page). ``applied`` is what was understood, for the self link; ``ignored``
    the names that were not.
    """

    resource_type: str
    criteria: tuple[Criterion, ...] = ()
    count: int = 50
    after: int = 0
    total: bool = True
    applied: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()

    def following(self, after: int) -> Pairs:
        """The parameters of the page behind this one."""
        return [pair for pair in self.applied if pair[0] != "_after"] + [("_after", str(after))]


def parse_query(
    parameters: Parameters,
    resource_type: str,
    pairs: Pairs,
    *,
    base: str = "",
    strict: bool = True,
    limits: Limits | None = None,
) -> SearchQuery:
    """The query that ``pairs`` (decoded names and values, in order) ask of ``resource_type``.

    ``base`` is this server's own base URL: a reference that is written with it is one to here. Not
    ``strict`` leaves unknown parameters out and says so in ``ignored``. :class:`InputError` carries every
    fault of the query at once.
    """
    reader = _Reader(parameters, resource_type, base, strict, limits or Limits())
    if len(pairs) > MAX_PARAMETERS:
        raise InputError(f"the query has more than {MAX_PARAMETERS} parameters", code="too-costly")
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
        self, parameters: Parameters, resource_type: str, base: str, strict: bool, limits: Limits
    ) -> None:
        self.known = parameters.of(resource_type)
        self.left_out = parameters.left_out(resource_type)
        self.all = parameters
        self.type = resource_type
        self.base = base
        self.strict = strict
        self.limits = limits
        self.faults: list[Issue] = []
        self.criteria: list[Criterion] = []
        self.applied: list[tuple[str, str]] = []
        self.ignored: list[str] = []
        self.control: dict[str, str] = {}

    def read(self, name: str, value: str) -> None:
        try:
            if name in ("_count", "_total", "_after"):
                self._read_control(name, value)
            elif name in PRESENTATION:
                self.applied.append((name, value))
            elif name in _HINTS:
                if name == "_summary" and value == "count":
                    self._read_control("_count", "0")
            else:
                self._read_criterion(name, value)
        except InputError as error:
            # The query is refused as a whole with all its faults; each says which parameter it is about.
            self.faults += [
                replace(issue, expression=issue.expression or name[:100]) for issue in error.issues
            ]

    def query(self) -> SearchQuery:
        if self.faults:
            raise InputError(self.faults)
        count = self.control.get("_count")
        after = int(self.control.get("_after", "0"))
        total = self.control.get("_total")
        return SearchQuery(
            resource_type=self.type,
            criteria=tuple(self.criteria),
            count=self.limits.default_count if count is None else min(int(count), self.limits.max_count),
            after=after,
            # Counting everything again for every page would make a walk through all pages quadratic.
            total=total in ("accurate", "estimate") or (total is None and after == 0),
            applied=tuple(self.applied),
            ignored=tuple(self.ignored),
        )

    def _read_control(self, name: str, value: str) -> None:
        if name in self.control:
            raise InputError(f"{name} may be given once", code="invalid")
        if name == "_total":
            if value not in ("none", "estimate", "accurate"):
                raise InputError(f"_total is none, estimate or accurate, not {value[:100]!r}", code="invalid")
        elif not (value.isascii() and value.isdigit() and len(value.lstrip("0")) <= _DIGITS):
            raise InputError(
                f"{name} is a whole number of at most {_DIGITS} digits, not {value[:100]!r}", code="invalid"
            )
        self.control[name] = value
        self.applied.append((name, value))

    def _read_criterion(self, name: str, value: str) -> None:
        code, colon, modifier = name.partition(":")
        parameter = self.known.get(code)
        if parameter is None:
            self._unknown(code, name)
            return
        if not value:
            raise InputError(
                f"the search parameter {name} has no value: leave it out, or search for {code}:missing=true",
                code="invalid",
            )
        self.criteria.append(self._criterion(parameter, modifier if colon else None, value))
        self.applied.append((name, value))

    def _unknown(self, code: str, name: str) -> None:
        if code in self.left_out or code in _NOT_SERVED:
            reason = self.left_out.get(code, "this server does not do it")
            raise InputError(
                f"the search parameter {name[:100]!r} is not served: {reason}", code="not-supported"
            )
        if code.startswith("_"):
            self.ignored.append(name)
            return
        if "." in code:
            raise InputError(
                f"chained search parameters ({name[:100]!r}) are not served", code="not-supported"
            )
        if not self.strict:
            self.ignored.append(name)
            return
        close = difflib.get_close_matches(code[:100], self.known, n=1, cutoff=0.7)
        hint = f"; did you mean {close[0]}?" if close else f": it has {', '.join(sorted(self.known))}"
        raise InputError(f"{self.type} has no search parameter {code[:100]!r}{hint}", code="not-supported")

    def _criterion(self, parameter: Parameter, modifier: str | None, value: str) -> Criterion:
        if modifier == "missing":
            if value not in ("true", "false"):
                raise InputError(
                    f"{parameter.code}:missing is true or false, not {value[:100]!r}", code="invalid"
                )
            return Criterion(parameter, missing=value == "true")
        negated = modifier == "not" and parameter.type.name == "token"
        if not negated:
            self._check_modifier(parameter, modifier)
        context = Context(parameter.targets, self.base)
        texts = split(value, ",")
        alternatives: dict[Alternative, None] = {}
        for text in texts:
            if not text:
                raise InputError(f"{parameter.code} has an empty value between commas", code="invalid")
            found = parameter.type.parse(text, None if negated else modifier, context)
            alternatives.update(dict.fromkeys(found))
            if len(alternatives) > MAX_ALTERNATIVES:
                raise InputError(
                    f"{parameter.code} asks for more than {MAX_ALTERNATIVES} alternatives: split the query",
                    code="too-costly",
                )
        return Criterion(parameter, tuple(alternatives), negated=negated)

    def _check_modifier(self, parameter: Parameter, modifier: str | None) -> None:
        if modifier is None or modifier in parameter.type.modifiers:
            return
        kind, code = parameter.type.name, parameter.code
        known = {"missing", *parameter.type.modifiers, *(("not",) if kind == "token" else ())}
        if kind == "reference":
            head, dot, _ = modifier.partition(".")
            if dot and head in self.all.resource_types:
                raise InputError(
                    f"chained search parameters ({code}:{modifier[:100]}) are not served",
                    code="not-supported",
                )
            if modifier in parameter.targets or (
                not parameter.targets and modifier in self.all.resource_types
            ):
                return
            known |= set(parameter.targets)
        raise InputError(
            f"the modifier :{modifier[:100]} of the {kind} parameter {code} is not served: it has "
            f"{', '.join(f':{name}' for name in sorted(known))}",
            code="not-supported",
        )
