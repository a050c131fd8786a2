"""Renew the golden files: ``python -m tests.golden.update [EXAMPLE ...]``. Read what changed."""

from __future__ import annotations

import sys

from .form import GOLDEN, golden, names


def main(wanted: list[str]) -> int:
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        print(f"no example {', '.join(unknown)}: there are {', '.join(names())}", file=sys.stderr)
        return 2
    files = {file: content for name in wanted or names() for file, content in golden(name).items()}
    for file, content in files.items():
        path = GOLDEN / file
        before = path.read_text(encoding="utf-8") if path.exists() else None
        if before != content:
            path.write_text(content, encoding="utf-8")
            print(f"{'changed' if before is not None else 'new'}: {file}")
    if not wanted:
        for path in (*GOLDEN.glob("*.txt"), *GOLDEN.glob("*.diff")):
            if path.name not in files:
                path.unlink()
                print(f"gone: {path.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
