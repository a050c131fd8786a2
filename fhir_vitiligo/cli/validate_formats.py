"""How ``validate`` tells its verdicts: for people, for programs, for code review.

A format gets each verdict in the order of the input and writes at once; memory does not grow with the input.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

import click

import fhir_vitiligo
from fhir_vitiligo.cli.validate_job import Told, Verdict
from fhir_vitiligo.errors import Issue

_COLOURS = {"fatal": "red", "error": "red", "warning": "yellow", "information": "blue"}
_EXTENSION = "http://hl7.org/fhir/StructureDefinition/operationoutcome-"
_HOME = "https://w3id.org/fhir-vitiligo"
_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


class Written(NamedTuple):
    """A verdict as it is told: ``text`` as it goes to stdout, ``rules`` where the end of the output has to name them.
    A tuple, because it goes from one process to another.
    """

    text: str
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

    def _text(self, verdict: Verdict) -> str:
        raise NotImplementedError

    def write(self, written: Written) -> None:
        """Tell one verdict."""
        if written.text:
            click.echo(written.text, nl=False)

    def take(self, verdict: Verdict) -> None:
        """Tell one verdict that was made right here."""
        self.write(self.written(verdict))

    def finish(self) -> None:
        """What comes after the last."""


def severity(issue: Issue) -> str:
    """``error`` for what is fatal too: nobody reading needs the difference."""
    return "error" if issue.severity == "fatal" else issue.severity


class Text:
    """``file:line:column: error: Patient.gender: what is wrong and what would be right [rule]``, as editors
    and terminals link it, and the line of the source with a caret.
    """

    def take(self, verdict: Verdict) -> None:
        for told in verdict.told:
            click.echo(self._told(told))

    def _told(self, told: Told) -> str:
        issue = told.issue
        place = ":".join(str(part) for part in (issue.source, issue.line, issue.column) if part is not None)
        head = (
            f"{click.style(place, bold=True)}: {click.style(severity(issue), fg=_COLOURS[issue.severity])}: "
        )
        where = f"{issue.expression}: " if issue.expression else ""
        rule = click.style(f" [{issue.rule}]", dim=True) if issue.rule else ""
        line = head + where + issue.text + rule
        if told.snippet is None or not told.snippet.text:
            return line
        caret = click.style("^", fg=_COLOURS[issue.severity])
        return f"{line}\n    {told.snippet.text}\n    {' ' * told.snippet.caret}{caret}"

    def finish(self) -> None:
        pass


class JsonLines:
    """A JSON object a line for each resource."""

    def take(self, verdict: Verdict) -> None:
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
        _write(json.dumps({**_present(head), "issues": issues}) + b"\n")

    def finish(self) -> None:
        pass


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


class Outcomes:
    """An OperationOutcome a line for each resource. Line, column and rule go into HL7's own extensions."""

    def take(self, verdict: Verdict) -> None:
        from fhir_vitiligo.fhir import json
        from fhir_vitiligo.fhir.outcome import operation_outcome

        outcome = operation_outcome(told.issue for told in verdict.told)
        for element, told in zip(outcome["issue"], verdict.told, strict=False):
            extensions = _extensions(told.issue)
            if extensions:
                element["extension"] = extensions
        _write(json.dumps(outcome) + b"\n")

    def finish(self) -> None:
        pass


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


class Sarif:
    """One SARIF 2.1.0 log (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), as code review tools read it."""

    _LEVELS: Mapping[str, str] = MappingProxyType(
        {"error": "error", "warning": "warning", "information": "note"}
    )

    def __init__(self) -> None:
        self._rules: set[str] = set()
        self._count = 0

    def take(self, verdict: Verdict) -> None:
        from fhir_vitiligo.fhir import json

        for told in verdict.told:
            self._begin()
            _write((b"," if self._count else b"") + b"\n" + json.dumps(self._result(told)))
            self._count += 1

    def _begin(self) -> None:
        if self._count == 0:
            _write(f'{{"version":"2.1.0","$schema":"{_SARIF_SCHEMA}","runs":[{{"results":['.encode())

    def _result(self, told: Told) -> dict[str, Any]:
        issue = told.issue
        rule = issue.rule or issue.code
        self._rules.add(rule)
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
            "ruleId": rule,
            "level": self._LEVELS[severity(issue)],
            "message": {"text": issue.text},
            "locations": [location],
        }

    def finish(self) -> None:
        from fhir_vitiligo.cli.validate_rules import sentence
        from fhir_vitiligo.fhir import json

        self._begin()
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


def _uri(name: str) -> str:
    from pathlib import Path
    from urllib.parse import quote

    path = Path(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


class GitHub:
    """Workflow commands, which GitHub shows beside the lines of a pull request."""

    _COMMANDS: Mapping[str, str] = MappingProxyType(
        {"error": "error", "warning": "warning", "information": "notice"}
    )

    def take(self, verdict: Verdict) -> None:
        for told in verdict.told:
            issue = told.issue
            properties = _present(
                {"file": issue.source, "line": issue.line, "col": issue.column, "title": issue.rule}
            )
            listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
            text = f"{issue.expression}: {issue.text}" if issue.expression else issue.text
            click.echo(f"::{self._COMMANDS[severity(issue)]} {listed}::{_message(text)}")

    def finish(self) -> None:
        pass


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)


FORMATS: Mapping[str, Callable[[], Format]] = MappingProxyType(
    {"text": Text, "json": JsonLines, "outcome": Outcomes, "sarif": Sarif, "github": GitHub}
)
