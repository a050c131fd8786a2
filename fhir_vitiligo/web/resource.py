"""A resource as a page shows it: in a line of a table, and in full with its references as links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.references import is_id, parse_restful
from fhir_vitiligo.web.html import Child, Html, element, html, joined, link

_DEPTH = 40
"""How deep elements are shown one in another; what is deeper is shown as JSON."""
_ADDRESSES = frozenset(
    ("url", "system", "profile", "valueUri", "valueUrl", "valueCanonical", "instantiatesUri", "fullUrl")
)
_WHAT = (
    "name",
    "title",
    "code",
    "event",
    "medicationCodeableConcept",
    "type",
    "category",
    "class",
    "description",
    "text",
    "identifier",
)
_WHEN = (
    "effectiveDateTime",
    "effectivePeriod",
    "performedDateTime",
    "performedPeriod",
    "onsetDateTime",
    "period",
    "occurrenceDateTime",
    "authoredOn",
    "recordedDate",
    "dateAsserted",
    "birthDate",
    "date",
    "issued",
    "created",
    "recorded",
)
_STATUS = ("status", "clinicalStatus", "gender", "active")


@dataclass(frozen=True, slots=True)
class Line:
    """What a table says of a resource."""

    what: str
    when: str
    status: str


def line(resource: Json) -> Line:
    """The words of the resource that tell it from others of its type."""
    return Line(
        next((text for text in _first(resource, _WHAT) if text), ""),
        next((text for text in _first(resource, _WHEN) if text), ""),
        next((text for text in _first(resource, _STATUS) if text), ""),
    )


def address(resource: Json, base: str) -> str | None:
    """The URL of a resource on this server by its type and id; None when it has none."""
    kind, id = resource.get("resourceType"), resource.get("id")
    if isinstance(kind, str) and isinstance(id, str) and kind.isalpha() and kind.isascii() and is_id(id):
        return f"{base}/{kind}/{id}"
    return None


def elements(value: Json, base: str) -> Html:
    """The elements of a resource one below another, nested as they are."""
    return _object(value, base, 0)


def _object(value: Json, base: str, depth: int) -> Html:
    rows: list[Child] = []
    for name, part in value.items():
        if name == "div" and depth:
            shown: Child = (
                element("span", "shown above", class_="small") if depth == 1 else element("code", part)
            )
            rows += [element("dt", name), element("dd", shown)]
        else:
            rows += [element("dt", name), *(element("dd", one) for one in _values(name, part, base, depth))]
    return element("dl", *rows)


def _values(name: str, part: Any, base: str, depth: int) -> Iterator[Html]:
    for one in part if isinstance(part, list) else (part,):
        if isinstance(one, (dict, list)) and depth >= _DEPTH:
            yield element("code", json.dumps(one).decode("utf-8", "replace"))
        elif isinstance(one, dict):
            yield _object(one, base, depth + 1)
        elif isinstance(one, list):
            yield joined(*_values(name, one, base, depth + 1))
        else:
            yield _primitive(name, one, base)


def _primitive(name: str, value: object, base: str) -> Html:
    if isinstance(value, bool) or value is None:
        return html("null" if value is None else "true" if value else "false")
    text = str(value)
    if name == "reference":
        reference = parse_restful(text)
        return link(f"{base}/{text}" if reference is not None and not reference.base else text, text)
    if name in _ADDRESSES and text.startswith(("http://", "https://")):
        return link(text, text)
    return html(text)


def _first(resource: Json, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if name in resource:
            yield words(resource[name])


def words(value: Any, depth: int = 0) -> str:
    """A data type in a few words: the text, display or code of a concept, a name, an identifier, a period, a quantity."""
    if isinstance(value, list):
        return words(value[0], depth) if value else ""
    if not isinstance(value, dict) or depth > 4:
        return (
            ""
            if value is None or isinstance(value, dict)
            else _cut(str(value).lower() if value is True or value is False else str(value))
        )
    if "family" in value or "given" in value:
        given = value.get("given")
        parts = [*(given if isinstance(given, list) else []), value.get("family")]
        return _cut(" ".join(str(part) for part in parts if isinstance(part, str)))
    if "start" in value or "end" in value:
        return _cut(f"{value.get('start') or '...'} to {value.get('end') or '...'}")
    for name in ("text", "display", "coding", "code", "value", "title", "reference"):
        if name in value and (told := words(value[name], depth + 1)):
            return told
    return ""


def _cut(text: str, most: int = 120) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."
