"""What an earlier version of a document left in the store, to be deleted when the document is replaced."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.references import find_references, parse_restful
from fhir_vitiligo.storage.repository import Session, StoredVersion

Key = tuple[str, str]
"""Type and id of a resource."""


@dataclass(frozen=True, slots=True)
class Former:
    """How the earlier versions of a document are known in a store.

    ``record`` is a resource that is written with every version and refers to all the rest of it. ``owns`` tells of a
    resource whether it belongs to the document for certain; nothing else is touched. ``summary`` is one that may have
    been made of an earlier version, and is of no use without what it refers to.
    """

    record: Key
    owns: Callable[[Json], bool]
    summary: Key


@dataclass(frozen=True, slots=True)
class Left:
    """What became of what the document no longer has. ``stayed``: it is there still, by what it was kept, where something
    else refers to it.
    """

    deleted: tuple[Key, ...] = ()
    stayed: Mapping[Key, Key | None] = field(default_factory=dict)


def find_left(session: Session, former: Former, written: Collection[Key]) -> list[Key]:
    """What is there of the earlier versions and is not ``written`` now."""
    versions = _versions(session, former.record)
    if len(versions) < 2:
        return []
    named = dict.fromkeys(key for version in versions for key in _references(version))
    left = [key for key in named if key not in written and _is_there(session, key, former.owns)]
    if left and former.summary not in written and _is_there(session, former.summary, former.owns):
        left.append(former.summary)
    return left


def delete_left(session: Session, left: Sequence[Key]) -> Left:
    """Deletes it, but for what others refer to: that would leave their references without a target."""
    going = set(left)
    stayed: dict[Key, Key | None] = {}
    while held := {key: by for key in left if key in going and (by := _referrer(session, key, going))}:
        # What stays keeps what it refers to.
        stayed |= held
        going -= held.keys()
    deleted = tuple(key for key in left if key in going)
    for key in deleted:
        session.delete(*key)
    return Left(deleted, stayed)


def _versions(session: Session, key: Key) -> list[StoredVersion]:
    current = session.read(*key)
    if current is None:
        return []
    earlier = (session.read_version(*key, number) for number in range(1, current.version))
    return [current, *(version for version in earlier if version is not None)]


def _references(version: StoredVersion) -> Iterable[Key]:
    if version.content is not None:
        for _, reference in find_references(json.loads_object(version.content)):
            target = parse_restful(reference)
            if target is not None:
                yield target.type, target.id


def _is_there(session: Session, key: Key, owns: Callable[[Json], bool]) -> bool:
    version = session.read(*key)
    return version is not None and version.content is not None and owns(json.loads_object(version.content))


def _referrer(session: Session, key: Key, going: Collection[Key]) -> Key | None:
    """Something that refers to it and does not go with it."""
    found = session.referrers(*key, most=len(going) + 1)
    return next((one for one in found if one not in going), None)
