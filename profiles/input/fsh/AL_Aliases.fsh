// Names for the addresses that the FSH of this package uses.
Alias: $SCT = http://snomed.info/sct
Alias: $LNC = http://loinc.org
Alias: $observationCategory = http://terminology.hl7.org/CodeSystem/observation-category
Alias: $verification = http://terminology.hl7.org/CodeSystem/condition-ver-status
Alias: $HPO = http://human-phenotype-ontology.org

// HL7's extensions that the profiles use.
Alias: $absent = http://hl7.org/fhir/StructureDefinition/data-absent-reason
Alias: $originalText = http://hl7.org/fhir/StructureDefinition/originalText
Alias: $relativeTime = http://hl7.org/fhir/StructureDefinition/cqf-relativeDateTime
Alias: $procedureSchedule = http://hl7.org/fhir/StructureDefinition/procedure-schedule
Alias: $procedureTarget = http://hl7.org/fhir/StructureDefinition/procedure-targetBodyStructure
