"""The examples become what they became before; a change of output is seen line by line in a review."""

from __future__ import annotations

import difflib

import pytest

from fhir_vitiligo.fhir.release import Release

from .form import GOLDEN, bundle, golden, lines, names


@pytest.mark.parametrize("name", names())
def test_the_example_becomes_what_it_became(name: str) -> None:
    for file, content in golden(name).items():
        path = GOLDEN / file
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        changes = "\n".join(
            difflib.unified_diff(before.splitlines(), content.splitlines(), file, "now", lineterm="", n=1)
        )
        assert content == before, f"if this is meant, run `python -m tests.golden.update {name}`:\n{changes}"


def test_every_golden_file_belongs_to_an_example() -> None:
    expected = {f"{name}.{ending}" for name in names() for ending in ("r4.txt", "r4b.diff", "r5.diff")}
    assert {path.name for path in (*GOLDEN.glob("*.txt"), *GOLDEN.glob("*.diff"))} == expected


@pytest.mark.parametrize("release", Release)
def test_the_golden_form_leaves_nothing_out(release: Release) -> None:
    """Each leaf of the case report's Bundle, made different, shows in the golden form."""
    document = bundle("case-report", release)
    before = lines(document)
    for holder, key in list(_leaves(document)):
        kept = holder[key]
        holder[key] = (
            f"{kept}x" if isinstance(kept, str) else not kept if isinstance(kept, bool) else kept + 1
        )
        try:
            after = lines(document)
        finally:
            holder[key] = kept
        assert after != before, f"a change of {kept!r} in {key} does not show"


def _leaves(node: dict | list):  # type: ignore[no-untyped-def, type-arg]
    for key, item in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(item, dict | list):
            yield from _leaves(item)
        else:
            yield node, key
