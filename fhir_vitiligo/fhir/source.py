"""The text a resource was read from: JSON or XML, what is wrong with how it is written, and in which line and
column each of its elements stands (https://hl7.org/fhir/R4/json.html, xml.html).

Reading is quick and knows no places; they are worked out when an issue has to be shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from fhir_vitiligo.errors import InputError, Issue
from fhir_vitiligo.fhir import json, json_text
from fhir_vitiligo.fhir.place_steps import steps_of
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.text_places import Lines, Snippet, decode

if TYPE_CHECKING:
    from fhir_vitiligo.fhir.json_places import Children, JsonPlaces
    from fhir_vitiligo.fhir.json_reader import JsonFault
    from fhir_vitiligo.fhir.xml_places import XmlPlaces

Format = Literal["json", "xml"]

_CORE = "http://hl7.org/fhir/"
_OWN = "https://w3id.org/fhir-vitiligo/"
_SPACE = b" \t\r\n"
_RELEASES = {version: one for one in Release for version in (one.version, one.short_version)}
# What is said of an element that is empty or no resource, by the reader of XML and by a validator after it.
_ABOUT_NOTHING = frozenset({"ele-1", "type", "resource-type"})


@dataclass(slots=True)
class Document:
    """One resource and the text it stands in.

    ``resource`` is what the text says: a dict for a resource, ``None`` where nothing can be made of it.
    ``issues`` are the reader's own, with places. ``release`` is the one asked for, or what the resource states,
    or R4. ``first_line`` is the line of the file in which the text begins.
    """

    resource: Any
    issues: list[Issue]
    format: Format
    release: Release
    name: str | None = None
    first_line: int = 1
    _data: bytes = field(default=b"", repr=False)
    _lines: Lines | None = field(default=None, repr=False)
    _xml: XmlPlaces | None = field(default=None, repr=False)
    _json: JsonPlaces | None = field(default=None, repr=False)
    _children: Children | None = field(default=None, repr=False)
    _told: frozenset[str] = field(default=frozenset(), repr=False)
    _about_nothing: frozenset[str] = field(default=frozenset(), repr=False)

    def locate(self, expression: str, member: str | None = None, entry: int | None = None) -> tuple[int, int]:
        """Line and column, from 1, of what a FHIRPath leads to (``Patient.contact[0].name.family``), or of the
        nearest around it that is there. ``member`` names something inside it that is meant rather; ``entry``
        is the number of the resource, when the document is an array of them.
        """
        steps = steps_of(expression)
        if self.format == "xml":
            line, column = self._xml.locate(steps, member) if self._xml is not None else (1, 1)
        else:
            places = self._json_places()
            root = places.entry(entry) if entry is not None else None
            line, column = self._text().place(places.locate(steps, member, root))
        return line + self.first_line - 1, column

    def snippet(self, line: int, column: int) -> Snippet:
        """The line of the source, with the caret where the column is."""
        return self._text().snippet(line - self.first_line + 1, column)

    def placed(self, issue: Issue, entry: int | None = None) -> Issue:
        """The issue with source, line and column. An issue about a member that has no path of its own (it is
        not known, or should not be there) is placed at that member, if its sentence begins with the name.
        """
        if issue.line is not None:
            return issue if issue.source is not None else replace(issue, source=self.name)
        line, column = self.locate(issue.expression, _named(issue.text), entry)
        return replace(issue, source=self.name, line=line, column=column)

    def join(self, issues: Iterable[Issue]) -> Iterator[Issue]:
        """The reader's issues, then a validator's, without those that repeat the reader's about what it could
        not read.
        """
        yield from self.issues
        for issue in issues:
            known = self._about_nothing if issue.rule == "ele-1" else self._told
            if issue.rule not in _ABOUT_NOTHING or issue.expression not in known:
                yield issue

    def _text(self) -> Lines:
        if self._lines is None:
            self._lines = Lines(decode(self._data).text)
        return self._lines

    def _json_places(self) -> JsonPlaces:
        if self._json is None:
            from fhir_vitiligo.fhir.json_places import JsonPlaces

            self._json = JsonPlaces(self._text().text, self._children)
        return self._json


def parse(
    data: bytes,
    release: Release | None = None,
    *,
    fallback: Release = Release.R4,
    format: Format | None = None,
    name: str | None = None,
    first_line: int = 1,
) -> Document:
    """Read a document. Never raises for what is in ``data``: what is wrong is in the issues.

    Without ``release`` it is what the resource states, else ``fallback``; XML is read by its definitions.
    ``format`` is told from the first character when it is not given. ``name`` and ``first_line`` go into the
    issues.
    """
    read = _parse_xml if (format or format_of(data)) == "xml" else _parse_json
    return _placed(read(data, release, fallback), name, first_line)


def format_of(data: bytes) -> Format:
    """XML when the first character is ``<``, else JSON."""
    start = data[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\x00" + _SPACE)
    return "xml" if start.startswith(b"<") else "json"


def stated_release(resource: Any) -> Release | None:
    """The release a resource itself states: in ``fhirVersion``, or by the version of a core profile or
    canonical in ``meta.profile``; of a Bundle, what the first resource that states one does. This project's profiles have
    one address in all releases: with an element that only R5 has they state that.
    """
    if not isinstance(resource, dict):
        return None
    versions = resource.get("fhirVersion")
    for version in versions if isinstance(versions, list) else [versions]:
        if isinstance(version, str) and (found := _release(version)) is not None:
            return found
    meta = resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    for profile in profiles if isinstance(profiles, list) else ():
        if isinstance(profile, str) and profile.startswith(_CORE):
            canonical, _, version = profile.removeprefix(_CORE).partition("|")
            if (found := _release(version) or _release(canonical.partition("/")[0])) is not None:
                return found
        elif isinstance(profile, str) and profile.startswith(_OWN):
            from fhir_vitiligo.fhir.differences import looks_like_r5

            if looks_like_r5(resource):
                return Release.R5
    entries = resource.get("entry") if resource.get("resourceType") == "Bundle" else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and (found := stated_release(entry.get("resource"))) is not None:
            return found
    return None


def _release(version: str) -> Release | None:
    return _RELEASES.get(version)


def _named(text: str) -> str | None:
    """The name in backticks that a sentence begins with."""
    return text[1 : text.find("`", 1)] if text.startswith("`") and "`" in text[1:80] else None


def _placed(document: Document, name: str | None, first_line: int) -> Document:
    document.name, document.first_line = name, first_line
    document.issues = [
        replace(issue, source=name, line=(issue.line or 1) + first_line - 1) for issue in document.issues
    ]
    return document


def _parse_xml(data: bytes, release: Release | None, fallback: Release) -> Document:
    from fhir_vitiligo.fhir.xml import to_json

    reading = to_json(data, release or fallback)
    if release is None:
        # What states the release is written alike in all of them.
        release = stated_release(reading.resource) or fallback
        if release is not fallback:
            reading = to_json(data, release)
    told = frozenset(
        issue.expression for issue in reading.issues if issue.rule in _ABOUT_NOTHING and issue.expression
    )
    return Document(
        reading.resource,
        reading.issues,
        "xml",
        release,
        _data=data,
        _xml=reading.places,
        _told=told,
        _about_nothing=told | _around(reading.issues),
    )


def _around(issues: Iterable[Issue]) -> frozenset[str]:
    """The elements with something in them that the reader could not read, and so left out: they are not empty."""
    found: set[str] = set()
    for issue in issues:
        # An element that is not known is told at the one it stands in.
        place = issue.expression if issue.rule == "unknown" else issue.expression.rpartition(".")[0]
        while place and place not in found:
            found.add(place)
            place = place.rpartition(".")[0]
    return frozenset(found)


def _parse_json(data: bytes, release: Release | None, fallback: Release) -> Document:
    refusal: InputError | None = None
    try:
        value = json.loads(data)
        if json_text.may_be_deep(data):
            json_text.check_depth(value)
        if json_text.repeats_no_member(data, value):
            return Document(value, [], "json", release or stated_release(value) or fallback, _data=data)
    except InputError as error:
        refusal = error
    return _parse_loosely(data, release, fallback, refusal)


def _parse_loosely(
    data: bytes, release: Release | None, fallback: Release, refusal: InputError | None
) -> Document:
    from fhir_vitiligo.fhir.json_reader import read

    decoded = decode(data)
    lines = Lines(decoded.text)
    issues = [
        Issue("error", "invalid", "", f"{text}.", None, *lines.place(at), "encoding")
        for at, text in decoded.faults
    ]
    if decoded.marked:
        text = "A byte order mark stands in front of the JSON: save the file as UTF-8 without it."
        issues.append(Issue("warning", "invalid", "", text, None, 1, 1, "encoding"))
    reading = read(decoded.text)
    value = reading.value if reading.whole else None
    if refusal is not None and not reading.faults and not issues:
        issues += [replace(issue, line=1, column=1, rule="json") for issue in refusal.issues]
    release = release or stated_release(value) or fallback
    for fault in reading.faults:
        code = "too-costly" if fault.rule == "depth" else "invalid" if reading.whole else "structure"
        place = lines.place(fault.offset)
        severity: Literal["fatal", "error"] = "error" if reading.whole else "fatal"
        text = f"not valid JSON: {fault.text}." if fault.rule == "json" else f"{fault.text}."
        issues.append(
            Issue(severity, code, _expression(value, fault, release), text, None, *place, fault.rule)
        )
    return Document(value, issues, "json", release, _data=data, _lines=lines, _children=reading.children)


def _expression(value: Any, fault: JsonFault, release: Release) -> str:
    """The FHIRPath of the object a fault was found in."""
    if not isinstance(value, dict) or not isinstance(root := value.get("resourceType"), str):
        return ""
    from fhir_vitiligo.fhir.schema import fhirpath

    return fhirpath(root, fault.keys, release)
