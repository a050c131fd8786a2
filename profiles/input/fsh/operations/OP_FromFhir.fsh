Instance: from-fhir
InstanceOf: OperationDefinition
Usage: #definition
* insert OwnDefinition
* name = "FromFhir"
* title = "FHIR to vitiligo cases"
* description = "Takes resources, whoever wrote them, and gives a case of the project's case model for each patient among them. What no field of a case carries is named in the residue, so that nothing is lost in silence. Nothing is stored."
* kind = #operation
* affectsState = false
* code = #from-fhir
* resource = #Patient
* system = true
* type = false
* instance = true
* parameter[+].name = #resource
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].type = #Resource
* parameter[=].documentation = "Resources or Bundles of them. On a Patient none is needed: everything stored about that patient is taken."
* parameter[+].name = #release
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].type = #code
* parameter[=].documentation = "The FHIR release that the resources are of: r4, r4b or r5. Without it the resources tell."
* parameter[+].name = #format
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].type = #code
* parameter[=].documentation = "How the case files are written: yaml (which is the default) or json."
* parameter[+].name = #case
* parameter[=].use = #out
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "A case, and what of its resources it does not carry. None when no resource is about vitiligo."
* parameter[=].part[+].name = #content
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[=].part[=].documentation = "The text of the case file."
* parameter[=].part[+].name = #residue
* parameter[=].part[=].use = #out
* parameter[=].part[=].min = 0
* parameter[=].part[=].max = "*"
* parameter[=].part[=].documentation = "An element that the case does not carry."
* parameter[=].part[=].part[+].name = #resource
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #string
* parameter[=].part[=].part[=].documentation = "The resource: its type and id, or its place in the Bundle."
* parameter[=].part[=].part[+].name = #expression
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #string
* parameter[=].part[=].part[=].documentation = "The element within the resource, as FHIRPath."
* parameter[=].part[=].part[+].name = #value
* parameter[=].part[=].part[=].use = #out
* parameter[=].part[=].part[=].min = 1
* parameter[=].part[=].part[=].max = "1"
* parameter[=].part[=].part[=].type = #string
* parameter[=].part[=].part[=].documentation = "Its value as JSON."
