"""The vitiligo case: what clinics, registries and authors hold. Typed, frozen, and without a FHIR word in it."""
