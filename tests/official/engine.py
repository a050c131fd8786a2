"""HL7's own validation engine, kept running: the oracle of what a FHIR resource may look like.

The Java side (``src/main/java``) reads a line of JSON per resource and answers a line; inside is HL7's
``InstanceValidator`` (https://hl7.org/fhir/validation.html#jar), with no terminology server and no network.
Here it is started when the first verdict is asked for, and fed while it answers, so that thousands
of resources run at its own pace::

    with OfficialEngine() as engine:
        issues = engine.validate("r4", {"resourceType": "Patient"})

A *context* is a release with packages; :data:`CONTEXTS` names them. ``r4`` and ``r4b`` come with and without
HL7's extension pack, because the pack replaces some extensions of R4 core by ones of another shape.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal

from fhir_vitiligo.fhir.json import dumps
from fhir_vitiligo.fhir.release import Release

from .build import HOME, ROOT, class_path, set_up

_TERMINOLOGY_R4 = "hl7.terminology.r4#7.0.1"
_PACK_R4 = "hl7.fhir.uv.extensions.r4#5.3.0-ballot-tc1"
CONTEXTS: Mapping[str, tuple[str, ...]] = {
    "r4": ("hl7.fhir.r4.core#4.0.1", _TERMINOLOGY_R4),
    "r4+pack": ("hl7.fhir.r4.core#4.0.1", _TERMINOLOGY_R4, _PACK_R4),
    "r4b": ("hl7.fhir.r4b.core#4.3.0", _TERMINOLOGY_R4),
    "r4b+pack": ("hl7.fhir.r4b.core#4.3.0", _TERMINOLOGY_R4, _PACK_R4),
    # R5 core has no extensions of its own: they live in the pack.
    "r5": (
        "hl7.fhir.r5.core#5.0.0",
        "hl7.terminology.r5#7.0.1",
        "hl7.fhir.uv.extensions.r5#5.3.0-ballot-tc1",
    ),
}

# This project's own package; R4B is R4 restamped, which the Java side does when it loads.
OURS: Mapping[str, tuple[Path, ...]] = {
    "r4": (ROOT / "profiles" / "package",),
    "r4b": (ROOT / "profiles" / "package",),
    "r5": (ROOT / "profiles" / "package-r5",),
}

# Fewer than Main.java holds at once: it then always reads on, and neither side waits for the other for ever.
_IN_FLIGHT = 48

Resource = Mapping[str, Any] | str | bytes


class EngineError(Exception):
    """The engine could not be started, or ended."""


@dataclass(frozen=True, slots=True)
class OfficialIssue:
    """What the engine says of a place.

    ``severity`` is ``fatal``, ``error``, ``warning`` or ``information``. ``location`` is FHIRPath as the
    engine writes it: ``Condition.onset.ofType(dateTime)``. ``message_id`` names the message (``PROFILE#KEY``
    for an invariant); some have none. :data:`NO_VERDICT` with ``fatal`` says that the engine itself failed.
    """

    severity: str
    location: str
    message_id: str | None
    text: str

    @property
    def is_error(self) -> bool:
        return self.severity in ("fatal", "error")

    def __str__(self) -> str:
        return f"{self.severity} {self.location}: {self.text} [{self.message_id}]"


NO_VERDICT = "NO_VERDICT"


@dataclass(frozen=True, slots=True)
class Request:
    """A resource to judge: the dict, or its text as written, JSON or (``format``) XML. ``context``: see
    :data:`CONTEXTS`. ``supporting`` are conformance resources (file name, text) that count for it besides; requests
    with the same ones should follow one another, because the engine keeps only the last set.
    """

    context: Release | str
    resource: Resource
    profiles: Sequence[str] = ()
    format: Literal["JSON", "XML"] = "JSON"
    supporting: Sequence[tuple[str, str]] = ()


class OfficialEngine:
    """A running engine. ``extra`` adds package folders or single conformance resources (JSON) to a release.

    ``extra`` is keyed as :data:`OURS`, and counts for the ``+pack`` context of a release too. One Java
    process holds all contexts; each is loaded (some 10 s) when first asked for, and has one thread.
    """

    def __init__(self, extra: Mapping[str, Sequence[Path]] | None = None, home: Path = HOME) -> None:
        extra = OURS if extra is None else extra
        self._extra = {release: [str(path) for path in paths] for release, paths in extra.items()}
        self._home = home
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    def validate(
        self, release: Release | str, resource: Resource, profiles: Sequence[str] = ()
    ) -> list[OfficialIssue]:
        """The issues of one resource, in the engine's order."""
        (issues,) = self.validate_many([Request(release, resource, profiles)])
        return issues

    def errors(
        self, release: Release | str, resource: Resource, profiles: Sequence[str] = ()
    ) -> list[OfficialIssue]:
        """Only what is an error."""
        return [issue for issue in self.validate(release, resource, profiles) if issue.is_error]

    def validate_many(self, requests: Iterable[Request]) -> Iterator[list[OfficialIssue]]:
        """The issues of each request, in the order of the requests; contexts work side by side."""
        process = self._started()
        source = iter(requests)
        waiting: deque[int] = deque()  # not yielded yet
        answers: dict[int, list[OfficialIssue]] = {}
        number = 0
        try:
            while True:
                while (
                    len(waiting) - len(answers) < _IN_FLIGHT and (request := next(source, None)) is not None
                ):
                    self._send(process, number, request)
                    waiting.append(number)
                    number += 1
                if not waiting:
                    return
                while waiting[0] not in answers:
                    self._receive(process, answers)
                yield answers.pop(waiting.popleft())
        finally:
            # A caller may stop early; what is still under way is no answer to the next question.
            while len(answers) < len(waiting) and process.poll() is None:
                self._receive(process, answers)

    def close(self) -> None:
        """End the Java process."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        if self._log is not None:
            self._log.close()
            self._log = None
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def __enter__(self) -> OfficialEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            set_up(self._home)
            self._temporary = tempfile.TemporaryDirectory()
            contexts = [f"{name}={','.join(self._content(name))}" for name in CONTEXTS]
            command = [
                "java",
                "-Xmx4g",
                f"-Duser.home={self._home}",
                # The engine keeps a terminology cache in the folder for temporary files, which another engine
                # (a second run on this machine) would clear under its feet.
                f"-Djava.io.tmpdir={self._temporary.name}",
                "-cp",
                class_path(),
                "vitiligo.official.Main",
            ]
            self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
            self._process = subprocess.Popen(
                [*command, *contexts], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log
            )
        return self._process

    def _content(self, name: str) -> list[str]:
        return [*CONTEXTS[name], *self._extra.get(name.partition("+")[0], [])]

    def _send(self, process: subprocess.Popen[bytes], number: int, request: Request) -> None:
        assert process.stdin is not None
        context = request.context.value if isinstance(request.context, Release) else request.context
        line: dict[str, Any] = {"id": number, "version": context, "profiles": list(request.profiles)}
        if isinstance(request.resource, bytes):
            line["text"] = request.resource.decode("utf-8")
        else:
            line["text" if isinstance(request.resource, str) else "resource"] = request.resource
        if request.format != "JSON":
            line["format"] = request.format
        if request.supporting:
            line["supporting"] = [{"name": name, "text": text} for name, text in request.supporting]
        try:
            process.stdin.write(dumps(line) + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise EngineError(f"HL7's engine ended: {self._last_words()}") from None

    def _receive(self, process: subprocess.Popen[bytes], answers: dict[int, list[OfficialIssue]]) -> None:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise EngineError(f"HL7's engine ended: {self._last_words()}")
        answer = json.loads(line)
        answers[answer["id"]] = _issues(answer)

    def _last_words(self) -> str:
        assert self._log is not None
        self._log.seek(0)
        return self._log.read()[-2000:].decode("utf-8", "replace").strip() or "it said nothing."


def _issues(answer: Mapping[str, Any]) -> list[OfficialIssue]:
    if "failure" in answer:
        return [OfficialIssue("fatal", "", NO_VERDICT, answer["failure"])]
    return [
        OfficialIssue(issue["severity"], issue.get("location") or "", issue.get("messageId"), issue["text"])
        for issue in answer["issues"]
    ]
