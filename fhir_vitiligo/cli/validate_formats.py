"""How ``validate`` tells its verdicts: for people, for programs, for code review.

A format gets each verdict in the order of the input and writes at once; memory does not grow with the input.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import click

import fhir_vitiligo
from fhir_vitiligo.cli.inputs import Piece
from fhir_vitiligo.cli.outcome import Outcome
from fhir_vitiligo.cli.validate_job import Told, Validate, Verdict
from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir.release import Release

_COLOURS = {"fatal": "red", "error": "red", "warning": "yellow", "information": "blue"}
_EXTENSION = "http://hl7.org/fhir/StructureDefinition/operationoutcome-"
_HOME = "https://w3id.org/fhir-vitiligo"
_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


class Written(NamedTuple):
    """A verdict as it is told: ``text`` as it goes to stdout, ``rules`` where the end of the output has to name them.
    A tuple, because it goes from one process to another.
    """

    text: str | bytes
    good: bool
    release: Release
    rules: frozenset[str] = frozenset()


class Format:
    """A way to tell verdicts. ``written`` is pure, and runs where the verdict is made; ``write`` and ``finish`` write to
    stdout, in the order of the input.
    """

    def __init__(self, colours: bool = False) -> None:
        self.colours = colours

    def written(self, verdict: Verdict) -> Written:
        """What is to be told of a verdict."""
        return Written(self._text(verdict), verdict.good, verdict.release)

    def _text(self, verdict: Verdict) -> str | bytes:
        raise NotImplementedError

    def write(self, written: Written) -> None:
        """Tell one verdict."""
        if isinstance(written.text, bytes):
            _write(written.text)
        elif written.text:
            click.echo(written.text, nl=False)

    def take(self, verdict: Verdict) -> None:
        """Tell one verdict that was made right here."""
        self.write(self.written(verdict))

    def finish(self) -> None:
        """What comes after the last."""


def severity(issue: Issue) -> str:
    """``error`` for what is fatal too: nobody reading needs the difference."""
    return "error" if issue.severity == "fatal" else issue.severity


class Text(Format):
    """``file:line:column: error: Patient.gender: what is wrong and what would be right [rule]``, as editors
    and terminals link it, and the line of the source with a caret.
    """

    def _text(self, verdict: Verdict) -> str:
        return "".join(map(self._told, verdict.told))

    def _told(self, told: Told) -> str:
        issue = told.issue
        colour = _COLOURS[issue.severity]
        place = ":".join(str(part) for part in (issue.source, issue.line, issue.column) if part is not None)
        head = f"{self._styled(place, bold=True)}: {self._styled(severity(issue), fg=colour)}: "
        where = f"{issue.expression}: " if issue.expression else ""
        rule = self._styled(f" [{issue.rule}]", dim=True) if issue.rule else ""
        line = head + where + issue.text + rule
        if told.snippet is None or not told.snippet.text:
            return line + "\n"
        caret = self._styled("^", fg=colour)
        return f"{line}\n    {told.snippet.text}\n    {' ' * told.snippet.caret}{caret}\n"

    def _styled(self, text: str, **style: Any) -> str:
        return click.style(text, **style) if self.colours else text


class JsonLines(Format):
    """A JSON object a line for each resource."""

    def _text(self, verdict: Verdict) -> bytes:
        from fhir_vitiligo.fhir import json

        issues = [_members(told) for told in verdict.told]
        head = {
            "file": verdict.name,
            "line": verdict.line,
            "resourceType": verdict.type,
            "id": verdict.id,
            "release": verdict.release.name,
            "valid": verdict.good,
        }
        return json.dumps({**_present(head), "issues": issues}) + b"\n"


def _members(told: Told) -> dict[str, Any]:
    issue = told.issue
    return _present(
        {
            "severity": issue.severity,
            "code": issue.code,
            "rule": issue.rule,
            "expression": issue.expression or None,
            "line": issue.line,
            "column": issue.column,
            "text": issue.text,
            "snippet": told.snippet.text if told.snippet is not None and told.snippet.text else None,
        }
    )


class Outcomes(Format):
    """An OperationOutcome a line for each resource. Line, column and rule go into HL7's own extensions."""

    def _text(self, verdict: Verdict) -> bytes:
        from fhir_vitiligo.fhir import json
        from fhir_vitiligo.fhir.outcome import operation_outcome

        outcome = operation_outcome(told.issue for told in verdict.told)
        for element, told in zip(outcome["issue"], verdict.told, strict=False):
            extensions = _extensions(told.issue)
            if extensions:
                element["extension"] = extensions
        return json.dumps(outcome) + b"\n"


def _extensions(issue: Issue) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if issue.line is not None:
        found.append({"url": f"{_EXTENSION}issue-line", "valueInteger": issue.line})
    if issue.column is not None:
        # The published extension takes the column as a string.
        found.append({"url": f"{_EXTENSION}issue-col", "valueString": str(issue.column)})
    if issue.rule is not None:
        found.append({"url": f"{_EXTENSION}message-id", "valueString": issue.rule})
    return found


class Sarif(Format):
    """One SARIF 2.1.0 log (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), as code review tools read it."""

    _LEVELS: Mapping[str, str] = MappingProxyType(
        {"error": "error", "warning": "warning", "information": "note"}
    )

    def __init__(self, colours: bool = False) -> None:
        super().__init__(colours)
        self._rules: set[str] = set()
        self._begun = False

    def written(self, verdict: Verdict) -> Written:
        rules = frozenset(_rule(told.issue) for told in verdict.told)
        return Written(self._text(verdict), verdict.good, verdict.release, rules)

    def _text(self, verdict: Verdict) -> bytes:
        from fhir_vitiligo.fhir import json

        return b",\n".join(json.dumps(self._result(told)) for told in verdict.told)

    def write(self, written: Written) -> None:
        self._rules |= written.rules
        if written.text:
            assert isinstance(written.text, bytes)
            _write((b",\n" if self._begun else self._head()) + written.text)
            self._begun = True

    def _head(self) -> bytes:
        return f'{{"version":"2.1.0","$schema":"{_SARIF_SCHEMA}","runs":[{{"results":[\n'.encode()

    def _result(self, told: Told) -> dict[str, Any]:
        issue = told.issue
        region = _present({"startLine": issue.line, "startColumn": issue.column})
        if region and told.snippet is not None and told.snippet.text:
            region["snippet"] = {"text": told.snippet.text}
        location: dict[str, Any] = {
            "physicalLocation": {"artifactLocation": {"uri": _uri(issue.source or "")}, "region": region}
        }
        if not region:
            del location["physicalLocation"]["region"]
        if issue.expression:
            location["logicalLocations"] = [{"fullyQualifiedName": issue.expression, "kind": "element"}]
        return {
            "ruleId": _rule(issue),
            "level": self._LEVELS[severity(issue)],
            "message": {"text": issue.text},
            "locations": [location],
        }

    def finish(self) -> None:
        from fhir_vitiligo.cli.validate_rules import sentence
        from fhir_vitiligo.fhir import json

        if not self._begun:
            _write(self._head())
        rules = [
            {"id": rule, **({"shortDescription": {"text": told}} if (told := sentence(rule)) else {})}
            for rule in sorted(self._rules)
        ]
        driver = {
            "name": "fhir-vitiligo",
            "version": fhir_vitiligo.__version__,
            "informationUri": _HOME,
            "rules": rules,
        }
        tail = json.dumps({"tool": {"driver": driver}, "columnKind": "unicodeCodePoints"})
        _write(b"\n]," + tail[1:] + b"]}\n")


def _rule(issue: Issue) -> str:
    return issue.rule or issue.code


def _uri(name: str) -> str:
    from pathlib import Path
    from urllib.parse import quote

    path = Path(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


class GitHub(Format):
    """Workflow commands, which GitHub shows beside the lines of a pull request."""

    _COMMANDS: Mapping[str, str] = MappingProxyType(
        {"error": "error", "warning": "warning", "information": "notice"}
    )

    def _text(self, verdict: Verdict) -> str:
        return "".join(self._command(told.issue) for told in verdict.told)

    def _command(self, issue: Issue) -> str:
        properties = _present(
            {"file": issue.source, "line": issue.line, "col": issue.column, "title": issue.rule}
        )
        listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
        text = f"{issue.expression}: {issue.text}" if issue.expression else issue.text
        return f"::{self._COMMANDS[severity(issue)]} {listed}::{_message(text)}\n"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)


FORMATS: Mapping[str, type[Format]] = MappingProxyType(
    {"text": Text, "json": JsonLines, "outcome": Outcomes, "sarif": Sarif, "github": GitHub}
)


@dataclass(frozen=True, slots=True)
class Telling:
    """What ``validate`` does to a piece: the verdicts on it, each as it is told in a format."""

    job: Validate
    format: str
    colours: bool

    def __call__(self, piece: Piece) -> Outcome:
        return self._told(self.job(piece))

    def ended(self, piece: Piece, issue: Issue) -> Outcome:
        """What is told of a piece that ended its process."""
        return self._told(self.job.ended(piece, issue))

    def _told(self, outcome: Outcome) -> Outcome:
        written = FORMATS[self.format](self.colours).written
        return Outcome(tuple(map(written, outcome.outputs)), outcome.issues, outcome.failed)
