"""FHIR XML to the dict that FHIR JSON gives, and back (https://hl7.org/fhir/R4/xml.html), by the definitions
of a release.
"""

from __future__ import annotations

from typing import NamedTuple

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.text_places import Decoded, Lines, decode
from fhir_vitiligo.fhir.xml_faults import MAX_FAULTS, Fault
from fhir_vitiligo.fhir.xml_places import XmlPlaces
from fhir_vitiligo.fhir.xml_reader import reader_of
from fhir_vitiligo.fhir.xml_tree import Finding, XmlError, read
from fhir_vitiligo.fhir.xml_writer import to_xml

__all__ = ["XmlReading", "to_json", "to_xml"]


class XmlReading(NamedTuple):
    """``resource`` is ``None`` where the XML has no resource in it, ``places`` where it is not XML at all."""

    resource: Json | None
    issues: list[Issue]
    places: XmlPlaces | None


def to_json(data: bytes | str, release: Release, lines: Lines | None = None) -> XmlReading:
    """The resource of an XML document, what is wrong with how it is written, and where everything stands.

    Never raises for what is in ``data``. Comments are dropped; a narrative is kept as it is written. What is
    not known, or stands twice where it may stand once, is told and left out. A primitive value that is not
    written as its type asks stays a string, for the validator to judge; an element without content is an
    empty object or null in the dict. ``lines`` is the text, where it is decoded already.
    """
    issues: list[Issue] = []
    if lines is None:
        decoded = decode(data) if isinstance(data, bytes) else Decoded(data)
        lines = Lines(decoded.text)
        issues += [
            _issue(Finding(0, "encoding", "invalid", text), "", lines.place(at))
            for at, text in decoded.faults
        ]
    source = lines.text.encode("utf-8", "replace")
    try:
        tree = read(source)
    except XmlError as error:
        found = error.finding
        place = lines.place(len(source[: found.offset].decode("utf-8", "replace")))
        return XmlReading(None, [*issues, _issue(found, "", place, fatal=True)], None)
    places = XmlPlaces(tree.root, source, lines)
    resource, faults = reader_of(release).resource(tree.root)
    root = tree.root.name if resource is not None else ""
    issues += [_issue(found, root, places.line(found.offset)) for found in tree.findings]
    issues += [_issue(fault, fault.expression, places.line(fault.offset)) for fault in faults]
    if len(faults) >= MAX_FAULTS:
        more = Finding(
            0, "depth", "too-costly", f"More than {MAX_FAULTS} faults were found; the others are not told."
        )
        issues.append(_issue(more, root, (1, 1)))
    return XmlReading(resource, issues, places)


def _issue(found: Finding | Fault, expression: str, place: tuple[int, int], *, fatal: bool = False) -> Issue:
    severity = "fatal" if fatal else found.severity if isinstance(found, Fault) else "error"
    return Issue(severity, found.code, expression, found.text, None, *place, found.rule)
