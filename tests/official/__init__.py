"""HL7's own validation engine and the tests that ask it."""
