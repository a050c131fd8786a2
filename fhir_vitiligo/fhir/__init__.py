"""The FHIR language: JSON, releases, definitions, paths, references, Bundles. Knows no vitiligo, no SQL, no HTTP."""
