"""Which profile of the project a resource declares (https://hl7.org/fhir/R4/resource.html#Meta, ``profile``).

Most parts have one profile. Where an item's own content says which of several it is, the most specific one is
declared; each of these is a child of the general one, which stands where nothing more is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fhir_vitiligo.case.model import Assessment, Intervention, Product, Response
from fhir_vitiligo.case.values import Fact, Term
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.terminology import registry

COMPOSITION = "vitiligo-case-report"
BUNDLES: Mapping[str, str] = {
    "collection": "vitiligo-case-collection",
    "transaction": "vitiligo-case-transaction",
    "document": "vitiligo-case-document",
}
"""By Bundle.type."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several profiles: what ``of`` says of an item, else the ``general`` one."""

    general: str
    special: frozenset[str]
    of: Callable[[Any], str | None]

    def profile(self, item: Any) -> str:
        """The id of the profile of an item."""
        return self.of(item) or self.general


Declared = str | Choice
"""What a part declares: the id of its profile, or how it is chosen."""


def ids(declared: Declared) -> frozenset[str]:
    """Every id that can come of it."""
    return frozenset({declared}) if isinstance(declared, str) else declared.special | {declared.general}


@cache
def url(identity: str) -> str:
    """The canonical URL of a profile of the project."""
    return urls.own(identity)


def _by_concept(
    general: str, category: str, table: Mapping[str, str], facts: Callable[[Any], Iterator[Fact[Any] | None]]
) -> Choice:
    """By the concept of the item, or the nearest more general one that has a profile."""

    @cache
    def profile(key: str | None) -> str | None:
        while key is not None and key not in table:
            key = registry.concept(category, key).parent
        return table[key] if key is not None else None

    def of(item: Any) -> str | None:
        for fact in facts(item):
            term: Term | None = fact.value if fact is not None else None
            if term is not None and (found := profile(term.concept)) is not None:
                return found
        return None

    return Choice(general, frozenset(table.values()), of)


def _instrument(assessment: Assessment) -> Iterator[Fact[Any] | None]:
    yield assessment.instrument


def _substances(product: Product) -> Iterator[Fact[Any] | None]:
    yield product.name
    for ingredient in product.ingredients:
        yield ingredient.name


def _done(intervention: Intervention) -> Iterator[Fact[Any] | None]:
    yield intervention.name


SCORE = _by_concept(
    "vitiligo-score",
    "instrument",
    {
        "vetf": "vitiligo-vetf",
        "vetfa": "vitiligo-vetf",
        "vasi": "vitiligo-vasi",
        "t-vasi": "vitiligo-vasi",
        "f-vasi": "vitiligo-f-vasi",
        "f-vasi-ftu": "vitiligo-f-vasi-ftu",
        "ves": "vitiligo-ves",
        "ves-plus": "vitiligo-ves",
        "sa-ves": "vitiligo-ves",
        "vsas": "vitiligo-vsas",
        "vida": "vitiligo-vida",
        "vns": "vitiligo-vns",
        "dlqi": "vitiligo-dlqi",
        "cdlqi": "vitiligo-dlqi",
        "vitiqol": "vitiligo-vitiqol",
        "bsa": "vitiligo-bsa",
    },
    _instrument,
)

# A case seldom states a licence, so what a product is made of decides alone.
PRODUCT = _by_concept(
    "vitiligo-product",
    "drug",
    dict.fromkeys(("conditioned-medium-secretome", "exosomes"), "vitiligo-cell-derived-product"),
    _substances,
)

PROCEDURE = _by_concept(
    "vitiligo-procedure",
    "procedure",
    {
        "microneedling": "vitiligo-microneedling",
        "phototherapy": "vitiligo-phototherapy",
        "graft": "vitiligo-grafting",
    },
    _done,
)

_MEDICATIONS = {"topical": "vitiligo-topical-medication", "systemic": "vitiligo-systemic-medication"}


def _medication(intervention: Intervention) -> str | None:
    return _MEDICATIONS.get(intervention.kind)


MEDICATION = Choice("vitiligo-medication", frozenset(_MEDICATIONS.values()), _medication)


def _response(response: Response) -> str | None:
    measured = (response.repigmentation, response.quartile)
    known = any(fact is not None and fact.value is not None for fact in measured)
    return "vitiligo-repigmentation" if known else None


RESPONSE = Choice("vitiligo-response", frozenset({"vitiligo-repigmentation"}), _response)
