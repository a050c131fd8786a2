"""A product is a Medication: what there is no code for stays text."""

from __future__ import annotations

from fhir_vitiligo.case import terms
from fhir_vitiligo.case.model import Ingredient, Product
from fhir_vitiligo.mapping import profiles
from fhir_vitiligo.mapping.codecs import CodeCodec
from fhir_vitiligo.mapping.coded import ConceptCodec, TermCodec
from fhir_vitiligo.mapping.declaration import Field, Part
from fhir_vitiligo.mapping.groups import GroupCodec
from fhir_vitiligo.mapping.resources.common import extension
from fhir_vitiligo.mapping.treatments import StrengthCodec

MEDICATION = Part(
    kind="product",
    model=Product,
    resource="Medication",
    profile=profiles.PRODUCT,
    title="Product",
    subject=None,
    fields=(
        Field("name", "code", TermCodec(terms.DrugTerm)),
        Field("form", "form", TermCodec(terms.FreeTerm)),
        Field(
            "ingredients",
            "ingredient[*]",
            GroupCodec(
                Ingredient,
                (
                    Field("name", "itemCodeableConcept", TermCodec(terms.DrugTerm)),
                    Field("strength", "strength.numerator", StrengthCodec()),
                    extension(
                        "basis", "strength-basis", CodeCodec({word: word for word in ("w/w", "w/v", "v/v")})
                    ),
                ),
            ),
        ),
        extension(
            "licence", "product-licence", ConceptCodec("licence", {w: w for w in ("licensed", "unlicensed")})
        ),
    ),
)

PARTS = (MEDICATION,)
