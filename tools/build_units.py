"""Makes ``fhir_vitiligo/definitions/ucum.csv``: UCUM's units, each with its value in other units.

    python tools/build_units.py [JAR] [--check]

Read from ``ucum-essence.xml``, which HL7's Java library for UCUM carries (Maven ``org.fhir:ucum``; the official tests fetch it).
Facts only: code, whether it takes prefixes, value and unit; no names. ``function`` says how a special unit is measured
(``Cel``), ``arbitrary`` that a unit compares with nothing else.
"""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "fhir_vitiligo" / "definitions" / "ucum.csv"
_NS = "{http://unitsofmeasure.org/ucum-essence}"
COLUMNS = ("kind", "code", "metric", "value", "unit")


def rows(essence: bytes) -> list[tuple[str, ...]]:
    """A row for each prefix and unit; ``metric`` is yes or empty."""
    root = ElementTree.fromstring(essence)
    found = []
    for one in root:
        kind, code = one.tag.removeprefix(_NS), one.get("Code", "")
        metric = "yes" if one.get("isMetric") == "yes" or kind == "base-unit" else ""
        value = one.find(f"{_NS}value")
        if kind == "prefix":
            assert value is not None
            found.append((kind, code, "", value.get("value", ""), ""))
        elif kind == "base-unit":
            found.append((kind, code, metric, "1", ""))
        else:
            assert value is not None
            function = value.find(f"{_NS}function")
            told = (
                "arbitrary"
                if one.get("isArbitrary") == "yes"
                else "unit"
                if function is None
                else function.get("name", "")
            )
            measured = value if function is None else function
            found.append((told, code, metric, measured.get("value", ""), measured.get("Unit", "")))
    return found


def text(essence: bytes) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(essence))
    return out.getvalue()


def main() -> int:
    given = [one for one in sys.argv[1:] if one != "--check"]
    jars = (
        [Path(given[0])]
        if given
        else sorted((ROOT / "tests" / "official" / "target" / "lib").glob("ucum-*.jar"))
    )
    if not jars:
        print("no ucum jar: run `make official` once, which fetches it, or name one", file=sys.stderr)
        return 2
    with zipfile.ZipFile(jars[-1]) as archive:
        made = text(archive.read("ucum-essence.xml"))
    if "--check" in sys.argv[1:]:
        if TARGET.read_text(encoding="utf-8") != made:
            print(
                "definitions/ucum.csv is not what the source gives: run tools/build_units.py", file=sys.stderr
            )
            return 1
        return 0
    TARGET.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
