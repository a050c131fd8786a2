"""A value against a text, by each type of search parameter (https://hl7.org/fhir/R4/search.html#ptypes): dates are half-open
ranges of exact seconds, numbers are fractions.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from fhir_vitiligo.fhir import units
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.fhirpath import Node
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.terminology.value_sets import terminology_of

R4 = Release.R4
BASE = "http://here/fhir"
UCUM = "http://unitsofmeasure.org"
SPECIAL_VALUES = (
    "http://hl7.org/fhir/special-values",
    "http://terminology.hl7.org/CodeSystem/special-values",
)
Resource = dict[str, Any]
Range = tuple[Fraction | None, Fraction | None]  # half-open for dates, closed for numbers; None: no end

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ESCAPED = re.compile(r"\\([,$|\\])")


def split(text: str, mark: str) -> list[str]:
    """At every mark that no backslash stands before; escapes are kept."""
    parts, current, escaped = [], "", False
    for character in text:
        if escaped:
            current += "\\" + character
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == mark:
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current + ("\\" if escaped else "")]


def plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


# Numbers


def fraction(number: Any) -> Fraction | None:
    if isinstance(number, bool) or not isinstance(number, (int, float, Decimal)):
        return None
    return Fraction(str(number))


def ordered(prefix: str, low: Fraction | None, high: Fraction | None, number: str, scale: Any = None) -> bool:
    """A closed range against ``prefix`` and a number as it is written; ``scale`` takes it to another unit."""
    written = Decimal(number)
    exact = Fraction(written)
    half = Fraction(1, 2) * Fraction(10) ** int(written.as_tuple().exponent)
    tenth = abs(exact) / 10
    take = scale or (lambda one: one)
    least, most = take(exact - half), take(exact + half)
    value = take(exact)
    within = low is not None and high is not None and low >= least and high < most
    return by_prefix(
        prefix,
        within=within,
        greater=high is None or high > value,
        less=low is None or low < value,
        equal=low == high == value,
        after=low is not None and low > value,
        before=high is not None and high < value,
        about=(low is None or low <= take(exact + tenth)) and (high is None or high >= take(exact - tenth)),
    )


def by_prefix(
    prefix: str,
    *,
    within: bool,
    greater: bool,
    less: bool,
    equal: bool,
    after: bool,
    before: bool,
    about: bool,
) -> bool:
    """https://hl7.org/fhir/R4/search.html#prefix, row by row; ``equal`` is what ge and le add to gt and lt."""
    return {
        "eq": within,
        "ne": not within,
        "gt": greater,
        "lt": less,
        "ge": greater or equal,
        "le": less or equal,
        "sa": after,
        "eb": before,
        "ap": about,
    }[prefix]


def prefix_of(text: str) -> tuple[str, str]:
    found = re.fullmatch("(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)", text)
    assert found is not None
    return found[1] or "eq", found[2]


def closed(value: Any) -> Range | None:
    """Of a number, a Quantity or a Range."""
    if isinstance(value, dict):
        if "low" in value or "high" in value:
            ends = [fraction(value.get(end, {}).get("value")) for end in ("low", "high")]
            return None if ends == [None, None] else (ends[0], ends[1])
        number = fraction(value.get("value"))
        if number is None:
            return None
        sign = value.get("comparator", "")[:1]
        return (None if sign == "<" else number), (None if sign == ">" else number)
    number = fraction(value)
    return None if number is None else (number, number)


def is_number(node: Node, modifier: str, text: str) -> bool:
    found = closed(node.value)
    return found is not None and ordered(prefix_of(text)[0], *found, prefix_of(text)[1])


def is_quantity(node: Node, modifier: str, text: str) -> bool:
    value, (number, *unit) = node.value, map(plain, split(text, "|"))
    found = closed(value)
    if found is None:
        return False
    prefix, written = prefix_of(number)
    told = value.get("low") or value.get("high") or value
    system, code, word = (told.get(name, "") for name in ("system", "code", "unit"))
    if "currency" in told:
        system, code = "urn:iso:std:iso:4217", told["currency"]
    if not unit:
        return ordered(prefix, *found, written)
    if not unit[0]:
        return unit[1] in (code, word) and ordered(prefix, *found, written)
    wanted = units.unit(unit[1]) if unit[0] == UCUM else None
    if wanted is None:
        return (system, code) == tuple(unit) and ordered(prefix, *found, written)
    have = units.unit(code) if system == UCUM else None
    if have is None or have.dimension != wanted.dimension:
        return False
    low, high = (None if end is None else end * have.factor + have.offset for end in found)
    return ordered(prefix, low, high, written, lambda one: one * wanted.factor + wanted.offset)


# Dates


def instant_range(text: str) -> tuple[Fraction, Fraction] | None:
    """From and before, in seconds."""
    found = re.fullmatch(
        r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?", text
    )
    if found is None:
        return None
    year, month, day, hour, minute, second, part, zone = found.groups()
    try:
        start = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    length = Fraction(1)
    if second is None:
        length = Fraction(60)
    if hour is None:
        length = Fraction(86_400)
    if day is None:
        length = Fraction(86_400 * monthrange(int(year), int(month or 1))[1])
    if month is None:
        length = Fraction(86_400 * sum(monthrange(int(year), one)[1] for one in range(1, 13)))
    low = Fraction((start - _EPOCH) // timedelta(seconds=1))
    if part:
        low += Fraction("0" + part)
        length = Fraction(1, 10 ** (len(part) - 1))
    if zone and zone != "Z":
        low -= (1 if zone[0] == "+" else -1) * (int(zone[1:3]) * 3600 + int(zone[4:]) * 60)
    return low, low + length


def date_range(value: Any) -> Range | None:
    if isinstance(value, str):
        return instant_range(value)
    if "start" in value or "end" in value:
        start, end = (instant_range(value.get(name, "")) for name in ("start", "end"))
        return None if start is end is None else (start and start[0], end and end[1])
    inner = [date_range(one) for one in value.get("event", ())]
    inner.append(date_range(value.get("repeat", {}).get("boundsPeriod", {})) if value.get("repeat") else None)
    limits = [one for one in inner if one is not None]
    if not limits:
        return None
    lows, highs = [low for low, _ in limits], [high for _, high in limits]
    return (
        None if None in lows else min(one for one in lows if one is not None),
        None if None in highs else max(one for one in highs if one is not None),
    )


def is_date(node: Node, modifier: str, text: str) -> bool:
    found = date_range(node.value)
    prefix, written = prefix_of(text)
    asked = instant_range(written)
    assert asked is not None
    if found is None:
        return False
    (low, high), (start, end) = found, asked
    now = Fraction((datetime.now(UTC) - _EPOCH) // timedelta(seconds=1))
    margin = abs(now - start) / 10
    within = low is not None and high is not None and low >= start and high <= end
    return by_prefix(
        prefix,
        within=within,
        greater=high is None or high > end,
        less=low is None or low < start,
        equal=within,
        after=low is not None and low >= end,
        before=high is not None and high <= start,
        about=(low is None or low < end + margin) and (high is None or high > start - margin),
    )


# Text


def bare(text: str) -> str:
    """Without case, accents and superfluous space."""
    letters = (
        one for one in unicodedata.normalize("NFKD", text) if unicodedata.category(one) not in ("Mn", "Me")
    )
    return re.sub(r"\s+", " ", "".join(letters).casefold()).strip()


def texts_of(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    names = (
        "text",
        "family",
        "given",
        "prefix",
        "suffix",
        "line",
        "city",
        "district",
        "state",
        "postalCode",
        "country",
    )
    found = [value[name] for name in names if name in value]
    return [text for one in found for text in (one if isinstance(one, list) else [one])]


def is_string(node: Node, modifier: str, text: str) -> bool:
    wanted = plain(text)
    match modifier:
        case "exact":
            return wanted in texts_of(node.value)
        case "contains":
            return any(bare(wanted) in bare(one) for one in texts_of(node.value))
    return any(bare(one).startswith(bare(wanted)) for one in texts_of(node.value))


def codings_of(value: Any) -> list[tuple[str, str]]:
    if isinstance(value, bool):
        return [("", "true" if value else "false")]
    if isinstance(value, dict):
        if "coding" in value:
            return [pair for one in value["coding"] for pair in codings_of(one)]
        code = value.get("code", value.get("value", ""))
        system = value.get("system", "")
        return [(str(system), str(code or ""))] if code or system else []
    return [("", str(value))]


def is_token(node: Node, modifier: str, text: str) -> bool:
    value = node.value
    match modifier:
        case "text":
            return any(bare(one).startswith(bare(plain(text))) for one in words_of(value))
        case "of-type":
            system, code, number = map(plain, split(text, "|"))
            kinds = codings_of(value["type"]) if isinstance(value, dict) and "type" in value else []
            return isinstance(value, dict) and (system, code) in kinds and value.get("value") == number
        case "in":
            value_set = terminology_of(R4).value_set(plain(text))
            assert value_set is not None
            return any(
                value_set.holds(system, code) is True or (not system and value_set.holds_code(code) is True)
                for system, code in codings_of(value)
            )
        case "above" | "below":
            system, code = map(plain, split(text, "|"))
            known = terminology_of(R4).code_system(system)
            assert known is not None
            pairs = [other for its, other in told_of(node) if its == system and known.find(other)]
            return any(
                known.subsumes(code, one) if modifier == "below" else known.subsumes(one, code)
                for one in pairs
            )
    system, bar, code = text.partition("|") if len(split(text, "|")) > 1 else ("", "", text)
    system, code = map(plain, split(text, "|")) if bar else ("", plain(text))
    pairs = codings_of(value) if not system else told_of(node)
    return any((not bar or its == system) and (not code or other == code) for its, other in pairs)


def told_of(node: Node) -> list[tuple[str, str]]:
    """The codings of a value; of a code with the systems of the value set that its element is bound to, of a boolean as a
    special value.
    """
    value, parent = node.value, node.parent
    if isinstance(value, bool):
        return [(system, "true" if value else "false") for system in SPECIAL_VALUES]
    if not isinstance(value, str) or parent is None:
        return codings_of(value)
    path = f"{parent.type.path}.{node.name}"
    element = definitions_of(R4).structure(path.partition(".")[0]).element(path)
    if element is None or element.binding is None or element.types[0].code != "code":
        return codings_of(value)
    bound = terminology_of(R4).value_set(element.binding.value_set)
    return [] if bound is None else [(system, value) for system, _ in bound.systems_of(value)]


def words_of(value: Any) -> list[str]:
    if not isinstance(value, dict):
        return []
    if "value" in value:
        found = [value["type"].get("text")] if "type" in value else []
    else:
        found = [
            value.get("text"),
            value.get("display"),
            *(one.get("display") for one in value.get("coding", ())),
        ]
    return [one for one in found if one]


# Links


def is_reference(node: Node, modifier: str, text: str, targets: tuple[str, ...]) -> bool:
    value, wanted = node.value, plain(text)
    if modifier == "identifier":
        holder = Node(value.get("identifier"), node.type) if isinstance(value, dict) else None
        return holder is not None and holder.value is not None and is_token(holder, "", text)
    literal = value.get("reference", "") if isinstance(value, dict) else value
    if not literal or literal.startswith("#"):
        return False
    bare = literal if isinstance(value, dict) else literal.partition("|")[0]
    here = re.fullmatch(r"([A-Z]\w+)/([\w.\-]+)(/_history/.*)?", bare.removeprefix(f"{BASE}/"))
    if re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", wanted):
        kinds = (modifier,) if modifier else targets
        return here is not None and here[2] == wanted and (len(kinds) != 1 or here[1] == kinds[0])
    if re.fullmatch(r"[A-Z]\w+/[\w.\-]+", wanted.removeprefix(f"{BASE}/")):
        return here is not None and f"{here[1]}/{here[2]}" == wanted.removeprefix(f"{BASE}/")
    return bool(literal == wanted or literal.partition("|")[0] == wanted)


def is_uri(node: Node, modifier: str, text: str) -> bool:
    value, wanted = node.value, plain(text)
    if "://" not in wanted and modifier != "contains":
        return bool(value == wanted)
    match modifier:
        case "below":
            return bool(value == wanted or value.startswith(wanted.rstrip("/") + "/"))
        case "above":
            return bool(value == wanted or wanted.startswith(value.rstrip("/") + "/"))
        case "contains":
            return wanted in value
    return bool(value == wanted)


TESTS: Mapping[str, Callable[[Node, str, str], bool]] = {
    "number": is_number,
    "quantity": is_quantity,
    "date": is_date,
    "string": is_string,
    "token": is_token,
    "uri": is_uri,
    "reference": lambda node, modifier, text: is_reference(node, modifier, text, ()),
}
