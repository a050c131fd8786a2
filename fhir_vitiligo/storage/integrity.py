"""Referential integrity within a transaction (https://hl7.org/fhir/R4/http.html#transaction-integrity).

Looked at when everything of a transaction is written, so that its resources may refer to each other in any order, and what
is deleted together may have been referred to by what is deleted with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from fhir_vitiligo.errors import ConflictError, InputError, Issue
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.references import find_references, is_conditional, parse_restful
from fhir_vitiligo.storage.repository import Session

_SHOWN = 3


class Target(NamedTuple):
    """A reference to a resource of this server, and where it stands."""

    path: str
    type: str
    id: str
    version: str = ""
    is_absolute: bool = False

    def __str__(self) -> str:
        return f"{self.type}/{self.id}" + (f"/_history/{self.version}" if self.version else "")


class Integrity(NamedTuple):
    """What is asked for: ``targets``, that references of what is written lead somewhere; ``referrers``, that nothing refers to
    what is deleted. ``base`` is this server's own URL.
    """

    targets: bool = False
    referrers: bool = False
    base: str = ""

    def targets_of(self, resource: Json, members: Mapping[str, bytes] | None = None) -> tuple[Target, ...]:
        """The references of the resource that have to be there; :class:`InputError` names one that can lead nowhere. Pure.
        ``members``: its texts, where they are known.

        A Bundle that is stored brings along what its resources refer to.
        """
        if not self.targets or resource.get("resourceType") == "Bundle":
            return ()
        found: dict[tuple[str, str, str], Target] = {}
        for path, reference in find_references(resource, members):
            target = parse_restful(reference)
            if target is None:
                if (text := _leads_nowhere(reference)) is not None:
                    raise InputError(Issue("error", "business-rule", path, text))
            elif target.base in ("", self.base):
                key = (target.type, target.id, target.version)
                if target.base or key not in found:
                    found[key] = Target(path, *key, is_absolute=bool(target.base))
        return tuple(found.values())

    def check_written(self, session: Session, targets: Collection[Target], place: str = "") -> None:
        """:class:`InputError` names every reference that leads nowhere. Those that name this server stay references to it when
        it is asked by another name.
        """
        if any(target.is_absolute for target in targets):
            session.know_base(self.base)
        if faults := self.missing(session, targets, place):
            raise InputError(faults)

    def missing(self, session: Session, targets: Collection[Target], place: str = "") -> list[Issue]:
        """A fault for every reference that leads nowhere."""
        wanted = {(target.type, target.id): target for target in targets}
        missing = [wanted[key] for key in session.missing(wanted)] if wanted else []
        versioned = [target for target in targets if target.version and target not in missing]
        missing += [target for target in versioned if not _has_version(session, target)]
        return [
            Issue(
                "error",
                "business-rule",
                target.path if not place else ".".join([place, *target.path.split(".")[1:]]),
                f"{target} is not here: store what is referred to first, or with it in one transaction",
            )
            for target in missing
        ]

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


def _leads_nowhere(reference: str) -> str | None:
    """Why no server could ever follow a reference that is no RESTful one; None where somebody may."""
    if reference.startswith(("urn:uuid:", "urn:oid:")):
        return f"{reference[:100]} names an entry of a Bundle: only a transaction makes a reference of it"
    if is_conditional(reference):
        return f"{reference[:100]!r} is a condition: only a transaction finds what it means"
    if not reference.startswith("#") and ":" not in reference.partition("/")[0]:
        return f"{reference[:100]!r} leads to no resource: a reference is written Type/id"
    return None


def _has_version(session: Session, target: Target) -> bool:
    number = target.version
    return (
        number.isascii()
        and number.isdigit()
        and session.read_version(target.type, target.id, int(number[:18])) is not None
    )
