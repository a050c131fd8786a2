"""What FHIR defines for searches and is not done here, each with the reason and with what to ask instead
(https://hl7.org/fhir/R4/search.html). A query that uses it is refused, as leaving it out would change the result; the
capability statement lists it.
"""

from __future__ import annotations

from collections.abc import Mapping

_WORDS = "words are not indexed; search a string parameter with :contains, or a token with :text"
_OF_CONTAINED = "contained resources are not found by themselves; search the resource they are contained in"

PARAMETERS: Mapping[str, str] = {
    "_contained": _OF_CONTAINED,
    "_containedType": _OF_CONTAINED,
    "_content": _WORDS,
    "_filter": "expressions are not read; commas mean or, repeated parameters mean and, chains and _has lead to other "
    "resources",
    "_in": "it is R5's; search by _list, or by _has:List:item:_id or _has:Group:member:_id",
    "_query": "there are no named queries here; give search parameters",
    "_text": _WORDS,
    "phonetic": "sounds are not compared; search name, which takes the beginning of any part of a name (family, given, "
    "text), or name:contains, which takes any piece of one",
}
"""Search parameter -> why it is not served, and what serves instead."""

MODIFIERS: Mapping[str, Mapping[str, str]] = {
    "reference": {
        "above": "hierarchies of resources are not walked; name the resources, or chain by the parameter once for each level",
        "below": "hierarchies of resources are not walked; name the resources, or chain by the parameter once for each level",
        "text": "the display of a reference is not indexed; chain to a name of the resource (subject:Patient.name)",
    },
}
"""Type of search parameter -> modifier that FHIR defines for it -> why it is not served, and what serves instead."""
