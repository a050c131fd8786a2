"""Vitiligo case data to FHIR R4, R4B and R5 and back."""

__version__ = "0.1.0"
