"""How fast is a resource read and written, in JSON and XML, and how fast is a place in its text found?

Beside the bare JSON parser, Python's own ``json`` and ElementTree, which knows neither places nor definitions.

python -m bench.reading
"""

from __future__ import annotations

import json as standard
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import fhir_vitiligo as fv
from bench.clock import cpu_times
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.source import parse
from fhir_vitiligo.fhir.xml import to_xml


def main() -> None:
    entries = fv.to_fhir(fv.example("case-report"))["entry"]
    resources: list[Any] = [entry["resource"] for entry in entries]
    texts = [json.dumps(resource) for resource in resources]
    xmls = [to_xml(resource, Release.R4) for resource in resources]
    last = {
        kind["resourceType"]: next(key for key in reversed(kind) if not key.startswith("_"))
        for kind in resources
    }
    places = [f"{kind['resourceType']}.{last[kind['resourceType']]}" for kind in resources]

    def each(function: Callable[[Any], object], inputs: list[Any]) -> Callable[[], object]:
        return lambda: [function(one) for one in inputs]

    times = cpu_times(
        {
            "JSON: bare parser (msgspec)": each(json.loads, texts),
            "JSON: json of Python": each(standard.loads, texts),
            "JSON: parse, repetitions found": each(parse, texts),
            "JSON: parse and one place": lambda: [
                parse(text).locate(place) for text, place in zip(texts, places, strict=True)
            ],
            "JSON: dump": each(json.dumps, resources),
            "XML: tree of ElementTree": each(ElementTree.fromstring, xmls),
            "XML: parse, with its faults": each(lambda text: parse(text, Release.R4), xmls),
            "XML: parse and one place": lambda: [
                parse(text, Release.R4).locate(place) for text, place in zip(xmls, places, strict=True)
            ],
            "XML: write": each(lambda resource: to_xml(resource, Release.R4), resources),
        }
    )
    count = len(resources)
    size, xml_size = sum(map(len, texts)) / count, sum(map(len, xmls)) / count
    print(
        f"{count} resources of a case, {size:.0f} bytes each as JSON, {xml_size:.0f} as XML; CPU time for one"
    )
    for name, time in times.items():
        megabytes = (xml_size if name.startswith("XML") else size) / (time / count)
        print(f"{name:32} {time / count:8.1f} us {megabytes:8.1f} MB/s")


if __name__ == "__main__":
    main()
