"""HL7's own validation cases and what their engine said of each: how far the validator agrees.

Run it with ``python -m tests.validation.official_cases [--all] [ID...]``: the table by version, format and
module, then the cases that differ; with ids, every issue of those cases beside the recorded errors.

Two measures. Verdict: an error is told where, and only where, one is recorded. Located: at one of the recorded
places at least (per case), and how many of all recorded places (per error).
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.source import parse
from fhir_vitiligo.validation.context import Options
from fhir_vitiligo.validation.validator import Validator

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "fhir-test-cases"
_RELEASES = {"4.0": Release.R4, "4.3": Release.R4B, "5.0": Release.R5}


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    file: Path
    release: Release
    format: str
    module: str
    profiles: tuple[str, ...]
    supporting: tuple[str, ...]
    expect_error: bool
    places: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def version(self) -> str:
        return self.release.name


@dataclass(slots=True)
class Result:
    case: Case
    issues: list[Issue]
    seconds: float
    problem: str = ""
    found: list[str] = field(default_factory=list)

    @property
    def errors(self) -> list[Issue]:
        return [issue for issue in self.issues if issue.severity in ("error", "fatal")]

    @property
    def agrees(self) -> bool:
        return not self.problem and bool(self.errors) == self.case.expect_error

    @property
    def is_located(self) -> bool:
        return bool(self.found)


def cases() -> list[Case]:
    """All cases, in the order of the file."""
    told = json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))["cases"]
    return [_case(one) for one in told]


def _case(told: dict[str, Any]) -> Case:
    profile = told.get("profile")
    return Case(
        id=told["id"],
        file=FOLDER / told["file"],
        release=_RELEASES[told["version"]],
        format=told["format"],
        module=told["module"],
        profiles=(profile,) if profile else (),
        supporting=(*told["supporting"], *told["profiles"]),
        expect_error=told["expect_error"],
        places=tuple(error.get("location", "") for error in told["errors"]),
        notes=tuple(told["notes"]),
    )


class Supporting:
    """The files of a case, as packages are resolved."""

    def __init__(self, resources: Iterable[Json]) -> None:
        self.resources = list(resources)

    def resolve(self, canonical: str, resource_type: str | None = None) -> Json | None:
        url, _, version = canonical.partition("|")
        for one in self.resources:
            fits = not version or f"{one.get('version')}.".startswith(f"{version}.")
            if one.get("url") == url and fits and resource_type in (None, one.get("resourceType")):
                return one
        return None

    def of_type(self, resource_type: str) -> Iterator[Json]:
        yield from (one for one in self.resources if one.get("resourceType") == resource_type)


@cache
def _loaded(name: str, release: Release) -> Json | None:
    path = FOLDER / name
    if not path.exists():
        return None
    resource = parse(path.read_bytes(), release).resource
    return resource if isinstance(resource, dict) else None


def run(case: Case) -> Result:
    """What the validator says of a case."""
    files = [one for name in case.supporting if (one := _loaded(name, case.release)) is not None]
    profiles: list[str] = []
    for name in case.profiles:
        loaded = _loaded(name, case.release)
        if loaded is not None:
            files.append(loaded)
            profiles.append(loaded["url"])
    started = time.perf_counter()
    try:
        document = parse(case.file.read_bytes(), case.release)
        issues = list(document.issues)
        if isinstance(document.resource, dict):
            validator = Validator(case.release, Supporting(files), _options(case))
            issues = list(document.join(validator.validate(document.resource, profiles)))
        result = Result(case, issues, time.perf_counter() - started)
    except Exception as error:
        if "--raise" in sys.argv:
            raise
        return Result(case, [], time.perf_counter() - started, f"{type(error).__name__}: {error}")
    told = {normal(issue.expression) for issue in result.errors}
    loose = {_loose(place) for place in told}
    for place in case.places:
        wanted = normal(place)
        in_xml = place.startswith("/f:") and _loose(wanted) in loose
        unread = place in ("(xml)", "XML") and any(issue.severity == "fatal" for issue in result.issues)
        if wanted in told or in_xml or unread:
            result.found.append(place)
    return result


def _options(case: Case) -> Options:
    # What the manifest says of a file holds with its profile too.
    notes = (*case.notes, *_notes().get(case.id.partition("#")[0], ()))
    said = dict(note.split("=", 1) for note in notes if "=" in note)
    domain = said.get("allowed-extension-domain")
    return Options(
        any_extension=False,
        examples=True,
        extension_domains=(domain,) if domain else (),
        trust_references="assumeValidRestReferences" in said,
        contained=said.get("validateContains") != "IGNORE",
        fetch=lambda reference: _fetched(reference, case.release),
        references_exist=said.get("validateReference", "").startswith("CHECK_EXISTS"),
    )


def _fetched(reference: str, release: Release) -> Json | None:
    """The engine's own run finds what a reference names among the files, by its address."""
    name = reference.replace("/", "-").lower()
    for ending in ("json", "xml"):
        found = _loaded(f"validator/{name}.{ending}", release)
        if found is not None:
            return found
    return None


@cache
def _notes() -> dict[str, tuple[str, ...]]:
    return {case.id.partition("#")[0]: case.notes for case in cases() if case.id.endswith("#base")}


_COMMENT = re.compile(r"/\*.*?\*/")
_URL = re.compile(r"\[url='[^']*'\]")


def normal(place: str) -> str:
    """A place as both write it: without the engine's comments, the first of a list without its number."""
    plain = _URL.sub("", _COMMENT.sub("", place)).rstrip("./")
    if plain.startswith("/f:"):
        plain = ".".join(step.rpartition(":")[2] for step in plain.strip("/").split("/"))
    return plain.replace("[0]", "")


def _loose(place: str) -> str:
    return re.sub(r"\[\d+\]", "", place)


def _rate(part: int, whole: int) -> str:
    return f"{part}/{whole} {100 * part / whole:5.1f} %" if whole else "-"


def _row(name: str, results: Sequence[Result]) -> str:
    wanted = [result for result in results if result.case.expect_error]
    places = sum(len(result.case.places) for result in wanted)
    return (
        f"{name:<28}{_rate(sum(result.agrees for result in results), len(results)):>18}"
        f"{_rate(sum(result.is_located for result in wanted), len(wanted)):>18}"
        f"{_rate(sum(len(result.found) for result in wanted), places):>18}"
    )


def table(results: Sequence[Result]) -> Iterator[str]:
    """Agreement by group, a line each."""
    yield f"{'':<28}{'verdict':>18}{'located (cases)':>18}{'located (errors)':>18}"
    yield _row("all", results)
    for one in ("version", "format", "module"):
        key = [getattr(result.case, one) for result in results]
        for value, _ in Counter(key).most_common():
            group = [result for result in results if getattr(result.case, one) == value]
            yield _row(f"{one} {value}", group)
    core = [r for r in results if r.case.version == "R4" and r.case.format == "json"]
    yield _row("R4 JSON", core)
    yield _row("R4 JSON without profile", [r for r in core if not r.case.profiles])
    yield _row("general, fmt, references...", [r for r in results if r.case.module in _CORE_MODULES])


_CORE_MODULES = frozenset({"general", "fmt", "references", "extensions", "invariants", "xhtml"})


def main(arguments: Sequence[str]) -> None:
    wanted = [one for one in arguments if not one.startswith("--")]
    if wanted:
        for case in cases():
            if any(one in case.id for one in wanted):
                _show(run(case))
        return
    results = [run(case) for case in cases()]
    for line in table(results):
        print(line)
    print(f"\n{sum(result.seconds for result in results):.1f} s; cases that differ:")
    for result in results:
        if not result.agrees or ("--all" in arguments and result.case.expect_error and not result.found):
            case = result.case
            kind = (
                "missed"
                if case.expect_error and not result.errors
                else "alarm"
                if not result.agrees
                else "place"
            )
            told = result.problem or "; ".join(
                f"{issue.expression} [{issue.rule}] {issue.text[:90]}" for issue in result.errors[:2]
            )
            if kind != "alarm":
                told = f"wanted {', '.join(case.places[:2])}" + (f" | told {told}" if told else "")
            print(f"{kind:<7}{case.version:<4}{case.format:<5}{case.module:<14}{case.id:<48} {told}")


def _show(result: Result) -> None:
    print(f"== {result.case.id} {result.case.file.name} {result.problem} agrees={result.agrees}")
    for place in result.case.places:
        print("  recorded", "+" if place in result.found else "-", place)
    for issue in result.issues:
        print("  told    ", issue.severity, f"[{issue.rule}]", issue)


if __name__ == "__main__":
    main(sys.argv[1:])
