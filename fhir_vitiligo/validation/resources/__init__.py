"""Rules that only one resource type has, one file a type (or a family of types).

A rule is a generator ``check(resource, context)``: ``resource`` is the dict, ``context`` says where it stands
(:class:`~fhir_vitiligo.validation.context.Context`). What it yields has steps relative to the resource,
innermost first::

    yield Fault("bundle-full-url", "required", "...", steps=["fullUrl", "entry[2]"])

It runs after the core walk of the resource, for contained ones and entries too, whatever the walk found: a
value may be of any JSON type. To join a rule: a file here and a line in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources import (
    bundle,
    capability_statement,
    code_system,
    concept_map,
    implementation_guide,
    measure,
    measure_report,
    operation_definition,
    publication,
    questionnaire,
    questionnaire_response,
    search_parameter,
    structure_definition,
    structure_map,
    value_set,
)

ResourceRule = Callable[[Json, Context], Iterator[Fault]]

# What HL7 publishes: all that has an address and a publisher, of any release.
_PUBLISHED = (
    *(
        "ActivityDefinition",
        "ActorDefinition",
        "CapabilityStatement",
        "ChargeItemDefinition",
        "Citation",
        "CodeSystem",
    ),
    *(
        "CompartmentDefinition",
        "ConceptMap",
        "ConditionDefinition",
        "EventDefinition",
        "Evidence",
        "EvidenceReport",
    ),
    *("EvidenceVariable", "ExampleScenario", "GraphDefinition", "ImplementationGuide", "Library", "Measure"),
    *("MessageDefinition", "NamingSystem", "ObservationDefinition", "OperationDefinition", "PlanDefinition"),
    *("Questionnaire", "Requirements", "ResearchDefinition", "ResearchElementDefinition", "SearchParameter"),
    *(
        "SpecimenDefinition",
        "StructureDefinition",
        "StructureMap",
        "SubscriptionTopic",
        "TerminologyCapabilities",
    ),
    *("TestPlan", "TestScript", "ValueSet"),
)
_RULES: Mapping[str, ResourceRule] = {
    "Bundle": bundle.check,
    "CapabilityStatement": capability_statement.check,
    "CodeSystem": code_system.check,
    "ConceptMap": concept_map.check,
    "ImplementationGuide": implementation_guide.check,
    "Measure": measure.check,
    "MeasureReport": measure_report.check,
    "OperationDefinition": operation_definition.check,
    "Questionnaire": questionnaire.check,
    "QuestionnaireResponse": questionnaire_response.check,
    "SearchParameter": search_parameter.check,
    "StructureDefinition": structure_definition.check,
    "StructureMap": structure_map.check,
    "ValueSet": value_set.check,
}


def _with_publication(rule: ResourceRule | None) -> ResourceRule:
    def check(resource: Json, context: Context) -> Iterator[Fault]:
        if rule is not None:
            yield from rule(resource, context)
        yield from publication.check(resource, context)

    return check


RESOURCE_RULES: Mapping[str, ResourceRule] = {
    **_RULES,
    **{name: _with_publication(_RULES.get(name)) for name in _PUBLISHED},
}
