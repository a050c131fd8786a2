"""The mapper of a release: a case to a Bundle of resources."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

from fhir_vitiligo.case.model import Case
from fhir_vitiligo.errors import MappingError
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import profiles, urls
from fhir_vitiligo.mapping.accept import Accepted, accept
from fhir_vitiligo.mapping.composition import composition
from fhir_vitiligo.mapping.declaration import Json
from fhir_vitiligo.mapping.demanded import NOT_STATED
from fhir_vitiligo.mapping.parts import kinds
from fhir_vitiligo.mapping.writer import SOFTWARE, CaseWriter

BundleType = Literal["transaction", "collection", "document"]
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")


class Mapper:
    """Maps cases of one release. Compiled once, reusable, safe to share between threads."""

    def __init__(self, release: Release | str = Release.R4) -> None:
        self.release = Release.of(release)
        kinds(self.release)

    def to_fhir(
        self,
        case: Case,
        *,
        type: BundleType = "transaction",
        recorded: datetime | str | None = None,
        accept_candidates: Accepted = (),
    ) -> Json:
        """The case as a Bundle.

        ``recorded`` is when the conversion was made (Provenance.recorded); without it the Provenance says
        that it is unknown, so that the same case always gives the same bytes (a document is put together at
        a time in any case: without ``recorded`` its ``timestamp`` is now). ``accept_candidates`` takes
        readings of ambiguous values that the caller vouches for: ``{"assessments.vetf-t0.total": "7.6"}``.
        """
        if type not in profiles.BUNDLES:
            raise MappingError(
                f"unknown Bundle type {type!r}: use {', '.join(profiles.BUNDLES)}", code="value"
            )
        writer = CaseWriter(accept(case, accept_candidates), self.release)
        resources = writer.resources()
        resources.append(self._provenance(writer, resources, recorded))
        if type == "document":
            resources.insert(0, composition(writer, resources, recorded_instant(recorded)))
        return bundle(
            resources,
            type,
            document=writer.id("case", "bundle"),
            time=recorded_instant(recorded),
            case=case.id,
        )

    def resources(self, case: Case, *, recorded: datetime | str | None = None) -> list[Json]:
        """The resources of a case, without a Bundle around them."""
        return [
            entry["resource"] for entry in self.to_fhir(case, type="collection", recorded=recorded)["entry"]
        ]

    def _provenance(
        self, writer: CaseWriter, targets: Iterable[Json], recorded: datetime | str | None
    ) -> Json:
        kind = kinds(self.release)["case"]
        (provenance,) = writer.item(kind, "record", writer.case)
        provenance["target"] = [{"reference": "urn:uuid:" + target["id"]} for target in targets]
        instant = recorded_instant(recorded)
        if instant is None:
            provenance["_recorded"] = {"extension": [dict(NOT_STATED["extension"][0])]}
        else:
            provenance["recorded"] = instant
        provenance["agent"] = [{"who": {"display": SOFTWARE}}]
        if writer.case.source is not None:
            provenance["entity"] = [
                {"role": "source", "what": {"reference": writer.urns["source", "source"]}}
            ]
        return provenance


def recorded_instant(recorded: datetime | str | None) -> str | None:
    """A FHIR instant: a date, a time to the second at least, and an offset from UTC."""
    if recorded is None:
        return None
    text = recorded.isoformat() if isinstance(recorded, datetime) else str(recorded)
    if not _INSTANT.match(text):
        raise MappingError(
            f"{text!r} is no instant: write a date, a time and its offset from UTC, such as "
            "2024-03-05T10:30:00Z",
            code="value",
        )
    return text


def bundle(resources: list[Json], kind: str, *, document: str, time: str | None, case: str) -> Json:
    """A Bundle of resources that refer to one another by ``urn:uuid``."""
    found: Json = {"resourceType": "Bundle", "meta": {"profile": [profiles.url(profiles.BUNDLES[kind])]}}
    if kind == "document":
        found["identifier"] = {"system": urls.ITEM, "value": f"{case}/case/bundle"}
    found["type"] = kind
    if kind == "document":
        # bdl-10 demands the time at which the document was put together.
        found["timestamp"] = time or datetime.now(UTC).isoformat(timespec="seconds")
    entries: list[Any] = []
    for resource in resources:
        entry: Json = {"fullUrl": "urn:uuid:" + resource["id"], "resource": resource}
        if kind == "transaction":
            entry["request"] = {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}
        entries.append(entry)
    found["entry"] = entries
    return found
