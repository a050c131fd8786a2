"""Case files: YAML or JSON in, a :class:`Case` or every fault at once out; and a case back to YAML."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fhir_vitiligo.case import consistency, instruments, yaml
from fhir_vitiligo.case.base import Key
from fhir_vitiligo.case.consistency import dotted
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.case.places import steps
from fhir_vitiligo.case.yaml import Document, Path
from fhir_vitiligo.errors import CaseError, FhirVitiligoError, InputError, Issue
from fhir_vitiligo.fhir import spelling

MAX_FAULTS = 200
"""Faults of one case that are told one by one."""
_KEY = next(rule.pattern for rule in get_args(Key) if getattr(rule, "pattern", None))


def read_case(source: str | FilePath | bytes | Mapping[str, Any]) -> Case:
    """The case in a file (a path), in bytes, or in plain data.

    Raises :class:`CaseError` with every fault of the case, each with its path, line, and what would be
    right, and :class:`InputError` when the file holds no case at all, or more than one.
    """
    if isinstance(source, Mapping):
        return build(Document(dict(source)))
    name = None if isinstance(source, bytes) else str(source)
    cases = list(read_cases(source))
    if len(cases) != 1:
        text = f"{len(cases)} cases where one was expected: read_cases takes those"
        raise InputError(Issue("error", "structure", "", text, source=name))
    if isinstance(cases[0], CaseError):
        raise cases[0]
    return cases[0]


def read_cases(source: str | FilePath | bytes, name: str | None = None) -> Iterator[Case | CaseError]:
    """Every document of a YAML or JSON file (a path) or text (bytes) as a case, or as the error that says
    why it is none.

    ``name`` is what the errors call the text. Raises :class:`InputError` when it cannot be read any
    further.
    """
    path, content = _content(source)
    name = name or path
    case = _quick(content)
    if case is not None:
        yield case
        return
    found = False
    try:
        for document in yaml.documents(yaml.decode(content)):
            if document.data is None and not document.faults:
                continue
            found = True
            try:
                yield build(document, name)
            except CaseError as error:
                yield error
    except InputError as error:
        raise InputError(_named(issue, name) for issue in error.issues) from None
    if not found:
        raise InputError(
            Issue("error", "structure", "", "the file is empty: a case has at least an id", source=name)
        )


def _quick(content: bytes) -> Case | None:
    """The case of a JSON text without faults, several times faster; anything else is left to the reader
    that knows places.
    """
    if content[:64].lstrip()[:1] != b"{" or len(content) > yaml.MAX_BYTES:
        return None
    try:
        data = json.loads(
            content.decode(),
            object_pairs_hook=_unique,
            parse_float=spelling.decimal,
            parse_int=spelling.whole,
            parse_constant=_no_number,
        )
        case = Case.model_validate(data)
    except (ValueError, ArithmeticError, RecursionError, FhirVitiligoError):
        return None
    return case if not any(_excluded(case, data)) else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key is given twice")
    return members


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _content(source: str | FilePath | bytes) -> tuple[str | None, bytes]:
    if isinstance(source, bytes):
        return None, source
    path = FilePath(source)
    try:
        if path.stat().st_size > yaml.MAX_BYTES:
            raise InputError(
                Issue(
                    "error",
                    "too-costly",
                    "",
                    f"a case file has {yaml.MAX_BYTES} bytes at most",
                    source=str(path),
                )
            )
        return str(path), path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            Issue("error", "not-found", "", f"cannot be read: {reason}", source=str(path))
        ) from None


def _named(issue: Issue, name: str | None) -> Issue:
    return Issue(
        issue.severity, issue.code, issue.expression, issue.text, name, issue.line, issue.column, issue.rule
    )


def build(document: Document, name: str | None = None) -> Case:
    """A typed case from plain data with positions. Raises :class:`CaseError` with every fault."""
    data = document.data
    if not isinstance(data, dict):
        many = "a list: give each case a line (NDJSON) or a YAML document of its own"
        found = many if isinstance(data, list) else "a single value"
        text = f"a case is a mapping that starts with its id, found {found}"
        raise CaseError(_issue(document, name, (), text))
    if isinstance(data.get("resourceType"), str):
        text = f"this is FHIR ({_shown(data['resourceType'])}), not a case: use from-fhir"
        raise CaseError(_issue(document, name, (), text))
    faults: list[tuple[Path, str]] = list(document.faults)
    case: Case | None = None
    try:
        case = Case.model_validate(data)
    except ValidationError as error:
        located = [fault for details in error.errors() for fault in _faults(data, details)]
        faults += located
        if not any(path == () for path, _ in located):
            known = {path for path, _ in faults}
            faults += [
                (fault.path, fault.text)
                for fault in consistency.faults(_meant(data))
                if fault.path not in known
            ]
    issues = [_issue(document, name, path, text) for path, text in dict.fromkeys(faults)]
    if case is not None:
        issues += [_issue(document, name, path, text) for path, text in _excluded(case, data)]
    if issues or case is None:
        raise CaseError(_first(sorted(issues, key=lambda issue: (issue.line or 0, issue.column or 0))))
    return case


def _excluded(case: Case, data: Any) -> Iterator[tuple[Path, str]]:
    """Numbers that a verified range excludes, where the file does not say that they are no readable value."""
    for index, assessment in enumerate(case.assessments):
        for issue in instruments.advise(assessment, f"assessments[{index}]"):
            if issue.rule == instruments.OUT_OF_RANGE:
                path = steps(issue.expression)
                said = _at(data, path)
                if not isinstance(said, dict) or said.get("status") != "ambiguous":
                    fault, _, _ = issue.text.rpartition(": ")
                    hint = "to keep what the source says as it stands, write {raw: ..., status: ambiguous}"
                    yield path, f"{fault}; {hint}"


def _meant(data: dict[str, Any]) -> dict[str, Any]:
    """The data with its misspelt collections under their names: what refers to their items is no fault beside that."""
    named = {
        near[0]: name
        for name in data
        if (near := _near(name, list(Case.model_fields))) and name not in data.keys() & Case.model_fields
    }
    return (
        {**data, **{right: data[wrong] for right, wrong in named.items() if right not in data}}
        if named
        else data
    )


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _first(issues: list[Issue]) -> list[Issue]:
    """The issues as far as anybody reads them."""
    if len(issues) <= MAX_FAULTS:
        return issues
    more = Issue("error", "too-costly", "", f"and {len(issues) - MAX_FAULTS} more faults", issues[0].source)
    return [*issues[:MAX_FAULTS], more]


def _issue(document: Document, name: str | None, path: Path, text: str) -> Issue:
    line, column = document.line_of(path) if document.lines else (None, None)
    return Issue("error", "value", dotted(path), text, name, line, column)


def _faults(data: Any, details: ErrorDetails) -> Iterator[tuple[Path, str]]:
    error = details.get("ctx", {}).get("error")
    if isinstance(error, consistency.InconsistentCaseError):
        yield from ((fault.path, fault.text) for fault in error.faults)
        return
    location = details["loc"]
    path = _existing(data, location)
    match details["type"]:
        case "missing":
            hint = ": a name of your own for it, such as key: a1" if location[-1] == "key" else ""
            yield path, f"{location[-1]!r} is missing{hint}"
        case _ if details["input"] is None and details["type"] != "extra_forbidden":
            yield (
                path,
                "nothing stands here: leave the field out",
            )
        case "extra_forbidden":
            yield (*path,), _unknown(str(location[-1]), location[:-1])
        case "literal_error":
            yield path, f"{_shown(details['input'])} is not allowed here: write {details['ctx']['expected']}"
        case "string_pattern_mismatch" if details["ctx"]["pattern"] == _KEY:
            yield path, f"{_shown(details['input'])} is no key: letters, digits, dots and hyphens, 64 at most"
        case "string_pattern_mismatch":
            meant = _meaning(location) or f"the form is {details['ctx']['pattern']}"
            yield path, f"{_shown(details['input'])} does not fit here: {meant}"
        case "too_long" | "string_too_long":
            most = details["ctx"].get("max_length")
            yield (
                path,
                f"a text of more than {most} characters does not fit here: keep it in a file of its own",
            )
        case "too_short" | "string_too_short":
            yield path, "an empty text says nothing: leave the field out"
        case "tuple_type":
            yield (
                path,
                f"a list is expected here, found {_shown(details['input'])}: {_as_list(details['input'])}",
            )
        case "model_type" | "model_attributes_type" | "dict_type":
            yield path, f"a mapping is expected here, found {_shown(details['input'])}{_as_mapping(location)}"
        case "bool_parsing" | "bool_type":
            yield path, f"{_shown(details['input'])} is neither true nor false"
        case "value_error":
            yield path, str(error)
        case _:
            yield path, f"{details['msg'][0].lower()}{details['msg'][1:]}, found {_shown(details['input'])}"


def _existing(data: Any, location: Sequence[str | int]) -> Path:
    """The part of a location that is there in the file: the models have steps that a plain value does not
    show.
    """
    path: list[str | int] = []
    for step in location:
        places: Any = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
        if step not in places:
            break
        data = data[step]
        path.append(step)
    return tuple(path)


def _shown(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping"
        case list():
            return "a list"
    text = str(value) if isinstance(value, int | Decimal) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _as_list(value: Any) -> str:
    if isinstance(value, dict):
        return "begin each item with a hyphen and a space"
    return "a list of one is [...]" if isinstance(value, str) else "write [..., ...]"


def _as_mapping(location: Sequence[str | int]) -> str:
    """How the mapping is written, where its model has fields that it needs."""
    model = model_at(location)
    needed = [name for name, field in model.model_fields.items() if field.is_required()] if model else []
    more = [name for name in ("name",) if model and name in model.model_fields and name not in needed]
    if not needed:
        return ""
    return f": write {{{', '.join(f'{name}: ...' for name in (*needed, *more))}}}"


def _meaning(location: Sequence[str | int]) -> str | None:
    """What the field that a location ends in is, as the data dictionary says it."""
    names = [step for step in location if isinstance(step, str)]
    for end in range(len(names), 0, -1):
        model = model_at(names[: end - 1])
        field = model.model_fields.get(names[end - 1]) if model is not None else None
        if field is not None and field.description:
            return field.description.rstrip(".")
    return None


def _unknown(name: str, parents: Sequence[str | int]) -> str:
    if name.replace(".", "").isdigit():
        return f"there is no field {name!r} here: a comma within {{ }} begins a new field; write 3.5 with a point, or quotes"
    model = model_at(parents)
    names = sorted(model.model_fields) if model else []
    near = _near(name, names)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}" if names else "remove it"
    return f"there is no field {name!r} here: {hint}"


def _near(name: str, names: list[str]) -> list[str]:
    return difflib.get_close_matches(name, names, 1)


def model_at(path: Sequence[str | int]) -> type[BaseModel] | None:
    """The model of the case tree that a path leads to, or ``None`` where it leads to a plain value."""
    model: type[BaseModel] | None = Case
    for step in path:
        if model is None:
            return None
        if isinstance(step, int):
            continue
        field = model.model_fields.get(step)
        if field is None:
            continue  # a step of pydantic's own, such as the branch of a union
        models = list(_models(field.annotation))
        model = models[0] if models else None
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def case_data(case: Case) -> dict[str, Any]:
    """The case as plain data: strings, exact numbers, lists and mappings, plain forms wherever they say
    all.
    """
    data = case.model_dump()
    assert isinstance(data, dict)
    if not case.synthetic:
        data.pop("synthetic", None)
    return data


def dump_case(case: Case) -> str:
    """The case as a YAML document that reads back as the same case."""
    return yaml.dump(case_data(case))


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the case file, plain forms included, so that editors complete it."""
    from fhir_vitiligo.case.schema import case_schema

    return case_schema()
