"""What HL7's engine needs before it can start: its packages laid out, its Java side compiled.

    python tests/official/build.py

Both happen once; afterwards this looks and does nothing. Packages go into a user home of the engine's own
(``.cache/official-home``), jars and classes into ``tests/official/target``.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
HOME = ROOT / ".cache" / "official-home"
TARGET = HERE / "target"


class BuildError(Exception):
    """Java, Maven or a package is missing, or the Java side does not compile."""


def missing_programs() -> list[str]:
    """Which of the programs that the engine needs are not installed."""
    return [program for program in ("java", "mvn", "npm") if shutil.which(program) is None]


def set_up(home: Path = HOME) -> None:
    """Lay out packages and compile, where needed. Raises :class:`BuildError`."""
    if missing := missing_programs():
        raise BuildError(f"HL7's engine needs {', '.join(missing)}, which are not installed.")
    with _alone():
        _run([sys.executable, str(ROOT / "tools" / "fhir_packages.py"), "home", str(home)])
        if _stale():
            _run(["mvn", "-q", "-B", "-Dstyle.color=never", "-f", str(HERE / "pom.xml"), "package"])
            (TARGET / "built").touch()


def class_path() -> str:
    """Java's class path of the compiled engine."""
    return os.pathsep.join((str(TARGET / "classes"), f"{TARGET / 'lib'}/*"))


def _stale() -> bool:
    built = TARGET / "built"
    sources = [HERE / "pom.xml", *(HERE / "src").rglob("*.java")]
    return not built.exists() or any(source.stat().st_mtime > built.stat().st_mtime for source in sources)


@contextmanager
def _alone() -> Iterator[None]:
    # Test workers start side by side; one of them builds, the others wait for it.
    TARGET.mkdir(exist_ok=True)
    with (TARGET / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr).strip()}")


if __name__ == "__main__":
    try:
        set_up()
    except BuildError as error:
        sys.exit(str(error))
