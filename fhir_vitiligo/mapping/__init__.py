"""Case to FHIR and back: one declaration for both directions, compiled for each release."""
