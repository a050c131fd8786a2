"""The Composition of a case document: its sections follow the headings of the CARE guideline for case
reports.
"""

from __future__ import annotations

from collections.abc import Iterable

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import profiles, urls
from fhir_vitiligo.mapping.coded import concept_json
from fhir_vitiligo.mapping.declaration import Json
from fhir_vitiligo.mapping.demanded import NOT_STATED
from fhir_vitiligo.mapping.narrative import line, narrative
from fhir_vitiligo.mapping.writer import SOFTWARE, CaseWriter

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Patient information", ("FamilyMemberHistory",)),
    ("Clinical findings", ("BodyStructure", "Encounter")),
    ("Diagnostic assessment", ("Condition",)),
    ("Therapeutic intervention", ("Procedure", "MedicationStatement", "Medication")),
    ("Follow-up and outcomes", ("Observation", "AdverseEvent")),
    ("Photographs and source", ("DocumentReference", "Citation", "Provenance")),
)


def composition(writer: CaseWriter, resources: Iterable[Json], recorded: str | None) -> Json:
    """The first entry of the document: one section for each heading that has something under it."""
    by_type: dict[str, list[Json]] = {}
    for resource in resources:
        by_type.setdefault(resource["resourceType"], []).append(resource)
    own = {"system": urls.ITEM, "value": writer.name("case", "document")}
    found: Json = {"resourceType": "Composition", "id": writer.id("case", "document")}
    found["meta"] = writer.meta(profiles.COMPOSITION)
    found["text"] = narrative("Vitiligo case", [line("Case", writer.case.id)])
    # A list in R5, one in R4: the only member of the type that differs.
    found["identifier"] = own if writer.release is not Release.R5 else [own]
    found["status"] = "final"
    found["type"] = concept_json("document", "case-report")
    subject: Json = {"reference": writer.patient}
    found["subject"] = subject if writer.release is not Release.R5 else [subject]
    if recorded is not None:
        found["date"] = recorded
    else:
        found["_date"] = {"extension": [dict(NOT_STATED["extension"][0])]}
    found["author"] = [{"display": SOFTWARE}]
    found["title"] = f"Vitiligo case {writer.case.id}"
    sections = []
    for title, types in SECTIONS:
        members = [resource for name in types for resource in by_type.get(name, ())]
        if members:
            sections.append(
                {
                    "title": title,
                    "text": narrative(title, [line(m["resourceType"], m["id"]) for m in members]),
                    "entry": [{"reference": "urn:uuid:" + member["id"]} for member in members],
                }
            )
    found["section"] = sections
    return found
