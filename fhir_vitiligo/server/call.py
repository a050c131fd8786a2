"""What an interaction is given, and what it gives back for a version that was read or written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.outcome import operation_outcome
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.search.query import Limits, Pairs, SearchQuery, parse_query
from fhir_vitiligo.server.checks import Checks
from fhir_vitiligo.server.conditions import version_headers
from fhir_vitiligo.server.content import resource_response
from fhir_vitiligo.server.message import FHIR_JSON, Request, Response
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.storage.repository import Repository, StoredVersion

if TYPE_CHECKING:  # heavy, and of no use to most requests
    from fhir_vitiligo.terminology.value_sets import Terminology


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """What all requests share. ``dispatch`` answers a request as if it had come alone: the entries of a
    batch use it.
    """

    repository: Repository
    settings: Settings
    release: Release
    started: datetime
    dispatch: Callable[[Request], Awaitable[Response]]
    checks: Checks

    @property
    def parameters(self) -> Parameters:
        return self.repository.parameters


class Call(NamedTuple):
    """One request on its way to an interaction; ``type``, ``id`` and ``version`` are the ones in its path,
    else empty. ``member``: the type that is looked for in a compartment.
    """

    service: Service
    request: Request
    type: str = ""
    id: str = ""
    version: str = ""
    member: str = ""

    def query(
        self,
        pairs: Pairs,
        resource_type: str | None = None,
        compartment: tuple[str, str] | None = None,
        terminology: Terminology | None = None,
    ) -> SearchQuery:
        """The search that the pairs ask of the type in the path (or another one; empty: of all types), strict as request or
        settings say. ``terminology``: see :func:`parse_query`.
        """
        settings = self.service.settings
        handling = self.request.prefer("handling")
        strict = settings.strict_search if handling not in ("strict", "lenient") else handling == "strict"
        limits = Limits(min(settings.default_count, settings.max_count), settings.max_count)
        return parse_query(
            self.service.parameters,
            self.type if resource_type is None else resource_type,
            pairs,
            base=self.request.base,
            strict=strict,
            limits=limits,
            compartment=compartment,
            every_name=handling == "strict",
            terminology=terminology,
        )

    def written(self, status: int, version: StoredVersion, text: str) -> Response:
        """The answer to a write, with the body that ``Prefer: return`` asks for; the resource when it asks
        for nothing.
        """
        headers = version_headers(version)
        headers["Location"] = f"{self.request.base}/{version.location}"
        match self.request.prefer("return"):
            case "minimal":
                return Response(status, b"", headers)
            case "OperationOutcome":
                outcome = operation_outcome([Issue("information", "informational", "", text)])
                return Response(status, json.dumps(outcome), {"Content-Type": FHIR_JSON, **headers})
            case _:
                assert version.content is not None
                return resource_response(self.request, status, version.content, headers)
