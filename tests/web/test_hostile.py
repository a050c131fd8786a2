"""Resources that attack the page: nothing of them becomes an element, a script or a foreign address."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_vitiligo.fhir import json as fhir_json
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server.message import Request, Response
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.web.html import is_safe
from fhir_vitiligo.web.narrative import narrative
from fhir_vitiligo.web.pages import Pages
from tests.server.support import Client

from .page import BROWSER, Page

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    " javascript:alert(1)",
    "JaVaScRiPt://%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "<!--",
    "]]><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202egnp.exe",
    "<svg/onload=alert(1)>",
    "\\\\evil.example\\x",
    "//evil.example/<b>",
    "{{constructor.constructor('alert(1)')()}}",
    "\x00\x07<script>",
)
TEXTS = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(max_size=20),
    st.tuples(st.sampled_from(ATTACKS), st.text(max_size=5)).map("".join),
)
NAMES = st.one_of(
    st.sampled_from(
        (
            "text",
            "div",
            "reference",
            "url",
            "system",
            "name",
            "family",
            "given",
            "code",
            "coding",
            "display",
            "meta",
            "versionId",
            "id",
            "link",
            "status",
            "fullUrl",
        )
    ),
    TEXTS,
)
VALUES = st.recursive(
    st.one_of(
        TEXTS, st.booleans(), st.integers(), st.none(), st.floats(allow_nan=False, allow_infinity=False)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=15,
)
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "resource": st.dictionaries(NAMES, VALUES, max_size=4),
            "request": VALUES,
            "response": VALUES,
            "search": VALUES,
        },
    ),
    max_size=3,
)
DIVS = st.lists(
    st.one_of(
        st.sampled_from(ATTACKS),
        st.sampled_from(
            (
                "<p onclick='x'>a</p>",
                "<a href='javascript:x'>a</a>",
                "<a href='data:text/html,x'>b</a>",
                "<a href='http://a.example/x'>c</a>",
                "<a href='#x'>d</a>",
                "<a name='x' id='y'>d</a>",
                "<img src='http://a.example/x.png' onerror='x' alt='e'/>",
                "<img src='data:image/svg+xml;base64,AAAA'/>",
                "<img src='data:image/png;base64,AAAA'/>",
                "<script>x</script>",
                "<style>body{}</style>",
                "<p style='position:fixed' class='error'>f</p>",
                "<iframe src='http://a.example'/>",
                "<form action='http://a.example'><input name='x'/></form>",
                "<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>",
                "<object data='x'/>",
                "&nbsp;&lt;script&gt;",
                "<![CDATA[<script>x</script>]]>",
                "<?xml-stylesheet href='x'?>",
                "<!-- x -->",
                "<table><tr><td nowrap='x' colspan='2'>g</td></tr></table>",
                "<p xml:lang='en' lang='en'>h</p>",
            )
        ),
        st.text(max_size=10),
    ),
    max_size=6,
).map(lambda parts: f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(parts)}</div>')
TYPES = ("Patient", "Bundle", "OperationOutcome", "CapabilityStatement", "Observation")


class Answer:
    """What `Page` reads of an answer."""

    def __init__(self, response: Response) -> None:
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self.status_code = response.status
        self.text = response.body.decode()


def drawn(resource: Any, path: tuple[str, ...] = ("Patient", "p1"), query: str = "") -> Page:
    request = Request("GET", path, query, {}, "http://test.example/fhir")
    body = fhir_json.dumps(resource)
    shown = Pages(Settings(), Release.R4)(
        request, Response(200, body, {"Content-Type": "application/fhir+json"})
    )
    assert shown is not None
    return Page(Answer(shown))  # type: ignore[arg-type]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(TYPES),
    st.dictionaries(NAMES, VALUES, max_size=6),
    ENTRIES,
    DIVS,
    st.sampled_from(ATTACKS),
)
def test_whatever_is_in_a_resource_no_page_runs_it(
    kind: str, parts: dict[str, Any], entries: list[Any], div: str, attack: str
) -> None:
    resource = {**parts, "resourceType": kind}
    if kind == "Bundle":
        resource |= {"entry": entries, "type": "searchset"}
        resource.pop("id", None)
    else:
        resource["text"] = {"status": "generated", "div": div}
    try:
        fhir_json.dumps(resource).decode()
    except (UnicodeError, ValueError):
        return
    for path in (("Patient", "p1"), ("metadata",), (attack,)):
        drawn(resource, path, f"x={attack}")


def test_every_text_of_a_stored_resource_is_shown_as_text(client: Client) -> None:
    for number, attack in enumerate(one for one in ATTACKS if one.isprintable()):
        resource = {
            "resourceType": "Patient",
            "id": f"p{number}",
            "name": [{"family": attack, "given": [attack]}],
            "link": [{"other": {"reference": attack, "display": attack}, "type": "seealso"}],
            "identifier": [{"system": attack, "value": attack}],
            "extension": [{"url": attack, "valueString": attack}],
            "text": {"status": "generated", "div": attack},
        }
        answer = client.send("PUT", f"/fhir/Patient/p{number}", resource)
        assert answer.status_code == 201, answer.text
        shown = Page(client.get(f"/fhir/Patient/p{number}", headers=BROWSER))
        assert attack in shown.text
    for url in ("/fhir/Patient", "/fhir/Patient/_history", "/fhir/_history"):
        Page(client.get(url, headers=BROWSER))


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_address_that_attacks_is_told_as_text(client: Client, attack: str) -> None:
    from urllib.parse import quote

    shown = Page(client.get(f"/fhir/{quote(attack, safe='')}", headers=BROWSER))
    assert shown.status in (400, 404)
    Page(client.get(f"/fhir/Patient?family={quote(attack, safe='')}", headers=BROWSER))
    Page(client.get(f"/fhir/Patient?{quote(attack, safe='')}=1", headers=BROWSER))
    Page(
        client.get(
            "/",
            headers={
                **BROWSER,
                "Host": "test.example",
                "X-Forwarded-Host": attack.encode("ascii", "ignore")
                .decode()
                .replace("\x00", "")
                .replace("\x07", "")
                .strip(),
            },
        )
    )


def test_a_narrative_keeps_what_is_allowed_and_nothing_else() -> None:
    div = (
        '<div xmlns="http://www.w3.org/1999/xhtml" style="color:red"><p class="error" title="t">A <b>b</b> &amp; c&nbsp;d</p>'
        '<script>alert(1)</script><a href="#here">x</a><a name="here">y</a><a href="javascript:alert(1)">z</a>'
        '<img src="http://a.example/1.png" alt="an image"/><img src="data:image/png;base64,AA=="/></div>'
    )
    shown = narrative(div, "http://test.example/fhir")
    assert '<p title="t">A <b>b</b> &amp; c\xa0d</p>' in shown
    assert "alert" not in shown
    assert '<a href="#narrative-here" rel="noreferrer">x</a><a name="narrative-here">y</a><a>z</a>' in shown
    assert '<img alt="an image"><img src="data:image/png;base64,AA==">' in shown


@pytest.mark.parametrize(
    "div",
    [
        '<!DOCTYPE div [<!ENTITY x "<script>alert(1)</script>">]><div xmlns="http://www.w3.org/1999/xhtml">&x;</div>',
        '<div xmlns="http://www.w3.org/1999/xhtml">not closed',
        "<div><script>alert(1)</script></div>",
        json.dumps(ATTACKS),
    ],
)
def test_a_narrative_that_cannot_be_read_is_not_shown(div: str) -> None:
    assert "alert" not in narrative(div, "http://test.example/fhir")


@pytest.mark.parametrize("attack", [one for one in ATTACKS if ":" in one.split("/", 1)[0]])
def test_no_address_that_runs_something_is_followed(attack: str) -> None:
    assert not is_safe(attack)


def test_every_resource_type_has_its_link_on_the_first_page(client: Client) -> None:
    shown = Page(client.get("/", headers=BROWSER))
    assert set(definitions_of(Release.R4).resource_types) <= set(shown.links.values())
