"""What is done to one piece of input: the pure work of the commands, sent to every process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, cast

from fhir_vitiligo.cli.inputs import Piece
from fhir_vitiligo.cli.outcome import Outcome
from fhir_vitiligo.errors import FhirVitiligoError, InputError, Issue
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release

if TYPE_CHECKING:
    from fhir_vitiligo.case.model import Case
    from fhir_vitiligo.mapping.mapper import BundleType, Mapper
    from fhir_vitiligo.mapping.residue import Residue

CaseFormat = Literal["yaml", "json"]


@dataclass(frozen=True, slots=True)
class Made:
    """A Bundle of a case, or FHIR as it came: its compact JSON ``text``, the id of the case, and which of the readings
    that the user vouches for it has a place for, by their numbers.
    """

    text: bytes
    case_id: str | None = None
    accepted: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ToFhir:
    """Cases to Bundles: each output is a :class:`Made`.

    ``accept`` are readings that the user vouches for. The one case of a call must have a place for each; of
    ``several`` cases, each takes those that are about it.
    """

    release: Release
    type: BundleType = "transaction"
    recorded: str | None = None
    accept: tuple[tuple[str, str], ...] = ()
    several: bool = False

    def __call__(self, piece: Piece) -> Outcome:
        from fhir_vitiligo.case.places import located

        made: list[Made] = []
        issues: list[Issue] = []
        failed = 0
        found = list(cases_of(piece))
        alone = piece.alone and len(found) == 1 and not self.several
        for number, case in enumerate(found):
            told: list[Issue] = []
            try:
                if isinstance(case, FhirVitiligoError):
                    raise case
                told += advice(case)
                made.append(self._made(case, alone))
            except FhirVitiligoError as error:
                failed += 1
                told += error.issues
            if told and piece.alone and not isinstance(case, FhirVitiligoError):
                told = located(told, piece.text(), number)
            issues += map(piece.placed, told)
        return Outcome(tuple(made), tuple(issues), failed)

    def _made(self, case: Case, alone: bool) -> Made:
        about = tuple(
            number for number, (path, _) in enumerate(self.accept) if alone or _has_item(case, path)
        )
        bundle = _mapper(self.release).to_fhir(
            case,
            type=self.type,
            recorded=self.recorded,
            accept_candidates=[self.accept[number] for number in about],
        )
        return Made(json.dumps(bundle), case.id, about)


def _has_item(case: Case, path: str) -> bool:
    """Whether the case has the item that ``collection.key.field`` is about."""
    collection, _, rest = path.partition(".")
    items = getattr(case, collection, None) if collection in type(case).model_fields else None
    key = rest.rpartition(".")[0]
    return isinstance(items, tuple) and any(getattr(item, "key", None) == key for item in items)


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
    """A case read from FHIR: its ``text`` in the format asked for, what it does not carry, and whether anything in it is
    about vitiligo.
    """

    id: str
    text: bytes
    residue: tuple[dict[str, Any], ...]
    about: bool = True


@dataclass(frozen=True, slots=True)
class FromFhir:
    """FHIR to cases: each output is a :class:`ReadCase`. A resource that is no Bundle waits for the
    others of the input.
    """

    release: Release | None
    format: CaseFormat = "yaml"

    def __call__(self, piece: Piece) -> Outcome:
        document = fhir_of(piece, self.release)
        if (
            isinstance(document, dict)
            and isinstance(kind := document.get("resourceType"), str)
            and kind != "Bundle"
        ):
            return Outcome(loose=json.dumps(document))
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
        return ReadCase(case.id, text, tuple(leaf.as_dict() for leaf in residue), _is_about_vitiligo(case))


def _is_about_vitiligo(case: Case) -> bool:
    """Whether the case says more than who somebody is."""
    return any(
        getattr(case, name)
        for name in (
            "diagnoses",
            "lesions",
            "assessments",
            "interventions",
            "responses",
            "events",
            "photographs",
        )
    )


def fhir_of(piece: Piece, release: Release | None = None) -> Any:
    """The FHIR document of a piece. :class:`InputError` where it holds none."""
    from fhir_vitiligo.fhir.reading import read_document

    text = piece.text()
    if is_yaml(piece.name) and text.lstrip()[:1] != b"{":
        raise InputError(piece.issue("this is YAML, and FHIR is JSON or XML: to-fhir makes it of a case"))
    return read_document(text, release)


def is_yaml(name: str) -> bool:
    """Whether a file is one of YAML by its name."""
    return name.lower().endswith((".yaml", ".yml", ".yaml.gz", ".yml.gz", ".yaml.bz2", ".yml.bz2"))


def as_bundle_type(value: str) -> BundleType:
    """A value of ``--type``, which click has checked."""
    return cast("BundleType", value)
