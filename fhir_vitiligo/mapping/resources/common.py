"""Fields and constants that several resources share."""

from __future__ import annotations

from collections.abc import Callable

from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.codecs import Codec, ReferenceCodec, StringCodec
from fhir_vitiligo.mapping.coded import CodedCodec, ConceptCodec, concept_json
from fhir_vitiligo.mapping.declaration import Field, Json
from fhir_vitiligo.mapping.observations import ValueCodec

AT = Field("at", "encounter", ReferenceCodec("timepoint"))
NOTE = Field("note", "note[0].text", StringCodec("Markdown"))
PRESENCE = ConceptCodec("presence")

ENCOUNTER_CLASS = CodedCodec(
    "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    {"clinic": "AMB", "home": "HH", "hospital": "IMP", "remote": "VR"},
    coding=True,
)

_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def observation(category: str, code: str | None = None) -> Callable[[], Json]:
    """The constants of a final Observation: HL7's category and, unless the item names it, the registry's
    code.
    """

    def constants() -> Json:
        found: Json = {"status": "final", "category": [{"coding": [{"system": _CATEGORY, "code": category}]}]}
        if code is not None:
            found["code"] = concept_json("observation", code)
        return found

    return constants


def component(case: str, key: str, codec: Codec) -> Field:
    """A field that is a component of an Observation, told by a concept of the registry."""
    return Field(case, f"component({key}).value[x]", ValueCodec(codec))


def extension(case: str, name: str, codec: Codec) -> Field:
    """A field that is an extension of the project."""
    return Field(case, f"extension({urls.own(name)}).value[x]", codec)
