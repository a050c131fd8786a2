"""Referential integrity within a transaction (https://hl7.org/fhir/R4/http.html#transaction-integrity).

Looked at when everything of a transaction is written, so that its resources may refer to each other in any order, and what
is deleted together may have been referred to by what is deleted with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fhir_vitiligo.errors import ConflictError, InputError, Issue
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.references import iter_references, parse_restful
from fhir_vitiligo.storage.repository import Session

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Target:
    """A reference to a resource of this server, and where it stands."""

    path: str
    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Integrity:
    """What is asked for: ``targets``, that references of what is written lead somewhere; ``referrers``, that nothing refers to
    what is deleted. ``base`` is this server's own URL.
    """

    targets: bool = False
    referrers: bool = False
    base: str = ""

    def targets_of(self, resource: Json) -> tuple[Target, ...]:
        """The references of the resource that have to be there. Pure."""
        if not self.targets:
            return ()
        found: dict[tuple[str, str], Target] = {}
        for path, reference in iter_references(resource):
            target = parse_restful(reference)
            if target is not None and target.base in ("", self.base):
                found.setdefault((target.type, target.id), Target(path, target.type, target.id))
        return tuple(found.values())

    def check_written(self, session: Session, targets: Iterable[Target], place: str = "") -> None:
        """:class:`InputError` names every reference that leads nowhere."""
        wanted = {(target.type, target.id): target for target in targets}
        missing = session.missing(wanted) if wanted else ()
        if missing:
            raise InputError(
                Issue(
                    "error",
                    "business-rule",
                    f"{place}.{wanted[key].path}" if place else wanted[key].path,
                    f"{key[0]}/{key[1]} is not here: store what is referred to first, or with it in one transaction",
                )
                for key in missing
            )

    def check_deleted(self, session: Session, resource_type: str, id: str) -> None:
        """:class:`ConflictError` names some of what refers to what was deleted."""
        if not self.referrers:
            return
        found = session.referrers(resource_type, id, self.base, _SHOWN + 1)
        if found:
            shown = ", ".join(f"{kind}/{name}" for kind, name in found[:_SHOWN])
            more = " and more" if len(found) > _SHOWN else ""
            raise ConflictError(
                f"{resource_type}/{id} is referred to by {shown}{more}: delete or change these first, or all in one "
                "transaction",
                code="business-rule",
            )
