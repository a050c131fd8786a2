"""What is put in the place of something else when a case is broken: values as people get them wrong, by what an element is
called or looks like, and extensions and narratives of which some are good and some are not.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from fhir_vitiligo.fhir.json import Json

Way = tuple[str, str, Callable[[], str]]
"""A way to break a text: its kind, where, and what makes the broken text."""

# Values by what an element's value looks like or is called; the first pattern that fits decides.
_VALUES: Sequence[tuple[re.Pattern[str], Sequence[str]]] = tuple(
    (re.compile(pattern), values)
    for pattern, values in (
        (
            r"(?s).*:\d{4}-\d\d.*|.*(date|Date|issued|Time|instant|start|end):\d{4}.*",
            (
                *("2012-02-30", "2012-2-3", "0000-01-01", "2012-13", "12-01-2012", "2012-01-01T24:00:00Z"),
                *(
                    "2012-01-01T10:00Z",
                    "2012-01-01T10:00:00",
                    "2012-01-01T10:00:60Z",
                    " 2012-01-01",
                    "20120101",
                ),
                *(
                    "2012-01-01t10:00:00z",
                    "2012-01-01T10:00:00+15:00",
                    "2012-01-01T10:00:00.123456789Z",
                    "2012",
                ),
                *(
                    "2012-01",
                    "12012-01-01",
                    "2012-01-01T10:00:00+00:00",
                    "10:00",
                    "10:00:00",
                    "1012-01-01",
                    "2112-01-01",
                ),
            ),
        ),
        (
            r".*:urn:(uuid|oid):.*",
            (
                *("urn:oid:1.2.3.", "urn:oid:01.2.3", "urn:oid:3.2.1", "urn:oid:2.16.840.1", "urn:oid:abc"),
                *(
                    "urn:uuid:1234",
                    "urn:uuid:96E4FE9A-22B5-5A25-BE3D-DDDB9E4CEA39",
                    "urn:uuid:",
                    "urn:other:x",
                ),
                *(
                    "URN:UUID:96e4fe9a-22b5-5a25-be3d-dddb9e4cea39",
                    "urn:uuid:96e4fe9a-22b5-5a25-be3d-dddb9e4cea39 ",
                ),
            ),
        ),
        (
            r"reference:.*",
            (
                *(
                    "#",
                    "#missing",
                    "Patient/",
                    "Patient/1",
                    "Patient/1/_history/",
                    "Patient/1/_history/2",
                    "Foo/1",
                ),
                *(
                    "patient/1",
                    "http://hospital.test/fhir/Patient/1",
                    "urn:uuid:96e4fe9a-22b5-5a25-be3d-dddb9e4cea39",
                ),
                *(
                    "Patient?identifier=x",
                    "http://hospital.test/some/Observation/2",
                    "Patient/a b",
                    "Patient/1|2",
                ),
                *(
                    "Observation/x#y",
                    "urn:oid:1.2.3",
                    "Practitioner/1",
                    "Organization/1",
                    "Patient",
                    "/Patient/1",
                ),
            ),
        ),
        (
            r".*:https?://.*",
            (
                *(
                    "http://",
                    "HTTP://hl7.org/fhir",
                    "not a url",
                    "http://hospital.test/x y",
                    "/relative",
                    "x",
                ),
                *(
                    "http://hl7.org/fhir/StructureDefinition/Patient",
                    "http://hl7.org/fhir/ValueSet/languages|4.0.1",
                ),
                *(
                    "http://hl7.org/fhir/ValueSet/unheard-of",
                    "http://loinc.org",
                    "http://snomed.info/sct",
                    "http://loinc.org/",
                ),
                *(
                    "http://hospital.test/a|1.0|2",
                    "http://hospital.test/a#b",
                    "http://unitsofmeasure.org",
                    "https://loinc.org",
                ),
                *(
                    "urn:ietf:bcp:47",
                    "urn:iso:std:iso:3166",
                    "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                ),
                *(
                    "http://hl7.org/fhir/administrative-gender",
                    "http://hl7.org/fhir/StructureDefinition/unheard-of",
                ),
                *("mailto:a@b.test", "http://hospital.test/ä", "http://hospital.test/%zz", "|1.0", ""),
            ),
        ),
        (r"id:.*", ("a_b", "x" * 65, "x" * 64, "a b", " a", "A.1-b", "ä", "a/b", "")),
        (
            r"(contentType|mimeType):.*",
            ("text/plain", "plain", "text/", "application/fhir+json", "TEXT/HTML", "image/x y"),
        ),
        (
            r"(language|valueCode):.*",
            ("en", "en-US", "EN", "xx", "english", "de-XX", "en_US", " en", "sr-Latn"),
        ),
        (
            r"(unit|code):(mg|kg|cm|m|g|mm\[Hg\]|%|a|d|h|min|/min|mo|wk|L|mL|mmol/L|\{.*|10\*.*)$",
            ("kg", "KG", "mg/dl", "mm[Hg]", "{score}", "1", "a", "furlongs", "10*3/uL", "kg ", "m2", "%"),
        ),
        (r"display:.*", ("Something else", "", " ", "female", "Male", "  x  y ")),
        (
            r"(code|status|use|type|kind|mode|gender|rank|severity|strength|rules|operator|severity):.*",
            (
                *(
                    "unheard-of",
                    "final",
                    "active",
                    "official",
                    "male",
                    "Male",
                    "a b",
                    "a  b",
                    " a",
                    "a ",
                    "8867-4",
                ),
                *(
                    "1234-5",
                    "373270004",
                    "1",
                    "",
                    "completed",
                    "AMB",
                    "draft",
                    "required",
                    "integer",
                    "string",
                ),
            ),
        ),
        (
            r"(data|hash|blob|content):.*",
            ("AAAA", "AAA", "AA==", "A A A A", "not base64!", "AAAA=", "AA-_", ""),
        ),
        (r"(div):.*", ()),
        (r".*:(true|false)$", ("True", "yes", "1", "")),
        (
            r".*:-?\d+(\.\d+)?$",
            (
                *("1.0", "-1", "0", "2147483648", "1e3", "1E400", "012", "+1", ".5", "1.", "", "abc", "NaN"),
                *("0.1234567890123456789", "-0", "1,5", "99999999999999999999"),
            ),
        ),
        (
            r".*",
            (
                " ",
                "",
                " leading",
                "trailing ",
                "a\tb",
                "a\nb",
                "<b>x</b>",
                "a\u00a0b",
                "\u0007",
                "x" * 2000,
                "&",
                "ü",
            ),
        ),
    )
)


def values_for(name: str, value: str) -> Sequence[str]:
    """Other values for an element of this name and value."""
    told = f"{name}:{value}"
    return next(values for pattern, values in _VALUES if pattern.match(told))


EXTENSIONS: Sequence[Json] = (
    {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"},
    {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueString": "unknown"},
    {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"},
    {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason|4.0.1", "valueCode": "unknown"},
    {"url": "data-absent-reason", "valueCode": "unknown"},
    {"valueCode": "unknown"},
    {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"city": "X"}},
    {"url": "http://hl7.org/fhir/StructureDefinition/rendering-markdown", "valueMarkdown": "*x*"},
    {"url": "http://hl7.org/fhir/StructureDefinition/unheard-of", "valueCode": "unknown"},
    {"url": "http://hospital.test/extension", "valueCode": "unknown"},
    {"url": "http://hospital.test/extension", "valueCode": "a", "valueString": "b"},
    {
        "url": "http://hospital.test/extension",
        "extension": [{"url": "a", "valueCode": "b"}],
        "valueString": "b",
    },
    {"url": "http://hospital.test/extension", "extension": [{"url": "a", "valueCode": "b"}]},
)


NARRATIVES = (
    "<div>x</div>",
    '<div xmlns="http://www.w3.org/1999/xhtml"></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"> </div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><script>x</script></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><b>x</div>',
    '<div xmlns="http://www.w3.org/1999/xhtml">&nbsp;&copy;&unheard;</div>',
    '<div xmlns="http://www.w3.org/1999/xhtml">&nbsp;&#169;&#xA9;</div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><a href="javascript:x()">x</a></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><img src="#i"/></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml" onclick="x">x</div>',
    '<div xmlns="http://www.w3.org/1999/xhtml" style="color: red" class="a" lang="en" id="i">x</div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><!-- x --><p>x<br/>y</p></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><p><div>x</div></p></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><table><tr><td colspan="2" align="x">x</td></tr></table></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><font color="red">x</font></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><h:p xmlns:h="http://www.w3.org/1999/xhtml">x</h:p></div>',
    '<p xmlns="http://www.w3.org/1999/xhtml">x</p>',
    '<?xml version="1.0"?><div xmlns="http://www.w3.org/1999/xhtml">x</div>',
    '<div xmlns="http://hl7.org/fhir">x</div>',
    "x",
)


def anywhere(text: str, draw: random.Random, what: str, pattern: str = r"(?<=[{,])") -> str:
    """The text with something more at one of the places that a pattern finds."""
    places = [found.start() for found in re.finditer(pattern, text)]
    at_place = draw.choice(places) if places else 0
    return text[:at_place] + what + text[at_place:]
