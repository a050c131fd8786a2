"""Bytes of any kind, and resources with something changed in them, through every target."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_vitiligo.fhir import json
from tests.fuzz.targets import TARGETS, seeds, timed

ROOT = Path(__file__).resolve().parents[2]
# Of each target under atheris.
SECONDS = int(os.environ.get("FUZZ_SECONDS", "5"))
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
PIECES = (
    b'{"', b'":', b"[", b"]", b"{", b"}", b",", b'"', b"\\", b"\\u", b"\\ud800", b"//", b"/*", b"null", b"1e999999", b"-", b"\x00",
    b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"<", b">", b"/>", b"</", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x ?>", b"<!DOCTYPE a [",
    b"&#0;", b"&#x110000;", b"&amp;", b"&a;", b'xmlns="', b"xmlns:a=", b'<div xmlns="http://www.w3.org/1999/xhtml">', b"\r\n", b"\n",
    b'"resourceType":', b'"Bundle"', b"<Bundle>", b"<entry>", b"<resource>", b'<valueQuantity value="1">', b'"_given":', b"\xc3\xa9",
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A resource with parts of it cut out, doubled, replaced or put elsewhere."""
    data = bytearray(draw(st.sampled_from(seeds())))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        size = draw(st.integers(0, min(40, len(data) - at)))
        match draw(st.integers(0, 4)):
            case 0:
                del data[at : at + size]
            case 1:
                data[at:at] = data[at : at + size] * draw(st.integers(1, 3))
            case 2:
                data[at : at + size] = draw(st.binary(max_size=4))
            case 3:
                data[at : at + size] = draw(st.sampled_from(PIECES))
            case _:
                del data[at:]
    return bytes(data)


def values() -> st.SearchStrategy[Any]:
    """JSON with the names and values of FHIR where they do not belong."""
    names = st.sampled_from(
        [
            "resourceType",
            "id",
            "extension",
            "url",
            "valueQuantity",
            "value",
            "_value",
            "contained",
            "entry",
            "resource",
            "name",
            "given",
        ]
    ) | st.text(max_size=6)
    plain = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.decimals(allow_nan=False)
        | st.sampled_from(["Patient", "Bundle", "#x"])
        | st.text(max_size=8)
    )
    return st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5),
        max_leaves=20,
    )


def typed(draw_from: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Those values inside a resource."""
    types = st.sampled_from(
        ["Patient", "Bundle", "Observation", "Parameters", "Questionnaire", "StructureDefinition", "Nix"]
    )
    members = st.dictionaries(
        st.sampled_from(
            ["id", "meta", "text", "name", "entry", "item", "type", "status", "code", "snapshot"]
        ),
        draw_from,
    )
    return st.builds(lambda kind, rest: json.dumps({"resourceType": kind, **rest}), types, members)


INPUTS = {
    "bytes": st.binary(max_size=200),
    "pieces": st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join),
    "mutated": mutated(),
    "values": values().map(json.dumps),
    "typed": typed(values()),
}


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("target", TARGETS)
def test_no_input_ends_in_a_traceback_or_a_hang(target: str, kind: str) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize="FUZZ_EXAMPLES" not in os.environ,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(INPUTS[kind])
    def run(data: bytes) -> None:
        timed(TARGETS[target], data)

    run()


@pytest.mark.parametrize("target", TARGETS)
def test_coverage_leads_to_no_traceback_and_no_hang(target: str, tmp_path: Path) -> None:
    """The same targets under atheris, which keeps what reaches new code; memory is bounded to 1 GiB."""
    pytest.importorskip(
        "atheris",
        reason="atheris is not installed here: `pip install atheris` (CPython on Linux) to run this",
    )
    command = [sys.executable, "-m", "tests.fuzz.run_atheris", target]
    limits = [f"-max_total_time={SECONDS}", "-rss_limit_mb=1024", "-max_len=20000"]
    places = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [*command, *limits],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": places},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert not list(tmp_path.glob("crash-*"))


@pytest.mark.parametrize("target", TARGETS)
def test_the_seeds_themselves_pass(target: str) -> None:
    for seed in seeds():
        TARGETS[target](seed)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b"<a>" * 300_000,
        b"<a " + b'b="c" ' * 100_000,
        b'<P xmlns="http://hl7.org/fhir">' + b"<x/>" * 100_000 + b"</P>",
        b'{"resourceType":"Patient","name":[' + b"{}," * 100_000 + b"{}]}",
        b'{"resourceType":"Patient",' + b'"a":1,' * 100_000 + b'"a":1}',
        b'{"a":"' + b"\\u0000" * 200_000 + b'"}',
        b"'" * 1_000_000,
        b'"' * 1_000_001,
        b"/*" * 500_000,
        b"1" * 1_000_000,
        b'{"resourceType":"Basic","x":' + b"9" * 1_000_000 + b"}",
        b"\n" * 2_000_000,
        b'<Patient xmlns="http://hl7.org/fhir"><text><div>' + b"<p>" * 199 + b"x" * 1_000_000,
        b'<Patient xmlns="http://hl7.org/fhir">' + b"x<a/>" * 200_000 + b"</Patient>",
    ],
    ids=lambda data: data[:20].decode(),
)
@pytest.mark.parametrize("target", ["source", "command"])
def test_a_million_bytes_of_malice_end_in_good_time(target: str, data: bytes) -> None:
    timed(TARGETS[target], data)
