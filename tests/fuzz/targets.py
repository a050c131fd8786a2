"""What is fed with bytes, and what has to hold of it. Hypothesis and atheris use the same.

A target raises only what is a fault of ours.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import fhir_vitiligo as fv
from fhir_vitiligo.cli.inputs import Piece
from fhir_vitiligo.cli.validate_formats import FORMATS
from fhir_vitiligo.cli.validate_job import Validate, Verdict
from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json, json_text
from fhir_vitiligo.fhir.json_reader import read as read_json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.source import Document, parse
from fhir_vitiligo.fhir.text_places import decode
from fhir_vitiligo.fhir.xml import to_json, to_xml
from fhir_vitiligo.packaged import example_names

# Seconds for so many bytes, on a slow machine under load; a loop without end takes longer than any of them.
_ENOUGH, _PER_MEGABYTE = 10.0, 60.0


def source(data: bytes) -> None:
    """Any bytes become a document whose issues have a place inside the text."""
    document = parse(data)
    check_document(document, data)


def xml(data: bytes) -> None:
    """As XML, whatever they look like."""
    document = parse(data, Release.R5, format="xml")
    check_document(document, data)
    if document.resource is not None and not document.issues:
        # A narrative may still be one that no other document can hold; the validator tells that.
        with contextlib.suppress(InputError):
            round_trip(document.resource, Release.R5)


def loose_json(data: bytes) -> None:
    """The reader of broken JSON reads what is not broken as the quick one does."""
    try:
        expected = json.loads(data)
        json_text.check_depth(expected)
    except InputError:
        text = decode(data)
        reading = read_json(text.text)
        assert reading.faults or text.faults or text.marked, "refused without a reason"
        return
    reading = read_json(data.decode())
    told = [fault for fault in reading.faults if fault.rule != "duplicate-key"]
    # Whatever the quick one refuses is told here with a place.
    if not told:
        # A number may be an int here and a decimal there; written out they are the same.
        assert json.dumps(reading.value) == json.dumps(expected)


def written_xml(data: bytes) -> None:
    """A resource goes to XML and back, or is refused in a sentence."""
    document = parse(data, Release.R4)
    if isinstance(document.resource, dict):
        with contextlib.suppress(InputError):
            to_json(to_xml(document.resource, Release.R4), Release.R4)


def command(data: bytes) -> None:
    """The whole way of the command, in every format."""
    outcome = Validate(None)(Piece("fuzz", data))
    verdicts: tuple[Verdict, ...] = outcome.outputs
    assert verdicts
    assert not outcome.issues
    shown = io.BytesIO()
    text = io.TextIOWrapper(shown, "utf-8", write_through=True)
    with contextlib.redirect_stdout(text):
        for make in FORMATS.values():
            output = make()
            for verdict in verdicts:
                output.take(verdict)
            output.finish()
    shown.getvalue().decode()


TARGETS: Mapping[str, Callable[[bytes], None]] = MappingProxyType(
    {"source": source, "xml": xml, "loose_json": loose_json, "written_xml": written_xml, "command": command}
)


def check_document(document: Document, data: bytes) -> None:
    """Issues are complete sentences with a place that is there, and every expression leads somewhere."""
    lines = data.count(b"\n") + data.count(b"\r") + 2
    for issue in document.issues:
        assert issue.text
        assert issue.line is not None
        assert issue.column is not None
        assert 1 <= issue.line <= lines
        assert issue.column >= 1
        assert len(str(document.snippet(issue.line, issue.column))) < 500
        line, column = document.locate(issue.expression)
        assert line >= 1
        assert column >= 1
    assert json.dumps(document.resource) is not None


def round_trip(resource: Any, release: Release) -> None:
    """What was read from sound XML is written and read as the same."""
    assert to_json(to_xml(resource, release), release)[:2] == (resource, [])


def timed(target: Callable[[bytes], None], data: bytes) -> None:
    """Run a target and see that it ends in good time."""
    started = time.process_time()
    target(data)
    spent = time.process_time() - started
    assert spent < _ENOUGH + _PER_MEGABYTE * len(data) / 1e6, f"{spent:.1f} s for {len(data)} bytes"


@cache
def seeds() -> tuple[bytes, ...]:
    """Resources as they should be, in both forms: what mutations start from."""
    return tuple(_seeds())


def _seeds() -> Iterator[bytes]:
    for name in example_names()[:3]:
        for entry in fv.to_fhir(fv.example(name))["entry"][:6]:
            yield json.dumps(entry["resource"])
            yield to_xml(entry["resource"], Release.R4)
    small = {
        "resourceType": "Patient",
        "name": [{"given": ["A", None], "_given": [None, {"id": "x"}]}],
        "birthDate": "1970",
    }
    yield json.dumps_pretty({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": small}]})
    yield to_xml(small, Release.R4, indent=True)
    yield b'{"a": [1.50, -0, 1e5, true, null, "\\u00e9\\ud83d\\ude00"], "a": {}}'
    yield b'<?xml version="1.0" encoding="iso-8859-1"?><!-- c --><Patient xmlns="http://hl7.org/fhir"><?p i?><![CDATA[x]]></Patient>'
    yield b"[" + json.dumps(small) + b"," + json.dumps(small) + b"]"
