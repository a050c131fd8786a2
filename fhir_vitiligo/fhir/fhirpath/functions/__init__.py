"""The functions, by name. A function is a factory: it gets the compiler, the call and the compiled input, and gives
the code of the call. To add one is to write it and name it in the table of its file, with its numbers of arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fhir_vitiligo.fhir.fhirpath.compiler import Factory
from fhir_vitiligo.fhir.fhirpath.functions import (
    boundaries,
    conversion,
    fhir,
    filters,
    numeric,
    strings,
    subsets,
    utility,
)

FUNCTIONS: Mapping[str, tuple[Factory, int, int]] = MappingProxyType(
    {
        **subsets.FUNCTIONS,
        **filters.FUNCTIONS,
        **strings.FUNCTIONS,
        **numeric.FUNCTIONS,
        **conversion.FUNCTIONS,
        **utility.FUNCTIONS,
        **boundaries.FUNCTIONS,
        **fhir.FUNCTIONS,
    }
)
