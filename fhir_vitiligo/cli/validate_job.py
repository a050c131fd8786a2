"""What ``validate`` does to one piece of input: the pure work, sent to every process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fhir_vitiligo.cli.inputs import Piece
from fhir_vitiligo.cli.jobs import is_yaml
from fhir_vitiligo.cli.outcome import Outcome, own_fault
from fhir_vitiligo.errors import FhirVitiligoError, InputError, Issue, Severity
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.source import Document, parse

if TYPE_CHECKING:
    from fhir_vitiligo.fhir.packages import Packages
    from fhir_vitiligo.fhir.text_places import Snippet
    from fhir_vitiligo.validation.validator import Validator

Level = Literal["error", "warning", "information"]
_RANK: dict[Severity, int] = {"fatal": 0, "error": 0, "warning": 1, "information": 2}


@dataclass(frozen=True, slots=True)
class Told:
    """An issue with its place, and the line of the source where it stands."""

    issue: Issue
    snippet: Snippet | None = None

    @property
    def is_error(self) -> bool:
        return _RANK[self.issue.severity] == 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be told of one resource. ``good`` counts errors that are not shown, too; what is ignored
    counts for nothing.
    """

    name: str
    line: int | None
    type: str | None
    id: str | None
    release: Release
    good: bool
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Validate:
    """The verdict on every resource of a piece. Never raises: a piece that cannot be read has a verdict too.

    ``release`` is ``None`` where each input says it itself, ``fallback`` for those that do not.
    """

    release: Release | None = None
    fallback: Release = Release.R4
    profiles: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    level: Level = "information"
    ignore: tuple[str, ...] = ()

    def __call__(self, piece: Piece) -> Outcome:
        try:
            return self._done(piece)
        except FhirVitiligoError as error:
            return self.ended(piece, *(piece.placed(issue) for issue in error.issues))
        except Exception as error:  # noqa: BLE001 - what was not checked must never look as if it were good
            return self.ended(piece, piece.placed(own_fault(error)))

    def ended(self, piece: Piece, *issues: Issue) -> Outcome:
        """The verdict on a piece that could not be checked."""
        verdict = self._verdict(piece, None, self.release or self.fallback, [Told(issue) for issue in issues])
        return Outcome((verdict,), failed=1)

    def _done(self, piece: Piece) -> Outcome:
        text = piece.text()
        if is_yaml(piece.name) and text.lstrip()[:1] not in (b"{", b"["):
            raise InputError(
                "this is YAML, and FHIR is JSON or XML: a case is checked by `fhir-vitiligo explain`, and what is made of "
                "it can be checked here"
            )
        fallback = self.fallback
        if self.release is None and piece.path is not None:
            fallback = release_of_folder(piece.path.parent) or fallback
        document = parse(text, self.release, fallback=fallback, name=piece.name, first_line=piece.line)
        verdicts = tuple(self._verdicts(piece, document))
        return Outcome(verdicts, failed=sum(not verdict.good for verdict in verdicts))

    def _verdicts(self, piece: Piece, document: Document) -> Iterator[Verdict]:
        if not isinstance(document.resource, list) or not document.resource:
            yield self._judged(piece, document, document.resource, None)
            return
        for entry, resource in enumerate(document.resource):
            # What is wrong with how the document is written is told once.
            part = document if entry == 0 else replace(document, issues=[])
            yield self._judged(piece, part, resource, entry)

    def _judged(self, piece: Piece, document: Document, resource: Any, entry: int | None) -> Verdict:
        found: list[Issue] = []
        if resource is not None or not document.issues:
            found = _validator(document.release, self.packages).validate(resource, self.profiles)
        told: list[Told] = []
        good = True
        for issue in document.join(found):
            if self.ignore and any(fnmatchcase(issue.rule or "", rule) for rule in self.ignore):
                continue
            rank = _RANK[issue.severity]
            good = good and rank > 0
            if rank <= _RANK[self.level]:
                placed = document.placed(issue, entry)
                told.append(Told(placed, document.snippet(placed.line or 1, placed.column or 1)))
        return self._verdict(piece, resource, document.release, told, good)

    def _verdict(
        self, piece: Piece, resource: Any, release: Release, told: list[Told], good: bool = False
    ) -> Verdict:
        known = resource if isinstance(resource, dict) else {}
        kind, identity = known.get("resourceType"), known.get("id")
        return Verdict(
            piece.name,
            None if piece.alone else piece.line,
            kind if isinstance(kind, str) else None,
            identity if isinstance(identity, str) else None,
            release,
            good,
            tuple(told),
        )


@lru_cache(maxsize=8)
def _validator(release: Release, sources: tuple[str, ...]) -> Validator:
    from fhir_vitiligo.validation.validator import Validator

    return Validator(release, loaded(release, sources)) if sources else Validator(release)


@lru_cache(maxsize=8)
def loaded(release: Release, sources: tuple[str, ...]) -> Packages:
    """The packages, with what they depend on. :class:`InputError` for one that is not there or is none."""
    from fhir_vitiligo.fhir.packages import Packages

    return Packages.load(sources, release)


@lru_cache(maxsize=1024)
def release_of_folder(folder: Path) -> Release | None:
    """The release that ``package.json`` beside a file states: the file belongs to a FHIR package."""
    from fhir_vitiligo.fhir import json

    try:
        with open(folder / "package.json", "rb") as stream:
            manifest = json.loads_object(stream.read(1 << 20))
    except (OSError, FhirVitiligoError):
        return None
    versions = manifest.get("fhirVersions") or manifest.get("fhir-version-list")
    for version in versions if isinstance(versions, list) else ():
        if isinstance(version, str):
            try:
                return Release.of(version)
            except FhirVitiligoError:
                continue
    return None
