"""A patch of any of the three kinds, ready to be put on a resource. Pure.

https://hl7.org/fhir/R4/http.html#patch. The media type says which kind; of plain JSON (some clients send that) an array is a
JSON Patch, Parameters are a FHIRPath Patch, and any other object is a merge patch.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from fhir_vitiligo.errors import InputError, Issue
from fhir_vitiligo.fhir import json, json_text
from fhir_vitiligo.fhir.as_written import AsWritten
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.patches import json_patch, merge_patch
from fhir_vitiligo.fhir.release import Release

JSON_PATCH, MERGE_PATCH, FHIR_JSON = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/fhir+json",
)
MEDIA_TYPES = (JSON_PATCH, MERGE_PATCH, FHIR_JSON)


@dataclass(frozen=True, slots=True)
class Patch:
    """``media`` is a media type in small letters without parameters, ``read`` an array or object."""

    media: str
    read: AsWritten

    @property
    def asked(self) -> Any:
        return self.read.value

    @property
    def text(self) -> bytes:
        return self.read.dumps(self.asked)

    def apply(self, resource: Json, release: Release) -> Json:
        """The resource after the patch; the one given is not changed.

        :class:`InputError` with code ``structure`` for what is no patch, ``business-rule`` for one that does not fit the
        resource, or makes another one of it.
        """
        try:
            found = self._applied(resource, release)
        except InputError as error:
            issue = error.issues[0]
            if issue.code == "structure":
                raise
            raise InputError(Issue("error", "business-rule", issue.expression, issue.text)) from None
        same = all(found.get(name) == resource.get(name) for name in ("resourceType", "id"))
        if not same:
            raise InputError(
                "a patch changes neither the type nor the id of a resource", code="business-rule"
            )
        return found

    def apply_to_text(self, text: bytes, release: Release) -> tuple[Json, bytes]:
        """The same of a resource as text, with what becomes of it as text, in which numbers are spelled as they were, here or
        in the patch.
        """
        read = AsWritten(text).along_with(self.read)
        resource = self.apply(read.value, release)
        return resource, read.dumps(resource)

    def _applied(self, resource: Json, release: Release) -> Json:
        if self.media == JSON_PATCH or (self.media != MERGE_PATCH and isinstance(self.asked, list)):
            return json_patch(resource, self.asked)
        if self.media != MERGE_PATCH and self.asked.get("resourceType") == "Parameters":
            # Imported when the first comes: most servers never see one.
            from fhir_vitiligo.fhir.fhirpath_patch import fhirpath_patch

            return fhirpath_patch(resource, self.asked, release)
        return merge_patch(resource, self.asked)


def read_patch(media: str, body: bytes) -> Patch:
    """The patch in a body of JSON; :class:`InputError` for what is neither array nor object."""
    asked = json.loads(body)
    if not isinstance(asked, list | dict):
        raise InputError("a patch is a JSON array or object", code="structure")
    if json_text.may_be_deep(body):
        json_text.check_depth(asked)
    return Patch(media, AsWritten(body))


def patch_of_entry(text: bytes) -> Patch:
    """The patch that an entry of a Bundle carries: Parameters (FHIRPath Patch), or a Binary with a patch of another kind in
    base64 (https://hl7.org/fhir/R4/http.html#patch). ``text`` is its resource, which is known to be JSON.
    """
    read = AsWritten(text)
    resource = read.value
    if not isinstance(resource, dict):
        raise InputError("PATCH needs `resource`", code="required", expression="resource")
    if resource.get("resourceType") == "Parameters":
        return Patch(FHIR_JSON, read)
    media = str(resource.get("contentType", "")).partition(";")[0].strip().lower()
    if resource.get("resourceType") != "Binary" or media not in MEDIA_TYPES:
        raise InputError(
            f"a PATCH in a Bundle is Parameters, or a Binary with the contentType {' or '.join(MEDIA_TYPES)}",
            code="invalid",
            expression="resource",
        )
    try:
        body = base64.b64decode(str(resource.get("data", "")), validate=True)
    except (binascii.Error, ValueError):
        raise InputError(
            "the data of the Binary is no base64", code="value", expression="resource.data"
        ) from None
    return read_patch(media, body)
