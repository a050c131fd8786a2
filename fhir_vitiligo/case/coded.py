"""What things are called: codes and identifiers as a source stated them, and terms of the registry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, ClassVar

from pydantic import SerializerFunctionWrapHandler, model_serializer, model_validator

from fhir_vitiligo.case.base import Model, Text, short
from fhir_vitiligo.errors import TerminologyError
from fhir_vitiligo.terminology import registry

# A bar parts a canonical from its version: no character of a URI, so neither of a code system's name (RFC 3986, 2).
ABSOLUTE_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s|]+\Z")
# Only the space itself stands between the words of a code (https://hl7.org/fhir/R5/datatypes.html#code).
_CODE = re.compile(r"\S+(?: \S+)*\Z")


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
    ``text``. Codes give the term their concept only where nothing beside them says another one: a code of
    tacrolimus that is called mometasone makes neither. A ``concept`` that is named stands, whatever else is said.
    """

    category: ClassVar[str] = ""

    concept: Text | None = None
    text: Text | None = None
    codes: tuple[Code, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, int | Decimal) and not isinstance(data, bool):
            data = str(data)  # what YAML takes for a number: phototype: 3
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
        if len(codes) > 1:
            codes = tuple(
                sorted(dict.fromkeys(codes), key=lambda c: not _asserted(category, concept, text, codes, c))
            )
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

    def asserts(self, code: Code) -> bool:
        """Whether a code goes out as a code: not one that may not, nor one that the concept goes out with
        anyway, nor one that says another thing than the concept or the words.
        """
        return _asserted(self.category, self.concept, self.text, self.codes, code)

    @property
    def needs_its_name(self) -> bool:
        """Whether the words and codes beside the concept, its own among them, would not make it."""
        if self.concept is None or (self.text is None and not self.codes):
            return False
        concept = registry.concept(self.category, self.concept)
        codes: tuple[Code | registry.Coding, ...] = (*concept.codings, *self.codes)
        return _unnamed(self.category, self.text or concept.display, codes) is not concept

    def meanings(self) -> Iterator[tuple[str, str, registry.Concept]]:
        """What its text, its codes and what the source calls them mean: a word for which of them it is, what it
        says, and the concept.
        """
        said: list[tuple[str, str | None, registry.Concept | None]] = []
        if self.category:
            said.append(("text", self.text, registry.recognise_text(self.category, self.text)))
        for code in self.codes if self.category else ():
            said.append(("code", code.code, registry.recognise(self.category, code.system, code.code)))
            shown = registry.recognise_text(self.category, code.display)
            said.append(("display of a code", code.display, shown))
        yield from ((what, words, meant) for what, words, meant in said if words and meant is not None)

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


def _says_no_more(code: Code | registry.Coding, concept: registry.Concept) -> bool:
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
    """The concept that key, codes or text mean: the most specific of the codes, unless something beside them
    says another.
    """
    if key is None:
        return _unnamed(category, text, codes)
    try:
        named = registry.concept(category, key)
    except TerminologyError as error:
        raise ValueError(error.issues[0].text) from None
    if not codes:
        return named
    found = registry.recognise_codings(category, [*_pairs(named.codings), *_pairs(codes)])
    return named if found is None or (found is not named and _disputed(found, text, codes)) else found


def _unnamed(
    category: str, text: str | None, codes: Sequence[Code | registry.Coding]
) -> registry.Concept | None:
    pairs = _pairs(codes)
    found = registry.recognise_codings(category, pairs)
    if found is not None:
        return None if _disputed(found, text, codes) else found
    # Codes that say different things say nothing together, whatever the text is.
    spoken = any(registry.recognise(category, *pair) for pair in pairs)
    return registry.recognise_text(category, text) if text and not spoken else None


def _pairs(codes: Iterable[Code | registry.Coding]) -> list[tuple[str | None, str | None]]:
    return [(code.system, code.code) for code in codes]


def _disputed(concept: registry.Concept, text: str | None, codes: Iterable[Code | registry.Coding]) -> bool:
    """Whether the text, or what the source calls a code, is known as something else."""
    words = (text, *(code.display for code in codes if not _says_no_more(code, concept)))
    return any(
        meant is not None and contradict(concept, meant)
        for meant in (registry.recognise_text(concept.category, one) for one in words)
    )


def _asserted(
    category: str, concept: str | None, text: str | None, codes: tuple[Code, ...], code: Code
) -> bool:
    if not assertable(code):
        return False
    if not category:
        return True
    around = [registry.recognise_text(category, text)]
    if concept is not None:
        known = registry.concept(category, concept)
        if any((code.system, code.code) == (own.system, own.code) for own in known.codings):
            return False
        around.append(known)
    meant = _meant(category, code)
    others = [*meant, *(other for other in around if other is not None)]
    if concept is None and len(codes) > 1:
        # Nothing says which of them is right.
        others += [other for one in codes for other in _meant(category, one)]
    return not any(contradict(one, other) for one in meant for other in others)


def _meant(category: str, code: Code) -> list[registry.Concept]:
    """What a code means, and what the source calls it."""
    found = (
        registry.recognise(category, code.system, code.code),
        registry.recognise_text(category, code.display),
    )
    return [one for one in found if one is not None]


@cache
def ancestry(category: str, key: str) -> frozenset[str]:
    """The keys of a concept, by its category and its own key, and of those that it is a kind of."""
    keys = {key}
    parent = registry.concept(category, key).parent
    while parent is not None and parent not in keys:
        keys.add(parent)
        parent = registry.concept(category, parent).parent
    return frozenset(keys)


def contradict(one: registry.Concept, other: registry.Concept) -> bool:
    """Whether neither is a kind of the other."""
    return one.key not in ancestry(other.category, other.key) and other.key not in ancestry(
        one.category, one.key
    )


def assertable(code: Code) -> bool:
    """Whether a code that a source stated may be passed on as a code: a code system is named by its URI, a
    code is one word (or several with one space between them), and nothing known speaks against it.
    """
    return code.system is not None and _assertable(code.system, code.code)


@lru_cache(maxsize=8192)
def _assertable(system: str, code: str) -> bool:
    return (
        ABSOLUTE_URI.match(system) is not None
        and _CODE.match(code) is not None
        and registry.refusal(system, code) is None
    )
