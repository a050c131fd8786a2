"""Search types of parameters that are answered from what the store keeps of every resource.

https://hl7.org/fhir/R4/search.html#all: ``_id`` is a token without a system.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.fhir.references import is_id
from fhir_vitiligo.search.types.base import Alternative, Column, Context, Row, SearchType, Test, bad_value


def _rows(value: Any) -> Iterator[Row]:
    if isinstance(value, str):
        yield (value,)


def _parse(text: str, modifier: str | None, context: Context) -> tuple[Alternative, ...]:
    if not is_id(text):
        raise bad_value(text, "an id is 1 to 64 letters, digits, hyphens and dots")
    return ((Test("id", "=", text),),)


LOGICAL_ID = SearchType("token", (Column("id", "text"),), _rows, _parse)
