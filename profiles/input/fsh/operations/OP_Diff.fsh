Instance: diff
InstanceOf: OperationDefinition
Usage: #definition
* insert OwnDefinition
* name = "Diff"
* title = "What differs between two versions"
* description = "Gives the FHIRPath Patch (https://hl7.org/fhir/fhirpatch.html) that makes the later of two versions of a resource out of the earlier one. On a resource: from the version before the current one, or from the one named, to the current one. On the system: between any two resources of one type."
* kind = #operation
* affectsState = false
* code = #diff
* resource = #Resource
* system = true
* type = false
* instance = true
* parameter[+].name = #fromVersion
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].type = #id
* parameter[=].documentation = "On a resource: the id of the version to start from."
* parameter[+].name = #from
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].type = #uri
* parameter[=].documentation = "On the system: the resource to start from, such as Patient/1/_history/2."
* parameter[+].name = #to
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].type = #uri
* parameter[=].documentation = "On the system: the resource to arrive at, such as Patient/1."
* parameter[+].name = #includeMeta
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].type = #boolean
* parameter[=].documentation = "Whether a difference in Resource.meta counts. It does not without this parameter."
* parameter[+].name = #return
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].type = #Parameters
* parameter[=].documentation = "The patch; without any operation when nothing differs."
