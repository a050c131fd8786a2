"""The golden form of a Bundle: one line a value, ``path = value``, nothing of the Bundle left out.

Short: a Coding, a Quantity and an extension's URL take one line each, known systems and URL prefixes have the
names of :data:`SHORT`, and a reference within the Bundle shows the type and the business identifier of its
target. A later release is only what differs from R4, resource by resource.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import fhir_vitiligo
from fhir_vitiligo.case.io import read_case
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.mapper import Mapper

Json = dict[str, Any]

EXAMPLES = Path(fhir_vitiligo.__file__).parent / "example_cases"
GOLDEN = Path(__file__).parent
ITEM = "https://w3id.org/fhir-vitiligo/sid/item"
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'

SHORT = {
    "http://hl7.org/fhir/StructureDefinition/": "hl7:",
    "http://hl7.org/fhir/4.0/StructureDefinition/": "xver4:",
    "http://hl7.org/fhir/5.0/StructureDefinition/": "xver5:",
    "http://terminology.hl7.org/CodeSystem/": "tho:",
    "https://w3id.org/fhir-vitiligo/StructureDefinition/": "own:",
    "https://w3id.org/fhir-vitiligo/CodeSystem/": "own-codes:",
    "http://snomed.info/sct": "sct",
    "http://loinc.org": "loinc",
    "http://unitsofmeasure.org": "ucum",
    "http://human-phenotype-ontology.org": "hpo",
    "http://www.whocc.no/atc": "atc",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
}


def names() -> list[str]:
    """The packaged examples."""
    return sorted(path.stem for path in EXAMPLES.glob("*.yaml"))


def bundle(name: str, release: Release) -> Json:
    """The transaction Bundle of an example, read back from its bytes as a receiver would."""
    written: Json = json.loads(json.dumps(Mapper(release).to_fhir(read_case(EXAMPLES / f"{name}.yaml"))))
    return written


def golden(name: str) -> dict[str, str]:
    """File name -> content of the golden files of an example."""
    resources = {release: lines(bundle(name, release)) for release in Release}
    first = resources[Release.R4]
    files = {f"{name}.r4.txt": "\n".join(line for found in first.values() for line in (*found, ""))}
    for release in (Release.R4B, Release.R5):
        files[f"{name}.{release.value}.diff"] = "\n".join(_difference(first, resources[release]))
    return {file: content.rstrip("\n") + "\n" for file, content in files.items()}


def _difference(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> Iterator[str]:
    if before == after:
        yield "the same as R4"
        return
    for place in dict.fromkeys((*before, *after)):
        old, new = before.get(place, []), after.get(place, [])
        if old != new:
            same = old[:1] if old[:1] == new[:1] else []
            changes = difflib.unified_diff(old[len(same) :], new[len(same) :], lineterm="", n=0)
            yield from (*same, *(line for line in changes if not line.startswith(("---", "+++", "@@"))), "")


def lines(document: Json) -> dict[str, list[str]]:
    """The lines of each resource of a Bundle, by what it is; the Bundle's own lines first."""
    labels = {entry["fullUrl"]: _label(entry["resource"]) for entry in document["entry"]}
    bundle = {name: value for name, value in document.items() if name not in ("entry", "resourceType")}
    found = {"Bundle": [document["resourceType"], *_members(bundle, labels)]}
    for entry in document["entry"]:
        resource = entry["resource"]
        kind, identity = resource["resourceType"], resource["id"]
        expected = {
            "fullUrl": f"urn:uuid:{identity}",
            "request": {"method": "PUT", "url": f"{kind}/{identity}"},
        }
        around = {
            name: value for name, value in entry.items() if name != "resource" and value != expected.get(name)
        }
        body = {name: value for name, value in resource.items() if name not in ("resourceType", "id")}
        own = [f"{_label(resource)}  {identity}", *_flat(around, "entry", labels)]
        if body.get("identifier") == [{"system": ITEM, "value": _item(resource)}]:
            del body["identifier"]  # it stands in the heading
        if body.get("target") == [{"reference": url} for url in labels if url != f"urn:uuid:{identity}"]:
            del body["target"]
            own.append("  target -> every other resource of the Bundle")
        # What an item is, not its type, tells resources of one release from those of another.
        found[_item(resource) or kind] = own + _members(body, labels)
    return found


def _members(node: Json, labels: Mapping[str, str]) -> list[str]:
    """In the order of their names: the order of members in JSON says nothing."""
    return [line for name in sorted(node) for line in _flat({name: node[name]}, "", labels)]


def _item(resource: Json) -> str:
    identifiers = resource.get("identifier", [])
    for identifier in identifiers if isinstance(identifiers, list) else [identifiers]:
        if identifier.get("system") == ITEM:
            return str(identifier["value"])
    return ""


def _label(resource: Json) -> str:
    return f"{resource['resourceType']} {_item(resource)}".rstrip()


def _flat(value: Any, path: str, labels: Mapping[str, str]) -> Iterator[str]:
    if isinstance(value, dict):
        one = _one_line(value)
        if one is not None:
            yield f"  {path} = {one}"
            value = {"extension": value["extension"]} if "extension" in value else {}
        for name, item in value.items():
            if name == "extension":
                yield from _extensions(item, path, labels)
            else:
                yield from _flat(item, f"{path}.{name}" if path else name, labels)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _flat(item, f"{path}[{index}]", labels)
    elif path.endswith("reference") and value in labels:
        yield f"  {path} -> {labels[value]}"
    elif isinstance(value, str) and _short(value) != value:
        yield f"  {path} = {_short(value)}"
    else:
        yield f"  {path} = {json.dumps(value).decode()}"


def _extensions(extensions: list[Json], path: str, labels: Mapping[str, str]) -> Iterator[str]:
    urls = [extension["url"] for extension in extensions]
    for index, extension in enumerate(extensions):
        url = extension["url"]
        which = f"[{urls[:index].count(url)}]" if urls.count(url) > 1 else ""
        name = f"extension({_short(url)}){which}"
        content = {key: item for key, item in extension.items() if key != "url"}
        yield from _flat(content, f"{path}.{name}" if path else name, labels)


def _one_line(value: Json) -> str | None:
    """A Coding, a Quantity or a generated narrative that is nothing but that and its extensions."""
    names = value.keys() - {"extension"}
    if names == {"status", "div"} and value["status"] == "generated" and value["div"].startswith(DIV):
        return f"generated: {value['div'].removeprefix(DIV).removesuffix('</div>')}"
    if not {"system", "code"} <= names:
        return None
    coded = f"{_short(value['system'])}|{value['code']}"
    if "value" in names and names <= {"system", "code", "value", "comparator", "unit"}:
        return f"{value.get('comparator', '')}{value['value']} {value.get('unit', '(no unit)')}  {coded}"
    if names <= {"system", "code", "display"}:
        return f"{coded} {json.dumps(value['display']).decode() if 'display' in names else '(no display)'}"
    return None


def _short(text: str) -> str:
    for prefix, name in SHORT.items():
        if text == prefix or (text.startswith(prefix) and prefix.endswith("/")):
            return name + text[len(prefix) :]
    return text
