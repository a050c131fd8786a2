"""HL7's validation cases in XML, broken at one place. The text itself is changed: no writer makes it sound again."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.xml import to_xml
from tests.validation.case_values import EXTENSIONS, NARRATIVES, Way, anywhere, values_for

_ELEMENT = re.compile(
    r"<(?P<end>/?)(?P<name>[A-Za-z][\w:.-]*)(?P<attributes>(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*(?P<alone>/?)>"
)
_VALUE = re.compile(r"(\s(?:value|url|id)\s*=\s*)(?:\"([^\"]*)\"|'([^']*)')")


@dataclass(frozen=True, slots=True)
class _Span:
    """An element of a text: where it begins and ends, where its start tag ends, and what it is called."""

    start: int
    inner: int
    end: int
    name: str
    depth: int


def _spans(text: str) -> list[_Span]:
    open_ones: list[tuple[int, int, str]] = []
    found: list[_Span] = []
    hidden = [one.span() for one in re.finditer(r"(?s)<!--.*?-->|<!\[CDATA\[.*?\]\]>", text)]
    for tag in _ELEMENT.finditer(text):
        if any(start <= tag.start() < end for start, end in hidden):
            continue
        if tag["end"]:
            if open_ones and open_ones[-1][2] == tag["name"]:
                start, inner, name = open_ones.pop()
                found.append(_Span(start, inner, tag.end(), name, len(open_ones)))
        elif tag["alone"]:
            found.append(_Span(tag.start(), tag.end(), tag.end(), tag["name"], len(open_ones)))
        else:
            open_ones.append((tag.start(), tag.end(), tag["name"]))
    return sorted(found, key=lambda one: one.start)


def ways_of_xml(text: str, draw: random.Random) -> Iterator[Way]:
    """Every way to break it."""
    spans = _spans(text)
    for kind, change in _XML_TEXTS.items():
        yield f"text: {kind}", "", lambda change=change: change(text, draw)
    divs = [one for one in spans if one.name == "div"]
    for span in spans:
        if any(div.start <= span.start < div.end for div in divs):
            continue
        where = f"{span.name}@{span.start}"
        for kind, make in _XML_WAYS.items():
            if span.depth or kind not in ("dropped", "doubled", "moved"):
                yield kind, where, lambda make=make, span=span: make(text, span, draw)
        tag = text[span.start : span.inner]
        if (held := _VALUE.search(tag)) is not None:
            values = values_for(span.name, held[2] if held[2] is not None else held[3])
            if values:
                yield (
                    "revalued",
                    where,
                    lambda span=span, values=values: _revalued(text, span, draw.choice(values)),
                )
    for div in divs:
        yield (
            "narrated",
            "div",
            lambda div=div: text[: div.start] + draw.choice(NARRATIVES) + text[div.end :],
        )


def _revalued(text: str, span: _Span, value: str) -> str:
    written = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    written = "".join(sign if sign >= " " else f"&#{ord(sign)};" for sign in written)
    tag = _VALUE.sub(lambda found: f'{found[1]}"{written}"', text[span.start : span.inner], count=1)
    return text[: span.start] + tag + text[span.inner :]


def _in_tag(text: str, span: _Span, what: str) -> str:
    at_place = span.start + 1 + len(span.name)
    return text[:at_place] + what + text[at_place:]


def _renamed(text: str, span: _Span, name: str) -> str:
    whole = text[span.start : span.end]
    whole = f"<{name}{whole[1 + len(span.name) :]}"
    if text[span.inner - 2] != "/":
        whole = f"{whole[: whole.rindex('</')]}</{name}>"
    return text[: span.start] + whole + text[span.end :]


def _xml_extension(draw: random.Random) -> str:
    one = draw.choice([each for each in EXTENSIONS if len(each) > 1 and "url" in each])
    basic = to_xml({"resourceType": "Basic", "extension": [one]}, Release.R4).decode()
    return basic[basic.index("<extension") : basic.rindex("</Basic")]


def _put_inside(text: str, span: _Span, what: str) -> str:
    if text[span.inner - 2] == "/":
        return f"{text[: span.inner - 2]}>{what}</{span.name}>{text[span.inner :]}"
    return text[: span.inner] + what + text[span.inner :]


def _moved(text: str, span: _Span, draw: random.Random) -> str:
    whole = text[span.start : span.end]
    rest = text[: span.start] + text[span.end :]
    others = [one for one in _spans(rest) if one.depth]
    place = draw.choice(others).start if others else 0
    return rest[:place] + whole + rest[place:]


_XML_WAYS: dict[str, Callable[[str, _Span, random.Random], str]] = {
    "dropped": lambda text, span, draw: text[: span.start] + text[span.end :],
    "doubled": lambda text, span, draw: text[: span.end] + text[span.start : span.end] + text[span.end :],
    "moved": _moved,
    "emptied": lambda text, span, draw: f"{text[: span.start]}<{span.name}/>{text[span.end :]}",
    "renamed": lambda text, span, draw: _renamed(text, span, f"{span.name[:-1]}x"),
    "other namespace": lambda text, span, draw: _in_tag(
        text,
        span,
        draw.choice((' xmlns="http://hl7.org/fhir"', ' xmlns="http://hospital.test"', ' xmlns=""')),
    ),
    "attribute added": lambda text, span, draw: _in_tag(
        text,
        span,
        draw.choice(
            (
                ' id="x"',
                ' id="a b"',
                ' other="x"',
                ' xml:lang="en"',
                ' xmlns:q="http://q.test" q:a="b"',
                ' xml:base="http://x.test"',
            )
        ),
    ),
    "value added": lambda text, span, draw: (
        text if " value=" in text[span.start : span.inner] else _in_tag(text, span, ' value="x"')
    ),
    "extension added": lambda text, span, draw: _put_inside(text, span, _xml_extension(draw)),
    "text inside": lambda text, span, draw: _put_inside(
        text, span, draw.choice(("x", "<![CDATA[x]]>", "&#160;", "<!-- x -->", "<?x y?>"))
    ),
    "unknown inside": lambda text, span, draw: _put_inside(text, span, '<unheardOf value="x"/>'),
}


def _before_end(text: str, what: str) -> str:
    place = text.rindex("</") if "</" in text else len(text)
    return text[:place] + what + text[place:]


def _prefixed(text: str, draw: random.Random) -> str:
    """FHIR's namespace under a prefix, as some writers do."""
    spans = _spans(text)
    divs = [one for one in spans if one.name == "div"]
    inside = lambda start: any(div.start <= start < div.end for div in divs)  # noqa: E731
    changed = _ELEMENT.sub(
        lambda tag: (
            tag[0]
            if inside(tag.start()) or ":" in tag["name"]
            else tag[0].replace(tag["name"], f"f:{tag['name']}", 1)
        ),
        text,
    )
    return changed.replace('xmlns="http://hl7.org/fhir"', 'xmlns:f="http://hl7.org/fhir"', 1)


_XML_TEXTS: dict[str, Callable[[str, random.Random], str]] = {
    "comment": lambda text, draw: anywhere(text, draw, "<!-- x -->", r"(?<=>)\s*<[a-z]"),
    "instruction": lambda text, draw: anywhere(
        text, draw, '<?xml-stylesheet href="x"?>', r"(?<=>)\s*<[A-Za-z]"
    ),
    "byte order mark": lambda text, draw: "\ufeff" + text,
    "document type": lambda text, draw: re.sub(
        r"<(?=[A-Z])", '<!DOCTYPE x [<!ENTITY e "y">]><', text, count=1
    ),
    "undeclared entity": lambda text, draw: anywhere(text, draw, "&e;", r'(?<=value=")\w'),
    "character reference": lambda text, draw: anywhere(text, draw, "&#65;", r'(?<=value=")\w'),
    "no namespace": lambda text, draw: text.replace(' xmlns="http://hl7.org/fhir"', "", 1),
    "other namespace": lambda text, draw: text.replace("http://hl7.org/fhir", "http://hl7.org/fhir/", 1),
    "prefix": _prefixed,
    "schema location": lambda text, draw: text.replace(
        ' xmlns="http://hl7.org/fhir"',
        ' xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="http://hl7.org/fhir ../fhir.xsd"',
        1,
    ),
    "declaration": lambda text, draw: (
        draw.choice(
            (
                '<?xml version="1.1" encoding="UTF-8"?>',
                '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>',
                "",
            )
        )
        + re.sub(r"^\ufeff?\s*<\?xml[^>]*\?>\s*", "", text)
    ),
    "cut": lambda text, draw: text[: draw.randrange(len(text))],
    "unknown at the end": lambda text, draw: _before_end(text, '<unheardOf value="x"/>'),
    "text at the end": lambda text, draw: _before_end(text, "x"),
    "more after it": lambda text, draw: text + "<x/>",
    "white space before": lambda text, draw: "\n " + text,
    "attribute twice": lambda text, draw: anywhere(text, draw, ' value="x"', r'(?= value=")'),
    "ampersand": lambda text, draw: anywhere(text, draw, "& ", r'(?<=value=")\w'),
}
