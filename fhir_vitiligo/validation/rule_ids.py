"""Every rule of the validator by its stable id, with what it asks for: one table, a line a rule.

An invariant is a rule too, by the key of its definition (``dom-6``, ``obs-7``, ``vit-score-1``); those are
FHIR's, or a profile's, and not listed. A test holds the table against the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

RULE_IDS: Mapping[str, str] = MappingProxyType(
    {
        # Shape and values
        "address": "An OID or UUID is written as one.",
        "address-example": "An address is not one of those that only stand in examples.",
        "address-relative": "A canonical address is absolute.",
        "address-target": "A local address names something in the resource.",
        "address-type": "A canonical address leads to a resource of the type it should.",
        "address-unknown": "An address below HL7's own leads to something that HL7 publishes.",
        "attachment-data": "The data of an attachment can be decoded.",
        "attachment-size": "The size of an attachment is that of its data.",
        "bounds": "A value lies between the minimum and the maximum that a profile gives.",
        "cardinality": "An element is there as often as its definition asks for and allows.",
        "choice": "An element with a choice of types has one of them, and one that the profile allows.",
        "depth": "A resource nests no deeper, and has no more faults, than anybody would read.",
        "duplicate-id": "The id of an element is its own within the resource.",
        "ele-1": "An element has a value, children or extensions.",
        "ext-1": "An extension has a value or extensions of its own, not both.",
        "fixed": "An element whose value is fixed has that value.",
        "max-length": "A text is no longer than its definition allows.",
        "must-have-value": "An element that must have a value has one, or an extension that may stand for it.",
        "pattern": "An element has at least what its pattern names.",
        "primitive": "A primitive value is written as its type asks for.",
        "regex": "A text matches the regular expression that its profile gives.",
        "resource-type": "A resource says what it is, and is of a type that may be there.",
        "type": "An element is written as an object, an array or a value, as its definition asks for.",
        "unknown": "An element is one of those that the definitions know at its place.",
        # Terminology
        "binding": "A code is of the value set that the element is bound to.",
        "binding-unchecked": "Told where nobody here can say whether a code is of its value set.",
        "concept-map-code": "What is mapped from and to is a code of the systems and value sets named.",
        "code-status": "A code is still in use.",
        "code-unknown": "A code is one of its code system's.",
        "display": "The display of a code is one that its code system gives it.",
        "identifier-value": "An identifier whose system is that of URIs has a URI for its value.",
        "security-label": "A security label stands once in the meta of a resource.",
        "system-relative": "The address of a code system or of an identifier's system is absolute.",
        "system-unknown": "A code system of HL7's that is named exists.",
        "system-value-set": "A coding names a code system, not a value set.",
        # Extensions
        "extension-context": "An extension stands where its definition lets it be.",
        "extension-modifier": "An extension that modifies stands in modifierExtension, and no other does.",
        "extension-part": "A part of a complex extension is one that its definition names.",
        "extension-unknown": "An extension is defined in core or in a package that is loaded.",
        "extension-url": "The url of an extension is absolute and without a version.",
        # Invariants
        "invariant-limit": "Told where an invariant would have taken too long.",
        # References
        "reference-aggregation": "What a reference names is contained, in the Bundle or elsewhere, as the profile asks.",
        "reference-ambiguous": "A reference names one resource.",
        "reference-profile": "What a reference names conforms to the profile it has to.",
        "reference-type": "A reference names a resource of a type that is allowed.",
        "reference-unresolved": "A reference to a contained resource names one that is there.",
        # Narrative
        "narrative-language": "A narrative is in the languages that the profile asks for.",
        "xhtml-attribute": "An element of a narrative has only attributes that are allowed.",
        "xhtml-doctype": "A narrative has no document type.",
        "xhtml-duplicate-id": "An id is its own within a narrative.",
        "xhtml-element": "A narrative has only elements of basic formatting.",
        "xhtml-entity": "A narrative has only the entities of XML and HTML.",
        "xhtml-link": "A link of a narrative is an address, and runs nothing.",
        "xhtml-namespace": "A narrative is in the namespace of XHTML.",
        "xhtml-nesting": "Elements of a narrative stand where HTML lets them be.",
        "xhtml-root": "A narrative is one div element.",
        "xhtml-syntax": "A narrative is well-formed XML.",
        "xhtml-target": "A local link of a narrative leads to something in the resource.",
        # Profiles and slices
        "profile-broken": "A profile that is named can be used.",
        "profile-no-match": "A value conforms to one of the profiles it has to.",
        "profile-type": "A profile is for the type of resource that names it.",
        "profile-unknown": "A profile that is named is known here.",
        "slice-ambiguous": "An element belongs to one slice.",
        "slice-cardinality": "A slice is there as often as its profile asks for and allows.",
        "slice-closed": "Where slices are closed, an element belongs to one of them.",
        "slice-order": "Ordered slices stand in their order, and what is of none at the end where it has to.",
        "slicing": "A profile says what tells its slices apart.",
        # Bundle
        "bundle-first": "A document begins with its Composition, a message with its MessageHeader.",
        "bundle-full-url": "An entry has a fullUrl that fits its resource.",
        "bundle-link": "A Bundle has the links that its type allows.",
        "bundle-orphan": "An entry of a document can be reached from its Composition.",
        "bundle-search": "An entry of a search result says why it is there and has an id.",
        "bundle-target": "A reference of the first entry names an entry of the Bundle.",
        # Conformance resources
        "code-system": "A code system's properties and its value set of all codes are consistent.",
        "guide-dependency": "A dependency of an implementation guide names a package and a version.",
        "profile-complies": "A profile complies with the one it says it does.",
        "profile-discriminator": "A discriminator leads to an element.",
        "profile-element": "An element of a profile restricts that of its base.",
        "profile-obligations": "A profile of obligations has nothing else.",
        "profile-slicing": "Slicing is not changed by a derived profile, and the root is not sliced.",
        "search-parameter": "A search parameter that is named is of the type that is said.",
        # Measures and questionnaires
        "measure-library": "Criteria in CQL come with a library that they are from.",
        "measure": "A measure report fits its measure.",
        "questionnaire": "A questionnaire's items are told apart and consistent.",
        "questionnaire-answer": "An answer is of the type that its question asks for.",
        "questionnaire-derived": "A questionnaire fits the one it is derived from.",
        "questionnaire-enabled": "An item is answered only where it is enabled.",
        "questionnaire-exclusive": "An exclusive option is chosen alone.",
        "questionnaire-link": "An item of a response is one of its questionnaire.",
        "questionnaire-option": "An answer is one of the options of its question.",
        "questionnaire-order": "Items stand in the order of the questionnaire.",
        "questionnaire-repeats": "A question is answered once unless it repeats.",
        "questionnaire-required": "A required question is answered.",
    }
)
