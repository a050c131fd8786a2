"""JSON Schema (https://json-schema.org/draft/2020-12) of the case file, plain forms included, so that
editors complete it.

Made from the models and the terminology registry. It accepts every file that :func:`~.io.read_case`
accepts as far as a schema can say; what only the models check (a key that is referred to and not there, a
total that disagrees) it lets through.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from fhir_vitiligo.case.base import printable
from fhir_vitiligo.case.model import Case, Site
from fhir_vitiligo.case.quantities import NUMBER, QUANTITY, RANGE, exact
from fhir_vitiligo.case.times import PARTIAL_DATE, RELATIVE, SCHEDULE, TIME_UNITS, partial_date
from fhir_vitiligo.case.values import Code, Fact, Identifier, Moment, Quantity, Range, Schedule, Span, Term
from fhir_vitiligo.terminology import registry
from fhir_vitiligo.terminology.systems import CANONICAL

Json = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_ID = CANONICAL + "/case.schema.json"


def case_schema() -> Json:
    """The schema of one case as plain data."""
    schema = Case.model_json_schema(schema_generator=_Generator)
    return {
        "$schema": DIALECT,
        "$id": SCHEMA_ID,
        "title": "Vitiligo case",
        **{name: value for name, value in schema.items() if name != "title"},
    }


def _ecma(pattern: re.Pattern[str]) -> str:
    """A pattern in the dialect of JSON Schema."""
    return re.sub(r"\(\?P<\w+>", "(", pattern.pattern).replace(r"\Z", "$")


def _string(description: str, *examples: str, pattern: re.Pattern[str] | None = None) -> Json:
    found: Json = {"type": "string", "minLength": 1}
    if pattern is not None:
        found["pattern"] = _ecma(pattern)
    return {**found, "description": description, "examples": list(examples)}


_PLAIN_NUMBER: Json = {"type": "number"}
_NUMERAL: Json = _string(
    "The digits as text, where a reader of the file would round them.",
    "12.50",
    pattern=re.compile(rf"^{NUMBER}$"),
)
_ANY_TEXT = "Anything else is kept as text."
_AGE = re.compile(rf"^[0-9.]+(\s*-\s*[0-9.]+)?\s*({'|'.join(TIME_UNITS)})$")
_BAR = re.compile(r"^[^|]*\|[^|]+")

# The plain forms of a value, beside its long form.
_PLAIN: dict[type[BaseModel], list[Json]] = {
    Quantity: [
        {"type": "number", "description": "A number without unit."},
        _string("A number, with comparator and unit if there are any.", "0.3 mL", ">50 %", pattern=QUANTITY),
    ],
    Range: [_string("From a lower to a higher end, in one unit.", "10-19 a", pattern=RANGE)],
    Moment: [
        {"type": "integer", "description": "A year."},
        _string("A date, as precise as is known.", "2024-03-05", "2024", pattern=PARTIAL_DATE),
        _string("A time before or after a time point, by its key.", "1 mo before t0", pattern=RELATIVE),
        _string("An age or a range of ages.", "19 a", "10-19 a", pattern=_AGE),
        _string(_ANY_TEXT, "in childhood"),
    ],
    Schedule: [
        _string(
            "How often and for how long.",
            "2 per 1 d",
            "every 2 wk for 9 mo",
            "1 per 1 wk, 24 times",
            pattern=SCHEDULE,
        ),
        _string(_ANY_TEXT, "as needed"),
    ],
    Code: [
        _string("system|code or system|code|display", "http://snomed.info/sct|371251000|White", pattern=_BAR)
    ],
    Identifier: [_string("system|value, or the value alone", "https://registry.example/patients|17")],
    Span: [
        {
            "type": "array",
            "prefixItems": [{"type": "integer", "minimum": 0}, {"type": "integer", "minimum": 1}],
            "minItems": 2,
            "maxItems": 2,
            "description": "First character and the one after the last, from 0.",
        }
    ],
}


def _terms(category: str) -> list[Json]:
    """What a term's string may be: suggestions from the registry, or any text."""
    if not category:
        return [_string("As written.")]
    known: dict[str, None] = {}
    for concept in registry.concepts(category):
        known[concept.key] = known[concept.display] = None
    described = f"A concept of the registry ({category}), by key or name."
    return [
        {"enum": list(known), "description": described},
        _string("Anything else is kept as text, uncoded."),
    ]


class _Generator(GenerateJsonSchema):
    """Pydantic's generator, with the plain forms that our models read beside their long ones."""

    schema_dialect = DIALECT

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The plain forms are told where the model is defined, once; the models themselves know
        # them as validators.
        self._before: dict[Any, Callable[[Json], Json]] = {
            printable: lambda inner: {"anyOf": [inner, _PLAIN_NUMBER]},
            exact: lambda inner: {"anyOf": [_PLAIN_NUMBER, _NUMERAL]},
            partial_date: lambda inner: {"anyOf": _PLAIN[Moment][:2]},
        }

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> Json:
        inner = super().function_before_schema(schema)
        extend = self._before.get(schema["function"]["function"])
        return extend(inner) if extend is not None else inner

    def chain_schema(self, schema: core_schema.ChainSchema) -> Json:
        found = super().chain_schema(schema)
        # Pydantic checks a pattern behind our own reading of the value, and leaves it out of the schema.
        for step in schema["steps"][1:]:
            inner: Any = step.get("schema", step)
            if inner["type"] == "str" and "pattern" in inner:
                found = {**found, "pattern": inner["pattern"]}
        return found

    def model_schema(self, schema: core_schema.ModelSchema) -> Json:
        long = super().model_schema(schema)
        cls = schema["cls"]
        title, description = long.pop("title", None), long.pop("description", None)
        head = {"description": " ".join(description.split("\n\n")[0].split())} if description else {}
        if issubclass(cls, Fact):
            return {**head, "anyOf": [_unless_null(long["properties"]["value"]), long]}
        if issubclass(cls, Term):
            long["properties"]["codes"].setdefault("default", [])
            return {**head, "anyOf": [*_terms(cls.category), long]}
        if issubclass(cls, Site):
            return {**head, "anyOf": [long["properties"]["site"], long]}
        if cls in _PLAIN:
            return {**head, "anyOf": [*_PLAIN[cls], long]}
        return {**({"title": title} if cls is Case else {}), **head, **long}


def _unless_null(value: Json) -> Json:
    """The schema of a fact's value without the null that stands for its absence."""
    branches = [branch for branch in value.get("anyOf", [value]) if branch.get("type") != "null"]
    return branches[0] if len(branches) == 1 else {"anyOf": branches}
