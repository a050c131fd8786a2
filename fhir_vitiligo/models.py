"""The edge to ``fhir.resources``: typed objects out and in, for people who work that way.

Everything else of this package speaks plain dicts. ``fhir.resources`` has no package for R4: what is R4
here is handed out as R4B, which is R4 restamped 4.3.0 and the same for every resource type that a case
makes.

Its own ``model_dump`` rewrites ``12.50`` to ``12.5``; what is taken in here is read from the objects
themselves, so decimals stay exact. What it has no place for (extensions on the primitive value of an
extension) is refused by name, never left out.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, cast

from fhir.resources import get_fhir_model_class as _r5_class
from fhir.resources.R4B import get_fhir_model_class as _r4b_class
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from pydantic import ValidationError

from fhir_vitiligo.case.model import Case
from fhir_vitiligo.errors import InputError, Issue
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.back import cases_from_fhir as _cases_from_fhir
from fhir_vitiligo.mapping.back import from_fhir as _from_fhir
from fhir_vitiligo.mapping.mapper import Mapper

Json = dict[str, Any]
_R4B = "fhir.resources.R4B."


def to_models(source: Case | Json | Iterable[Json], release: Release | str = Release.R4B) -> Any:
    """Typed objects of ``fhir.resources``: a Bundle for a case, one object for a resource, a list for
    several.

    R4 and R4B both give R4B objects. Raises :class:`InputError` with every fault that ``fhir.resources``
    finds.
    """
    told = Release.of(release)
    if isinstance(source, Case):
        return _model(Mapper(told).to_fhir(source), told)
    if isinstance(source, Mapping):
        return _model(cast(Json, source), told)
    if isinstance(source, str | bytes) or not isinstance(source, Iterable):
        raise InputError(
            f"expected a case, a resource as a dict, or several, found {type(source).__name__}",
            code="structure",
        )
    return [_model(resource, told) for resource in source]


def from_models(objects: Any) -> tuple[Case, list[Json]]:
    """The one case in typed objects (a Bundle, a resource, or several), and its residue as ``{resource,
    expression, value}``.

    The release is that of the objects: R4B or R5. Raises :class:`~fhir_vitiligo.errors.MappingError` when
    there is more than one case (:func:`cases_from_models` takes those), :class:`InputError` for objects
    of both releases.
    """
    document, release = _document(objects)
    case, residue = _from_fhir(document, release)
    return case, [leaf.as_dict() for leaf in residue]


def cases_from_models(objects: Any) -> Iterator[tuple[Case, list[Json]]]:
    """Each case in typed objects with its residue."""
    document, release = _document(objects)
    for case, residue in _cases_from_fhir(document, release):
        yield case, [leaf.as_dict() for leaf in residue]


def resource_of(model: Any) -> Json:
    """A typed object as the plain dict that everything else takes, decimals digit for digit."""
    if not isinstance(model, FHIRAbstractModel):
        hint = ": fhir_vitiligo.from_fhir takes plain dicts" if isinstance(model, Mapping) else ""
        raise InputError(
            f"expected an object of fhir.resources, found {type(model).__name__}{hint}", code="structure"
        )
    return cast(Json, _plain(model))


def _model(resource: Json, release: Release) -> Any:
    find = _r5_class if release is Release.R5 else _r4b_class
    name = resource.get("resourceType") if isinstance(resource, Mapping) else None
    if not isinstance(name, str):
        raise InputError("expected a FHIR resource: an object with a resourceType", code="structure")
    try:
        return find(name).model_validate(resource)
    except ValidationError as error:
        raise InputError(
            Issue("error", "structure", ".".join(map(str, (name, *fault["loc"]))), fault["msg"])
            for fault in error.errors()
        ) from None
    except ValueError:
        raise InputError(f"fhir.resources has no {name!r} in {release.name}", code="not-supported") from None


def _document(objects: Any) -> tuple[Any, Release]:
    several = isinstance(objects, Iterable) and not isinstance(
        objects, FHIRAbstractModel | Mapping | str | bytes
    )
    found: Sequence[Any] = list(objects) if several else [objects]
    plain = [resource_of(model) for model in found]
    releases = {Release.R4B if type(model).__module__.startswith(_R4B) else Release.R5 for model in found}
    if len(releases) > 1:
        raise InputError("objects of R4B and of R5 in one call: give those of one release", code="structure")
    return (plain[0] if len(plain) == 1 else plain), (releases.pop() if releases else Release.R4B)


def _plain(value: Any) -> Any:
    match value:
        case FHIRAbstractModel():
            return _members(value)
        case list() | tuple():
            return [_plain(item) for item in value]
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            return _instant(value.isoformat(timespec=_timespec(value.microsecond)))
        case time():
            return value.isoformat(timespec=_timespec(value.microsecond))
        case date():
            return value.isoformat()
        case None | bool() | int() | str() | Decimal():
            return value
        case _:
            return str(value)  # a URL object, a UUID


def _members(model: FHIRAbstractModel) -> Json:
    members: Json = {}
    if model.has_resource_base():
        members["resourceType"] = model.get_resource_type()
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if value is None or name == "fhir_comments":
            continue
        member = field.alias or name
        if member not in ("resource_type", "resourceType"):
            members[member] = _plain(value)
    return members


def _timespec(microseconds: int) -> str:
    return "seconds" if not microseconds else "milliseconds" if microseconds % 1000 == 0 else "microseconds"


def _instant(text: str) -> str:
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
