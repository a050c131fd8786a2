"""An ImplementationGuide names what it depends on so that it can be found (https://hl7.org/fhir/R4/implementationguide.html)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered

# https://hl7.org/fhir/packages.html
_PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+")
_GUIDES = "/ImplementationGuide/"


def check(guide: Json, _: Context) -> Iterator[Fault]:
    """The rules of the type ``ImplementationGuide``."""
    for index, dependency in numbered(guide.get("dependsOn")):
        uri, version, package = dependency.get("uri"), dependency.get("version"), dependency.get("packageId")
        if isinstance(package, str) and not _PACKAGE.fullmatch(package):
            text = f"`packageId` is {shown(package)}: the id of a package has parts and dots between, as hl7.fhir.us.core."
            yield Fault("guide-dependency", "business-rule", text, steps=[f"dependsOn[{index}]"])
        if not isinstance(uri, str):
            continue
        url, bar, told = uri.partition("|")
        if bar and told != version:
            text = f"{shown(uri)} names a version, and `version` is {shown(version) if version else 'missing'}: it belongs there."
            yield Fault("guide-dependency", "business-rule", text, steps=[f"dependsOn[{index}]"])
        if _GUIDES not in url:
            text = (
                f"`uri` is {shown(uri)}: name the ImplementationGuide itself (.../ImplementationGuide/...)."
            )
            yield Fault("guide-dependency", "business-rule", text, steps=[f"dependsOn[{index}]"])
