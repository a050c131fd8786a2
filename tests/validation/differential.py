"""Our verdicts beside those of HL7's engine, on resources that are broken at one place.

    python -m tests.validation.differential [--count N] [--release r4|r5] [--seed N] [--set NAME] [--draw evenly|any]

Good resources (HL7's examples, this project's, those of IPS and mCODE) that the engine finds no error in are
broken by :mod:`tests.validation.mutations`; ``--count`` of these are drawn, as many of each set, type and way as
of any other, or any of them as likely as another. :class:`Rates` says what is measured. The engine's answers are kept in ``.cache/differential``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir.json import Json, dumps, loads
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.source import parse
from fhir_vitiligo.validation import Validator
from fhir_vitiligo.validation.context import Options
from tests.official.engine import OURS, OfficialEngine, OfficialIssue, Request
from tests.validation.explanations import explanation, reason_of_ours, reason_of_theirs
from tests.validation.mutations import Mutation, mutated, mutations
from tests.validation.official_cases import normal

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / ".cache" / "packages"
KEPT = ROOT / ".cache" / "differential"
TYPES = frozenset(
    (
        *("Patient", "Condition", "Observation", "Procedure", "MedicationStatement", "Medication"),
        *("Encounter", "BodyStructure", "DocumentReference", "Provenance", "Bundle"),
    )
)
EXAMPLES = {Release.R4: "hl7.fhir.r4.examples-4.0.1.tgz", Release.R5: "hl7.fhir.r5.examples-5.0.0.tgz"}
# Guides of R4 whose profiles and examples take part.
_GUIDES = {"IPS": "hl7.fhir.uv.ips-2.0.0.tgz", "mCODE": "hl7.fhir.us.mcode-4.0.0.tgz"}
# Larger ones are more of the same, and each mutation is validated as a whole.
_LARGEST = 12_000
# What every profile of this project begins with.
CANONICAL = b"https://w3id.org/fhir-vitiligo/"
# Addresses that the engine takes for examples only, and so for errors in good examples.
_EXAMPLE_HOSTS = ((b"example.org", b"hospital.test"), (b"acme.com", b"laboratory.test"))
_CONFORMANCE = ("StructureDefinition", "ValueSet", "CodeSystem")


@dataclass(frozen=True, slots=True)
class Example:
    set: str
    name: str
    resource: Json

    @property
    def type(self) -> str:
        return str(self.resource["resourceType"])


@dataclass(frozen=True, slots=True)
class Pair:
    """What both say of one broken resource; places as both write them."""

    example: Example
    mutation: Mutation
    ours: tuple[Issue, ...]
    theirs: tuple[OfficialIssue, ...]

    @property
    def our_places(self) -> frozenset[str]:
        return frozenset(self.place(issue) for issue in self.ours)

    @property
    def their_places(self) -> frozenset[str]:
        return frozenset(place_of(issue.location) for issue in self.theirs)

    def place(self, issue: Issue) -> str:
        """Where we tell an error. The engine's parser does not number the entries of a list of primitives."""
        place = place_of(issue.expression)
        entry = issue.rule == "primitive" and place.endswith("]")
        unnumbered = place.rpartition("[")[0] if entry else place
        return unnumbered if unnumbered in self.their_places else place

    @property
    def explained_places(self) -> frozenset[str]:
        """Those that only one of both tells, with a reason."""
        ours = {self.place(one) for one in self.ours if reason_of_ours(self, one) is not None}
        theirs = {place_of(one.location) for one in self.theirs if reason_of_theirs(self, one) is not None}
        return frozenset((ours - self.their_places) | (theirs - self.our_places))

    @property
    def agrees(self) -> bool:
        return bool(self.ours) == bool(self.theirs)


_OF_TYPE = re.compile(r"\.ofType\(\w+\)|\[x\]")


def place_of(told: str) -> str:
    """A place as both write it. The engine's parser writes ``value[x]``, its rules ``value.ofType(Quantity)``; a
    resource whose type is not known has no place.
    """
    plain = _OF_TYPE.sub("", normal(told))
    return plain if plain.partition(".")[0].isalpha() else ""


def examples(release: Release) -> list[Example]:
    """The resources that are broken, small ones of the types above; an error names what is not cached."""
    found = [*_packaged(EXAMPLES[release], "core")]
    own = ROOT / "profiles" / "examples" / release.value
    found += [Example("vitiligo", path.name, _read(path.read_bytes())) for path in sorted(own.glob("*.json"))]
    if release is Release.R4:
        for name, package in _GUIDES.items():
            found += _packaged(package, name, "example/")
    return [one for one in found if one.type in TYPES and len(dumps(one.resource)) < _LARGEST]


def _packaged(package: str, name: str, folder: str = "") -> Iterator[Example]:
    path = PACKAGES / package
    if not path.exists():
        what = package.removesuffix(".tgz").rpartition("-")
        raise FileNotFoundError(f"run tools/fhir_packages.py fetch {what[0]}@{what[2]} first")
    with tarfile.open(path) as archive:
        for member in archive:
            file = member.name.rpartition("/")[2]
            stream = archive.extractfile(member) if folder in member.name else None
            if stream is None or not file.endswith(".json") or file.partition("-")[0] not in TYPES:
                continue
            yield Example(name, file, _read(stream.read()))


def _read(data: bytes) -> Json:
    for host, other in _EXAMPLE_HOSTS:
        data = data.replace(host, other)
    found = loads(data)
    assert isinstance(found, dict)
    return found


def drawn(found: Sequence[Example], count: int, seed: int) -> list[tuple[Example, Mutation]]:
    """``count`` mutations, evenly over set, type and way; the same ones for a seed."""
    draw = random.Random(seed)
    groups: dict[tuple[str, str, str], list[tuple[Example, str, tuple[str | int, ...]]]] = defaultdict(list)
    for one in found:
        for kind, path in mutations(one.resource):
            groups[one.set, one.type, kind].append((one, kind, path))
    for group in groups.values():
        draw.shuffle(group)
    chosen = []
    while len(chosen) < count and groups:
        for key in sorted(groups):
            if len(chosen) < count:
                chosen.append(groups[key].pop())
            if not groups[key]:
                del groups[key]
    return [(one, mutated(one.resource, kind, path)) for one, kind, path in chosen]


def any_drawn(found: Sequence[Example], count: int, seed: int) -> list[tuple[Example, Mutation]]:
    """``count`` of all mutations, each as likely as another; the same ones for a seed."""
    every = [(one, kind, path) for one in found for kind, path in mutations(one.resource)]
    chosen = random.Random(seed).sample(every, min(count, len(every)))
    return [(one, mutated(one.resource, kind, path)) for one, kind, path in chosen]


DRAWS = {"evenly": drawn, "any": any_drawn}


class Oracle:
    """HL7's engine, with the guides loaded; started for what it was not asked before."""

    def __init__(self, release: Release, engine: OfficialEngine | None = None) -> None:
        self.release = release
        self.file = KEPT / f"{release.value}.jsonl"
        self.known: dict[str, list[OfficialIssue]] = {}
        self.engine = engine
        self.package = _digest(OURS[release.value])
        KEPT.mkdir(parents=True, exist_ok=True)
        if self.file.exists() and engine is None:
            for line in self.file.read_text(encoding="utf-8").splitlines():
                with suppress(ValueError):
                    key, issues = json.loads(line)
                    self.known[key] = [OfficialIssue(*issue) for issue in issues]

    def ask(self, resources: Iterable[Json]) -> list[list[OfficialIssue]]:
        """The issues of each resource."""
        texts = [dumps(resource) for resource in resources]
        keys = [hashlib.sha256(text + self._salt(text)).hexdigest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self.known}
        if new:
            self._ask(new)
        return [self.known[key] for key in keys]

    def _salt(self, text: bytes) -> bytes:
        """An answer holds as long as the profiles do that the resource claims; those of HL7 do not change."""
        return self.package if CANONICAL in text else b""

    def _ask(self, new: dict[str, bytes]) -> None:
        engine = self.engine or OfficialEngine(_extra(self.release))
        try:
            with self.file.open("a", encoding="utf-8") as kept:
                answers = engine.validate_many(Request(self.release, text) for text in new.values())
                for key, issues in zip(new, answers, strict=True):
                    told = [issue for issue in issues if issue.is_error]
                    self.known[key] = told
                    if self.engine is None:
                        record = [[one.severity, one.location, one.message_id, one.text] for one in told]
                        kept.write(json.dumps([key, record]) + "\n")
                        kept.flush()
        finally:
            if self.engine is None:
                engine.close()


def _digest(folders: Iterable[Path]) -> bytes:
    """A fingerprint of what is in this project's package."""
    found = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.glob("*.json")):
            found.update(path.name.encode() + path.read_bytes())
    return found.digest()


def _extra(release: Release) -> dict[str, tuple[Path, ...]]:
    """This project's package, and the definitions of the guides unpacked for the engine."""
    folders = list(OURS[release.value])
    for name, package in _GUIDES.items() if release is Release.R4 else ():
        folder = KEPT / name
        if not folder.exists():
            folder.mkdir(parents=True)
            with tarfile.open(PACKAGES / package) as archive:
                for member in archive:
                    path = Path(member.name)
                    stream = archive.extractfile(member)
                    if stream and path.parent.name == "package" and path.name.startswith(_CONFORMANCE):
                        (folder / path.name).write_bytes(stream.read())
        folders.append(folder)
    return {release.value: tuple(folders)}


# The engine is left alone, and then refuses addresses of example.org.
AS_THE_ENGINE = Options(examples=False)


def validator_for(release: Release, guides: bool = True) -> Validator:
    """Ours, with the same packages."""
    packages = (
        [PACKAGES / package for package in _GUIDES.values()] if guides and release is Release.R4 else []
    )
    return Validator(release, packages, AS_THE_ENGINE)


def errors(validator: Validator, resource: Json, release: Release) -> tuple[Issue, ...]:
    """What we say of a resource, as written: what is wrong with the text counts as well."""
    document = parse(dumps(resource), release)
    found = list(document.issues)
    if isinstance(document.resource, dict):
        found = list(document.join(validator.validate(document.resource)))
    return tuple(issue for issue in found if issue.severity in ("error", "fatal"))


def compared(
    release: Release,
    count: int,
    seed: int,
    oracle: Oracle,
    guides: bool = True,
    only: str = "",
    draw: str = "evenly",
) -> list[Pair]:
    """The mutations of good examples, judged by both."""
    found = [one for one in examples(release) if only in ("", one.set) and (guides or one.set not in _GUIDES)]
    good = [
        one for one, told in zip(found, oracle.ask(one.resource for one in found), strict=True) if not told
    ]
    chosen = DRAWS[draw](good, count, seed)
    validator = validator_for(release, guides)
    return [
        Pair(one, mutation, errors(validator, mutation.resource, release), tuple(told))
        for (one, mutation), told in zip(
            chosen, oracle.ask(mutation.resource for _, mutation in chosen), strict=True
        )
    ]


class Rates(NamedTuple):
    """``verdict``: both find an error or neither does. ``located``: where both find one, one of them at the same
    place. ``places``: told by both, of all that one of them tells. ``explained`` and ``placed``: as verdict and
    places, or the difference has a reason (:mod:`tests.validation.explanations`).
    """

    verdict: float
    explained: float
    located: float
    places: float
    placed: float


def rates(pairs: Sequence[Pair]) -> Rates:
    """How far both agree; there has to be one pair."""
    same = sum(pair.agrees for pair in pairs)
    explained = sum(pair.agrees or explanation(pair) is not None for pair in pairs)
    broken = [pair for pair in pairs if pair.ours and pair.theirs]
    located = sum(not pair.our_places.isdisjoint(pair.their_places) for pair in broken)
    both = sum(len(pair.our_places & pair.their_places) for pair in pairs)
    either = sum(len(pair.our_places | pair.their_places) for pair in pairs)
    reasoned = sum(len(pair.explained_places) for pair in pairs)
    return Rates(
        same / len(pairs),
        explained / len(pairs),
        located / len(broken) if broken else 1.0,
        both / either if either else 1.0,
        (both + reasoned) / either if either else 1.0,
    )


def report(pairs: Sequence[Pair], differ: int) -> Iterator[str]:
    """The table, then the classes of difference, most frequent first."""
    yield f"{'':<24}{'resources':>10}{'broken':>8}{'verdict':>10}{'explained':>10}{'located':>10}{'places':>10}{'explained':>10}"
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        whole = ("all",) if pair.mutation.kind == "emptied" else ("all", "all but emptied")
        for name in (*whole, pair.example.set, pair.example.type, pair.mutation.kind):
            groups[name].append(pair)
    for name, group in groups.items():
        columns = "".join(f"{rate:>10.2%}" for rate in rates(group))
        broken = sum(bool(pair.theirs) for pair in group)
        yield f"{name:<24}{len(group):>10}{broken:>8}{columns}"
    classes: Counter[str] = Counter()
    shown: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        for kind, text in _differences(pair):
            classes[kind] += 1
            apart = pair.our_places.isdisjoint(pair.their_places)
            mark = "!" if not pair.agrees else "?" if apart else " "
            shown[kind].append(f"  {mark} {pair.example.name} {pair.mutation}: {text}")
    reasons = Counter(reason for pair in pairs if (reason := explanation(pair)))
    for reason, number in reasons.most_common():
        yield f"\nverdict explained, {number}: {reason}"
    told = Counter(reason for pair in pairs for reason in _reasons(pair))
    for reason, number in told.most_common():
        yield f"\nplaces explained, {number}: {reason}"
    for kind, number in classes.most_common():
        yield f"\n{number} {kind}"
        yield from sorted(shown[kind], key=lambda line: "!? ".index(line[2]))[:differ]


def _reasons(pair: Pair) -> Iterator[str]:
    for theirs in pair.theirs:
        if place_of(theirs.location) not in pair.our_places and (reason := reason_of_theirs(pair, theirs)):
            yield reason
    for ours in pair.ours:
        if pair.place(ours) not in pair.their_places and (reason := reason_of_ours(pair, ours)):
            yield reason


def _differences(pair: Pair) -> Iterator[tuple[str, str]]:
    """What only one of both tells, without a reason."""
    for theirs in pair.theirs:
        if place_of(theirs.location) not in pair.our_places and reason_of_theirs(pair, theirs) is None:
            told = ", ".join(f"{one.expression} [{one.rule}]" for one in pair.ours[:2])
            yield f"missed {theirs.message_id}", f"{theirs.location}: {theirs.text[:200]} | {told}"
    for ours in pair.ours:
        if pair.place(ours) not in pair.their_places and reason_of_ours(pair, ours) is None:
            told = ", ".join(f"{one.location} [{one.message_id}]" for one in pair.theirs[:2])
            yield f"alarm {ours.rule}", f"{ours.expression}: {ours.text[:200]} | {told}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--release", type=Release.of, default=Release.R4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", default="", help="core, vitiligo, IPS or mCODE")
    parser.add_argument("--draw", choices=DRAWS, default="evenly", help="over set, type and way, or not")
    parser.add_argument(
        "--differ", type=int, default=3, help="how many of each class of difference are shown"
    )
    given = parser.parse_args()
    oracle = Oracle(given.release)
    pairs = compared(given.release, given.count, given.seed, oracle, only=given.set, draw=given.draw)
    for line in report(pairs, given.differ):
        print(line)


if __name__ == "__main__":
    main()
