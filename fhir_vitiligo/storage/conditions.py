"""A resource named by a search instead of an id: conditional create, conditional references.

https://hl7.org/fhir/R4/http.html#ccreate and #trules. Nothing, one or too many: that is decided within the
transaction that acts on it, so that two equal creates at once make one resource.
"""

from __future__ import annotations

from dataclasses import replace

from fhir_vitiligo.errors import ConflictError, InputError
from fhir_vitiligo.search.cursor import FIRST
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.search.query import SearchQuery, parse_query, query_pairs
from fhir_vitiligo.storage.repository import ANY_VERSION, NO_VERSION, Session, StoredVersion

_SHOWN = 3
EMPTY_CONDITION = (
    "the condition under which nothing is created is empty: give the search that finds what may be there"
)


def condition(parameters: Parameters, resource_type: str, query: str, base: str = "") -> SearchQuery:
    """The search that ``query`` (a query string, with or without ``Type?`` or ``?``) stands for.

    :class:`InputError` when it has a fault or no criterion: that would be every resource of the type.
    """
    head, mark, text = query.partition("?")
    if not mark or "=" in head:  # a question mark behind that is one of a value
        head, text = "", query
    if head not in ("", resource_type):
        raise InputError(f"the condition {query[:100]!r} is not one on {resource_type}", code="invalid")
    parsed = parse_query(parameters, resource_type, query_pairs(text), base=base)
    if parsed.ignored:
        named = ", ".join(repr(name[:100]) for name in parsed.ignored[:_SHOWN])
        raise InputError(
            f"the condition {query[:100]!r} names {named}, by which {resource_type} is not searched: left out, it could fit "
            "others",
            code="invalid",
        )
    if not parsed.criteria:
        raise InputError(
            f"the condition {query[:100]!r} names no search parameter of {resource_type}", code="invalid"
        )
    return replace(parsed, count=2, total=False, sort=(), after=FIRST, includes=())


def only_match(session: Session, query: SearchQuery) -> StoredVersion | None:
    """The one resource that fits, None for none; :class:`ConflictError` for several."""
    found = session.search(query).versions
    if len(found) > 1:
        raise ConflictError(
            f"the condition fits {found[0].type}/{found[0].id}, {found[1].type}/{found[1].id} and more: "
            "it has to fit one",
            code="multiple-matches",
        )
    return found[0] if found else None


def check_free(before: StoredVersion | None) -> None:
    """:class:`ConflictError` where a conditional update that fits nothing would write over a resource that has its id."""
    if before is not None and not before.deleted:
        raise ConflictError(
            f"the condition fits nothing, and {before.type}/{before.id} is another resource: leave the id out to create "
            "one, or update that one by its own URL",
            code="duplicate",
        )


def check_version(resource_type: str, id: str, version: int, expected: int | None, is_there: bool) -> None:
    """:class:`ConflictError` where the current version is not the one that a write expects; 0 is that of what was never
    stored.
    """
    if expected is None or (expected == version and is_there):
        return
    if expected == ANY_VERSION:
        if not is_there:
            raise ConflictError(f"{resource_type}/{id} was expected and is not here", code="conflict")
    elif expected == NO_VERSION:
        if is_there:
            raise ConflictError(
                f"{resource_type}/{id} was to be new, but it is here in version {version}", code="conflict"
            )
    elif expected != version:
        found = f"its version is {version}" if version else "it was never stored"
        raise ConflictError(
            f"{resource_type}/{id} was expected in version {expected}, but {found}: read it again",
            code="conflict",
        )


def check_expected(resource_type: str, id: str, before: StoredVersion | None, expected: int | None) -> None:
    """The same of what was read; asked before the content of a write is looked into, which may be wrong for another version
    only (RFC 9110, 13.2.1).
    """
    version = 0 if before is None else before.version
    check_version(resource_type, id, version, expected, before is not None and not before.deleted)
