"""FHIR XML and the JSON form: one resource, two spellings; and what is told of XML that is not right."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import fhir_vitiligo as fv
from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.json import MAX_DEPTH, loads, loads_object
from fhir_vitiligo.fhir.place_steps import steps_of
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.xml import to_json, to_xml
from fhir_vitiligo.fhir.xml_tree import FHIR, XHTML
from fhir_vitiligo.packaged import example_names

# Every how many-th of the official resources; `XML_STEP=1` takes all (some minutes).
STEP = int(os.environ.get("XML_STEP", "20"))
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "packages"


def patient(inside: str, namespace: str = FHIR) -> bytes:
    return f'<Patient xmlns="{namespace}">\n{inside}\n</Patient>'.encode()


def read(inside: str, release: Release = Release.R4) -> Any:
    """The resource of XML that is right."""
    reading = to_json(patient(inside), release)
    assert not reading.issues
    return reading.resource


def told(
    data: bytes, release: Release = Release.R4
) -> list[tuple[str, str | None, str, int | None, int | None]]:
    """(severity, rule, expression, line, column) of each issue."""
    return [
        (one.severity, one.rule, one.expression, one.line, one.column)
        for one in to_json(data, release).issues
    ]


# What XML says is what JSON says


def test_a_resource_as_the_specification_spells_it_in_both_forms() -> None:
    xml = f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment -->
<Patient xmlns="{FHIR}">
  <id value="p1"/>
  <text><status value="generated"/><div xmlns="{XHTML}"><p class="a">Ann &amp; Bob &#160;</p></div></text>
  <contained><Organization><id value="o"/><name value="Clinic"/></Organization></contained>
  <extension url="http://example.org/x"><valueDecimal value="1.50"/></extension>
  <active value="true"/>
  <name id="n"><given value="A"/><given id="g"><extension url="u"><valueCode value="c"/></extension></given>
    <given value="C" id="h"/></name>
  <birthDate value="1970-03-30" id="b"/>
  <multipleBirthInteger value="2"/>
</Patient>"""
    json = loads_object(
        b"""{"resourceType": "Patient", "id": "p1",
        "text": {"status": "generated", "div": "<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><p class=\\"a\\">Ann &amp; Bob &#160;</p></div>"},
        "contained": [{"resourceType": "Organization", "id": "o", "name": "Clinic"}],
        "extension": [{"url": "http://example.org/x", "valueDecimal": 1.50}],
        "active": true,
        "name": [{"id": "n", "given": ["A", null, "C"],
                  "_given": [null, {"id": "g", "extension": [{"url": "u", "valueCode": "c"}]}, {"id": "h"}]}],
        "birthDate": "1970-03-30", "_birthDate": {"id": "b"}, "multipleBirthInteger": 2}"""
    )
    reading = to_json(xml.encode(), Release.R4)
    assert reading.issues == []
    assert reading.resource == json
    assert to_json(to_xml(json, Release.R4), Release.R4).resource == json
    assert to_json(to_xml(json, Release.R4, indent=True), Release.R4).resource == json


def test_elements_are_written_in_the_order_of_the_specification() -> None:
    resource = {
        "resourceType": "Patient",
        "gender": "female",
        "active": True,
        "id": "x",
        "name": [{"family": "B"}],
    }
    assert to_xml(resource, Release.R4) == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<Patient xmlns="http://hl7.org/fhir"><id value="x"/><active value="true"/>'
        b'<name><family value="B"/></name><gender value="female"/></Patient>\n'
    )


@pytest.mark.parametrize(
    "text", ["1.50", "0.010", "1E+5", "-0.0", "100", "-7", "1.5E-7", "12345678901234567890.1"]
)
def test_decimals_keep_their_digits(text: str) -> None:
    element = f'<extension url="u"><valueDecimal value="{text}"/></extension>'
    value = read(element)["extension"][0]["valueDecimal"]
    assert isinstance(value, int | Decimal)
    assert str(value) == text
    assert element.encode() in to_xml(read(element), Release.R4)


@pytest.mark.parametrize("text", ["1.", ".5", "1,5", "0x1F", "NaN", " 1", "01", "1e99999999999", "9" * 2000])
def test_what_is_no_number_stays_as_it_is_written(text: str) -> None:
    extension = read(f'<extension url="u"><valueDecimal value="{text}"/></extension>')["extension"][0]
    assert extension["valueDecimal"] == text


@pytest.mark.parametrize("value", ["a\nb", "a\tb", "a\r\nb", "<\"&'>", " a ", "é😀", "&nbsp;"])
def test_every_character_of_a_string_survives(value: str) -> None:
    resource = {"resourceType": "Patient", "name": [{"text": value}]}
    assert to_json(to_xml(resource, Release.R4), Release.R4).resource == resource


@pytest.mark.parametrize(
    ("xml", "json"),
    [
        (f'<div xmlns="{XHTML}">a\r\nb</div>', f'<div xmlns="{XHTML}">a\nb</div>'),
        (f'<div xmlns="{XHTML}">a&#13;b</div>', f'<div xmlns="{XHTML}">a\rb</div>'),
        (f'<div xmlns="{XHTML}" title="a>b"/>', f'<div xmlns="{XHTML}" title="a>b"/>'),
        (
            f'<h:div xmlns:h="{XHTML}"><h:p>x</h:p></h:div>',
            f'<div xmlns="{XHTML}" xmlns:h="{XHTML}"><p>x</p></div>',
        ),
        (
            f'<div xmlns="{XHTML}"><!-- kept --><div>é</div></div>',
            f'<div xmlns="{XHTML}"><!-- kept --><div>é</div></div>',
        ),
    ],
)
def test_a_narrative_is_kept_as_text_that_stands_on_its_own(xml: str, json: str) -> None:
    resource = read(f'<text><status value="generated"/>{xml}</text>')
    assert resource["text"]["div"] == json
    assert to_json(to_xml(resource, Release.R4), Release.R4).resource == resource


def test_entities_that_only_html_knows_are_written_as_references() -> None:
    div = f'<div xmlns="{XHTML}">a&nbsp;&eacute;&lt;</div>'
    written = to_xml({"resourceType": "Patient", "text": {"status": "generated", "div": div}}, Release.R4)
    assert b">a&#160;&#233;&lt;</div>" in written


@pytest.mark.parametrize("prefix", ["", "f:"])
def test_the_namespace_may_be_declared_with_or_without_a_prefix(prefix: str) -> None:
    declared = f'xmlns:f="{FHIR}"' if prefix else f'xmlns="{FHIR}"'
    xml = f'<{prefix}Patient {declared}><{prefix}active value="false"/></{prefix}Patient>'
    reading = to_json(xml.encode(), Release.R4)
    assert reading == ({"resourceType": "Patient", "active": False}, [], reading.places)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1", "shift_jis"])
def test_another_encoding_is_told_and_still_read(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>{patient("<active value=true/>").decode()}'
    reading = to_json(text.replace("true", '"true"').encode(encoding), Release.R4)
    assert reading.resource == {"resourceType": "Patient", "active": True}
    assert [issue.rule for issue in reading.issues] == ([] if encoding == "utf-8-sig" else ["encoding"])


@pytest.mark.parametrize("release", list(Release))
@pytest.mark.parametrize("name", example_names())
def test_what_the_mapping_makes_goes_through_xml(name: str, release: Release) -> None:
    bundle = fv.to_fhir(fv.example(name), release)
    for indent in (False, True):
        assert to_json(to_xml(bundle, release, indent=indent), release)[:2] == (bundle, [])


def packaged(name: str, step: int) -> Iterator[tuple[str, Any]]:
    """Every ``step``-th resource of a package."""
    path = CACHE / name
    if not path.exists():
        pytest.skip(f"{name} is not cached: `python tools/fhir_packages.py fetch` gets it")
    with tarfile.open(path) as archive:
        for number, member in enumerate(archive):
            if number % step == 0 and member.name.endswith(".json"):
                stream = archive.extractfile(member)
                assert stream is not None
                value = loads(stream.read())
                if isinstance(value, dict) and "resourceType" in value:
                    yield member.name, value


@pytest.mark.parametrize(
    ("package", "release", "least"),
    [("hl7.fhir.r4.examples-4.0.1.tgz", Release.R4, 500), ("hl7.fhir.r5.core-5.0.0.tgz", Release.R5, 290)],
)
def test_official_resources_go_through_xml_unchanged(package: str, release: Release, least: int) -> None:
    checked = 0
    for name, resource in packaged(package, STEP):
        assert to_json(to_xml(resource, release), release)[:2] == (resource, []), name
        checked += 1
    assert checked > least * 9 // STEP


# What is not right, and where


@pytest.mark.parametrize(
    ("inside", "issue", "sentence"),
    [
        ("<nix/>", ("unknown", "Patient", 2, 1), "`nix` is not an element of Patient."),
        ('<gendr value="x"/>', ("unknown", "Patient", 2, 1), "did you mean `gender`?"),
        ('<deceased value="true"/>', ("choice", "Patient", 2, 1), "its name tells the type, such as `deceasedBoolean`"),
        ('<deceasedString value="x"/>', ("choice", "Patient", 2, 1), "takes boolean, dateTime"),
        ("<name>\n <nix/></name>", ("unknown", "Patient.name[0]", 3, 2), "is not an element of HumanName"),
        ('<gender value="male" x="1"/>', ("attribute", "Patient.gender", 2, 1), "`x` is not allowed on <gender>"),
        ('<name use="official"/>', ("attribute", "Patient.name[0]", 2, 1), "write it as an element, <use>"),
        ('<name value="Ann"/>', ("attribute", "Patient.name[0]", 2, 1), "its content stands in elements inside it"),
        ("  text", ("text", "Patient", 2, 1), "The text 'text' has no place here"),
        ("<gender>male</gender>", ("text", "Patient.gender", 2, 9), "values stand in attributes"),
        ('<gender value="male"/><active value="true"/>', ("order", "Patient.active", 2, 23), "in front of <gender>"),
        ("<gender/>", ("ele-1", "Patient.gender", 2, 1), "write its value in an attribute `value`, or leave it out"),
        ("<name/>", ("ele-1", "Patient.name[0]", 2, 1), "<name> is empty: leave it out instead"),
        ("<contained/>", ("ele-1", "Patient.contained[0]", 2, 1), "write a resource inside it"),
        ('<gender value="male"/><gender value="male"/>', ("cardinality", "Patient", 2, 23), "may stand once"),
        ("<contained><Nix/></contained>", ("resource-type", "Patient.contained[0]", 2, 12), "not a resource type of FHIR R4"),
        ('<id xmlns="urn:x" value="a"/>', ("namespace", "Patient.id", 2, 1), "is in the namespace 'urn:x'"),
        ("<?pi x?>", ("processing-instruction", "Patient", 2, 1), "<?pi?> is not allowed"),
        ("<name>\n <?pi x?></name>", ("processing-instruction", "Patient.name[0]", 3, 2), "<?pi?> is not allowed"),
        ("<gender><![CDATA[x]]></gender>", ("text", "Patient.gender", 2, 9), "A CDATA section has no place here"),
        ("&#160;", ("text", "Patient", 2, 1), "has no place here"),
        ("<text><div xmlns='http://www.w3.org/1999/xhtml'><?pi x?></div></text>", ("processing-instruction", "Patient.text", 2, 49), "<?pi?>"),
        ("<name><url>x</url></name>", ("unknown", "Patient.name[0]", 2, 7), "`url` is not an element of HumanName"),
        ('<extension><url value="x"/></extension>', ("unknown", "Patient.extension[0]", 2, 12), "as an attribute here"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    inside: str, issue: tuple[str, str, int, int], sentence: str
) -> None:
    found = to_json(patient(inside), Release.R4).issues
    assert [(one.rule, one.expression, one.line, one.column) for one in found][:1] == [issue]
    assert sentence in found[0].text
    assert found[0].severity == "error"


def test_inside_a_bundle_the_expression_leads_through_the_resource() -> None:
    xml = f"""<Bundle xmlns="{FHIR}"><type value="collection"/>
<entry><resource><Patient><active value="true"/></Patient></resource></entry>
<entry><resource><Observation><valueQuantity><code value="a"/><value value="1"/></valueQuantity></Observation></resource></entry>
</Bundle>"""
    assert told(xml.encode()) == [
        ("error", "order", "Bundle.entry[1].resource.value.ofType(Quantity).value", 3, 63)
    ]


def test_schema_location_is_tolerated() -> None:
    xml = f'<Patient xmlns="{FHIR}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"><active value="true"/></Patient>'
    assert told(xml.encode()) == [("warning", "attribute", "Patient", 1, 1)]


def test_an_entry_that_is_empty_keeps_its_number() -> None:
    reading = to_json(patient('<name/><name><given/><given value="B"/></name>'), Release.R4)
    assert reading.resource is not None
    assert reading.resource["name"] == [{}, {"given": [None, "B"]}]
    assert [issue.expression for issue in reading.issues] == ["Patient.name[0]", "Patient.name[1].given[0]"]


def test_a_wrong_namespace_is_told_once() -> None:
    reading = to_json(patient('<active value="true"/>', "urn:other"), Release.R4)
    assert [issue.rule for issue in reading.issues] == ["namespace"]
    assert reading.resource == {"resourceType": "Patient", "active": True}


def test_the_elements_of_the_release_count() -> None:
    xml = f'<Encounter xmlns="{FHIR}"><actualPeriod><start value="2020"/></actualPeriod></Encounter>'.encode()
    assert [issue.rule for issue in to_json(xml, Release.R4).issues] == ["unknown", "ele-1"]
    assert to_json(xml, Release.R5).issues == []


# What is no XML, or should not be read


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "there is no element"),
        (b"<Patient", "is not closed"),
        (patient("<name></nam>"), "the element that is open here is <name>"),
        (patient("<name>&nbsp;</name>"), "the entity &nbsp; is not defined in XML: write &#160;"),
        (patient("<name>&nix;</name>"), "the entity &nix; is not defined in XML"),
        (patient("<a:name/>"), "declare the prefix"),
        (patient('<name id="a" id="b"/>'), "an attribute stands once"),
        (b"<a/><b/>", "one root element"),
        (b'\n<?xml version="1.0"?><a/>', "nothing stands in front of <?xml ...?>"),
        (patient("&#1;"), "invalid character"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Patient>&a;</Patient>', "<!DOCTYPE"),
        (b'<!DOCTYPE x SYSTEM "http://localhost/x.dtd"><Patient/>', "<!DOCTYPE"),
        (b"<a>" * (MAX_DEPTH + 1), "levels deep"),
        (patient(f'<text><div xmlns="{XHTML}">' + "<p>" * (MAX_DEPTH + 1)), "levels deep"),
    ],
)
def test_what_cannot_be_read_is_one_fatal_issue(data: bytes, sentence: str) -> None:
    reading = to_json(data, Release.R4)
    assert reading.resource is None
    assert [issue.severity for issue in reading.issues] == ["fatal"]
    assert sentence in reading.issues[0].text


def test_entities_that_expand_are_refused_before_they_do() -> None:
    names = "abcdefghij"
    lines = [f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise(names)]
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol">{"".join(lines)}]><Patient>&j;</Patient>'
    assert [one[:4] for one in told(bomb.encode())] == [("fatal", "xml", "", 1)]


def test_issues_are_bounded() -> None:
    issues = to_json(patient("<nix/>" * 5000), Release.R4).issues
    assert len(issues) == 501
    assert issues[-1].text == "More than 500 faults were found; the others are not told."


# What cannot be written


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"nix": 1}, "Patient: cannot be written as XML: `nix` is not an element of Patient"),
        ({"gender": {"a": 1}}, "Patient.gender: cannot be written as XML: `gender` is a plain value"),
        ({"name": {}}, "`name` is an array"),
        ({"name": ["x"]}, "Patient.name[0]: cannot be written as XML: `name` is an object"),
        ({"name": [{"family": "a\x01"}]}, "Patient.name[0].family: cannot be written as XML: `family` has the character U+0001"),
        ({"text": {"div": "<p/>"}}, "Patient.text.div: cannot be written as XML: the narrative is one <div"),
        ({"text": {"div": f'<div xmlns="{XHTML}"><br></div>'}}, "the narrative cannot be written as XML: not well-formed"),
        ({"text": {"div": f'<div xmlns="{XHTML}"/></text>'}}, "the narrative cannot be written as XML"),
        ({"contained": [{"resourceType": "Nix"}]}, "'Nix' is not a resource type of FHIR R4"),
        ({"_gender": "x"}, "`_gender` is an object with an id or extensions"),
    ],
)  # fmt: skip
def test_what_xml_has_no_place_for_is_refused(members: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        to_xml({"resourceType": "Patient", **members}, Release.R4)
    assert sentence in str(caught.value)


def test_a_resource_nested_without_end_is_refused() -> None:
    extension: dict[str, Any] = {"url": "u", "valueString": "x"}
    for _ in range(MAX_DEPTH + 1):
        extension = {"url": "u", "extension": [extension]}
    with pytest.raises(InputError, match="nested more than"):
        to_xml({"resourceType": "Patient", "extension": [extension]}, Release.R4)


# Where things stand


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        ("Bundle", (1, 1)),
        ("Bundle.entry[0].resource", (3, 11)),
        ("Bundle.entry[0].resource.name[0].given[1]", (4, 32)),
        ("Bundle.entry[0].resource.name.given", (4, 14)),
        ("Bundle.entry[0].resource.multipleBirth.ofType(integer)", (5, 1)),
        ("Bundle.entry[0].resource.multipleBirth", (5, 1)),
        ("Bundle.entry[0].resource/*Patient/x*/.name[0]", (4, 1)),
        ("Bundle.entry[0].resource.name[0].id", (4, 7)),
        ("Bundle.entry[7].resource", (1, 1)),
        ("", (1, 1)),
    ],
)
def test_an_expression_leads_to_line_and_column(expression: str, place: tuple[int, int]) -> None:
    xml = f"""<Bundle xmlns="{FHIR}">
<!-- é --><type value="collection"/>
é<entry  ><resource><Patient>
<name id="n"><given value="é"/><given value="b"/></name>
<multipleBirthInteger value="1"/>
</Patient></resource></entry></Bundle>"""
    places = to_json(xml.encode(), Release.R4).places
    assert places is not None
    # The entry is placed at its own tag; what is meant by `resource` is the element around the Patient.
    assert places.locate(steps_of(expression)) == place


def test_what_python_read_itself_is_written_for_a_release_by_name() -> None:
    resource = {"resourceType": "Basic", "extension": [{"url": "http://x.test", "valueDecimal": 1.5}]}
    assert b'<valueDecimal value="1.5"/>' in to_xml(resource, "r4")
    with pytest.raises(InputError, match="`valueDecimal` is a plain value"):
        to_xml({**resource, "extension": [{"url": "http://x.test", "valueDecimal": float("nan")}]}, "r4")
