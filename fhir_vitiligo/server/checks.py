"""What a resource has to be before it is stored: valid, as far as the settings ask."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir import json_text
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.references import rewrite_links
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server.errors import InvalidError
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.storage.entries import Entry, in_resource, located
from fhir_vitiligo.storage.integrity import Integrity

if TYPE_CHECKING:
    from fhir_vitiligo.validation import Validator

_ERRORS = ("error", "fatal")
_INDEX = re.compile(r"\[\d+\]")
# What a definition that is not on board could make right (other guides have extensions, profiles and code systems of their
# own), and what codes are called and mean: $validate tells it, but the data of real systems (Synthea is one) is full of it.
# A code that is not of the value set its element is bound to stays an error.
_TOLERATED = frozenset(
    {"address-unknown", "code-unknown", "display", "extension-unknown", "profile-unknown", "system-unknown"}
)

_PART = "SUBSETTED"
_SAYS_PART = (
    "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "http://hl7.org/fhir/v3/ObservationValue",  # as FHIR before R4 has it
)


class Checks:
    """The checks of a write. Threads may share one."""

    def __init__(self, settings: Settings, release: Release) -> None:
        self._level = settings.validation
        self._settings = settings
        self._release = release

    def integrity(self, base: str) -> Integrity:
        """What is asked of references, for a client that knows this server as ``base``."""
        return Integrity(self._settings.check_targets, self._settings.check_referrers, base)

    def resource(
        self, resource: Json, members: Mapping[str, bytes] | None = None, release: Release | None = None
    ) -> None:
        """:class:`InvalidError` with everything there is to tell when the resource has errors, as one of the release that is
        stored, or of the one it was sent in. ``members``: the texts it was read from, where they are known.
        """
        _refuse_part(resource)
        if self._level == "off":
            return
        if self._level == "structure":
            checked = _without_claims(resource)
            if checked is not resource and members is not None:
                members = {name: text for name, text in members.items() if name != "meta"}
            resource = checked
        release = release or self._release
        issues = _validator(release).errors(resource, members)
        counts = partial(is_error, release)
        if any(map(counts, issues)):
            raise InvalidError(sorted(issues, key=counts, reverse=True))

    async def entries(self, entries: Sequence[Entry]) -> None:
        """The same for the resources of a Bundle, the faults of all of them at once, each with its place."""
        # A Bundle can hold thousands: other requests are answered meanwhile.
        await asyncio.to_thread(self.entries_now, entries)

    def entries_now(self, entries: Sequence[Entry], release: Release | None = None) -> None:
        """The same for callers without an event loop, as resources of the release that is stored or of another."""
        release = release or self._release
        faults: list[Issue] = []
        names = {
            one.full_url: f"{one.type}/{one.id or 'new'}"
            for one in entries
            if one.full_url.startswith("urn:")
        }
        for entry in entries:
            if self._level == "off" and entry.text is not None and _PART.encode() not in entry.text:
                continue  # is not read for nothing
            resource = entry.resource()
            if resource is not None:
                members = None if entry.text is None else json_text.members(entry.text)
                if names and _links_entries(resource):
                    # A narrative's links are checked as they will be stored.
                    resource, members = rewrite_links(resource, names.get), None
                try:
                    self.resource(resource, members, release)
                except InvalidError as error:
                    faults += located(in_resource(error), entry.place).issues
        if faults:
            raise InvalidError(sorted(faults, key=partial(is_error, release), reverse=True))


def _links_entries(resource: Json) -> bool:
    text = resource.get("text")
    div = text.get("div") if isinstance(text, dict) else None
    return isinstance(div, str) and "urn:" in div


def _refuse_part(resource: Json) -> None:
    """:class:`InvalidError` for what says that it is a part of a resource, as ``_summary`` and ``_elements`` leave it: stored, it
    would take the place of the whole (https://hl7.org/fhir/R4/search.html#summary).
    """
    meta = resource.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    for index, tag in enumerate(tags if isinstance(tags, list) else ()):
        if isinstance(tag, dict) and tag.get("code") == _PART and tag.get("system") in _SAYS_PART:
            raise InvalidError(
                Issue(
                    "error",
                    "business-rule",
                    f"{resource.get('resourceType')}.meta.tag[{index}]",
                    f"the tag {_PART} says that this is only a part of a resource, as _summary or _elements leave it, and "
                    "what it leaves out would be lost: read the whole resource and change that (or send a patch); if this "
                    "is all there is of it, send it without the tag",
                )
            )


def is_error(release: Release, issue: Issue) -> bool:
    """Whether an issue of a resource keeps it from being stored."""
    if issue.severity not in _ERRORS or issue.rule in _TOLERATED:
        return False
    return issue.rule != "binding" or not _is_preferred(release, issue)


def _is_preferred(release: Release, issue: Issue) -> bool:
    """Whether the value set is the widest (``maxValueSet``) of a binding that core only prefers or lets be extended."""
    path = _INDEX.sub("", issue.expression.rpartition(".resource.")[2])
    kind = path.partition(".")[0]
    definitions = definitions_of(release)
    element = definitions.structure(kind).element(path) if kind in definitions.resource_types else None
    binding = None if element is None else element.binding
    widest = None if binding is None or binding.strength == "required" else binding.max_value_set
    return widest is not None and widest.partition("|")[0] in issue.text


@cache
def _validator(release: Release) -> Validator:
    # Compiling the first definitions takes a while, and not every server is written to.
    from fhir_vitiligo.validation import Options, Validator

    return Validator(
        release,
        (),
        Options(any_extension=True, examples=True, trust_references=True, implied=False),
    )


def _without_claims(resource: Json) -> Json:
    meta = resource.get("meta")
    if not isinstance(meta, dict) or "profile" not in meta:
        return resource
    kept = {name: value for name, value in meta.items() if name != "profile"}
    without = {name: value for name, value in resource.items() if name != "meta"}
    return {**without, "meta": kept} if kept else without
