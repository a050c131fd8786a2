// Parts of a CapabilityStatement of requirements. How much a thing is asked for is HL7's extension for it:
// SHALL, SHOULD or MAY (https://hl7.org/fhir/extensions/StructureDefinition-capabilitystatement-expectation.html).
RuleSet: Expected(path, expectation)
* {path}.extension[+].url = "http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation"
* {path}.extension[=].valueCode = #{expectation}

RuleSet: Interaction(code, expectation)
* rest.resource[=].interaction[+].code = #{code}
* insert Expected(rest.resource[=].interaction[=], {expectation})

// A type that is read, searched and written, with what is asked of any type.
RuleSet: ServedType(type)
* rest.resource[+].type = #{type}
* insert Expected(rest.resource[=], SHALL)
* insert Interaction(read, SHALL)
* insert Interaction(search-type, SHALL)
* insert Interaction(create, SHALL)
* insert Interaction(update, SHALL)
* insert Interaction(vread, SHOULD)
* insert Interaction(history-instance, SHOULD)
* insert Interaction(patch, SHOULD)
* insert Interaction(delete, SHOULD)
* rest.resource[=].versioning = #versioned
* rest.resource[=].updateCreate = true
* insert Search(_id, token)
* insert Search(_lastUpdated, date)

RuleSet: Profile(id)
* rest.resource[=].supportedProfile[+] = Canonical({id})

RuleSet: Search(name, type)
* rest.resource[=].searchParam[+].name = "{name}"
* rest.resource[=].searchParam[=].type = #{type}
* insert Expected(rest.resource[=].searchParam[=], SHALL)

// A search parameter of the project.
RuleSet: OwnSearch(name, type)
* insert Search({name}, {type})
* rest.resource[=].searchParam[=].definition = Canonical({name})

RuleSet: TypeOperation(name, definition, expectation)
* rest.resource[=].operation[+].name = "{name}"
* rest.resource[=].operation[=].definition = {definition}
* insert Expected(rest.resource[=].operation[=], {expectation})

RuleSet: SystemOperation(name, definition, expectation)
* rest.operation[+].name = "{name}"
* rest.operation[=].definition = {definition}
* insert Expected(rest.operation[=], {expectation})

RuleSet: SystemInteraction(code, expectation)
* rest.interaction[+].code = #{code}
* insert Expected(rest.interaction[=], {expectation})
