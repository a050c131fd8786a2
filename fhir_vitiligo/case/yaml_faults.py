"""What is wrong with a text that is no YAML, as its author would say it (https://yaml.org/spec/1.2.2).

The parser names the sign at which it gave up; people need the habit that YAML does not take: a tab, a colon within a
text, a quote that is never closed.
"""

from __future__ import annotations

from typing import Any

import yaml

from fhir_vitiligo.errors import Issue

_RESERVED = "@`%"


def fault_of(error: yaml.YAMLError, text: str) -> Issue:
    """The issue for an error of the parser, placed where its author has to look."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    context, opened = getattr(error, "context", None) or "", getattr(error, "context_mark", None)
    place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    line = lines[place[0] - 1] if place[0] <= len(lines) else ""
    if "quoted scalar" in context and "end of" in problem and opened is not None:
        place, said = (
            (opened.line + 1, opened.column + 1),
            "the quotation mark that opens here is never closed",
        )
    else:
        said = _said(problem, context, line, place[1] - 1, opened) or problem
    name = "JSON" if text.lstrip()[:1] in ("{", "[") else "YAML"
    return Issue("error", "structure", "", f"not valid {name}: {said}", line=place[0], column=place[1])


def _said(problem: str, context: str, line: str, column: int, opened: Any) -> str | None:
    at = line[column : column + 1]
    if "cannot start any token" in problem:
        if at == "\t" or (not line[:column].strip() and "\t" in line[: column + 1]):
            return "a tab stands here: indent with spaces"
        if at and at in _RESERVED:
            return f"a value that begins with {at} has to stand in quotation marks"
    if "mapping values are not allowed" in problem:
        if ": " in line[:column].strip().removeprefix("- "):
            return (
                'a text with a colon and a space has to stand in quotation marks: title: "Vitiligo: a case"'
            )
        if line.lstrip().startswith("-") and not line.lstrip().startswith("- "):
            return "a space belongs behind the hyphen of a list: - key: v1"
        return "this line is indented unlike those it belongs with, or the line before lacks its colon"
    if "',' or" in problem and opened is not None:
        sign = "}" if "mapping" in context else "]"
        return (
            f"the {'{' if sign == '}' else '['} of line {opened.line + 1} lacks its {sign} or a comma before this; a text "
            "with a comma or a colon has to stand in quotation marks"
        )
    if "could not find expected ':'" in problem:
        return "a name needs a colon and a space behind it: sex: female"
    if "did not find expected key" in problem or "expected '-' indicator" in problem:
        return "this line is indented unlike those it belongs with"
    return None
