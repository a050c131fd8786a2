"""Vitiligo case data to FHIR R4, R4B and R5 and back.

::

    import fhir_vitiligo as fv
    case = fv.read_case("case.yaml")
    bundle = fv.to_fhir(case, release="r4")
    case, residue = fv.from_fhir(bundle)

Everything is loaded when it is first used (:pep:`562`), so that the import itself costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime
    from os import PathLike

    from fhir_vitiligo.case.advice import advise as advise
    from fhir_vitiligo.case.io import case_data as case_data
    from fhir_vitiligo.case.io import dump_case as dump_case
    from fhir_vitiligo.case.io import read_case as read_case
    from fhir_vitiligo.case.io import read_cases as read_cases
    from fhir_vitiligo.case.model import Case as Case
    from fhir_vitiligo.case.schema import case_schema as case_schema
    from fhir_vitiligo.errors import CaseError as CaseError
    from fhir_vitiligo.errors import ConflictError as ConflictError
    from fhir_vitiligo.errors import FhirVitiligoError as FhirVitiligoError
    from fhir_vitiligo.errors import InputError as InputError
    from fhir_vitiligo.errors import Issue as Issue
    from fhir_vitiligo.errors import MappingError as MappingError
    from fhir_vitiligo.errors import NotFoundError as NotFoundError
    from fhir_vitiligo.errors import ReleaseError as ReleaseError
    from fhir_vitiligo.errors import StorageError as StorageError
    from fhir_vitiligo.errors import TerminologyError as TerminologyError
    from fhir_vitiligo.fhir.release import Release as Release
    from fhir_vitiligo.mapping.mapper import BundleType
    from fhir_vitiligo.mapping.mapper import Mapper as Mapper
    from fhir_vitiligo.mapping.residue import Residue
    from fhir_vitiligo.packaged import example as example
    from fhir_vitiligo.packaged import examples as examples
    from fhir_vitiligo.validation.validator import Validator as Validator

    Json = dict[str, Any]
    Document: TypeAlias = Json | Sequence[Json] | str | bytes | PathLike[str]
    """FHIR in any form: a resource or Bundle as dict, a list of them, JSON, NDJSON or XML text, or the path
    of a file with it.
    """

__version__ = "0.1.0"

# Public name -> the module that has it. Only here and above: what is missing there fails `mypy --strict`.
_HOMES = {
    "advise": "case.advice",
    "case_data": "case.io",
    "dump_case": "case.io",
    "read_case": "case.io",
    "read_cases": "case.io",
    "Case": "case.model",
    "case_schema": "case.schema",
    "CaseError": "errors",
    "ConflictError": "errors",
    "FhirVitiligoError": "errors",
    "InputError": "errors",
    "Issue": "errors",
    "MappingError": "errors",
    "NotFoundError": "errors",
    "ReleaseError": "errors",
    "StorageError": "errors",
    "TerminologyError": "errors",
    "example": "packaged",
    "examples": "packaged",
    "Release": "fhir.release",
    "Mapper": "mapping.mapper",
    "Validator": "validation.validator",
}

__all__ = [
    "Case",
    "CaseError",
    "ConflictError",
    "FhirVitiligoError",
    "InputError",
    "Issue",
    "Mapper",
    "MappingError",
    "NotFoundError",
    "Release",
    "ReleaseError",
    "StorageError",
    "TerminologyError",
    "Validator",
    "advise",
    "case_data",
    "case_schema",
    "cases_from_fhir",
    "dump_case",
    "example",
    "examples",
    "from_fhir",
    "read_case",
    "read_cases",
    "to_fhir",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


def to_fhir(
    case: Case,
    release: Release | str = "r4",
    *,
    type: BundleType = "transaction",
    recorded: datetime | str | None = None,
    accept: Mapping[str, Any] | Iterable[tuple[str, Any]] = (),
) -> dict[str, Any]:
    """The case as a Bundle: a plain dict with exact decimals. :class:`Mapper` is the form to use many
    times.

    ``recorded`` is when the conversion was made, and left unknown without it, so that a case always gives
    the same Bundle. ``accept`` takes readings of ambiguous values that you vouch for:
    ``{"assessments.vetf-t0.total": "7.6"}``.
    """
    from fhir_vitiligo.case.model import Case
    from fhir_vitiligo.errors import InputError
    from fhir_vitiligo.mapping.mapper import Mapper

    if not isinstance(case, Case):
        raise InputError(
            f"expected a Case, found {case.__class__.__name__}: read_case makes one", code="structure"
        )
    return Mapper(release).to_fhir(case, type=type, recorded=recorded, accept_candidates=accept)


def from_fhir(bundle: Document, release: Release | str | None = None) -> tuple[Case, list[dict[str, Any]]]:
    """The one case in a Bundle (or a list of resources, or one resource), and the residue.

    The residue is every leaf of the input that the case does not carry: ``{resource, expression,
    value}``, the resource as ``Type/id`` and the place as FHIRPath. Without ``release`` it is told from
    the resources. Raises :class:`InputError` for what is not FHIR JSON and :class:`MappingError` when
    there is no case in it, or more than one.
    """
    from fhir_vitiligo.mapping.back import from_fhir as read

    case, residue = read(_document(bundle, release), release)
    return case, [leaf.as_dict() for leaf in residue]


def cases_from_fhir(
    bundle: Document, release: Release | str | None = None
) -> Iterator[tuple[Case, list[dict[str, Any]]]]:
    """Each case in a document with its residue: one for every patient, or for every case of ours."""
    from fhir_vitiligo.mapping.back import cases_from_fhir as read

    leaves: list[Residue]
    for case, leaves in read(_document(bundle, release), release):
        yield case, [leaf.as_dict() for leaf in leaves]


def _document(source: Document, release: Release | str | None) -> Any:
    """The JSON of a document in any of the forms that the public functions take."""
    from os import PathLike

    if not isinstance(source, str | bytes | PathLike):
        return source
    from fhir_vitiligo.fhir.bundles import iter_documents

    if isinstance(source, str) and source.lstrip()[:1] in ("{", "[", "<"):
        source = source.encode()
    if not isinstance(source, bytes):
        source = _content(source)
    if source[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        from fhir_vitiligo.fhir.reading import read_document
        from fhir_vitiligo.fhir.release import Release

        return read_document(source, None if release is None else Release.of(release))
    if source.lstrip()[:1] == b"[":
        from fhir_vitiligo.fhir import json

        return json.loads(source)
    found = list(iter_documents(source))
    return found[0] if len(found) == 1 else found


def _content(path: str | PathLike[str]) -> bytes:
    from pathlib import Path

    from fhir_vitiligo.errors import InputError, Issue

    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            Issue("error", "not-found", "", f"cannot be read: {reason}", source=str(path))
        ) from None
