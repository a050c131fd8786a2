"""Instances that break one rule of a profile and nothing else, made from instances that keep them all.

Each kind of rule has its way of being broken; an invariant, which says anything, has an entry of its own in ``INVARIANTS``.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from profile_invariants import INVARIANTS, ON_VALUES
from profile_places import Place, contains, parents, places
from profile_rules import Json, Profile, Rule

from fhir_vitiligo.fhir.definitions import Definitions, definitions_of
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.terminology.codes import code_index
from fhir_vitiligo.terminology.value_sets import terminology_of


@dataclass(frozen=True, slots=True)
class Break:
    """An instance with one fault, and where the fault is: FHIRPath of the element whose rule is broken."""

    rule: Rule
    instance: Json
    expression: str


# A value of each type, for an element that must not be there or must be of another type.
SAMPLES: Json = {
    "boolean": True,
    "string": "some words",
    "dateTime": "2024",
    "integer": 3,
    "CodeableConcept": {"text": "some words"},
    "Quantity": {"value": 3, "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm"},
    "Period": {"start": "2024"},
    "Range": {"low": {"value": 1}, "high": {"value": 2}},
    "base64Binary": "aGk=",
    "instant": "2024-01-01T00:00:00Z",
    "Timing": {"code": {"text": "daily"}},
    "Age": {"value": 19, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"},
    "Annotation": {"text": "some words"},
    "Identifier": {"value": "some-identifier"},
    "Reference": {"display": "somebody"},
    "HumanName": {"text": "Some Name"},
    "Attachment": {"title": "some words"},
    "code": "some-code",
    "date": "2024",
    "markdown": "some words",
    "url": "https://vitiligo-registry.test/x",
    "uri": "urn:oid:1.2.3",
    "canonical": "https://vitiligo-registry.test/x",
}


# The least of a resource of each type that a reference may lead to besides what a profile wants.
TARGETS: Json = {
    "Basic": {"resourceType": "Basic", "code": {"text": "some thing"}},
    "Device": {"resourceType": "Device"},
    "Location": {"resourceType": "Location"},
    "Organization": {"resourceType": "Organization", "name": "some clinic"},
    "Practitioner": {"resourceType": "Practitioner"},
    "RelatedPerson": {"resourceType": "RelatedPerson", "patient": {"display": "some patient"}},
}


class Breaker:
    """Breaks the rules of one package's profiles; ``pool`` are instances that keep them."""

    def __init__(
        self, package: Path, release: Release, profiles: dict[str, Profile], seen: Sequence[Json]
    ) -> None:
        """``seen``: resources whose extensions are samples of those."""
        self.made: dict[str, Json] = {}
        """An instance that breaks a profile, by the profile's canonical."""
        self.definitions: Definitions = definitions_of(release)
        self.profiles = profiles
        self._extensions = {one["url"]: one for resource in seen for one in _extensions(resource)}
        self._systems: dict[str, list[str]] = {}
        for path in sorted(package.glob("CodeSystem-*.json")):
            system = json.loads(path.read_text(encoding="utf-8"))
            self._systems[system["url"]] = [concept["code"] for concept in _concepts(system)]
        self._value_sets = {
            found["url"]: found
            for path in sorted(package.glob("ValueSet-*.json"))
            for found in [json.loads(path.read_text(encoding="utf-8"))]
        }

    def broken(self, profile: Profile, rule: Rule, pool: Sequence[Json]) -> Break | None:
        """The rule broken in the first instance of the pool that has the element in question."""
        ways: dict[str, Callable[[Profile, Rule, Json], str | None]] = {
            "min": self._too_few,
            "max": self._too_many,
            "value": self._other_value,
            "type": self._other_type,
            "target": self._other_target,
            "binding": self._other_code,
            "invariant": self._invariant,
        }
        for instance in pool:
            changed = copy.deepcopy(instance)
            expression = ways[rule.kind](profile, rule, changed)
            if expression is not None:
                return Break(rule, changed, expression)
        return None

    def _too_few(self, profile: Profile, rule: Rule, instance: Json) -> str | None:
        found = places(profile, instance, rule.element)
        if not found:
            return None
        parent = found[0].parent_path
        for place in reversed([one for one in found if one.parent_path == parent]):
            remove(place)
        return None if not found[0].around else parent

    def _too_many(self, profile: Profile, rule: Rule, instance: Json) -> str | None:
        found = places(profile, instance, rule.element)
        name = rule.element.rpartition(".")[2]
        if rule.detail != "0" and name.startswith("extension:") and not found:
            return self._extension_too_often(profile, rule, instance)
        if rule.detail != "0":
            if not found or found[0].index is None:
                return None
            values = found[0].around[found[0].key]
            most = int(rule.detail)
            values += [
                copy.deepcopy(found[0].value)
                for _ in range(most + 1 - len([p for p in found if p.around is found[0].around]))
            ]
            return found[0].parent_path
        for parent in parents(profile, instance, rule.element):
            if "contentReference" in profile.elements[rule.element] and isinstance(parent.value, dict):
                parent.value[name] = [
                    {key: value for key, value in copy.deepcopy(parent.value).items() if key != name}
                ]
                return parent.path
            kinds = [one["code"] for one in profile.elements[rule.element].get("type", ())]
            kind = next((one for one in kinds if one in SAMPLES), None)
            if kind is None or name.partition(":")[0] in parent.value:
                continue
            key = name.removesuffix("[x]") + (kind[0].upper() + kind[1:] if name.endswith("[x]") else "")
            many = profile.elements[rule.element]["base"]["max"] != "1"
            parent.value[key] = [copy.deepcopy(SAMPLES[kind])] if many else copy.deepcopy(SAMPLES[kind])
            return parent.path
        return None

    def _extension_too_often(self, profile: Profile, rule: Rule, instance: Json) -> str | None:
        """Where no instance has the extension at this place: a sample of it from another place, once more than allowed."""
        (kind,) = profile.elements[rule.element]["type"]
        sample = self._extensions.get(kind["profile"][0])
        for parent in parents(profile, instance, rule.element) if sample else ():
            if parent.object is None and isinstance(parent.value, list | dict | type(None)):
                continue
            inner = (
                parent.object if parent.object is not None else parent.around.setdefault(f"_{parent.key}", {})
            )
            inner.setdefault("extension", []).extend(
                copy.deepcopy(sample) for _ in range(int(rule.detail) + 1)
            )
            return parent.path
        return None

    def _other_value(self, profile: Profile, rule: Rule, instance: Json) -> str | None:
        for place in places(profile, instance, rule.element):
            other = self._unlike(profile, rule, place.value)
            if other is not None:
                place.put(other)
                return place.path
        return None

    def _unlike(self, profile: Profile, rule: Rule, value: Any) -> Any:
        """A valid value of the same type that the pattern does not allow."""
        told = rule.detail
        if isinstance(told, bool):
            return not told
        if isinstance(told, str):
            return self._unlike_text(profile, rule.element, told)
        if isinstance(told, dict) and isinstance(value, dict):
            other = copy.deepcopy(value)
            codings = other.get("coding", [other])
            for coding in codings:
                wanted = told.get("coding", [told])
                if any(contains(one, coding) for one in wanted) and (
                    code := self._another(coding["system"], {coding["code"]})
                ):
                    coding["code"] = code
                    coding.pop("display", None)
            return other if not contains(told, other) else None
        return None

    def _unlike_text(self, profile: Profile, element: str, told: str) -> str | None:
        binding = profile.elements[element].get("binding", {})
        terminology = terminology_of(self.definitions.release)
        codes = terminology.value_set(binding["valueSet"]) if binding.get("strength") == "required" else None
        if codes is not None:
            listed = (
                code for part in codes.by_system.values() for code in sorted(part.codes or (), reverse=True)
            )
            return next((code for code in listed if code != told), None)
        return f"{told}-other"

    def _another(self, system: str, but: set[str]) -> str | None:
        """Another code of a code system, ours or one of the registry's."""
        listed = self._systems.get(system) or sorted(
            code.code for (name, _), code in code_index().items() if name == system and code.may_emit
        )
        return next((code for code in listed if code not in but), _HL7.get(system))

    def _other_type(self, profile: Profile, rule: Rule, instance: Json) -> str | None:
        offered = [kind.code for kind in profile.core_types(rule.element)]
        other = next((kind for kind in offered if kind in SAMPLES and kind not in rule.detail), None)
        found = places(profile, instance, rule.element)
        if other is None or not found:
            return None
        remove(found[0])
        plain = rule.element.rpartition(".")[2].partition("[")[0]
        found[0].around[plain + other[0].upper() + other[1:]] = copy.deepcopy(SAMPLES[other])
        return found[0].parent_path + f".{plain}"

    def _other_target(self, profile: Profile, rule: Rule, instance: Json) -> str | None:
        allowed = {
            self.profiles[url].type if url in self.profiles else url.rpartition("/")[2] for url in rule.detail
        }
        targets = [url for kind in profile.core_types(rule.element) for url in kind.target_profiles]
        # No target named, or Resource: any will do.
        offered = [url.rpartition("/")[2] for url in targets if not url.endswith("/Resource")] or ["Basic"]
        other = next((TARGETS[kind] for kind in offered if kind in TARGETS and kind not in allowed), None)
        wrong = other or self._wrong_target(rule)
        for place in places(profile, instance, rule.element) if wrong and profile.type != "Bundle" else ():
            instance.setdefault("contained", []).append({**copy.deepcopy(wrong), "id": "another"})
            reference = {"reference": "#another"}
            is_codeable = isinstance(place.value, dict) and isinstance(place.value.get("reference"), dict)
            place.put({"reference": reference} if is_codeable else reference)
            return place.path
        return None

    def _wrong_target(self, rule: Rule) -> Json | None:
        """Where the type alone is never wrong: a resource of it that breaks the profile asked for."""
        for url in rule.detail:
            if (broken := self.made.get(url)) is not None:
                return {
                    key: value for key, value in broken.items() if key not in ("text", "meta", "contained")
                }
        return None

    def _other_code(self, profile: Profile, rule: Rule, instance: Json) -> str | None:
        value_set = self._value_sets.get(rule.detail.partition("|")[0])
        if value_set is None:
            return None
        inside = {
            (part["system"], concept["code"])
            for part in value_set["compose"]["include"]
            for concept in part.get("concept", ())
        }
        whole = {part["system"] for part in value_set["compose"]["include"] if "concept" not in part}
        for place in places(profile, instance, rule.element):
            system, codes = next((one for one in self._systems.items() if one[0] not in whole), (None, []))
            code = next((one for one in codes if (system, one) not in inside), None)
            if code is None:
                continue
            coding = {"system": system, "code": code}
            place.put(
                code
                if isinstance(place.value, str)
                else coding
                if "coding" not in place.value
                else {"coding": [coding]}
            )
            return place.path
        return None

    def _invariant(self, profile: Profile, rule: Rule, instance: Json) -> str | None:
        on_value, change = ON_VALUES.get(rule.detail["key"]), INVARIANTS.get(rule.detail["key"])
        for place in places(profile, instance, rule.element) if on_value else ():
            if on_value is not None and place.object is not None and on_value(place.object):
                return place.path
        if change is None:
            return None
        name = rule.element.rpartition(".")[2].partition(":")[2] or rule.element.rpartition(".")[2]
        if "." not in rule.element:
            return change(instance, "") and profile.type
        for parent in parents(profile, instance, rule.element):
            if parent.object is not None and (told := change(parent.object, name)):
                return f"{parent.path}.{told}"
        return None


def remove(place: Place) -> None:
    """Take a value away, and the list with it when it was the only one."""
    if place.index is None:
        place.around.pop(place.key, None)
    else:
        del place.around[place.key][place.index]
        if not place.around[place.key]:
            del place.around[place.key]
    if place.key not in place.around:
        place.around.pop(f"_{place.key}", None)


def _extensions(value: Any) -> Iterator[Json]:
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _extensions(inner)
    yield from value.get("extension", ()) if isinstance(value, dict) else ()


def _concepts(system: Json) -> Iterator[Json]:
    for concept in system.get("concept", ()):
        yield concept
        yield from _concepts(concept)


# A code that HL7's own systems have, for a pattern on a category.
_HL7 = {
    "http://terminology.hl7.org/CodeSystem/observation-category": "therapy",
    "http://terminology.hl7.org/CodeSystem/condition-ver-status": "confirmed",
    "http://terminology.hl7.org/CodeSystem/condition-clinical": "resolved",
}
