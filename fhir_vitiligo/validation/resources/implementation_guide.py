"""An ImplementationGuide names what it depends on so that it can be found (https://hl7.org/fhir/R4/implementationguide.html)."""

from __future__ import annotations

from collections.abc import Iterator

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered


def check(guide: Json, _: Context) -> Iterator[Fault]:
    """The rules of the type ``ImplementationGuide``."""
    for index, dependency in numbered(guide.get("dependsOn")):
        uri = dependency.get("uri")
        if isinstance(uri, str) and "|" in uri:
            text = f"The version belongs in `version`, not into the address {shown(uri)}."
            yield Fault("guide-dependency", "business-rule", text, steps=[f"dependsOn[{index}]"])
