"""What was published wrong and cannot be checked as it stands; HL7's engine reads the same places so.

Each entry says what is wrong with it. Nothing here makes up for a mistake of an implementer's profile.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from fhir_vitiligo.fhir.definitions import CORE, Binding
from fhir_vitiligo.validation.schema import Schema

# R4's vital signs bind the value of every component to their own few units, whatever it measures.
_VITAL_SIGNS = CORE + "vitalsigns"
_VITAL_UNITS = "http://hl7.org/fhir/ValueSet/ucum-vitals-common"
# Extensions that stand where their definition does not let them, in core's own snapshots.
_MORE_CONTEXTS = {
    CORE + "structuredefinition-fhir-type": (("element", "ElementDefinition.type"),),
    CORE + "structuredefinition-normative-version": (
        ("element", "CanonicalResource"),
        ("element", "ElementDefinition"),
    ),
    CORE + "regex": (("element", "ElementDefinition.type"),),
}
# What a guide expects of a system is said of any element; before R5 the contexts leave most of them out.
_ANYWHERE = frozenset(
    (CORE + "capabilitystatement-expectation", CORE + "capabilitystatement-prohibited"),
)
# Bound as required, and used by core itself with what is no media type ("xml", "application/dicom; variant=a b").
UNSURE_VALUE_SETS = frozenset({"http://hl7.org/fhir/ValueSet/mimetypes"})


def corrected(schema: Schema, types: Set[str]) -> Schema:
    """The schema, changed in place where something published is known to be wrong."""
    if (
        schema.type == "Observation"
        and _VITAL_SIGNS in (schema.url, schema.base)
        and schema.version == "4.0.1"
    ):
        for node in schema.root.walk():
            binding = node.element.binding
            if (
                node.element.path == "Observation.component.value[x]"
                and binding is not None
                and binding.value_set.partition("|")[0] == _VITAL_UNITS
            ):
                node.element = replace(node.element, binding=Binding("extensible", binding.value_set))
    if schema.type == "Extension":
        schema.contexts += _MORE_CONTEXTS.get(schema.url, ())
        if schema.url in _ANYWHERE and schema.version.startswith("4."):
            schema.contexts += (("element", "Element"),)
        for node in schema.root.walk():
            # HL7's extension pack for R4 names types that only R5 has.
            known = tuple(
                kind for kind in node.element.types if kind.code in types or not kind.code.isidentifier()
            )
            if len(known) != len(node.element.types) and known:
                node.element = replace(node.element, types=known)
    return schema
