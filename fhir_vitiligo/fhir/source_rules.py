"""The rules that only a reader of files, JSON and XML checks, by the stable id its issues carry
(https://hl7.org/fhir/R4/json.html, xml.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

READER_RULES: Mapping[str, str] = MappingProxyType(
    {
        "attribute": "XML has only the attributes that the definitions know: value, id and the url of an extension.",
        "duplicate-key": "A member stands once in a JSON object.",
        "encoding": "FHIR is written in UTF-8.",
        "json": "The text is JSON.",
        "namespace": "FHIR elements are in the namespace http://hl7.org/fhir.",
        "order": "XML elements stand in the order of the specification.",
        "processing-instruction": "A resource in XML has no processing instructions.",
        "text": "Text stands only in attributes and narratives.",
        "unreadable": "The input is there and can be read.",
        "xml": "The text is well-formed XML without a document type.",
    }
)
