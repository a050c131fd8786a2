"""Our verdicts beside those of HL7's engine on whole packages, to which nothing here was fitted.

    python -m tests.validation.package_differential hl7.fhir.us.vitals@1.0.0 ... [--broken N] [--seed N] [--differ N]

Three runs for each package: everything that is in it (its examples and its own conformance resources), each example
against each profile of its type, and ``--broken`` mutations (:mod:`.mutations`) of what the engine finds no error in.
Packages are fetched by ``tools/fhir_packages.py``; the engine has the extension pack besides and asks no terminology
server. Its answers are kept in ``.cache/differential``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir.json import Json, dumps, loads
from fhir_vitiligo.fhir.packages import open_package
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.source import parse
from fhir_vitiligo.validation import Validator
from tests.official.build import HOME
from tests.official.engine import OfficialEngine, OfficialIssue, Request
from tests.validation.differential import (
    AS_THE_ENGINE,
    KEPT,
    PACKAGES,
    ROOT,
    Example,
    Pair,
    drawn,
    place_of,
    report,
)

# Larger ones are more of the same, and each is validated as a whole.
_LARGEST = 12_000
_CONTEXTS = {Release.R4: "r4+pack", Release.R4B: "r4b+pack", Release.R5: "r5"}
_NO_RESOURCES = ("package.json", ".index.json")


class Asked(NamedTuple):
    """A resource as text, and the profile that it is held against besides its own."""

    name: str
    text: str
    profile: str = ""


class Guide:
    """One package: what is in it, and what both say of that."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.file = PACKAGES / f"{name.replace('@', '-')}.tgz"
        self.release = open_package(self.file).release or Release.R4
        self.validator = Validator(self.release, self.file, AS_THE_ENGINE)
        self.examples: list[tuple[str, Json]] = []
        self.own: list[tuple[str, Json]] = []
        with tarfile.open(self.file) as archive:
            for member in archive:
                path = Path(member.name)
                stream = archive.extractfile(member) if path.suffix == ".json" else None
                if stream is None or path.name in _NO_RESOURCES:
                    continue
                data = stream.read()
                if path.parent.name == "package":
                    self._add(self.own, path.name, data)
                elif path.parent.name == "example":
                    self._add(self.examples, path.name, data)

    def _add(self, found: list[tuple[str, Json]], name: str, data: bytes) -> None:
        resource = loads(data)
        if isinstance(resource, dict) and "resourceType" in resource:
            found.append((name, resource))

    def whole(self) -> list[Asked]:
        """Everything in the package."""
        return [Asked(name, _text(resource)) for name, resource in (*self.examples, *self.own)]

    def crossed(self) -> list[Asked]:
        """Each example against each profile of its type."""
        profiles: dict[str, list[str]] = defaultdict(list)
        for _, one in self.own:
            if one.get("derivation") == "constraint" and one["type"] != "Extension":
                profiles[one["type"]].append(one["url"])
        return [
            Asked(name, text, url)
            for name, resource in self.examples
            if len(text := _text(resource)) < _LARGEST
            for url in profiles[resource["resourceType"]]
        ]

    def good(self) -> list[Example]:
        """What the engine finds no error in; profiles without their snapshots, which are made anew."""
        found = []
        for asked, told in zip(self.whole(), self.theirs(self.whole()), strict=True):
            resource = loads(asked.text.encode())
            assert isinstance(resource, dict)
            resource.pop("snapshot", None)
            if not told and len(dumps(resource)) < _LARGEST:
                found.append(Example(self.name, asked.name, resource))
        return found

    def ours(self, asked: Asked) -> tuple[Issue, ...]:
        """The errors that we find."""
        document = parse(asked.text.encode(), self.release)
        found = list(document.issues)
        if isinstance(document.resource, dict):
            profiles = [asked.profile] if asked.profile else []
            found = list(document.join(self.validator.validate(document.resource, profiles)))
        return tuple(issue for issue in found if issue.severity in ("error", "fatal"))

    def theirs(self, asked: Sequence[Asked]) -> list[tuple[OfficialIssue, ...]]:
        """The errors that the engine finds; it is started for what it was not asked before."""
        file = KEPT / f"{self.name}.jsonl"
        known: dict[str, list[OfficialIssue]] = {}
        for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
            with suppress(ValueError):
                key, told = json.loads(line)
                known[key] = [OfficialIssue(*one) for one in told]
        keys = [hashlib.sha256(f"{one.profile} {one.text}".encode()).hexdigest() for one in asked]
        new = {key: one for key, one in zip(keys, asked, strict=True) if key not in known}
        if new:
            context = _CONTEXTS[self.release]
            requests = [
                Request(context, one.text, [one.profile] if one.profile else []) for one in new.values()
            ]
            # As a user of the engine names it, which loads a package otherwise than a folder of resources.
            loaded = {context.partition("+")[0]: (Path(self.name.replace("@", "#")),)}
            with OfficialEngine(loaded) as engine, file.open("a", encoding="utf-8") as kept:
                for key, issues in zip(new, engine.validate_many(requests), strict=True):
                    known[key] = [issue for issue in issues if issue.is_error]
                    record = [[one.severity, one.location, one.message_id, one.text] for one in known[key]]
                    kept.write(json.dumps([key, record]) + "\n")
        return [tuple(known[key]) for key in keys]

    def broken(self, count: int, seed: int) -> list[Pair]:
        """Mutations, judged by both."""
        chosen = drawn(self.good(), count, seed)
        asked = [Asked(one.name, _text(mutation.resource)) for one, mutation in chosen]
        return [
            Pair(one, mutation, self.ours(question), told)
            for (one, mutation), question, told in zip(chosen, asked, self.theirs(asked), strict=True)
        ]


def _text(resource: Json) -> str:
    return dumps(resource).decode()


def compared(guide: Guide, what: str, asked: Sequence[Asked], differ: int) -> Iterator[str]:
    """How many verdicts are the same, then each class of difference."""
    same = alarms = missed = 0
    shown: dict[str, list[str]] = defaultdict(list)
    for one, theirs in zip(asked, guide.theirs(asked), strict=True):
        ours = guide.ours(one)
        same += bool(ours) == bool(theirs)
        alarms += bool(ours) and not theirs
        missed += bool(theirs) and not ours
        mark = " " if bool(ours) == bool(theirs) else "!"
        our_places = {place_of(issue.expression) for issue in ours}
        their_places = {place_of(issue.location) for issue in theirs}
        head = f"  {mark} {one.name} {one.profile.rpartition('/')[2]}"
        for issue in ours:
            if place_of(issue.expression) not in their_places:
                shown[f"alarm {issue.rule}"].append(f"{head} {issue.expression}: {issue.text[:200]}")
        for told in theirs:
            if place_of(told.location) not in our_places:
                shown[f"missed {told.message_id}"].append(f"{head} {told.location}: {told.text[:200]}")
    yield f"{guide.name} {what}: {len(asked)}, same verdict {same}, alarms {alarms}, missed {missed}"
    for kind, number in Counter({kind: len(lines) for kind, lines in shown.items()}).most_common():
        yield f"{number} {kind}"
        yield from sorted(shown[kind], key=lambda line: "! ".index(line[2]))[:differ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", nargs="+", metavar="ID@VERSION")
    parser.add_argument("--broken", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--differ", type=int, default=3, help="how many of each class are shown")
    given = parser.parse_args()
    fetching = [sys.executable, str(ROOT / "tools" / "fhir_packages.py"), "home", str(HOME)]
    subprocess.run([*fetching, *given.packages], check=True, stdout=subprocess.DEVNULL)
    for name in given.packages:
        guide = Guide(name)
        for what, asked in (("as it is", guide.whole()), ("each profile", guide.crossed())):
            print(*compared(guide, what, asked, given.differ), sep="\n", flush=True)
        print(*report(guide.broken(given.broken, given.seed), given.differ), sep="\n", flush=True)


if __name__ == "__main__":
    main()
