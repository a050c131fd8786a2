"""The canonical URLs that maps write: the project's own extensions, and HL7's where HL7 has one."""

from __future__ import annotations

from fhir_vitiligo.terminology.systems import CANONICAL

HL7 = "http://hl7.org/fhir/StructureDefinition/"

DATA_ABSENT_REASON = HL7 + "data-absent-reason"
ORIGINAL_TEXT = HL7 + "originalText"
RELATIVE_DATE_TIME = HL7 + "cqf-relativeDateTime"
RELATIVE_DATE = HL7 + "relative-date"
"""Read in both of its shapes, never written: releases and packages disagree on it."""
PROCEDURE_SCHEDULE = HL7 + "procedure-schedule"
PROCEDURE_TARGET = HL7 + "procedure-targetBodyStructure"

READING = f"{CANONICAL}/StructureDefinition/reading"
RECORDED_CODE = f"{CANONICAL}/StructureDefinition/recorded-code"
NAMED_CONCEPT = f"{CANONICAL}/StructureDefinition/named-concept"
"""The concept that was named, where other words or codes stand beside it."""
LATERALITY = f"{CANONICAL}/StructureDefinition/laterality"
MOMENT_TEXT = f"{CANONICAL}/StructureDefinition/moment-text"

ITEM = f"{CANONICAL}/sid/item"
"""Identifier system of everything a case makes: ``<case id>/<kind>/<key>`` and, for a further resource,
``/<part>``.
"""

ABSENT_REASONS = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


def own(name: str) -> str:
    """The URL of an extension of the project."""
    return f"{CANONICAL}/StructureDefinition/{name}"
