"""Resources from R4 to R5 and back: :class:`Converter` is the door."""

from fhir_vitiligo.fhir.conversion.converter import Converter
from fhir_vitiligo.fhir.conversion.moves import CONVERTED

__all__ = ["CONVERTED", "Converter"]
