"""What the generators of FSH share: quoting, and a ``main`` that writes a file or checks what is committed.

https://hl7.org/fhir/uv/shorthand/reference.html
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FSH = ROOT / "profiles" / "input" / "fsh"


def quoted(text: str) -> str:
    """A FSH string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def camel(words: str) -> str:
    """``facial-segmental-type`` as ``FacialSegmentalType``: the name of a FHIR definition has no hyphens."""
    return "".join(part[:1].upper() + part[1:] for part in words.split("-"))


def write_or_check(description: str | None, wanted: Callable[[], Mapping[Path, str]], sources: str) -> int:
    """``main`` of a generator: writes ``wanted`` (path to text), or with ``--check`` compares; the exit code.

    ``sources`` names what the texts are made from, for the sentence that says that a file is out of date.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail when a file is not what would be written"
    )
    check = parser.parse_args().check
    tool = Path(sys.argv[0]).name
    stale = 0
    for path, text in wanted().items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if check:
            print(f"{path.name} is not what {sources} say: run python tools/{tool}", file=sys.stderr)
            stale = 1
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return stale
