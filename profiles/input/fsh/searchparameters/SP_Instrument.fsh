// Whatever system codes the instrument: a score in a system's own code is found by that code.
Instance: instrument
InstanceOf: SearchParameter
Usage: #definition
* insert OwnSearchParameter
* name = "Instrument"
* description = "The score or questionnaire that an Observation of the category survey states the result of: instrument=instrument.f-vasi,instrument.f-vasi-ftu. The code names the variant, so that indexes of the same name are not mixed up."
* code = #instrument
* base = #Observation
* type = #token
* expression = "Observation.where(category.coding.where(system = 'http://terminology.hl7.org/CodeSystem/observation-category' and code = 'survey').exists()).code"
* multipleOr = true
* multipleAnd = true
