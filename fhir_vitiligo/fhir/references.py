"""Literal references: what they name, and how they are rewritten (https://hl7.org/fhir/R4/references.html)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from fhir_vitiligo.fhir.json import Json

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_RESTFUL = re.compile(
    r"(?:(?P<base>https?://[^\s?#]+?)/)?(?P<type>[A-Z][A-Za-z]{1,63})/(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"(?:/_history/(?P<version>[A-Za-z0-9\-.]{1,64}))?",
    re.ASCII,
)
_NARRATIVE_LINK = re.compile(r"""(?P<head>\b(?:href|src)\s*=\s*)(?P<quote>["'])(?P<link>[^"']*)(?P=quote)""")
# `reference` of Reference, and the elements of type uri, url, uuid and oid
# (https://hl7.org/fhir/R4/http.html#trules); `value` is not one of them: Identifier.value is a string and
# stays as written.
_LINK_NAMES = frozenset({"reference", "uri", "url"})
_LONGEST_NAME = 64
_LINK_ENDINGS = ("Uri", "Url", "Uuid", "Oid", "Canonical")


class RestfulReference(NamedTuple):
    """``[base/]type/id[/_history/version]``; ``base`` is empty for a relative reference."""

    base: str
    type: str
    id: str
    version: str = ""

    def __str__(self) -> str:
        head = f"{self.base}/" if self.base else ""
        tail = f"/_history/{self.version}" if self.version else ""
        return f"{head}{self.type}/{self.id}{tail}"


def is_id(text: str) -> bool:
    """Whether ``text`` is a FHIR id: 1 to 64 letters, digits, hyphens and dots."""
    return ID.fullmatch(text) is not None


def parse_restful(text: str) -> RestfulReference | None:
    """The parts of a relative or absolute RESTful reference; None for anything else (urn:, fragment,
    canonical...).
    """
    match = _RESTFUL.fullmatch(text)
    if match is None:
        return None
    return RestfulReference(match["base"] or "", match["type"], match["id"], match["version"] or "")


def is_conditional(text: str) -> bool:
    """Whether ``text`` is a conditional reference, ``Type?query``
    (https://hl7.org/fhir/R4/http.html#trules).
    """
    head, mark, query = text.partition("?")
    return bool(mark and query) and head.isalpha() and head[0].isupper()


def find_references(resource: Json, texts: Mapping[str, bytes] | None = None) -> list[tuple[str, str]]:
    """``(path, reference)`` of every ``Reference.reference`` in the resource, the path as
    ``Type.element[0].reference``. ``texts``: its members as JSON text, which spares the walk through those without any.
    """
    found: list[tuple[str, str]] = []
    path = str(resource.get("resourceType", ""))
    if texts is None:
        _references(resource, path, found)
        return found
    for name, value in resource.items():
        if name == "reference" or _may_refer(texts.get(name)):
            _references({name: value}, path, found)
    return found


def _may_refer(text: bytes | None) -> bool:
    return text is None or b'"reference"' in text or b"\\u" in text  # an escape may stand for anything


def _references(value: Any, path: str, found: list[tuple[str, str]]) -> None:
    # Asked of every write: a generator in a generator takes twice as long.
    if isinstance(value, dict):
        for name, child in value.items():
            if isinstance(child, (dict, list)):
                _references(child, f"{path}.{name}", found)
            elif name == "reference" and isinstance(child, str):
                found.append((f"{path}.reference", child))
    else:
        for index, child in enumerate(value):
            if isinstance(child, (dict, list)):
                _references(child, f"{path}[{index}]", found)


def rewrite_links(resource: Json, target_of: Callable[[str], str | None]) -> Json:
    """The resource with every link for which ``target_of`` knows another target replaced by it.

    Links are references, elements of type uri, url, uuid, oid and canonical, and ``href``/``src`` of the
    narrative. The same object is returned when nothing was replaced, so that the caller can keep the text
    as it was received.
    """
    return _rewrite_object(resource, target_of)


@lru_cache(maxsize=2048)
def _holds_links(name: str) -> bool:
    """Whether a string of this name is a link, or a narrative, which has some."""
    return name == "div" or name in _LINK_NAMES or name.endswith(_LINK_ENDINGS)


def _rewrite_object(value: Json, target_of: Callable[[str], str | None]) -> Json:
    changed: Json | None = None
    for key, child in value.items():
        new: Any
        if isinstance(child, str):
            # No element of FHIR has a longer name, and what is made up shall not be remembered.
            if len(key) > _LONGEST_NAME or not _holds_links(key):
                continue
            new = _rewrite_string(child, target_of, key)
        elif isinstance(child, dict):
            new = _rewrite_object(child, target_of)
        elif isinstance(child, list):
            new = _rewrite_list(child, target_of, key)
        else:
            continue
        if new is not child:
            changed = dict(value) if changed is None else changed
            changed[key] = new
    return value if changed is None else changed


def _rewrite_list(value: list[Any], target_of: Callable[[str], str | None], name: str) -> list[Any]:
    items = [
        _rewrite_object(child, target_of)
        if isinstance(child, dict)
        else _rewrite_list(child, target_of, name)
        if isinstance(child, list)
        else _rewrite_string(child, target_of, name)
        if isinstance(child, str) and _holds_links(name)
        else child
        for child in value
    ]
    return items if any(new is not old for new, old in zip(items, value, strict=True)) else value


def _rewrite_string(value: str, target_of: Callable[[str], str | None], name: str) -> str:
    if name == "div":
        return _rewrite_narrative(value, target_of)
    target = target_of(value)
    return value if target is None else target


def _rewrite_narrative(div: str, target_of: Callable[[str], str | None]) -> str:
    def replaced(match: re.Match[str]) -> str:
        target = target_of(match["link"])
        return match[0] if target is None else f"{match['head']}{match['quote']}{target}{match['quote']}"

    new = _NARRATIVE_LINK.sub(replaced, div)
    return div if new == div else new
