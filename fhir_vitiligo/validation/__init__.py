"""Validation of FHIR resources: :class:`Validator` checks a resource and tells what is wrong, where, and what
would be right.
"""

from __future__ import annotations

from fhir_vitiligo.validation.validator import Validator

__all__ = ["Validator"]
