"""Codecs of coded values (https://hl7.org/fhir/R4/datatypes.html#CodeableConcept): terms, words of the
registry, HL7 codes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any

from pydantic import ValidationError

from fhir_vitiligo.case.values import Code, Term
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.codecs import Codec, Reading, Writing, dicts
from fhir_vitiligo.mapping.facts import Json
from fhir_vitiligo.mapping.templates import Hole, maker
from fhir_vitiligo.terminology import registry
from fhir_vitiligo.terminology.concepts import Coding, Concept
from fhir_vitiligo.terminology.systems import canonical_system


class _Makers(dict[str, Callable[[str | None], Json]]):
    """For each concept of a category what makes its CodeableConcept: its codings, and the text, which is its
    display where none is given.
    """

    def __init__(self, category: str) -> None:
        super().__init__()
        self._category = category

    def __missing__(self, key: str) -> Callable[[str | None], Json]:
        concept = registry.concept(self._category, key)
        codings = [_coding(coding) for coding in concept.codings]
        text = Hole(f"text or {concept.display!r}")
        made = self[key] = maker({"coding": codings, "text": text}, "text")
        return made


_makers = cache(_Makers)


def concept_json(category: str, key: str) -> Json:
    """A CodeableConcept for a concept of the registry."""
    return _makers(category)[key](None)


class TermCodec(Codec):
    """CodeableConcept. A concept's own codings first, then what the source stated; what may not be asserted
    stays a record.
    """

    remembered = True
    datatype = "CodeableConcept"

    def __init__(self, term: type[Term]) -> None:
        self.term = term
        self.makers = _makers(term.category)

    def encode(self, value: Term, to: Writing) -> Json:
        known = value.__dict__
        key, text, codes = known["concept"], known["text"], known["codes"]
        if key is None:
            node: Json = {} if text is None else {"text": text}
            return _with_codes(node, value) if codes else node
        node = self.makers[key](text)
        if codes:
            node = _with_codes(node, value)
        if value.needs_its_name if codes else text is not None and _needs_its_name(self.term, key, text):
            mark = {"url": urls.NAMED_CONCEPT, "valueCode": key}
            node = {"extension": [mark, *node.pop("extension", ())], **node}
        return node

    def decode(self, node: Any, of: Reading) -> Term | None:
        if not isinstance(node, dict):
            return None
        text = node.get("text")
        stated = [
            *((_code(one), one) for one in dicts(node.get("coding")) if isinstance(one.get("code"), str)),
            *(
                (_recorded_code(one), one)
                for one in dicts(node.get("extension"))
                if one.get("url") == urls.RECORDED_CODE
            ),
        ]
        codes = tuple(code for code, _ in stated if code is not None)
        words = text if isinstance(text, str) and text.strip() else None
        mark = next((e for e in dicts(node.get("extension")) if e.get("url") == urls.NAMED_CONCEPT), {})
        named = mark.get("valueCode")
        value = self._term(named, words, codes) if isinstance(named, str) else None
        if value is not None and value.concept == named and value.needs_its_name:
            mark.clear()
        else:
            value = self._term(None, words, codes)
        if value is None:
            value, text = self._term(None, None, codes), None
        if value is None:
            return None
        if isinstance(text, str):
            node.pop("text", None)
        concept = registry.concept(value.category, value.concept) if value.concept else None
        for code, source in stated:
            if code is None:
                continue
            if source.get("url") == urls.RECORDED_CODE:
                source.clear()
            elif code in value.codes:
                for member in ("system", "code", "display", "version"):
                    source.pop(member, None)
            else:
                consume_own(source, concept)
        return value

    def _term(self, concept: str | None, text: str | None, codes: tuple[Code, ...]) -> Term | None:
        try:
            return self.term(concept=concept, text=text, codes=codes)
        except ValidationError:
            return None


@lru_cache(maxsize=8192)
def _needs_its_name(term: type[Term], key: str, text: str) -> bool:
    return term.unchecked({"concept": key, "text": text}).needs_its_name


def _with_codes(node: Json, value: Term) -> Json:
    codings, recorded = node.get("coding", []), []
    for code in value.codes:
        if value.asserts(code):
            codings.append(_coding(code))
        else:
            recorded.append({"url": urls.RECORDED_CODE, "extension": _recorded(code)})
    found: Json = {"extension": recorded} if recorded else {}
    if codings:
        found["coding"] = codings
    if "text" in node:
        found["text"] = node["text"]
    return found


def _coding(code: Code | Coding) -> Json:
    node = {"system": code.system, "version": code.version, "code": code.code, "display": code.display}
    return {name: value for name, value in node.items() if value is not None}


def _code(members: Json) -> Code | None:
    try:
        return Code.model_validate({name: members[name] for name in _RECORDED if name in members})
    except ValidationError:
        return None


_RECORDED = ("system", "code", "display", "version")


def _recorded(code: Code) -> list[Json]:
    values = ((name, getattr(code, name)) for name in _RECORDED)
    return [{"url": name, "valueString": value} for name, value in values if value is not None]


def _recorded_code(extension: Json) -> Code | None:
    parts = extension.get("extension")
    if len(extension) != 2 or not isinstance(parts, list):
        return None
    values = {}
    for part in parts:
        match part:
            case {"url": str(name), "valueString": str(value)} if (
                len(part) == 2 and name in _RECORDED and name not in values
            ):
                values[name] = value
            case _:
                return None
    return _code(values)


def consume_own(coding: Json, concept: Concept | None) -> None:
    """Remove a coding that the concept stands for; a display that is not ours stays."""
    for own in concept.codings if concept else ():
        if own.code == coding.get("code") and own.system == canonical_system(str(coding.get("system"))):
            if coding.get("display") in (own.display, concept.display if concept else None):
                coding.pop("display", None)
            if coding.get("version") == own.version:
                coding.pop("version", None)
            coding.pop("system", None)
            coding.pop("code", None)
            return


class ConceptCodec(Codec):
    """CodeableConcept for a word of the case that is a key of a registry category (or maps to one)."""

    remembered = True
    datatype = "CodeableConcept"

    def __init__(self, category: str, keys: Mapping[str, str] | None = None) -> None:
        self.category = category
        self.makers = _makers(category)
        self.keys = keys
        self.words = {key: word for word, key in keys.items()} if keys else None

    def encode(self, value: str, to: Writing) -> Json:
        return self.makers[self.keys[value] if self.keys else value](None)

    def decode(self, node: Any, of: Reading) -> str | None:
        if not isinstance(node, dict):
            return None
        text = node.get("text")
        for coding in dicts(node.get("coding")):
            concept = registry.recognise(self.category, str(coding.get("system")), str(coding.get("code")))
            word = self._word(concept)
            if concept is not None and word is not None:
                for other in dicts(node.get("coding")):
                    if (
                        registry.recognise(self.category, str(other.get("system")), str(other.get("code")))
                        == concept
                    ):
                        consume_own(other, concept)
                if text == concept.display:
                    node.pop("text")
                return word
        concept = registry.recognise_text(self.category, text) if isinstance(text, str) else None
        word = self._word(concept)
        if word is not None:
            node.pop("text")
        return word

    def _word(self, concept: Concept | None) -> str | None:
        if concept is None:
            return None
        return concept.key if self.words is None else self.words.get(concept.key)


class CodedCodec(Codec):
    """CodeableConcept or Coding from an HL7 code system of a fixed list: the case's words to its codes."""

    remembered = True

    def __init__(self, system: str, codes: Mapping[str, str], *, coding: bool = False) -> None:
        self.datatype = "Coding" if coding else "CodeableConcept"
        self.system, self.codes, self.bare = system, dict(codes), coding
        self.words = {code: word for word, code in codes.items()}

    def encode(self, value: str, to: Writing) -> Json:
        coding = {"system": self.system, "code": self.codes[value]}
        return coding if self.bare else {"coding": [coding]}

    def decode(self, node: Any, of: Reading) -> str | None:
        if not isinstance(node, dict):
            return None
        for coding in [node] if self.bare else dicts(node.get("coding")):
            word = self.words.get(str(coding.get("code")))
            if word is not None and coding.get("system") == self.system:
                del coding["system"], coding["code"]
                return word
        return None


class LanguageCodec(Codec):
    """CodeableConcept for a language of BCP 47 (https://hl7.org/fhir/R5/valueset-all-languages.html)."""

    remembered = True
    datatype = "CodeableConcept"
    SYSTEM = "urn:ietf:bcp:47"

    def encode(self, value: str, to: Writing) -> Json:
        return {"coding": [{"system": self.SYSTEM, "code": value}]}

    def decode(self, node: Any, of: Reading) -> str | None:
        for coding in dicts(node.get("coding")) if isinstance(node, dict) else ():
            code = coding.get("code")
            if coding.get("system") == self.SYSTEM and isinstance(code, str) and code.strip():
                del coding["system"], coding["code"]
                return code
        return None
