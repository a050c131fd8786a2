"""Codecs of plain words and of yes and no as CodeableConcept.

An extension's value has to be a complex type wherever how it was read travels with it: typed FHIR libraries
know no extension on a primitive value there.
"""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.case.times import partial_date
from fhir_vitiligo.mapping.codecs import Codec, Reading, Writing, dicts
from fhir_vitiligo.mapping.facts import Json


class WordsCodec(Codec):
    """CodeableConcept.text; with ``words``, only those."""

    remembered = True
    datatype = "CodeableConcept"

    def __init__(self, *words: str) -> None:
        self.words = words

    def encode(self, value: str, to: Writing) -> Json:
        return {"text": value}

    def decode(self, node: Any, of: Reading) -> str | None:
        text = node.get("text") if isinstance(node, dict) else None
        if not isinstance(text, str) or not text.strip() or (self.words and text not in self.words):
            return None
        del node["text"]
        return text.strip()


class DayWordsCodec(WordsCodec):
    """A year, a month or a day as CodeableConcept.text."""

    def decode(self, node: Any, of: Reading) -> str | None:
        text = node.get("text") if isinstance(node, dict) else None
        try:
            partial_date(text)
        except ValueError:
            return None
        return super().decode(node, of) if len(str(text)) <= 10 else None


class YesNoCodec(Codec):
    """CodeableConcept from HL7's Yes/No indicator (https://terminology.hl7.org/CodeSystem-v2-0136.html)."""

    remembered = True
    datatype = "CodeableConcept"
    SYSTEM = "http://terminology.hl7.org/CodeSystem/v2-0136"

    def encode(self, value: bool, to: Writing) -> Json:
        return {"coding": [{"system": self.SYSTEM, "code": "Y" if value else "N"}]}

    def decode(self, node: Any, of: Reading) -> bool | None:
        for coding in dicts(node.get("coding")) if isinstance(node, dict) else ():
            if coding.get("system") == self.SYSTEM and coding.get("code") in ("Y", "N"):
                del coding["system"]
                return bool(coding.pop("code") == "Y")
        return None
