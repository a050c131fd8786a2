Instance: instrument-score
InstanceOf: SearchParameter
Usage: #definition
* insert OwnSearchParameter
* name = "InstrumentScore"
* description = "An instrument together with its score, so that both are of the same Observation: instrument-score=instrument.vida$ge2. A score that its source leaves ambiguous is text, not a number, and is not found."
* code = #instrument-score
* base = #Observation
* type = #composite
* expression = "Observation.where(category.coding.where(system = 'http://terminology.hl7.org/CodeSystem/observation-category' and code = 'survey').exists())"
* multipleOr = true
* multipleAnd = true
* component[+].definition = Canonical(instrument)
* component[=].expression = "code"
* component[+].definition = "http://hl7.org/fhir/SearchParameter/Observation-value-quantity"
* component[=].expression = "value.ofType(Quantity)"
