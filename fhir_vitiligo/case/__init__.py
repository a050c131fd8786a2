"""The vitiligo case: what clinics, registries and authors hold. Typed, frozen, without a FHIR word in it."""
