"""What ``load`` does to one piece of input before it is stored: read, checked, and in R4. Pure, sent to every process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal

from fhir_vitiligo.cli.inputs import Piece
from fhir_vitiligo.cli.jobs import Made, ToFhir, is_yaml
from fhir_vitiligo.cli.outcome import Outcome
from fhir_vitiligo.errors import InputError, Issue
from fhir_vitiligo.fhir import bundles, json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release

if TYPE_CHECKING:
    from fhir_vitiligo.fhir.source import Document
    from fhir_vitiligo.server.checks import Checks
    from fhir_vitiligo.storage.entries import Entry

Level = Literal["off", "structure", "profile"]
_MAY_BE_PART = b"SUBSETTED"
"""Parts of resources are refused in any case, as the server does: it is all that is looked for where nothing is checked."""
_TAKES = "load takes cases, which have an `id`, and FHIR, which has a `resourceType`"


@dataclass(frozen=True, slots=True)
class ToStore:
    """What a store takes: the JSON ``text`` of a Bundle or resource in R4, and the ids of the ``cases`` that it holds as a
    whole. ``is_case``: it was made of a case right here.
    """

    text: bytes
    cases: tuple[str, ...] = ()
    is_case: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """Cases or FHIR to what a store takes: each output is a :class:`ToStore`. What has an error is left out and told.

    ``level`` is what is checked, as the setting ``validation`` of the server has it; None: as the server by itself does, and
    nothing of what a package defines. ``release`` is None where each input says it itself.
    """

    level: Level | None = None
    release: Release | None = None

    def __call__(self, piece: Piece) -> Outcome:
        text = piece.text()
        if _is_fhir(piece, text):
            try:
                return Outcome((self._fhir(piece, text),))
            except InputError as error:
                issues = tuple(piece.placed(issue) for issue in error.issues)
                return Outcome(issues=issues, failed=1)
        made = ToFhir(Release.R4, several=True)(piece)
        kept: list[ToStore] = []
        issues = made.issues
        for one in made.outputs:
            try:
                kept.append(self._case(piece, one))
            except InputError as error:
                told = (_of_case(issue, one) for issue in error.issues)
                issues += tuple(piece.placed(issue) for issue in told)
        return Outcome(tuple(kept), issues, made.failed + len(made.outputs) - len(kept))

    def _level(self, piece: Piece) -> Level:
        # What is published in packages was checked by its publisher with HL7's own program, and some of HL7's is in error.
        return self.level or ("off" if piece.is_packaged else "profile")

    def _case(self, piece: Piece, made: Made) -> ToStore:
        assert made.case_id is not None
        if self._level(piece) != "off":
            # What the case says may be nothing that FHIR takes.
            check_document(self._level(piece), json.loads_object(made.text), Release.R4)
        return ToStore(made.text, (made.case_id,), is_case=True)

    def _fhir(self, piece: Piece, text: bytes) -> ToStore:
        from fhir_vitiligo.cli.into_r4 import check_types, into_r4

        document, guessed = self._read(piece, text)
        level, release, resource = self._level(piece), document.release, document.resource
        try:
            check_types(resource, release)
            if level != "off" or _MAY_BE_PART in text:
                check_document(level, resource, release)
            if release is Release.R4:
                if document.format == "xml" or document.issues:
                    text = json.dumps(resource)
                return ToStore(text, _cases_in(text, resource))
            write: Callable[[Any], bytes] = json.dumps
            if document.format == "json" and not document.issues:
                from fhir_vitiligo.fhir.as_written import AsWritten

                read = AsWritten(text)
                resource, write = read.value, read.dumps
            made = into_r4(resource, release)
            if level != "off":
                check_document(level, made, Release.R4, f" ({release.name} in R4)")
            text = write(made)
            return ToStore(text, _cases_in(text, made))
        except InputError as error:
            issues = [document.placed(issue) for issue in error.issues]
            if guessed and error.issues[0].code != "not-supported":
                told = "taken for R5, because it has elements that only R5 has: give --release r4 if it is R4"
                issues.append(Issue("information", "informational", "", told))
            raise InputError(issues) from None

    def _read(self, piece: Piece, text: bytes) -> tuple[Document, bool]:
        """The document, with its release, and whether that is only a guess."""
        from fhir_vitiligo.cli.into_r4 import looks_like_r5
        from fhir_vitiligo.cli.validate_job import release_of_folder
        from fhir_vitiligo.fhir.reading import read_whole

        asked = Release.R4 if piece.is_packaged else self.release
        fallback = None if asked or piece.path is None else release_of_folder(piece.path.parent)
        document = read_whole(text, asked, fallback or Release.R4)
        resource = document.resource
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise InputError(_no_resource(resource))
        if asked is None and document.release is Release.R4 and fallback is None and looks_like_r5(resource):
            return replace(document, release=Release.R5), True
        return document, False


def _is_fhir(piece: Piece, text: bytes) -> bool:
    """Whether it is FHIR rather than a case; :class:`InputError` for what can be neither."""
    start = text[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1]
    if not start and not text.strip():
        raise InputError(piece.issue(f"the file is empty: {_TAKES}"))
    if start == b"<" or (start == b"{" and b'"resourceType"' in text):
        return True
    if start == b"[" and (b'"resourceType"' in text or text.strip() == b"[]"):
        raise InputError(piece.issue(_no_resource([])))
    if start == b"{" and b'"id"' not in text and not is_yaml(piece.name):
        json.loads(text)  # what is no JSON at all is told as that
        raise InputError(piece.issue(_no_resource({})))
    return False


def _no_resource(document: Any) -> str:
    if isinstance(document, list):
        return "a list is neither a case nor FHIR: give a Bundle, or a line to each resource or case (NDJSON)"
    return f"this is neither a case nor FHIR: {_TAKES}"


def _of_case(issue: Issue, made: Made) -> Issue:
    return replace(issue, text=f"{issue.text} (what is made of the case {made.case_id})", line=None)


def check_document(level: Level, document: Json, release: Release, about: str = "") -> None:
    """:class:`InputError` with every error that keeps the document from being stored."""
    from fhir_vitiligo.server.checks import is_error
    from fhir_vitiligo.server.errors import InvalidError

    checks = _checks(level)
    try:
        if bundles.is_bundle(document):
            checks.entries_now(_written(document), release)
        else:
            checks.resource(document, release=release)
    except InvalidError as error:
        faults = filter(partial(is_error, release), error.issues)
        raise InputError(replace(issue, text=issue.text + about) for issue in faults) from None


@cache
def _checks(level: Level) -> Checks:
    from fhir_vitiligo.server.checks import Checks
    from fhir_vitiligo.server.settings import Settings

    return Checks(Settings(validation=level), Release.R4)


def _written(bundle: Json) -> list[Entry]:
    """What is written of a Bundle; what a patch makes is checked when it is there."""
    from fhir_vitiligo.storage.entries import Entry

    is_request = bundle.get("type") in ("transaction", "batch")
    found = []
    for number, raw in enumerate(bundles.entries(bundle)):
        resource, request, url = raw.get("resource"), raw.get("request"), raw.get("fullUrl")
        if not isinstance(resource, dict):
            continue
        if is_request and isinstance(request, dict) and request.get("method") == "PATCH":
            continue
        if not is_request and resource.get("resourceType") == "OperationOutcome":
            continue  # what a search was told beside its results is not stored
        kind, id = str(resource.get("resourceType")), resource.get("id")
        name = url if isinstance(url, str) else ""
        found.append(Entry(number, "PUT", kind, id if isinstance(id, str) else None, resource, full_url=name))
    return found


def _cases_in(text: bytes, document: Json) -> tuple[str, ...]:
    if b"StructureDefinition/case-header" not in text:
        return ()
    from fhir_vitiligo.cli.into_r4 import resources_of
    from fhir_vitiligo.mapping.belonging import cases_in

    return cases_in(resource for _, resource in resources_of(document))
