"""Validation of FHIR resources: :class:`Validator` checks a resource and tells what is wrong, where, and what
would be right; :class:`Options` is what a caller may choose.
"""

from __future__ import annotations

from fhir_vitiligo.validation.context import Options
from fhir_vitiligo.validation.validator import Validator

__all__ = ["Options", "Validator"]
