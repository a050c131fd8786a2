"""HL7's validation cases, broken at one place, judged by both: what the differential run does for good examples.

    python -m tests.validation.case_differential [--each N] [--seed N] [--only TEXT] [--differ N]

Each case is read with the profiles and packages it comes with. A pair counts where both have a verdict on the case
itself that is the same; the engine's answers are kept in ``.cache/differential``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir.source import parse
from fhir_vitiligo.validation import Validator
from tests.official.engine import NO_VERDICT, OfficialEngine, OfficialIssue, Request
from tests.validation.case_mutations import Broken, broken
from tests.validation.differential import AS_THE_ENGINE, KEPT, place_of
from tests.validation.official_cases import FOLDER, Case, Supporting, cases

# Addresses that the engine takes for examples only, and so for errors.
_HOSTS = (("example.org", "hospital.test"), ("example.com", "hospital.test"), ("acme.com", "laboratory.test"))
# Small ones show what large ones do, in less time.
_LARGEST = 30_000


@dataclass(frozen=True, slots=True)
class Probe:
    """A text, broken or (``broken`` is None) as it comes, with what it is judged by."""

    case: Case
    broken: Broken | None
    text: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What both say of a probe: errors only."""

    probe: Probe
    ours: tuple[Issue, ...]
    theirs: tuple[OfficialIssue, ...]

    @property
    def agrees(self) -> bool:
        return bool(self.ours) == bool(self.theirs)

    @property
    def our_places(self) -> frozenset[str]:
        return frozenset(_placed(one.expression) for one in self.ours)

    @property
    def their_places(self) -> frozenset[str]:
        return frozenset(_placed(one.location) for one in self.theirs)


_NUMBERS = re.compile(r"\[\d+\]")


def _placed(told: str) -> str:
    """A place without numbers: the engine's reader of XML and of primitives counts otherwise."""
    return _NUMBERS.sub("", place_of(told))


class Judge:
    """Both validators, for one case after the other."""

    def __init__(self, case: Case) -> None:
        self.case = case
        names = dict.fromkeys((*case.supporting, *case.profiles))
        self.supporting = [
            (name.rpartition("/")[2], _read(name)) for name in names if (FOLDER / name).exists()
        ]
        loaded = [parse(text.encode(), case.release).resource for _, text in self.supporting]
        files = [one for one in loaded if isinstance(one, dict)]
        wanted = [(FOLDER / name).name for name in case.profiles]
        self.profiles: list[str] = [
            str(one["url"])
            for (name, _), one in zip(self.supporting, loaded, strict=True)
            if name in wanted and isinstance(one, dict)
        ]
        self.validator = Validator(case.release, Supporting(files), AS_THE_ENGINE)

    def ours(self, text: str) -> tuple[Issue, ...]:
        document = parse(text.encode("utf-8", "surrogatepass"), self.case.release)
        found = list(document.issues)
        if document.resource is not None:
            found = list(document.join(self.validator.validate(document.resource, self.profiles)))
        return tuple(issue for issue in found if issue.severity in ("error", "fatal"))

    def request(self, text: str) -> Request:
        return Request(
            self.case.release,
            text,
            tuple(self.profiles),
            "XML" if self.case.format == "xml" else "JSON",
            tuple(self.supporting),
        )


def _read(name: str) -> str:
    text = (FOLDER / name).read_bytes().decode("utf-8-sig", "replace")
    for host, other in _HOSTS:
        text = text.replace(host, other)
    return text


def judged(each: int, seed: int, only: str = "") -> Iterator[Judged]:
    """Every case, then ``each`` ways to break it."""
    oracle = _Oracle()
    wanted = [one for one in cases() if only in one.id and one.file.stat().st_size < _LARGEST]
    seen: set[tuple[Any, ...]] = set()
    for case in wanted:
        key = (case.file, case.profiles, case.supporting)
        if key in seen:
            continue
        seen.add(key)
        judge = Judge(case)
        text = _read(str(case.file.relative_to(FOLDER)))
        probes = [Probe(case, None, text)]
        probes += [
            Probe(case, one, one.text)
            for one in broken(text, case.format == "xml", each, f"{seed} {case.id}")
        ]
        answers = oracle.ask([judge.request(probe.text) for probe in probes])
        for probe, theirs in zip(probes, answers, strict=True):
            if all(one.message_id != NO_VERDICT for one in theirs):
                yield Judged(probe, judge.ours(probe.text), tuple(theirs))
    oracle.close()


class _Oracle:
    """HL7's engine; it remembers what it was asked."""

    def __init__(self) -> None:
        KEPT.mkdir(parents=True, exist_ok=True)
        self._file = KEPT / "cases.jsonl"
        self._known: dict[str, list[OfficialIssue]] = {}
        self._engine: OfficialEngine | None = None
        if self._file.exists():
            for line in self._file.read_text(encoding="utf-8").splitlines():
                with suppress(ValueError):
                    key, issues = json.loads(line)
                    self._known[key] = [OfficialIssue(*issue) for issue in issues]

    def ask(self, requests: Sequence[Request]) -> list[list[OfficialIssue]]:
        keys = [hashlib.sha256(repr(one).encode("utf-8", "surrogatepass")).hexdigest() for one in requests]
        new = {key: one for key, one in zip(keys, requests, strict=True) if key not in self._known}
        if new:
            self._engine = self._engine or OfficialEngine()
            with self._file.open("a", encoding="utf-8") as kept:
                for key, issues in zip(new, self._engine.validate_many(new.values()), strict=True):
                    told = [issue for issue in issues if issue.is_error]
                    self._known[key] = told
                    record = [[one.severity, one.location, one.message_id, one.text] for one in told]
                    kept.write(json.dumps([key, record]) + "\n")
        return [self._known[key] for key in keys]

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()


def report(found: Sequence[Judged], differ: int) -> Iterator[str]:
    """The table, then the classes of difference, most frequent first: with ``!`` where the verdict differs."""
    base = {one.probe.case.id: one for one in found if one.probe.broken is None}
    yield f"{len(base)} cases as they are: {sum(one.agrees for one in base.values())} with one verdict"
    good = {name for name, one in base.items() if not one.theirs and not one.ours}
    probes = [one for one in found if one.probe.broken is not None and base[one.probe.case.id].agrees]
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in probes:
        case = one.probe.case
        assert one.probe.broken is not None
        kind = "good before" if case.id in good else "bad before"
        for name in ("all", kind, case.version, case.format, case.module, one.probe.broken.kind):
            groups[name].append(one)
    yield f"{'':<28}{'probes':>8}{'broken':>8}{'verdict':>10}{'places':>10}"
    for name, group in groups.items():
        both = sum(len(one.our_places & one.their_places) for one in group)
        either = sum(len(one.our_places | one.their_places) for one in group)
        same = sum(one.agrees for one in group) / len(group)
        wrong = sum(bool(one.theirs) for one in group)
        yield f"{name:<28}{len(group):>8}{wrong:>8}{same:>10.2%}{both / (either or 1):>10.2%}"
    classes: Counter[str] = Counter()
    shown: dict[str, list[str]] = defaultdict(list)
    for one in probes:
        for kind, text in _differences(one, base[one.probe.case.id]):
            mark = " " if one.agrees else "!"
            classes[f"{mark} {kind}"] += 1
            assert one.probe.broken is not None
            place = f"{one.probe.case.id} {one.probe.broken.kind} {one.probe.broken.where}"
            shown[f"{mark} {kind}"].append(f"    {place}: {text}")
    for kind, number in sorted(classes.items(), key=lambda pair: (pair[0][0] != "!", -pair[1])):
        yield f"\n{number} {kind}"
        yield from shown[kind][:differ]


def _differences(one: Judged, before: Judged) -> Iterator[tuple[str, str]]:
    """What only one of both tells, unless the same difference is there before."""
    for theirs in one.theirs:
        if _placed(theirs.location) not in one.our_places and (
            not one.agrees or _placed(theirs.location) not in before.their_places
        ):
            told = ", ".join(f"{ours.expression} [{ours.rule}]" for ours in one.ours[:2])
            yield f"missed {theirs.message_id}", f"{theirs.location}: {theirs.text[:200]} | {told}"
    for ours in one.ours:
        if _placed(ours.expression) not in one.their_places and (
            not one.agrees or _placed(ours.expression) not in before.our_places
        ):
            told = ", ".join(f"{theirs.location} [{theirs.message_id}]" for theirs in one.theirs[:2])
            yield f"alarm {ours.rule}", f"{ours.expression}: {ours.text[:200]} | {told}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--each", type=int, default=10, help="in how many ways each case is broken")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="cases with this in their name")
    parser.add_argument("--differ", type=int, default=3, help="how many of each class are shown")
    given = parser.parse_args()
    for line in report(list(judged(given.each, given.seed, given.only)), given.differ):
        print(line)


if __name__ == "__main__":
    main()
