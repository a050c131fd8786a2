"""The coverage-guided run: ``python -m tests.fuzz.run_atheris TARGET [-max_total_time=600] [-rss_limit_mb=1024]``.

Needs ``pip install atheris``, which is no dependency of the project. An input that breaks something is left as
``crash-*`` in the working directory.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path


def main() -> None:
    try:
        import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        sys.exit("atheris is not installed: `pip install atheris` into this environment")
    with atheris.instrument_imports(include=["fhir_vitiligo"]):
        from tests.fuzz.targets import TARGETS, seeds
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in TARGETS:
        sys.exit(f"say what to run: {', '.join(TARGETS)}")
    corpus = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    for number, seed in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], str(corpus), "-timeout=20", *sys.argv[2:]], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
