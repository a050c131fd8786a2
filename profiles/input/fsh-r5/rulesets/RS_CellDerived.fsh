Invariant: vit-cell-1
Description: "The product or one of its ingredients is cell-derived, said in the code system of the project"
Severity: #error
Expression: "(code | ingredient.item.concept).coding.where(system = 'https://w3id.org/fhir-vitiligo/CodeSystem/vitiligo').where(memberOf('https://w3id.org/fhir-vitiligo/ValueSet/vitiligo-drug-cell-derived')).exists()"
