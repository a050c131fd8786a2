"""Resources from elsewhere in the shape our maps read: the same JSON nodes under the names the maps know.

A view shares its nodes with the resource, so that what a map reads out of the view is gone from the resource
too; values that are no nodes are taken out of the resource afterwards (:meth:`View.settle`).
"""

from __future__ import annotations

from collections.abc import Mapping

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.declaration import Json

# Member of the type -> member of the type our maps read; R4 names, then R5's.
_NAMES: Mapping[str, Mapping[str, str]] = {
    "MedicationRequest": {"dosageInstruction": "dosage", "encounter": "context"},
    "MedicationDispense": {"dosageInstruction": "dosage"},
    "MedicationAdministration": {},
    "MedicationStatement": {},
}
_MEDICATION_TYPES = frozenset(_NAMES)

_STATUSES: Mapping[str, Mapping[str, str]] = {
    "MedicationRequest": {"draft": "intended", "cancelled": "not-taken"},
    "MedicationAdministration": {"in-progress": "active", "not-done": "not-taken"},
}


class View:
    """A resource as our maps read it."""

    def __init__(self, resource: Json, release: Release) -> None:
        self.resource = resource
        self.release = release
        self.view: Json = dict(resource)
        self._moved: list[tuple[Json, str, Json, str]] = []
        self._hidden: set[str] = set()
        kind = str(resource.get("resourceType"))
        if kind in _MEDICATION_TYPES:
            self._medication(kind)
        elif kind == "Procedure" and release is not Release.R5:
            self._act("performedDateTime", "performedPeriod")
        elif kind == "Procedure":
            self._act("occurrenceDateTime", "occurrencePeriod")
        elif kind == "Observation":
            self._instant()

    def settle(self) -> None:
        """Take out of the resource what was read out of the view."""
        for source, name, target, member in self._moved:
            if member not in target:
                source.pop(name, None)
        for name in tuple(self.resource):
            if name not in self.view and name not in self._hidden:
                del self.resource[name]

    def _move(self, name: str, member: str, target: Json | None = None) -> None:
        target = self.view if target is None else target
        for prefix in ("", "_"):
            if prefix + name in self.view:
                target[prefix + member] = self.view.pop(prefix + name)
                self._hidden.add(prefix + name)
                self._moved.append((self.resource, prefix + name, target, prefix + member))

    def _medication(self, kind: str) -> None:
        for name, member in _NAMES[kind].items():
            if self.release is not Release.R5 or member != "context":
                self._move(name, member)
        if kind == "MedicationAdministration":
            # In the words of R4 and of R5.
            self._act("effectiveDateTime", "effectivePeriod")
            self._act("occurenceDateTime", "effectivePeriod")
        if self.release is not Release.R5:
            self._category()
            self._reason_of_status()
        if kind == "MedicationAdministration" and isinstance(self.view.get("dosage"), dict):
            self._administered(self.view["dosage"])
        if kind == "MedicationDispense":
            # How the supply went says nothing of the treatment.
            self.view.pop("status", None)
            self._hidden.add("status")
        status = _STATUSES.get(kind, {}).get(str(self.view.get("status")))
        if self.view.get("intent") in ("proposal", "plan", "option") and self.view.get("status") == "active":
            status = "intended"  # what is active is the thought of it
        if status is not None:
            self.view["status"] = status
        if self.release is Release.R5 and kind != "MedicationStatement" and "adherence" not in self.view:
            self._status_as_adherence()

    def _status_as_adherence(self) -> None:
        # In R5 our map reads what became of a treatment from MedicationStatement.adherence, which only that type has.
        status = self.view.pop("status", None)
        if isinstance(status, str):
            told: Json = {"text": status}
            self.view["adherence"] = {"code": told}
            self._moved.append((self.resource, "status", told, "text"))
        self._hidden.add("status")

    def _reason_of_status(self) -> None:
        # MedicationRequest has one reason of its status where our map has a list of them.
        given = self.view.get("statusReason")
        if isinstance(given, dict):
            self.view["statusReason"] = [given]
            self._hidden.add("statusReason")

    def _category(self) -> None:
        # MedicationRequest and R5 have a list of categories where our map has one.
        if isinstance(self.view.get("category"), list):
            self._hidden.add("category")
            del self.view["category"]

    def _administered(self, dosage: Json) -> None:
        shown: Json = {name: dosage[name] for name in ("site", "route", "extension") if name in dosage}
        if isinstance(dosage.get("dose"), dict):
            shown["doseAndRate"] = [{"doseQuantity": dosage["dose"]}]
        self.view["dosage"] = [shown]
        self._hidden.add("dosage")

    def _act(self, name: str, period: str) -> None:
        """Something done once: it began and ended then."""
        if period in self.view or (name not in self.view and "_" + name not in self.view):
            return
        holder: Json = {}
        self._move(name, "start", holder)
        holder |= json.loads(
            json.dumps({member.replace("start", "end"): holder[member] for member in holder})
        )
        self.view[period] = holder

    def _instant(self) -> None:
        if "effectiveDateTime" in self.view or "_effectiveDateTime" in self.view:
            return
        if "effectiveInstant" in self.view:
            self._move("effectiveInstant", "effectiveDateTime")


def product_view(code: Json | None) -> Json:
    """A Medication made of the product that a medication resource names in place. The code is shared."""
    return {"resourceType": "Medication", "code": code}
