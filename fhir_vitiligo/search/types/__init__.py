"""The search types, one a file; a new one joins here (https://hl7.org/fhir/R4/search.html#ptypes)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fhir_vitiligo.search.types.base import SearchType
from fhir_vitiligo.search.types.date import DATE
from fhir_vitiligo.search.types.number import NUMBER
from fhir_vitiligo.search.types.quantity import QUANTITY
from fhir_vitiligo.search.types.reference import REFERENCE
from fhir_vitiligo.search.types.string import STRING
from fhir_vitiligo.search.types.token import TOKEN
from fhir_vitiligo.search.types.uri import URI

SEARCH_TYPES: Mapping[str, SearchType] = MappingProxyType(
    {kind.name: kind for kind in (TOKEN, REFERENCE, STRING, URI, DATE, NUMBER, QUANTITY)}
)
