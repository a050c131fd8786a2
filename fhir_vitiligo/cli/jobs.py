"""What is done to one piece of input: the pure work of the commands, sent to every process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, cast

from fhir_vitiligo.cli.inputs import Piece
from fhir_vitiligo.cli.work import Outcome
from fhir_vitiligo.errors import FhirVitiligoError, Issue
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release

if TYPE_CHECKING:
    from fhir_vitiligo.case.model import Case
    from fhir_vitiligo.mapping.mapper import BundleType, Mapper
    from fhir_vitiligo.mapping.residue import Residue

CaseFormat = Literal["yaml", "json"]


@dataclass(frozen=True, slots=True)
class ToFhir:
    """Cases to Bundles: each output is the compact JSON of one."""

    release: Release
    type: BundleType = "transaction"
    recorded: str | None = None
    accept: tuple[tuple[str, str], ...] = ()

    def __call__(self, piece: Piece) -> Outcome:
        mapper = _mapper(self.release)
        bundles: list[bytes] = []
        issues: list[Issue] = []
        failed = 0
        for case in cases_of(piece):
            try:
                if isinstance(case, FhirVitiligoError):
                    raise case
                issues += map(piece.placed, advice(case))
                bundle = mapper.to_fhir(
                    case, type=self.type, recorded=self.recorded, accept_candidates=self.accept
                )
                bundles.append(json.dumps(bundle))
            except FhirVitiligoError as error:
                failed += 1
                issues += map(piece.placed, error.issues)
        return Outcome(tuple(bundles), tuple(issues), failed)


def cases_of(piece: Piece) -> Iterable[Case | FhirVitiligoError]:
    """The cases of a piece, with an error in the place of what is none."""
    from fhir_vitiligo.case.io import read_cases

    try:
        yield from read_cases(piece.text())
    except FhirVitiligoError as error:
        yield error


def advice(case: Case) -> list[Issue]:
    """What is to be said of a case that is well formed."""
    from fhir_vitiligo.case.advice import advise

    return list(advise(case))


@lru_cache(maxsize=3)
def _mapper(release: Release) -> Mapper:
    from fhir_vitiligo.mapping.mapper import Mapper

    return Mapper(release)


@dataclass(frozen=True, slots=True)
class ReadCase:
    """A case read from FHIR: its ``text`` in the format asked for, and what it does not carry."""

    id: str
    text: bytes
    residue: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class FromFhir:
    """FHIR to cases: each output is a :class:`ReadCase`. A resource that is no Bundle waits for the
    others of the input.
    """

    release: Release | None
    format: CaseFormat = "yaml"

    def __call__(self, piece: Piece) -> Outcome:
        text = piece.text()
        document = json.loads(text)
        if (
            isinstance(document, dict)
            and isinstance(kind := document.get("resourceType"), str)
            and kind != "Bundle"
        ):
            return Outcome(loose=text)
        outcome = self.read(document)
        return Outcome(outcome.outputs, tuple(map(piece.placed, outcome.issues)), outcome.failed)

    def read(self, document: Any) -> Outcome:
        """The cases of a Bundle, or of resources that belong together."""
        from fhir_vitiligo.mapping.back import cases_from_fhir

        found: list[ReadCase] = []
        issues: list[Issue] = []
        for case, residue in cases_from_fhir(document, self.release):
            issues += advice(case)
            found.append(self._written(case, residue))
        if not found:
            issues.append(Issue("error", "not-found", "", "there is no resource here to make a case of"))
        return Outcome(tuple(found), tuple(issues), failed=int(not found))

    def _written(self, case: Case, residue: list[Residue]) -> ReadCase:
        from fhir_vitiligo.case.io import case_data, dump_case

        text = dump_case(case).encode() if self.format == "yaml" else json.dumps(case_data(case))
        return ReadCase(case.id, text, tuple(leaf.as_dict() for leaf in residue))


@dataclass(frozen=True, slots=True)
class Stored:
    """Cases or FHIR to what a store takes: each output is the JSON of a Bundle or resource."""

    def __call__(self, piece: Piece) -> Outcome:
        text = piece.text()
        if text[:64].lstrip()[:1] == b"{":
            document = json.loads(text)
            if isinstance(document, dict) and isinstance(document.get("resourceType"), str):
                return Outcome((text,))
        return ToFhir(Release.R4)(piece)


def as_bundle_type(value: str) -> BundleType:
    """A value of ``--type``, which click has checked."""
    return cast("BundleType", value)
