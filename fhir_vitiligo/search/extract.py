"""Index values of a resource: for every search parameter of its type, the rows its values give. Pure.

Most parameters look at one member of the resource, and most members (status, code, subject) are, byte for byte,
those of a resource that was indexed a moment ago: their rows are remembered by the member's text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.lately import Lately
from fhir_vitiligo.search.contained import Contained, add_contained
from fhir_vitiligo.search.types.base import Row
from fhir_vitiligo.search.values import nothing

if TYPE_CHECKING:
    from fhir_vitiligo.search.parameters import Parameter, TypeParameters

# Raise it when a search type or the path compiler gives other rows than before: stores rebuild their index
# then.
VERSION = 8

IndexRows = dict["Parameter | Contained", frozenset[Row]]

# Stands for a value that is there but holds nothing to compare, so that ``:missing`` tells the truth about it.
PRESENT: Row = ()
_NOTHING: frozenset[Row] = frozenset((PRESENT,))

_BEGINNING = re.compile(r"[\s(]*(?P<type>[A-Z]\w*)\.(?P<member>[a-z]\w*)(?P<call>\()?")
_FILTER = re.compile(r"\.where\((?:[^()]|\([^()]*\))*\)")
_ANSWERS = re.compile(r"=|\b(?:and|or|xor|implies|all|any|count|empty|exists|hasValue|iif|not)\b")
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'")
_NAME = re.compile(r"\b[a-z]\w*")
_SEES_ALL = re.compile(r"[%$`]|\b(?:children|descendants|repeat|hasExtension)\b")
_MOST_KEYS = 500  # of a type that are remembered: hostile resources have any
_LONGEST_REMEMBERED = 500  # bytes
_MOST_REMEMBERED = 2000
_OWN = frozenset({"id", "versionId", "lastUpdated"})  # what the store writes into a resource itself
_LONGEST_KEY = 64  # no element of FHIR has a longer name
_MOST_CHANGES = 200  # sets of members that changed together


def index_rows(
    resource: Json,
    parameters: TypeParameters,
    texts: Mapping[str, bytes] | None = None,
    of: Callable[[str], TypeParameters] | None = None,
) -> IndexRows:
    """The rows of every parameter that the resource has a value for, without doubles, and of its companions.

    Whatever JSON the resource is, this neither raises nor takes more than one walk per parameter. A value
    that gives nothing to compare gives :data:`PRESENT`. ``texts``: the members as JSON text, which spares the
    work for those that were seen lately; the rows are the same without. ``of`` gives the parameters of every type: with it
    what the resource contains has rows, too.
    """
    found = parameters.extraction(resource, texts)
    if of is not None and "contained" in resource:
        add_contained(found, resource, parameters, texts, of)
    return found


def changed_rows(
    old: tuple[Json, Mapping[str, bytes]],
    new: tuple[Json, Mapping[str, bytes]],
    parameters: TypeParameters,
    of: Callable[[str], TypeParameters],
) -> tuple[IndexRows, IndexRows]:
    """The rows that another version of a resource may have lost, and those it may have got: of :func:`index_rows` of both what
    differs, and some that stand in both. Each is given with the texts of its members.
    """
    (before, old_texts), (after, new_texts) = old, new
    if "contained" in before or "contained" in after:
        return index_rows(before, parameters, old_texts, of), index_rows(after, parameters, new_texts, of)
    changed = [key for key, text in old_texts.items() if new_texts.get(key) != text]
    changed += [key for key in new_texts if key not in old_texts]
    if not changed:
        return {}, {}
    extraction = parameters.extraction
    only = extraction.touched(changed)
    return extraction(before, old_texts, only), extraction(after, new_texts, only)


@dataclass(frozen=True, slots=True, eq=False)
class _Concerned:
    """What may select something by a member: ``alone`` of the member alone, ``joint`` of it and some others, ``whole`` of
    the whole resource.
    """

    alone: tuple[Parameter, ...]
    joint: tuple[Parameter, ...]
    whole: tuple[Parameter, ...]

    @property
    def any(self) -> bool:
        return bool(self.alone or self.joint or self.whole)


class Extraction:
    """:func:`index_rows` for one resource type. Threads may share one. ``choices`` gives the elements that stand in JSON
    with their type behind their name; it is asked when the first resource comes. ``sees_own``: some parameter may select by
    id, version or instant, which only the store knows.
    """

    def __init__(self, parameters: Iterable[Parameter], choices: Callable[[], frozenset[str]]) -> None:
        self._choices = choices
        parameters = tuple(parameters)
        self._pairs = [(one, other, pair) for one in parameters for other, pair in one.pairs.items()]
        self._members = {
            one: _first_members(one) for one in parameters if one.stored is None and one.values is not nothing
        }
        always = {one: _names(one) for one, names in self._members.items() if None in names}
        self._joint = {one: names for one, names in always.items() if names is not None}
        self._always = [one for one, names in always.items() if names is None]
        self._of_key: dict[str, _Concerned] = {}
        self._of_changes: dict[frozenset[str], frozenset[Parameter]] = {}
        self._far = [one for one, names in self._members.items() if None not in names and not _is_local(one)]
        self.sees_own = any(_sees_own(one, one in always) for one in self._members)

    def __call__(
        self, resource: Json, texts: Mapping[str, bytes] | None, only: frozenset[Parameter] | None = None
    ) -> IndexRows:
        """``only``: the parameters that are asked for, of :meth:`touched`; of others there may be some rows."""
        found: IndexRows = {}
        always: Iterable[Parameter] = self._always if only is None else only.intersection(self._always)
        whole: dict[Parameter, None] = dict.fromkeys(always)
        joint: dict[Parameter, list[str]] = {one: [] for one in self._joint if only is None or one in only}
        of_key = self._of_key
        for key, value in resource.items():
            concerned = of_key.get(key) or self._concerned(key)
            for one in concerned.whole:
                if only is None or one in only:
                    whole[one] = None
            for one in concerned.joint:
                if one in joint:
                    joint[one].append(key)
            if not concerned.alone or (only is not None and only.isdisjoint(concerned.alone)):
                continue
            text = None if texts is None else texts.get(key)
            rows_of_member = None if text is None else _remembered.find((concerned, text))
            if rows_of_member is None:
                member = {"resourceType": resource.get("resourceType"), key: value}
                rows_of_member = _rows(concerned.alone, member)
                if text is not None and len(text) <= _LONGEST_REMEMBERED:
                    _remembered.keep((concerned, text), rows_of_member)
            if rows_of_member.keys().isdisjoint(found):
                found.update(rows_of_member)
                continue
            for parameter, rows in rows_of_member.items():
                before = found.get(parameter)
                found[parameter] = rows if before is None else _together(before, rows)
        for one, keys in joint.items():
            found.update(_joint_rows(one, keys, resource, texts))
        found.update(_rows(whole, resource))
        for one, other, pair in self._pairs:
            if one in found and other in found:
                beside = _beside(found[one], found[other])
                if beside:
                    found[pair] = beside
        return found

    def concerned(self, keys: Iterable[str]) -> dict[Parameter, None]:
        """The parameters that may select something by these members."""
        found = dict.fromkeys(self._always)
        for key in keys:
            one = self._of_key.get(key) or self._concerned(key)
            found.update(dict.fromkeys((*one.alone, *one.joint, *one.whole)))
        return found

    def touched(self, keys: Iterable[str]) -> frozenset[Parameter]:
        """The parameters whose rows may be others when these members are, and those they stand side by side with."""
        keys = frozenset([key for key in keys if (self._of_key.get(key) or self._concerned(key)).any])
        found = self._of_changes.get(keys)
        if found is None:
            some = {*self.concerned(keys), *self._far}
            beside = [pair[:2] for pair in self._pairs if not some.isdisjoint(pair[:2])]
            found = frozenset(some.union(*beside))
            if len(self._of_changes) < _MOST_CHANGES:
                self._of_changes[keys] = found
        return found

    def _concerned(self, key: str) -> _Concerned:
        choices = self._choices()
        some = [
            (one, _is_local(one))
            for one, names in self._members.items()
            if None not in names and any(_is_member(key, name, choices) for name in names)
        ]
        made = _Concerned(
            tuple(one for one, local in some if local),
            tuple(one for one, names in self._joint.items() if any(_is_member(key, n, names) for n in names)),
            tuple(one for one, local in some if not local),
        )
        if len(self._of_key) < _MOST_KEYS and len(key) <= _LONGEST_KEY:
            self._of_key[key] = made
        return made


def _sees_own(parameter: Parameter, answers: bool) -> bool:
    """``answers``: it may have an answer where an element is absent, as ``meta`` is of what is sent, and never of what is
    stored.
    """
    names = _names(parameter)
    return names is None or not names.isdisjoint(_OWN) or (answers and "meta" in names)


def _is_member(key: str, name: str | None, choices: frozenset[str]) -> bool:
    """``valueQuantity`` is a member of the choice ``value``, ``subscriberId`` none of the element ``subscriber``."""
    if name is None or name not in choices:
        return key == name
    return key == name or (key.startswith(name) and key[len(name)].isupper())


def _first_members(parameter: Parameter) -> frozenset[str | None]:
    """The elements of the resource that its path begins with; None where that cannot be told."""
    found: set[str | None] = set()
    own = (parameter.resource_type, "Resource", "DomainResource")
    for branch in parameter.definition.expression.split("|"):
        if parameter.together and branch.strip() == parameter.resource_type:
            continue  # said by its components' parameters
        match = _BEGINNING.match(branch)
        # An operator or a question has an answer where the element is absent, too.
        if (
            match is None
            or _ANSWERS.search(_FILTER.sub("", branch))
            or (match["call"] and match["member"] != "extension")
        ):
            found.add(None)
        elif match["type"] in own:
            found.add(match["member"])
    return frozenset(found)


def _is_local(parameter: Parameter) -> bool:
    """Whether what it selects of a member is the same without the others: nothing reaches out of the member, and no
    function is called on several of them together.
    """
    expression = parameter.definition.expression
    texts = [expression, *(text for _, text in parameter.definition.components)]
    return not any("%" in text for text in texts) and all(
        branch.count("(") == branch.count(")") for branch in expression.split("|")
    )


def _names(parameter: Parameter) -> frozenset[str] | None:
    """Every name that its expressions speak of: it sees no other member of the resource. None where it may see all."""
    definition = parameter.definition
    text = _LITERAL.sub("", " ".join([definition.expression, *(part for _, part in definition.components)]))
    return None if _SEES_ALL.search(text) else frozenset(_NAME.findall(text))


def _joint_rows(
    parameter: Parameter, keys: list[str], resource: Json, texts: Mapping[str, bytes] | None
) -> IndexRows:
    """The rows of a parameter that sees these members alone."""
    held = [] if texts is None else [(key, texts.get(key, b"")) for key in keys]
    memory = (
        (parameter, *held) if held and sum(len(text) for _, text in held) <= _LONGEST_REMEMBERED else None
    )
    found = None if memory is None else _remembered.find(memory)
    if found is None:
        found = _rows((parameter,), resource)
        if memory is not None:
            _remembered.keep(memory, found)
    return found


def _rows(parameters: Iterable[Parameter], resource: Json) -> IndexRows:
    found: IndexRows = {}
    for parameter in parameters:
        values = parameter.values(resource)
        if values:
            rows = parameter.type.rows
            found[parameter] = frozenset([row for value in values for row in rows(value)]) or _NOTHING
            if not parameter.companions or not isinstance(values[0], (dict, tuple)):
                continue
            for companion in parameter.companions.values():
                rows = companion.type.rows
                beside = [row for value in values for row in rows(value)]
                if beside:
                    found[companion] = frozenset(beside)
    return found


def _beside(some: frozenset[Row], others: frozenset[Row]) -> frozenset[Row]:
    """Each row of the one with each row of the other."""
    return frozenset([a + b for a in some if a is not PRESENT for b in others if b is not PRESENT])


def _together(some: frozenset[Row], more: frozenset[Row]) -> frozenset[Row]:
    """As if the values of both had been looked at together."""
    return ((some | more) - _NOTHING) or _NOTHING


_remembered: Lately[IndexRows] = Lately(_MOST_REMEMBERED)
