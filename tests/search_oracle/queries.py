"""Queries out of what is there: every search type, modifier and prefix, and links between resources."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fhir_vitiligo.fhir.definition_types import SearchParameter
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.terminology.value_sets import terminology_of

from .evaluator import World
from .values import BASE, SPECIAL_VALUES, UCUM, Resource, codings_of, instant_range, texts_of, words_of
from .worlds import AMOUNTS, CLASSES, DATES, UNITS

PREFIXES = ("", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
SYSTEMS = (
    *SPECIAL_VALUES,
    "http://hl7.org/fhir/observation-status",
    "http://hl7.org/fhir/administrative-gender",
    "http://hl7.org/fhir/event-status",
    "http://hl7.org/fhir/publication-status",
    "urn:ietf:bcp:13",
)
VALUE_SETS = (
    "http://hl7.org/fhir/ValueSet/observation-status",
    "http://hl7.org/fhir/ValueSet/administrative-gender",
    "http://hl7.org/fhir/ValueSet/condition-clinical",
)
NOT_ASKED = frozenset({"_id", "_lastUpdated", "_text", "_content", "_filter", "_query", "phonetic", "near"})

Pair = tuple[str, str]


class Queries:
    """Endless queries on a world."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)
        self.types = sorted({kind for kind, _ in world.resources})
        self.by_type = {kind: world.of_type(kind) for kind in self.types}
        self.codes = {kind: self._codes(kind) for kind in self.types}

    def __iter__(self) -> Iterator[tuple[str, list[Pair]]]:
        while True:
            kind = self.random.choice(self.types)
            count = self.random.choice((1, 1, 1, 2, 3))
            yield kind, [self.pair(kind) for _ in range(count)]

    def _codes(self, kind: str) -> list[str]:
        known = definitions_of(Release.R4).search_parameters(kind)
        codes = [*known, *(code for of, code in self.world.further if of == kind)]
        sample = self.by_type[kind][:40]
        used = [
            one for one in codes if one not in NOT_ASKED and any(self.world.present(r, one) for r in sample)
        ]
        return used or ["_id"]

    def pair(self, kind: str, hops: int = 0) -> Pair:
        choice = self.random.random()
        if hops < 3 and choice < 0.15:
            chained = self.chain(kind, hops)
            if chained is not None:
                return chained
        elif hops < 2 and choice < 0.25:
            reverse = self.reverse(kind, hops)
            if reverse is not None:
                return reverse
        code = self.random.choice(self.codes[kind])
        if code == "_id":
            return self._some("_id", "_id:not"), self.random.choice(self.by_type[kind])["id"]
        return self.criterion(kind, code)

    def chain(self, kind: str, hops: int) -> Pair | None:
        links = self._links(kind)
        if not links:
            return None
        code, targets = self.random.choice(links)
        target = self.random.choice(sorted(targets))
        name, value = self.pair(target, hops + 1)
        alone = len(self.world.definition(kind, code).target) == 1
        head = code if alone and self.random.random() < 0.5 else f"{code}:{target}"
        return f"{head}.{name}", value

    def reverse(self, kind: str, hops: int) -> Pair | None:
        pointing = [
            (other, code) for other in self.types for code, targets in self._links(other) if kind in targets
        ]
        if not pointing:
            return None
        other, code = self.random.choice(pointing)
        name, value = self.pair(other, hops + 1)
        return f"_has:{other}:{code}:{name}", value

    def _links(self, kind: str) -> list[tuple[str, set[str]]]:
        found = []
        for code in self.codes[kind]:
            if code != "_id" and self.world.definition(kind, code).type == "reference":
                here = {t for one in self.by_type[kind][:60] for t in self.world.targets(one, code)}
                types = {target for target, id in here if (target, id) in self.world.resources}
                if types:
                    found.append((code, types))
        return found

    def criterion(self, kind: str, code: str) -> Pair:
        if self.random.random() < 0.08:
            return f"{code}:missing", self._some("true", "false")
        definition = self.world.definition(kind, code)
        modifier = ""
        if definition.type == "composite":
            return code, ",".join(self.composite(kind, definition) for _ in range(self._some(1, 1, 2)))
        nodes = [
            node.value
            for one in self.random.sample(self.by_type[kind], min(12, len(self.by_type[kind])))
            for node in self.world.values(one, code)
        ]
        make = getattr(self, f"a_{definition.type}")
        found = [
            make(self.random.choice(nodes) if nodes else None, definition)
            for _ in range(self._some(1, 1, 1, 2))
        ]
        modifier = found[0][0]
        texts = [text for one, text in found if one == modifier]
        return (f"{code}:{modifier}" if modifier else code), ",".join(texts)

    def composite(self, kind: str, definition: SearchParameter) -> str:
        elements = [one for r in self.by_type[kind] for one in self.world.elements(r, definition)]
        components = self.random.choice(elements) if elements else []
        other = self.random.choice(elements) if elements and self.random.random() < 0.3 else components
        texts = []
        for number, (kind_of, nodes) in enumerate(components if elements else []):
            value = (other if number else components)[number][1]
            make = getattr(self, f"a_{kind_of}")
            for _ in range(50):
                modifier, text = make(self.random.choice(value or nodes).value, definition)
                if not modifier:
                    break
            texts.append(text)
        return "$".join(texts) or "x$y"

    # A modifier and a text for a value of each search type

    def a_token(self, value: Any, _: SearchParameter) -> Pair:
        chance = self.random.random()
        words = words_of(value)
        if words and chance < 0.15:
            return "text", self._escaped(self._part(self.random.choice(words)))
        if isinstance(value, dict) and "value" in value and "type" in value and chance < 0.4:
            kinds = codings_of(value["type"])
            if kinds and all(kinds[0]):
                return "of-type", "|".join(map(self._escaped, (*kinds[0], value["value"])))
        if chance < 0.2:
            return self._some("in", "not-in"), self.random.choice(VALUE_SETS)
        codings = codings_of(value) if value is not None else []
        own = [code for system, code in codings if system == CLASSES]
        if own and chance < 0.5:
            return self._some("above", "below"), f"{CLASSES}|{own[0]}"
        system, code = self.random.choice(codings or [("urn:s", "a")])
        if not code:
            system, code = system, "a"
        system, code = self._escaped(system), self._escaped(code)
        if not isinstance(value, dict) and self.random.random() < 0.6:
            system = self.random.choice(systems_with(code) or SYSTEMS)
        forms = [code, f"{system}|{code}", f"|{code}"] + ([f"{system}|"] if system else [])
        return self._some("", "", "", "not"), self.random.choice(forms)

    def a_string(self, value: Any, _: SearchParameter) -> Pair:
        text = self.random.choice((texts_of(value) if value is not None else []) or ["Anna"])
        modifier = self._some("", "", "exact", "contains")
        if modifier == "exact":
            return modifier, self._escaped(self._some(text, text, text.upper()))
        return modifier, self._escaped(self._part(text, anywhere=modifier == "contains"))

    def a_uri(self, value: Any, _: SearchParameter) -> Pair:
        text = str(value or "http://x.org/a")
        modifier = self._some("", "", "above", "below", "contains")
        if modifier == "below":
            text = text.rpartition("/")[0] if text.count("/") > 3 and self.random.random() < 0.6 else text
        if modifier == "above":
            text += self._some("", "/more", "/more/still")
        return modifier, self._escaped(text[2:8] if modifier == "contains" else text)

    def a_reference(self, value: Any, definition: SearchParameter) -> Pair:
        if isinstance(value, dict) and "identifier" in value:
            modifier, form = self.a_token(value["identifier"], definition)
            while modifier:
                modifier, form = self.a_token(value["identifier"], definition)
            return "identifier", form
        text = str((value.get("reference", "") if isinstance(value, dict) else value) or "Patient/r1")
        literal = text.removeprefix(f"{BASE}/").partition("/_history")[0]
        found = re.fullmatch(r"([A-Z]\w+)/([\w.\-]+)", literal)
        if found is None:
            whole = text if ":" in text else "Patient/r1"
            return "", self._escaped(whole)
        typed = found[1] in definition.target
        form = self._some("id", "typed", "url", "modifier" if typed else "id")
        match form:
            case "id":
                return "", found[2]
            case "typed":
                return "", literal
            case "url":
                return "", f"{BASE}/{literal}"
        return found[1], found[2]

    def a_date(self, value: Any, _: SearchParameter) -> Pair:
        texts = re.findall(r"\d{4}(?:-\d\d)?(?:-\d\d)?(?:T[^'\"]*)?", str(value)) or [
            self.random.choice(DATES)
        ]
        text = self._some(self.random.choice(texts), self.random.choice(DATES))
        if instant_range(text) is None:  # four digits are not always a year
            text = self.random.choice(DATES)
        if self.random.random() < 0.3:
            text = text[: self._some(4, 7, 10)].rstrip("-T")
        return "", self.random.choice(PREFIXES) + text

    def a_number(self, value: Any, _: SearchParameter) -> Pair:
        return "", self.random.choice(PREFIXES) + self._number(value)

    def a_quantity(self, value: Any, _: SearchParameter) -> Pair:
        told = value if isinstance(value, dict) else {}
        told = told.get("low") or told.get("high") or told
        code, word = self.random.choice(UNITS)
        system, own = told.get("system", UCUM), told.get("code", code)
        if "currency" in told:
            system, own = "urn:iso:std:iso:4217", told["currency"]
        unit = self._some(
            "", f"|{system}|{own}", f"||{own}", f"||{told.get('unit', word)}", f"|{UCUM}|{code}"
        )
        return "", f"{self.random.choice(PREFIXES)}{self._number(told.get('value'))}{unit.replace(',', '')}"

    def _number(self, value: Any) -> str:
        if isinstance(value, dict):
            value = (value.get("low") or value.get("high") or {}).get("value")
        text = str(value) if value is not None else "1"
        return str(self._some(text, text, self.random.choice(AMOUNTS)))

    def _part(self, text: str, *, anywhere: bool = False) -> str:
        start = self.random.randrange(len(text)) if anywhere else 0
        part = text[start : start + self._some(2, 4, 100)].strip() or text
        return str(self._some(part, part.upper(), part.lower()))

    def _escaped(self, text: str) -> str:
        return re.sub(r"([\\,|$])", r"\\\1", text)

    def _some(self, *values: Any) -> Any:
        return self.random.choice(values)


def systems_with(code: str) -> list[str]:
    """Those of the systems that have the code; of more than one a binding names one."""
    if code in ("true", "false"):
        return list(SPECIAL_VALUES)
    known = {system: terminology_of(Release.R4).code_system(system) for system in SYSTEMS}
    return [system for system, found in known.items() if found is not None and found.find(code) is not None]


def world_of(resources: list[Resource], further: Mapping[tuple[str, str], SearchParameter]) -> World:
    return World({(one["resourceType"], one["id"]): one for one in resources}, further)
