"""What HL7 asks of what it publishes under its own addresses (http://hl7.org/fhir/...): one work group that is responsible
(http://hl7.org/fhir/StructureDefinition/structuredefinition-wg), and a publisher that is called after it. Others'
definitions are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from fhir_vitiligo.errors import Severity
from fhir_vitiligo.fhir.definitions import CORE
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import objects
from fhir_vitiligo.validation.resources.questionnaire_enablement import value_of

_OURS = "http://hl7.org/fhir/"
_GROUP = f"{CORE}structuredefinition-wg"
_STATUS = f"{CORE}structuredefinition-standards-status"
_GROUPS = "http://terminology.hl7.org/CodeSystem/hl7-work-group"


def check(resource: Json, context: Context) -> Iterator[Fault]:
    """The rules of any definition with an address of HL7's."""
    if not str(resource.get("url")).startswith(_OURS):
        return
    named = [
        found[1]
        for one in objects(resource.get("extension"))
        if one.get("url") == _GROUP and (found := value_of(one)) is not None
    ]
    if len(named) > 1:
        yield _fault(f"{len(named)} work groups are named: one is responsible.")
    if named and isinstance(named[0], str):
        yield from _publisher(named[0], resource.get("publisher"), context)
    if resource.get("resourceType") == "ImplementationGuide":
        said = {one.get("url") for one in objects(resource.get("extension"))}
        for url, what in ((_STATUS, "standards status"), (_GROUP, "work group")):
            if url not in said:
                yield _fault(f"A guide of HL7 says its {what} in the extension {url}.")


def _publisher(group: str, publisher: object, context: Context) -> Iterator[Fault]:
    verdict = context.library.check_code(_GROUPS, group)
    if verdict.kind == "unknown-code":
        yield _fault(f"HL7 has no work group {shown(group)}.")
        return
    if not isinstance(publisher, str) or not verdict.displays:
        return
    # Groups have grown, and kept their shorter name: Public Health (and Emergency Response).
    told = _plain(publisher)
    if "/" not in told or not any(
        _plain(f"HL7 International / {name}").startswith(told) for name in verdict.displays
    ):
        # A name without a group is of older days; one with another group is a contradiction.
        severity: Severity = "error" if "/" in publisher else "warning"
        wanted = shown(f"HL7 International / {verdict.displays[0]}")
        text = (
            f"The work group is {shown(group)}, so the publisher is {wanted}; here it is {shown(publisher)}."
        )
        yield _fault(text, severity)


def _plain(name: str) -> str:
    """A name as it is compared: HL7's list has abbreviations and "Work Group" behind some."""
    return name.partition("(")[0].replace("Work Group", "").strip().casefold()


def _fault(text: str, severity: Severity = "error") -> Fault:
    return Fault("publication", "business-rule", text, severity)
