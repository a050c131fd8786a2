"""Calls that are wrong, or nearly: what the user reads, and the exit status."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from fhir_vitiligo.cli import main
from fhir_vitiligo.fhir import json
from tests.cli.conftest import Call, hears_ctrl_c

PATIENT = '{"resourceType": "Patient", "active": true}'


def test_the_list_of_commands_is_made_of_whole_sentences(call: Call) -> None:
    assert "..." not in call("--help").stdout.partition("Commands:")[2]
    assert "..." not in call("db", "--help").stdout.partition("Commands:")[2]


@pytest.mark.parametrize("rule", ["dom-*", "dom-6", "dom-?", "*-6"])
def test_an_invariant_is_ignored_by_its_key_or_a_pattern(call: Call, tmp_path: Path, rule: str) -> None:
    (tmp_path / "p.json").write_text(PATIENT)
    assert "[dom-6]" in call("validate", "p.json").stdout
    assert call("validate", "p.json", "--ignore", rule).stdout == ""


def test_the_patterns_that_the_help_shows_are_taken(call: Call, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(PATIENT)
    (option,) = [one for one in main.commands["validate"].params if one.name == "ignore"]
    shown = getattr(option, "help", "").split("'")[1]
    call("validate", "p.json", "--ignore", shown)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--ignore", "bindng"], "there is no rule 'bindng': did you mean 'binding'?"),
        (["--ignore", "-6"], "there is no rule '-6'"),
        (["--ignore", ""], "there is no rule ''"),
        (["--package", "rubbish"], "rubbish: not valid JSON: write root in double quotes"),
        (["--package", "p.json"], "p.json defines nothing: it is a Patient without a url."),
        (["--explain", "http://nix.test/x"], "the profile http://nix.test/x cannot be explained"),
    ],
)
def test_a_wrong_option_of_validate_is_named(
    call: Call, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    (tmp_path / "p.json").write_text(PATIENT)
    (tmp_path / "rubbish").write_text("root:x:0:0")
    assert sentence in call("validate", "p.json", *arguments, status=2).stderr


@pytest.mark.parametrize(
    ("arguments", "sentences"),
    [
        (["validation=some"], ["--set validation=some: Input should be 'off', 'structure' or 'profile'"]),
        (["cors_origin=*"], ["--set cors_origin=*: did you mean cors_origins=...?"]),
        (["colour=red"], ["--set colour=red: there are base_path, max_body_bytes,"]),
        (["validation"], ["--set validation: write NAME=VALUE"]),
        (
            ["base_path=fhir"],
            [
                "--set base_path=fhir: a path begins with a slash, does not end with one, and has letters, digits and . _ ~ - "
                "between slashes, such as /fhir or /api/fhir"
            ],
        ),
        (["base_path=/a/../b"], ["--set base_path=/a/../b: a path begins with a slash"]),
        (
            ["cors_origins=https://a.example,foo"],
            ["--set cors_origins=https://a.example,foo: 'foo' is no origin: it has a scheme and a host"],
        ),
        (["cors_origins=https://a.example/x"], ["'https://a.example/x' is no origin"]),
        (
            ["default_count=50", "max_count=10"],
            [
                "--set: default_count (50) is more than max_count (10): set it to at most that, or max_count higher"
            ],
        ),
        (
            ["max_count=0", "nix=1"],
            ["--set max_count=0: Input should be greater than", "--set nix=1: there are"],
        ),
    ],
)
def test_a_wrong_setting_of_serve_is_named(call: Call, arguments: list[str], sentences: list[str]) -> None:
    told = call("serve", *(part for one in arguments for part in ("--set", one)), status=2).stderr
    assert all(sentence in told for sentence in sentences), told


def test_a_case_given_to_validate_is_told_what_checks_it(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("id: a\n")
    told = call("validate", "a.yaml", status=1)
    assert told.stdout.startswith(
        "a.yaml: error: this is YAML, and FHIR is JSON or XML: a case is checked by"
    )
    (tmp_path / "b.yaml").write_text(PATIENT)  # what begins as JSON is read as such
    call("validate", "b.yaml")


def test_sarif_says_where_the_tool_is_described(call: Call, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(PATIENT)
    (run,) = json.loads(call("validate", "p.json", "--format", "sarif").stdout_bytes)["runs"]
    assert run["tool"]["driver"]["informationUri"] == "https://w3id.org/fhir-vitiligo"


@pytest.mark.parametrize("call_with", [lambda name: [name], lambda name: ["--db", name]])
def test_the_file_of_a_server_is_named_either_way(call: Call, tmp_path: Path, call_with: object) -> None:
    assert callable(call_with)
    (tmp_path / "p.json").write_text(PATIENT)
    call("load", "p.json", "--db", "r.sqlite")
    assert call("db", "check", *call_with("r.sqlite")).stderr.startswith("r.sqlite is whole: 1 resources")
    assert call("db", "compact", *call_with("r.sqlite")).stderr.startswith("r.sqlite: ")
    told = call("db", "check", *call_with("p.json"), status=1).stderr
    assert told.startswith("error: p.json: the file of the store is damaged or is not one")
    both = call("db", "check", "r.sqlite", "--db", "other.sqlite", status=2).stderr
    assert "two files are named, other.sqlite and r.sqlite: name one" in both
    told = call("db", "backup", "none/b.sqlite", "--db", "r.sqlite", status=1).stderr
    assert told == "error: none/b.sqlite cannot be written: No such file or directory\n"
    told = call("db", "backup", "copy.sqlite", "--db", "p.json", status=1).stderr
    assert told.startswith("error: p.json: ")
    assert "nix.sqlite" in call("db", "compact", *call_with("nix.sqlite"), status=1).stderr


def test_a_port_that_is_taken_is_told_before_anything_is_opened(call: Call, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        told = call("serve", "--port", port, status=2).stderr
    assert (
        f"port {port} is taken by another program: give another with --port, or 0 for any that is free"
        in told
    )
    assert (
        "--host nix.invalid is no address of this machine"
        in call("serve", "--host", "nix.invalid", status=2).stderr
    )
    assert not (tmp_path / "vitiligo.sqlite").exists()


def test_the_command_is_found_where_scripts_are_not_on_the_path(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(PATIENT)
    words = [sys.executable, "-m", "fhir_vitiligo", "validate", "--level", "error", "p.json"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "1 checked against R4: none with errors\n")
    usage = subprocess.run([*words[:3], "--help"], capture_output=True, text=True).stdout
    assert usage.startswith("Usage: fhir-vitiligo [OPTIONS] COMMAND")


def test_the_address_is_told_when_it_is_served(tmp_path: Path) -> None:
    """Of a free port, too: who reads the line can ask at once."""
    code = "from fhir_vitiligo.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", "--db", "s.sqlite", "--port", "0"]
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, preexec_fn=hears_ctrl_c
    ) as server:
        assert server.stderr is not None
        told = next(line for line in server.stderr if line.startswith("FHIR base "))
        base = told.split()[2]
        try:
            assert not base.endswith(":0/fhir")
            assert httpx.get(f"{base}/metadata").json()["resourceType"] == "CapabilityStatement"
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=20)
    assert server.returncode == 0


def test_a_server_that_cannot_start_says_no_address(call: Call, tmp_path: Path) -> None:
    (tmp_path / "s.sqlite").write_bytes(b"no database, but long enough to be looked at" * 100)
    told = call("serve", "--db", "s.sqlite", "--port", "0", status=1).stderr
    assert told.startswith("error: s.sqlite")
    assert "FHIR base" not in told
