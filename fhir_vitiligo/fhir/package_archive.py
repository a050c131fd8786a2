"""A folder of definitions as a FHIR package: the ``.tgz`` that FHIR tools load.

https://hl7.org/fhir/packages.html: a gzipped tar whose folder ``package`` holds ``package.json``, the
resources, and an ``.index.json`` that spares a reader opening them; examples lie in ``package/example`` with
an index of their own. Everything here is pure but :func:`read_package`; the same files give the same bytes.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.json import dumps_pretty, loads

# The members of an index line, as HL7's own tools write them.
_INDEXED = (
    "resourceType",
    "id",
    "url",
    "version",
    "kind",
    "type",
    "supplements",
    "content",
    "valueSet",
    "derivation",
)
_INDEX_VERSION = 2
# npm's own packages all bear this moment, so that packing twice gives the same bytes. 1985-10-26T08:15:00Z
_TIME = 499162500


def read_package(folder: Path, examples: Path | None = None) -> dict[str, bytes]:
    """The files of a package by their path in it (``package/...``), indexes included.

    ``folder`` holds ``package.json`` and the definitions, ``examples`` the examples if there are any.
    :class:`InputError` says what is missing.
    """
    if not (folder / "package.json").is_file():
        raise InputError(f"{folder} is not a FHIR package: it has no package.json", code="not-found")
    definitions = _resources(folder)
    files = {f"package/{name}": data for name, data in definitions.items()}
    files["package/package.json"] = (folder / "package.json").read_bytes()
    files["package/.index.json"] = index(definitions)
    shown = _resources(examples) if examples is not None else {}
    if shown:
        files.update({f"package/example/{name}": data for name, data in shown.items()})
        files["package/example/.index.json"] = index(shown)
    return files


def _resources(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.glob("*.json"))
        if path.name != "package.json" and not path.name.startswith(".")
    }


def index(resources: Mapping[str, bytes]) -> bytes:
    """``.index.json`` of resources by file name."""
    lines = []
    for name, data in sorted(resources.items()):
        resource = loads(data)
        line: dict[str, Any] = {"filename": name}
        for member in _INDEXED:
            value = resource.get(member)
            # An example's `type` or `version` may be anything; an index has only words.
            if isinstance(value, str):
                line[member] = value
        lines.append(line)
    return dumps_pretty({"index-version": _INDEX_VERSION, "files": lines}) + b"\n"


def archive(files: Mapping[str, bytes]) -> bytes:
    """The ``.tgz`` of files by path; ``package/package.json`` first, where readers look for it."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name in sorted(files, key=lambda name: (name != "package/package.json", name)):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(files[name]), 0o644, _TIME
            tar.addfile(entry, io.BytesIO(files[name]))
    return packed.getvalue()
