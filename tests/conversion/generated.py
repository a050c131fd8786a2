"""Resources of any type with anything in them that its definition allows, made from the schemas; not valid, but well formed."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.schema import Property, Schemas

_DEEPEST = 4
_TEXTS = {
    "boolean": (True, False),
    "integer": (-3, 0, 7),
    "unsignedInt": (0, 12),
    "positiveInt": (1, 9),
    "integer64": ("12", "9007199254740993"),
    "decimal": (Decimal("1.50"), Decimal("0.010")),
    "date": ("2024", "2024-05-06"),
    "dateTime": ("2024-05", "2024-05-06T07:08:09Z"),
    "instant": ("2024-05-06T07:08:09.123Z",),
    "time": ("07:08:09",),
    "base64Binary": ("AAAA",),
    "xhtml": ('<div xmlns="http://www.w3.org/1999/xhtml">x</div>',),
}
_CODES = (
    *(
        "active",
        "completed",
        "on-hold",
        "finished",
        "arrived",
        "planned",
        "in-progress",
        "discharged",
        "stopped",
    ),
    *("not-taken", "intended", "unknown", "entered-in-error", "recorded", "draft", "partial", "preliminary"),
    *("derivation", "instantiates", "replaces", "ms", "taking"),
)
_SYSTEMS = (
    "http://snomed.info/sct",
    "http://hl7.org/fhir/CodeSystem/medication-statement-adherence",
    "http://terminology.hl7.org/CodeSystem/condition-clinical",
)
_TARGETS = ("urn:uuid:0b1e", "http://elsewhere.example/x", "#contained")
_KINDS = ("String", "Code", "CodeableConcept", "Quantity", "Period", "Boolean")


class Resources:
    """Resources of one release; the same seed gives the same ones."""

    def __init__(self, schemas: Schemas, seed: int) -> None:
        self._schemas, self._random = schemas, Random(seed)

    def resource(self, resource_type: str) -> Json:
        return {"resourceType": resource_type, "id": "x", **self._object(resource_type, 0)}

    def _object(self, place: str, depth: int) -> Json:
        schema, random = self._schemas.of(place), self._random
        # Some with most of what there is, most with little.
        chance = random.choice((0.08, 0.2, 0.6)) / (depth + 1)
        found: Json = {}
        for element in schema.elements:
            if element.name in ("id", "contained", "modifierExtension", "implicitRules", "language"):
                continue
            if element.name == "extension":
                if random.random() < chance / 3:
                    found["extension"] = [self._extension(depth) for _ in range(random.randint(1, 2))]
                continue
            if random.random() > chance:
                continue
            one = schema.properties[random.choice(schema.keys[element.name])]
            if one.kind != "resource" and depth < _DEEPEST:
                self._put(found, one, depth)
        return found if found or depth == 0 else {"extension": [self._extension(depth)]}

    def _put(self, found: Json, one: Property, depth: int) -> None:
        values = [self._value(one, depth) for _ in range(self._random.randint(1, 3) if one.is_list else 1)]
        found[one.key] = values if one.is_list else values[0]
        if one.companion and self._random.random() < 0.15:
            more = [{"extension": [self._extension(depth)]}, *(None for _ in values[1:])]
            found[f"_{one.key}"] = more if one.is_list else more[0]
            if self._random.random() < 0.5:
                if one.is_list and len(values) > 1:
                    found[one.key][0] = None
                else:
                    del found[one.key]

    def _value(self, one: Property, depth: int) -> Any:
        code = one.type.code
        if one.kind == "primitive":
            return self._random.choice(_TEXTS.get(code, _CODES))
        if code == "Reference":
            return {"reference": self._target(one)}
        if code == "CodeableConcept":
            coding = {"system": self._random.choice(_SYSTEMS), "code": self._random.choice(_CODES)}
            return self._random.choice(
                ({"coding": [coding]}, {"text": "said"}, {"coding": [coding], "text": "completed"})
            )
        return self._object(one.content, depth + 1)

    def _target(self, one: Property) -> str:
        names = [target.rpartition("/")[2] for target in one.type.target_profiles]
        if not names or "Resource" in names or self._random.random() < 0.1:
            return self._random.choice(_TARGETS)
        return f"{self._random.choice(names)}/a"

    def _extension(self, depth: int) -> Json:
        kind = self._random.choice(_KINDS)
        one = self._schemas.of("Extension").properties[f"value{kind}"]
        return {
            "url": f"http://example.org/{self._random.randint(1, 9)}",
            one.key: self._value(one, depth + 2),
        }
