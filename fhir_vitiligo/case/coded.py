"""What things are called: codes and identifiers as a source stated them, and terms of the registry."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pydantic import SerializerFunctionWrapHandler, model_serializer, model_validator

from fhir_vitiligo.case.base import Model, Text, short
from fhir_vitiligo.errors import TerminologyError
from fhir_vitiligo.terminology import registry

ABSOLUTE_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+\Z")
_CODE = re.compile(r"\S+(?:\s\S+)*\Z")


class Code(Model):
    """A code as the source stated it. Plain form: ``system|code`` or ``system|code|display``."""

    system: Text | None = None
    code: Text
    display: Text | None = None
    version: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, str):
            system, bar, rest = data.partition("|")
            if not bar:
                raise ValueError(f"{short(data)} names no system: write system|code or system|code|display")
            code, _, display = rest.partition("|")
            return {"system": system or None, "code": code, "display": display or None}
        return data


class Identifier(Model):
    """A business identifier of a record in some system. Plain form: ``system|value``."""

    system: Text | None = None
    value: Text

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, str):
            system, bar, value = data.rpartition("|")
            return {"system": system if bar and system else None, "value": value}
        return data


class Term(Model):
    """What something is called: a ``concept`` of the registry, a ``text`` as written, and any ``codes`` the
    source stated.

    Plain form: a concept's key or synonym (``cheek``), else free text. A synonym keeps its wording as
    ``text``.
    """

    category: ClassVar[str] = ""

    concept: Text | None = None
    text: Text | None = None
    codes: tuple[Code, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"text": data}
        return data

    @model_validator(mode="after")
    def _normal(self) -> Term:
        # One meaning has one form, whoever wrote it: the file, the API or another system's codes.
        category, concept, text, codes = self.category, self.concept, self.text, self.codes
        if category:
            found = _concept(category, concept, text, codes)
            concept = found.key if found else None
            if found is not None:
                text = None if text in (found.display, found.key) else text
                codes = tuple(c for c in codes if not _says_no_more(c, found))
        codes = tuple(sorted(dict.fromkeys(codes), key=lambda c: not self.asserts(c, concept)))
        if concept is None and text is None and not codes:
            raise ValueError("a term needs a concept, a text or a code")
        object.__setattr__(self, "concept", concept)
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "codes", codes)
        return self

    @model_serializer(mode="wrap")
    def _as_plain(self, handler: SerializerFunctionWrapHandler) -> Any:
        if not self.codes:
            if self.text is None:
                return self.concept
            plain = type(self)(text=self.text)
            if plain == self:
                return self.text
        return {
            key: value
            for key, value in handler(self).items()
            if value is not None and value != () and value != []
        }

    def asserts(self, code: Code, concept: str | None = None) -> bool:
        """Whether a code goes out as a code: not one that may not, nor one that the concept goes out with
        anyway.
        """
        concept = concept or self.concept
        own = registry.concept(self.category, concept).codings if concept and self.category else ()
        return assertable(code) and not any((code.system, code.code) == (c.system, c.code) for c in own)

    @property
    def display(self) -> str:
        """What people read: the text as written, else the concept's display, else the first code."""
        if self.text is not None:
            return self.text
        if self.concept is not None:
            return registry.concept(self.category, self.concept).display
        return self.codes[0].display or self.codes[0].code

    def __str__(self) -> str:
        return self.display


def _says_no_more(code: Code, concept: registry.Concept) -> bool:
    """Whether a stated code is one of the concept's own, in the same words."""
    for own in concept.codings:
        if (code.system, code.code) == (own.system, own.code):
            displays = [text.casefold() for text in (own.display, concept.display) if text]
            return (code.display is None or code.display.casefold() in displays) and code.version in (
                None,
                own.version,
            )
    return False


def _concept(
    category: str, key: str | None, text: str | None, codes: tuple[Code, ...]
) -> registry.Concept | None:
    """The concept that key, codes or text mean: the most specific of the codes, and the first where they
    contradict.
    """
    pairs = [(c.system, c.code) for c in codes]
    if key is not None:
        try:
            named = registry.concept(category, key)
        except TerminologyError as error:
            raise ValueError(error.issues[0].text) from None
        pairs = [(c.system, c.code) for c in named.codings] + pairs
    found = registry.recognise_codings(category, pairs)
    found = found or next(
        (c for system, code in pairs if (c := registry.recognise(category, system, code))), None
    )
    return found or (registry.recognise_text(category, text) if text else None)


def assertable(code: Code) -> bool:
    """Whether a code that a source stated may be passed on as a code: a code system is named by its URI, a
    code is one word (or several with one space between them), and nothing known speaks against it.
    """
    return (
        code.system is not None
        and ABSOLUTE_URI.match(code.system) is not None
        and _CODE.match(code.code) is not None
        and registry.refusal(code.system, code.code) is None
    )
