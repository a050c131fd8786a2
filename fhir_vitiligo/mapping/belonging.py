"""What in a store belongs to a case: the resources that this program made of it, known for certain.

All of them have an id that derives from their name (``<case id>/<kind>/<key>``), and say that name in an identifier. The
Provenance, which FHIR gives no identifier, says the case in its header, and refers to all the others.
"""

from __future__ import annotations

from collections.abc import Iterable

from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.codecs import dicts
from fhir_vitiligo.mapping.declaration import Json
from fhir_vitiligo.mapping.writer import resource_id

HEADER = urls.own("case-header")


def record_of(case: str) -> tuple[str, str]:
    """Type and id of the Provenance of a case."""
    return "Provenance", resource_id(f"{case}/case/record")


def document_of(case: str) -> tuple[str, str]:
    """Type and id of the Composition of a case, where it was made a document."""
    return "Composition", resource_id(f"{case}/case/document")


def is_of(case: str, resource: Json) -> bool:
    """Whether this program made the resource of the case: its id is the one that derives from the name it says."""
    found = resource.get("identifier")
    for one in [found] if isinstance(found, dict) else dicts(found):
        name = one.get("value")
        if one.get("system") == urls.ITEM and isinstance(name, str) and name.startswith(f"{case}/"):
            return resource.get("id") == resource_id(name)
    return False


def cases_in(resources: Iterable[Json]) -> tuple[str, ...]:
    """The ids of the cases that are there as a whole, with the Provenance that refers to all of it."""
    found = []
    for resource in resources:
        case = _case_of(resource) if resource.get("resourceType") == "Provenance" else None
        if case is not None and resource.get("id") == record_of(case)[1]:
            found.append(case)
    return tuple(found)


def _case_of(provenance: Json) -> str | None:
    for header in dicts(provenance.get("extension")):
        if header.get("url") == HEADER:
            for part in dicts(header.get("extension")):
                if part.get("url") == "id" and isinstance(part.get("valueId", part.get("valueString")), str):
                    return str(part.get("valueId", part.get("valueString")))
    return None
