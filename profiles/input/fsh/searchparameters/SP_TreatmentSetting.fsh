Instance: treatment-setting
InstanceOf: SearchParameter
Usage: #definition
* insert OwnSearchParameter
* name = "TreatmentSetting"
* description = "Where treatment took place: treatment-setting=setting.home."
* code = #treatment-setting
* base[+] = #MedicationStatement
* base[+] = #Procedure
* type = #token
* expression = "MedicationStatement.extension('https://w3id.org/fhir-vitiligo/StructureDefinition/treatment-setting').value.ofType(CodeableConcept) | Procedure.extension('https://w3id.org/fhir-vitiligo/StructureDefinition/treatment-setting').value.ofType(CodeableConcept)"
* multipleOr = true
* multipleAnd = true
