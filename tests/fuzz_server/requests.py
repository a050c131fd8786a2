"""Requests that are nearly right: the routes, parameters and resources of FHIR, each with something hostile in it.

Made from a number alone, so that a request that fails is named by its number.
"""

from __future__ import annotations

import copy
import json
import random
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server.operations.table import served
from fhir_vitiligo.server.routes import ROUTES

EXAMPLES = Path(__file__).resolve().parents[2] / "profiles" / "examples" / "r4"

TEXTS = (
    "", " ", "*", "a" * 3_000, "\u0000", "\ud800", "\u202e", "é\u0301", "😀", "%", "%%", "%zz", "%00", "'", '"', "\\", "\\,", "$", "|", "||",
    "a|b|c", ",", ",,", ":", "/", "../..", "?", "&", "=", ";", "`", "<script>", "${x}", "{{x}}", "' OR 1=1 --", "nul\x00l",
    "Patient/p1", "Patient/p1/_history/1", "Patient?name=x", "urn:uuid:0", "http://", "http://a.example/fhir/Patient/1", "#", "#x",
    "1e400", "-1e400", "NaN", "Infinity", "1" * 400, "0x10", "1.", ".5", "1e-400", "٣", "true", "null", "[]", "{}",
    "2020", "2020-13", "2020-02-30", "2020-02-29T25:00:00Z", "0000", "9999-12-31T23:59:60Z", "2020-01-01T00:00:00+99:99", "gt", "ap2020",
    "gt1", "eq1.0|http://unitsofmeasure.org|mg", "5||mg", "ne5.40e-1000", "not-a-code", "http://snomed.info/sct|56727007",
    "(" * 500, "[" * 500, ".*.*.*.*x", "a.b.c()", "name.where(", "1 | 2",
)  # fmt: skip
NUMBERS: tuple[Any, ...] = (0, -1, 2**31, 2**63, 10**400, -(10**400), 0.1, 1e308, -0.0, 1e-320)
ODD: tuple[Any, ...] = (
    None,
    True,
    [],
    {},
    [[]],
    [None],
    {"": ""},
    [{}],
    {"resourceType": "Patient"},
    "x",
    ["x", None],
    {"extension": [{}]},
)

NAMES = (
    "_id", "_lastUpdated", "_tag", "_profile", "_security", "_text", "_content", "_list", "_has", "_type", "_filter", "_sort", "_count",
    "_include", "_revinclude", "_include:iterate", "_summary", "_elements", "_total", "_contained", "_containedType", "_format", "_pretty",
    "_since", "_at", "_before", "_after", "_cursor", "_page", "_query", "_unknown", "", " ", "name:exact", "name:contains", "name:missing",
    "name:not", "code:in", "code:not-in", "code:above", "code:below", "code:text", "code:of-type", "identifier:of-type", "subject:Patient",
    "subject:identifier", "subject.name", "subject:Patient.organization.name", "subject:Patient._has:Observation:patient:code",
    "_has:Observation:patient:code", "_has:Observation:patient:_has:AuditEvent:entity:agent", "_has:x", "_has:::", "general-practitioner.name",
    "birthdate", "date", "value-quantity", "component-code-value-quantity", "code-value-quantity", "near", "url", "length", "patient.gender",
    "name:bogus", "a.b.c.d.e.f.g.h", "subject." * 30 + "name", "patient:Group.name", "identifier", "gender", "address", "phonetic",
    "resource", "profile", "mode", "filter", "offset", "count", "system", "code", "display", "version", "start", "end", "max", "target",
)  # fmt: skip
SUMMARIES = ("true", "false", "count", "text", "data", "x")
HEADERS: dict[str, tuple[str, ...]] = {
    "Accept": ("application/fhir+json", "application/fhir+xml", "text/html", "*/*", "x", "application/json;q=x", ",,,", "a/b" * 2_000,
               "application/fhir+json; fhirVersion=5.0", "application/fhir+json; fhirVersion=9"),
    "Content-Type": ("application/fhir+json", "application/fhir+xml", "application/json", "application/xml", "application/json-patch+json",
                     "application/merge-patch+json", "text/plain", "x", "application/x-www-form-urlencoded", "application/json; charset=utf-16",
                     "multipart/form-data; boundary=x", "", "application/fhir+json; fhirVersion=5.0", "application/fhir+xml; fhirVersion=5.0",
                     "application/json-patch+json; fhirVersion=5.0", "application/fhir+json; fhirVersion=", "application/fhir+json; fhirVersion=2"),
    "Content-Encoding": ("gzip", "deflate", "br", "identity", "gzip, gzip", "x"),
    "If-Match": ('W/"1"', '"1"', "*", "W/", '""', 'W/"99999999999999999999"', "x", 'W/"1", W/"2"'),
    "If-None-Match": ("*", 'W/"1"', "x"),
    "If-None-Exist": ("identifier=x", "_id=p1", "name=", "%", "bogus=1", "?", "a" * 5_000),
    "If-Modified-Since": ("Sat, 01 Jan 2000 00:00:00 GMT", "Sat, 31 Feb 9999 99:99:99 GMT", "x", ""),
    "Prefer": ("return=minimal", "return=representation", "return=OperationOutcome", "handling=lenient", "handling=strict", "return=x",
               "respond-async", ";;;", "=" * 100, "return"),
    "X-Forwarded-Host": ("a.example", "a b", "<script>", "a" * 3_000, "[::1]:99999"),
    "X-Forwarded-Prefix": ("/x", "//", "x", "/../.."),
    "X-Forwarded-Proto": ("https", "x", "javascript"),
    "Forwarded": ("for=x;host=a.example;proto=https", ";;;", "host=\"", "proto=x"),
    "Origin": ("http://localhost", "null", "x"),
    "X-Request-Id": ("a", " ", "x" * 500),
    "Range": ("bytes=0-1", "x"),
    "X-Provenance": ("{}", "x"),
}  # fmt: skip


@dataclass
class Asked:
    """A request, and what it is of: the route or the operation."""

    of: str
    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __str__(self) -> str:
        return f"{self.method} {self.url[:600]!r} {self.headers} body {self.body[:600]!r} ({len(self.body)} bytes)"


@cache
def seeds() -> tuple[dict[str, Any], ...]:
    """Resources to begin with: one of the packaged examples of each kind, and a few of our own."""
    found: list[dict[str, Any]] = [json.loads(path.read_bytes()) for path in sorted(EXAMPLES.glob("*.json"))]
    found = [one for one in found if len(json.dumps(one)) < 20_000]
    found += [
        {"resourceType": "Patient", "id": "p1", "name": [{"family": "A", "given": ["B"]}], "birthDate": "1980-01-01", "gender": "male"},
        {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": {"resourceType": "Patient"}}]},
        {"resourceType": "Binary", "contentType": "text/plain", "data": "YQ=="},
        {
            "resourceType": "SearchParameter", "url": "http://a.example/sp", "name": "X", "status": "active", "description": "d", "code": "x",
            "base": ["Patient"], "type": "string", "expression": "Patient.name.family",
        },
        {"resourceType": "Location", "status": "active", "position": {"longitude": 1.5, "latitude": 2.5}},
        {"resourceType": "ValueSet", "status": "active", "compose": {"include": [{"system": "http://hl7.org/fhir/administrative-gender"}]}},
        {
            "resourceType": "Bundle", "type": "transaction",
            "entry": [
                {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}},
                {"resource": {"resourceType": "Condition", "subject": {"reference": "urn:uuid:1"}}, "request": {"method": "PUT", "url": "Condition/c1"}},
                {"request": {"method": "GET", "url": "Patient?name=a"}},
                {"request": {"method": "DELETE", "url": "Patient/p2"}},
            ],
        },
        {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": "metadata"}}]},
    ]  # fmt: skip
    return tuple(found)


@cache
def targets() -> tuple[tuple[str, str, str], ...]:
    """(what, method, path) of every route, and of every operation on each of its levels."""
    found = [(f"{route.method} {route.path}", route.method, route.path) for route in ROUTES]
    for code, some in served(Release.R4).items():
        for one in some:
            definition = one.definition
            types = [kind for kind in definition.resources if kind not in ("Resource", "DomainResource")] or [
                "{type}"
            ]
            paths = [f"${code}"] if definition.system else []
            paths += [f"{kind}/${code}" for kind in types] if definition.type else []
            paths += [f"{kind}/{{id}}/${code}" for kind in types] if definition.instance else []
            found += [(f"${code}", method, path) for path in paths for method in ("GET", "POST")]
    return tuple(found)


class Maker:
    """Draws a request; the same for the same number."""

    def __init__(self, number: int) -> None:
        self.chance = random.Random(number)
        self.number = number

    def request(self) -> Asked:
        every = targets()
        # The first round goes through all of them, whatever is drawn.
        of, method, path = (
            every[self.number % len(every)] if self.chance.random() < 0.8 else self.chance.choice(every)
        )
        if self.chance.random() < 0.35:
            return self.calm(of, method, path)
        if self.chance.random() < 0.03:
            method = self.chance.choice(
                ("HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "QUERY", "get")
            )
        resource_type = self.resource_type()
        values = {
            "type": resource_type,
            "id": self.id(),
            "version": self.version(),
            "member": self.resource_type(),
        }
        url = "/fhir/" + "/".join(
            quote(values.get(segment.strip("{}"), segment), safe="$*", errors="surrogatepass")
            for segment in path.split("/")
            if segment
        )
        if self.chance.random() < 0.6 or path.endswith("_search"):
            url += "?" + self.query(resource_type)
        headers = self.headers()
        body = b""
        if method in ("POST", "PUT", "PATCH"):
            body = self.body(path, resource_type)
            headers.setdefault("Content-Type", self.media_type(method, path, body))
        return Asked(of, method, url, headers, body)

    def calm(self, of: str, method: str, path: str) -> Asked:
        """A request with nothing wrong in it, so that the hostile ones meet a server at work."""
        seed = self.chance.choice([one for one in seeds() if "id" in one])
        kind, id = seed["resourceType"], seed["id"]
        url = "/fhir/" + path.format(type=kind, id=id, version="1", member="Condition")
        if path in ("{type}", "{type}/_search", "_search", "") and (
            method != "POST" or path.endswith("_search")
        ):
            url += f"?_id={id}" + ("&_type=Patient,Observation" if "{type}" not in path else "")
        headers: dict[str, str] = {}
        body = b""
        if method in ("POST", "PUT", "PATCH"):
            headers["Content-Type"] = "application/fhir+json"
            told: Any = seed
            if method == "PATCH":
                told, headers["Content-Type"] = {"language": "en"}, "application/merge-patch+json"
            elif path.endswith("_search"):
                told, headers["Content-Type"] = None, "application/x-www-form-urlencoded"
            elif path == "":
                told = {
                    "resourceType": "Bundle",
                    "type": "batch",
                    "entry": [{"request": {"method": "GET", "url": f"{kind}/{id}"}}],
                }
            elif "$" in path:
                told = seed if self.chance.random() < 0.5 else {"resourceType": "Parameters"}
            body = b"" if told is None else json.dumps(told).encode()
        return Asked(of, method, url, headers, body)

    def resource_type(self) -> str:
        kinds = (
            "Patient",
            "Observation",
            "Condition",
            "Bundle",
            "Location",
            "ValueSet",
            "SearchParameter",
            "Binary",
            "MedicationRequest",
        )
        drawn = self.chance.random()
        if drawn < 0.8:
            return self.chance.choice(kinds)
        return (
            self.chance.choice(definitions_of(Release.R4).resource_types)
            if drawn < 0.95
            else self.text()[:300]
        )

    def id(self) -> str:
        return (
            self.chance.choice(("p1", "p1", "p2", "c1", "o1", "nobody", "A" * 64, "A" * 65, "-", ".."))
            if self.chance.random() < 0.85
            else self.text()[:300]
        )

    def version(self) -> str:
        return self.chance.choice(
            ("1", "2", "0", "-1", "99999999999999999999999", "x", "01", "1.0", self.text()[:100])
        )

    def text(self) -> str:
        if self.chance.random() < 0.7:
            return self.chance.choice(TEXTS)
        return "".join(
            chr(self.chance.choice((self.chance.randrange(1, 128), self.chance.randrange(0xD7FF))))
            for _ in range(self.chance.randrange(12))
        )

    def query(self, resource_type: str) -> str:
        if self.chance.random() < 0.05:
            return self.chance.choice(
                (
                    "%",
                    "%ff",
                    "&&&",
                    "=",
                    "a=%c3%28",
                    "a" * 40_000,
                    "&".join(["name=a"] * 3_000),
                    "name=" + "a," * 9_000,
                )
            )
        parts = []
        for _ in range(self.chance.randrange(1, 4)):
            name = self.parameter(resource_type)
            value = self.chance.choice(SUMMARIES) if name == "_summary" else self.text()
            if self.chance.random() < 0.2:
                value = f"{value},{self.text()}"
            if name in ("_include", "_revinclude", "_sort") and self.chance.random() < 0.5:
                value = self.chance.choice(
                    (
                        "*",
                        "Observation:subject",
                        "Observation:*",
                        "Patient:x",
                        "-date,_id",
                        "-",
                        "name,name",
                        ":::",
                        "Observation:subject:Patient",
                    )
                )
            parts.append(
                f"{quote_plus(name, safe=':.', errors='surrogatepass')}={quote_plus(value, errors='surrogatepass')}"
            )
        return "&".join(parts)

    def parameter(self, resource_type: str) -> str:
        drawn = self.chance.random()
        known = (
            tuple(definitions_of(Release.R4).search_parameters(resource_type))
            if resource_type.isalpha() and resource_type.isascii()
            else ()
        )
        if known and drawn < 0.55:
            name = self.chance.choice(known)
            if self.chance.random() < 0.4:
                name += ":" + self.chance.choice(
                    (
                        "exact",
                        "contains",
                        "missing",
                        "not",
                        "text",
                        "in",
                        "not-in",
                        "above",
                        "below",
                        "of-type",
                        "identifier",
                        "Patient",
                        "x",
                        "",
                    )
                )
            return name if self.chance.random() < 0.8 else f"{name}.{self.chance.choice(NAMES)}"
        return self.chance.choice(NAMES) if drawn < 0.95 else self.text()[:200]

    def headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, values in HEADERS.items():
            if self.chance.random() < 0.08:
                found[name] = self.chance.choice(values)
        return found

    def media_type(self, method: str, path: str, body: bytes) -> str:
        if path.endswith("_search"):
            return "application/x-www-form-urlencoded"
        if method == "PATCH":
            return self.chance.choice(
                ("application/json-patch+json", "application/merge-patch+json", "application/fhir+json")
            )
        return "application/fhir+xml" if body[:1] == b"<" else "application/fhir+json"

    def body(self, path: str, resource_type: str) -> bytes:
        if path.endswith("_search"):
            return self.query(resource_type).encode()
        drawn = self.chance.random()
        if drawn < 0.06:
            return self.chance.choice(RAW)
        if drawn < 0.12:
            return json.dumps(self.patch()).encode()
        every = seeds()
        fitting = [one for one in every if one["resourceType"] == resource_type]
        if path == "":
            fitting = [one for one in every if one["resourceType"] == "Bundle"]
        resource = copy.deepcopy(self.chance.choice(fitting or list(every)))
        if "$" in path and self.chance.random() < 0.7:
            resource = self.parameters(resource)
        for _ in range(self.chance.choice((0, 0, 1, 1, 2, 5))):
            self.spoil(resource)
        text = json.dumps(resource, ensure_ascii=self.chance.random() < 0.5).encode("utf-8", "surrogatepass")
        return self.damage(text) if self.chance.random() < 0.1 else text

    def parameters(self, resource: dict[str, Any]) -> dict[str, Any]:
        parts: list[dict[str, Any]] = [{"name": "resource", "resource": resource}]
        for _ in range(self.chance.randrange(4)):
            kind = self.chance.choice(
                (
                    "String",
                    "Code",
                    "Uri",
                    "Boolean",
                    "Integer",
                    "Date",
                    "Coding",
                    "CodeableConcept",
                    "Reference",
                    "Meta",
                )
            )
            value: Any = (
                self.text() if kind not in ("Boolean", "Integer") else self.chance.choice((True, 5, "x"))
            )
            if kind in ("Coding", "CodeableConcept", "Reference", "Meta"):
                value = {
                    "system": self.text(),
                    "code": self.text(),
                    "coding": [{"code": self.text()}],
                    "reference": self.text(),
                }
            parts.append(
                {
                    "name": self.chance.choice((*NAMES[-17:], "url", "case", "bundle", "meta", "valueSet")),
                    f"value{kind}": value,
                }
            )
        return {"resourceType": "Parameters", "parameter": parts}

    def patch(self) -> Any:
        operations = [
            {
                "op": self.chance.choice(("add", "replace", "remove", "move", "copy", "test", "x")),
                "path": self.chance.choice(
                    (
                        "/name",
                        "/name/-",
                        "/name/0/given",
                        "/id",
                        "",
                        "/",
                        "/resourceType",
                        "/meta/versionId",
                        "/x/y/z",
                        "/name/" + "9" * 50,
                        "/~2",
                    )
                ),
                "from": self.chance.choice(("/name", "/gender", "", "/x")),
                "value": self.value(),
            }
            for _ in range(self.chance.randrange(4))
        ]
        fhirpath = {
            "resourceType": "Parameters",
            "parameter": [
                {
                    "name": "operation",
                    "part": [
                        {"name": "type", "valueCode": self.chance.choice(("add", "insert", "delete", "replace", "move", "x"))},
                        {"name": "path", "valueString": self.chance.choice(("Patient", "Patient.name", "Patient.birthDate", "Patient.name.where(", "1+1", "Patient.descendants()", self.text()))},
                        {"name": "name", "valueString": self.text()},
                        {"name": "index", "valueInteger": self.chance.choice((0, -1, 10**6))},
                        {"name": "value", "valueString": self.text()},
                    ],
                }
            ],
        }  # fmt: skip
        return self.chance.choice(
            (operations, fhirpath, {"gender": self.value()}, {"name": None}, [], [None], "x")
        )

    def value(self) -> Any:
        drawn = self.chance.random()
        if drawn < 0.4:
            return self.text()
        return self.chance.choice(NUMBERS) if drawn < 0.6 else copy.deepcopy(self.chance.choice(ODD))

    def spoil(self, resource: Any) -> None:
        """Changes one place of the resource."""
        place: Any = resource
        while True:
            keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                return
            key = self.chance.choice(keys)
            inner = place[key]
            if isinstance(inner, (dict, list)) and inner and self.chance.random() < 0.75:
                place = inner
                continue
            match self.chance.randrange(6):
                case 0:
                    del place[key]
                case 1 if isinstance(place, dict):
                    place[
                        self.chance.choice(
                            (f"_{key}", f"{key}x", self.text(), "extension", "id", "resourceType")
                        )
                    ] = self.value()
                case 2:
                    place[key] = [inner, copy.deepcopy(inner)]
                case 3 if isinstance(place, list):
                    place.append(self.value())
                case _:
                    place[key] = self.value()
            return

    def damage(self, text: bytes) -> bytes:
        at = self.chance.randrange(len(text) + 1)
        match self.chance.randrange(4):
            case 0:
                return text[:at]
            case 1:
                return text[:at] + bytes([self.chance.randrange(256)]) + text[at + 1 :]
            case 2:
                return (
                    text[:at]
                    + self.chance.choice((b"\xff\xfe", b"\x00", b'"', b"}", b"1e999999", b"\xed\xa0\x80"))
                    + text[at:]
                )
            case _:
                return text[:at] + text


RAW = (
    b"", b" ", b"null", b"[]", b"1", b'"x"', b"{", b"{}", b"\xff\xfe{\x00", b"\xef\xbb\xbf{}", b'{"resourceType":1}', b'{"resourceType":"X"}',
    b'{"resourceType":"Patient","resourceType":"Patient"}', b'{"resourceType":"Patient","id":"p1","x":1e999999999}',
    b'{"resourceType":"Patient","multipleBirthInteger":' + b"9" * 5_000 + b"}",
    b'{"resourceType":"Patient","extension":' * 3_000, b"[" * 100_000, b'{"a":' * 100_000,
    b"<", b"<Patient/>", b'<Patient xmlns="http://hl7.org/fhir"><id value="p1"/></Patient>', b"<?xml version='1.0' encoding='utf-7'?><a/>",
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Patient xmlns="http://hl7.org/fhir"><id value="&b;"/></Patient>',
    b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', b'<Patient xmlns="http://hl7.org/fhir">' + b"<contact>" * 20_000,
)  # fmt: skip
