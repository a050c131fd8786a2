"""HL7's validation cases in JSON, broken at one place: their elements, and how the text is written."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fhir_vitiligo.errors import FhirVitiligoError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json, dumps
from tests.validation.case_values import EXTENSIONS, NARRATIVES, Way, anywhere, values_for
from tests.validation.mutations import Path, at, mutated, mutations, paths


def ways_of_json(text: str, draw: random.Random) -> Iterator[Way]:
    """Every way to break it."""
    for kind, change in _JSON_TEXTS.items():
        yield f"text: {kind}", "", lambda change=change: change(text, draw)
    try:
        resource = json.loads(text)
    except FhirVitiligoError:
        return
    if not isinstance(resource, dict):
        return
    for kind, path in mutations(resource):
        yield kind, _told(path), lambda kind=kind, path=path: _dumps(mutated(resource, kind, path).resource)
    for kind, change in _ROOT_WAYS.items():
        yield kind, "", lambda change=change: _changed_root(resource, change, draw)
    if resource.get("resourceType") == "Bundle":
        yield "bundle retyped", "type", lambda: _changed_root(resource, _rebundle, draw)
    for path in paths(resource, ()):
        value = at(resource, path)
        if (values := _values_at(path, value)) and path[-1] != "resourceType":
            yield (
                "revalued",
                _told(path),
                lambda path=path, values=values: _changed(
                    resource, path, lambda around, step, _: _set(around, step, draw.choice(values)), draw
                ),
            )
        for kind, (applies, change) in _JSON_WAYS.items():
            if applies(path, value):
                yield (
                    kind,
                    _told(path),
                    lambda path=path, change=change: _changed(resource, path, change, draw),
                )


def _values_at(path: Path, value: Any) -> Sequence[str]:
    if isinstance(value, dict | list) or value is None:
        return ()
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    return values_for(name, value if isinstance(value, str) else dumps(value).decode())


def _dumps(value: Any) -> str:
    return _RAW.sub(lambda found: found[1], dumps(value).decode())


# A number or boolean in other words is written without quotes as often as with them.
_RAW = re.compile(r'"\\u0001([^"]*)"')


def _set(around: Any, step: Any, told: str) -> None:
    is_text = isinstance(around[step], str)
    around[step] = told if is_text or told == "" else f"\u0001{told}"


def _changed(
    resource: Json, path: Path, change: Callable[[Any, Any, random.Random], None], draw: random.Random
) -> str:
    changed = copy.deepcopy(resource)
    change(at(changed, path[:-1]), path[-1], draw)
    return _dumps(changed)


def _changed_root(
    resource: Json, change: Callable[[Any, Any, random.Random], None], draw: random.Random
) -> str:
    changed = copy.deepcopy(resource)
    change(changed, None, draw)
    return _dumps(changed)


def _told(path: Path) -> str:
    return ".".join(map(str, path))


def _extend(around: Any, step: Any, draw: random.Random) -> None:
    around[step].setdefault("extension", []).append(copy.deepcopy(draw.choice(EXTENSIONS)))


def _modify(around: Any, step: Any, draw: random.Random) -> None:
    around[step].setdefault("modifierExtension", []).append(copy.deepcopy(draw.choice(EXTENSIONS)))


def _extend_primitive(around: Any, step: Any, draw: random.Random) -> None:
    held = draw.choice(
        (
            {"extension": [copy.deepcopy(draw.choice(EXTENSIONS))]},
            {"id": "x"},
            {"id": "a b"},
            {},
            [None],
            {"value": "x"},
            {"extension": []},
            "x",
            None,
        )
    )
    around[f"_{step}"] = held
    if draw.random() < 0.4:
        del around[step]


def _reprofile(around: Any, step: Any, draw: random.Random) -> None:
    kind = around.get("resourceType", "Patient")
    around.setdefault("meta", {})["profile"] = [
        draw.choice(
            (
                "http://hl7.org/fhir/StructureDefinition/bodyweight",
                "http://hl7.org/fhir/StructureDefinition/vitalsigns",
                f"http://hl7.org/fhir/StructureDefinition/{kind}",
                f"http://hl7.org/fhir/StructureDefinition/{kind}|4.0.1",
                f"http://hl7.org/fhir/StructureDefinition/{kind}|5.0.0",
                "http://hl7.org/fhir/StructureDefinition/DomainResource",
                "http://hl7.org/fhir/StructureDefinition/shareablevalueset",
                "http://hl7.org/fhir/StructureDefinition/unheard-of",
                "http://hl7.org/fhir/StructureDefinition/Location",
                "http://hl7.org/fhir/StructureDefinition/Quantity",
                "http://hospital.test/StructureDefinition/x",
                "not an address",
            )
        )
    ]


def _label(around: Any, step: Any, draw: random.Random) -> None:
    around.setdefault("meta", {}).update(
        draw.choice(
            (
                {"tag": [{"system": "http://hospital.test/tags", "code": "a"}] * 2},
                {
                    "security": [
                        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
                    ]
                },
                {
                    "security": [
                        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "XX"}
                    ]
                },
                {"lastUpdated": "2012-01-01"},
                {"lastUpdated": "2012-01-01T10:00:00Z"},
                {"versionId": "a b"},
                {"source": "a b"},
                {"profile": []},
                {"profile": ["http://hl7.org/fhir/StructureDefinition/Resource"] * 2},
            )
        )
    )


def _contain(around: Any, step: Any, draw: random.Random) -> None:
    patient: Json = {"resourceType": "Patient", "id": "inside", "active": True}
    one = draw.choice(
        (
            patient,
            {**patient, "contained": [{"resourceType": "Patient", "id": "deep"}]},
            {"resourceType": "Patient", "active": True},
            {**patient, "meta": {"versionId": "1"}},
            {**patient, "meta": {"security": [{"code": "x"}]}},
            {
                **patient,
                "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
            },
            {**patient, "link": [{"other": {"reference": "#"}, "type": "refer"}]},
            {**patient, "gender": "m"},
            {"resourceType": "Nothing", "id": "inside"},
            {"id": "inside"},
            {**patient, "id": "#inside"},
            {**patient, "language": "unheard-of"},
        )
    )
    around.setdefault("contained", []).extend([one] * draw.choice((1, 1, 1, 2)))
    if draw.random() < 0.5:
        around.setdefault("extension", []).append(
            {"url": "http://hospital.test/extension", "valueReference": {"reference": "#inside"}}
        )


def _narrate(around: Any, step: Any, draw: random.Random) -> None:
    around["text"] = {
        "status": draw.choice(("generated", "empty", "unheard-of")),
        "div": draw.choice(NARRATIVES),
    }


def _rebundle(around: Any, step: Any, draw: random.Random) -> None:
    around["type"] = draw.choice(
        (
            *(
                "document",
                "message",
                "transaction",
                "transaction-response",
                "batch",
                "batch-response",
                "history",
            ),
            *("searchset", "collection", "unheard-of"),
        )
    )


def _re_enter(around: Any, step: Any, draw: random.Random) -> None:
    """Something about an entry of a Bundle that its kind decides on."""
    entry = around[step]
    key, value = draw.choice(
        (
            ("fullUrl", "urn:uuid:1234"),
            ("fullUrl", "Patient/1"),
            ("fullUrl", "http://hospital.test/fhir/Patient/other"),
            ("fullUrl", "urn:uuid:96e4fe9a-22b5-5a25-be3d-dddb9e4cea39"),
            ("fullUrl", "http://hospital.test/x/_history/1"),
            ("request", {"method": "POST", "url": "Patient"}),
            ("request", {"method": "PUT", "url": "Patient/1"}),
            ("request", {"method": "DELETE", "url": "Patient/1"}),
            ("request", {"method": "FETCH", "url": "Patient/1"}),
            ("response", {"status": "201"}),
            ("response", {"status": "201", "lastModified": "2012"}),
            ("search", {"mode": "match", "score": 2}),
            ("search", {"mode": "unheard-of"}),
            ("link", [{"relation": "self", "url": "x"}]),
            ("resource", {"resourceType": "Patient"}),
            ("resource", {"resourceType": "Nothing"}),
            ("resource", {}),
        )
    )
    entry[key] = value


def _unenter(around: Any, step: Any, draw: random.Random) -> None:
    around[step].pop(draw.choice(("fullUrl", "resource", "request", "search", "response")), None)


def _is_resource(path: Path, value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("resourceType"), str)


def _is_element(path: Path, value: Any) -> bool:
    return isinstance(value, dict) and "resourceType" not in value


def _is_primitive(path: Path, value: Any) -> bool:
    named = isinstance(path[-1], str) and not path[-1].startswith("_") and path[-1] != "resourceType"
    return named and isinstance(value, str | int | float | bool)


def _is_entry(path: Path, value: Any) -> bool:
    return isinstance(value, dict) and len(path) > 1 and path[-2] == "entry" and "resource" in value


_JSON_WAYS: dict[str, tuple[Callable[[Path, Any], bool], Callable[[Any, Any, random.Random], None]]] = {
    "extension added": (_is_element, _extend),
    "modifier extension added": (_is_element, _modify),
    "primitive extended": (_is_primitive, _extend_primitive),
    "entry changed": (_is_entry, _re_enter),
    "entry lessened": (_is_entry, _unenter),
}
_ROOT_WAYS: dict[str, Callable[[Any, Any, random.Random], None]] = {
    "profile claimed": _reprofile,
    "labelled": _label,
    "contained": _contain,
    "narrated": _narrate,
}


_JSON_TEXTS: dict[str, Callable[[str, random.Random], str]] = {
    "comment": lambda text, draw: anywhere(text, draw, draw.choice(("// x\n", "/* x */"))),
    "byte order mark": lambda text, draw: "\ufeff" + text,
    "comma": lambda text, draw: re.sub(r"([}\]])(\s*)\Z", r",\1\2", text),
    "member twice": lambda text, draw: anywhere(text, draw, '"id": "twice", ', r'(?<=\{)\s*"'),
    "unknown member": lambda text, draw: anywhere(text, draw, '"unheardOf": "x", ', r'(?<=\{)\s*"'),
    "fhir_comments": lambda text, draw: anywhere(text, draw, '"fhir_comments": ["x"], ', r'(?<=\{)\s*"'),
    "null": lambda text, draw: anywhere(text, draw, '"language": null, ', r'(?<=\{)\s*"'),
    "cut": lambda text, draw: text[: draw.randrange(len(text))],
    "in an array": lambda text, draw: f"[{text}]",
    "single quotes": lambda text, draw: text.replace('"', "'", 2),
    "white space around": lambda text, draw: f"\n\n\t{text}\n\n",
    "control character": lambda text, draw: anywhere(text, draw, "\u0001", r'(?<=: ")\w'),
    "escaped": lambda text, draw: anywhere(text, draw, "\\u0041", r'(?<=: ")\w'),
    "bad escape": lambda text, draw: anywhere(text, draw, "\\x", r'(?<=: ")\w'),
    "emoji": lambda text, draw: anywhere(text, draw, "\\ud83d\\ude00", r'(?<=: ")\w'),
    "half an emoji": lambda text, draw: anywhere(text, draw, "\\ud83d", r'(?<=: ")\w'),
    "more after it": lambda text, draw: text + "{}",
}
