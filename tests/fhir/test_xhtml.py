"""What a narrative may be, as HL7's engine sees it."""

from __future__ import annotations

import pytest

from fhir_vitiligo.fhir.xhtml import NAMESPACE, html_checks, read


def div(inner: str) -> str:
    return f'<div xmlns="{NAMESPACE}">{inner}</div>'


def told(inner: str) -> list[str]:
    return [fault.text for fault in read(div(inner)).faults]


@pytest.mark.parametrize(
    "inner",
    [
        "<p>some words</p>",
        '<table border="1"><caption>c</caption><tr><td nowrap="nowrap">x</td></tr></table>',
        '<ul class="a"><li id="x">one <a href="#x">two</a></li></ul>',
        '<img src="x.png" alt="a picture"/>',
        "<p>&#160;</p>",
        "<p>&amp; &lt; &quot; &apos;</p>",
        '<p style="color: red" xml:lang="de" lang="de">x</p><!-- a comment -->',
        '<a href="mailto:a@b.test">write</a>',
        "<h1>x</h1><dl><dt>a</dt><dd>b</dd></dl>",
    ],
)
def test_basic_formatting_is_allowed(inner: str) -> None:
    assert told(inner) == []
    assert html_checks(div(inner))


@pytest.mark.parametrize(
    ("inner", "sentence"),
    [
        ("<script>x</script>", "`script` is not allowed in a narrative, which takes basic formatting only."),
        ('<p onclick="x()">x</p>', "`onclick` is not allowed on `p` in a narrative."),
        ("<p>a&nbsp;b</p>", "`&nbsp;` is no entity of XML: write the character itself, or `&#160;`."),
        ("<p>a &foo; b</p>", "`&foo;` is not an entity: write `&amp;` for a plain ampersand."),
        ("<li>x</li>", "`li` belongs in `ol` or `ul`, not in `div`."),
        ("<ul>x</ul>", "`ul` has text directly inside it: put it into the element that it belongs to."),
        ("<p><div>x</div></p>", "`div` may not stand in a paragraph: close `p` first."),
        ("<br>x</br>", "`br` has text directly inside it: put it into the element that it belongs to."),
        (
            '<a href="javascript:x()">x</a>',
            "The link runs `javascript`: active content is not allowed in a narrative.",
        ),
        ('<a href="">x</a>', "The link is empty: state where it leads, or leave `href` out."),
        (
            '<a href="http://a.test/{b}">x</a>',
            "The link `http://a.test/{b}` has '{' in it, which no URL may have.",
        ),
        ('<p xmlns="urn:x">x</p>', f"`p` has `urn:x`: a narrative is in `{NAMESPACE}`."),
        (
            '<p id="a">x</p><p id="a">y</p>',
            "The id or anchor `a` is there 2 times: a link to it could mean each of them.",
        ),
    ],
)
def test_a_fault_is_told_once_in_a_sentence(inner: str, sentence: str) -> None:
    assert told(inner) == [sentence]


def test_broken_markup_is_told_with_its_place() -> None:
    (fault,) = read(div("<p>x</pa>")).faults
    assert fault.text.startswith("The narrative is not well-formed XHTML: mismatched tag at line 1, column ")
    assert not html_checks(div("<p>x</pa>"))


@pytest.mark.parametrize("inner", ["", "  \n", "<p> </p>", "<hr/>"])
def test_a_narrative_without_content_is_empty(inner: str) -> None:
    assert not read(div(inner)).has_content
    assert read(div(inner)).basic


def test_nothing_is_expanded_or_fetched() -> None:
    bomb = '<!DOCTYPE div [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + div("<p>&b;</p>")
    (fault,) = read(bomb).faults
    assert fault.rule == "doctype"
    assert not html_checks(bomb)


def test_local_links_and_images_are_named_for_who_can_resolve_them() -> None:
    found = read(div('<p><a href="#there">x</a><img src="#picture" alt="x"/></p>'))
    assert found.local_links == [("there", "div/p/a")]
    assert found.local_images == [("picture", "div/p/img")]


def test_what_does_not_begin_with_div_is_refused() -> None:
    (fault,) = read(f'<span xmlns="{NAMESPACE}">x</span>').faults
    assert fault.text == "A narrative begins with `div`, not with `span`."


def test_deep_nesting_ends_quickly() -> None:
    assert read(div("<b>" * 50_000 + "x" + "</b>" * 50_000)).has_content
