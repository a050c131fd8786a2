"""What a narrative may be: the XHTML of ``Narrative.div`` (https://hl7.org/fhir/R4/narrative.html#xhtml, txt-1 and txt-2).

The elements and attributes are those of chapters 7 to 11 and 15 of HTML 4.0, images and internal links included; which these are,
and where they may stand, was asked of HL7's own engine element by element.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from html.entities import name2codepoint
from typing import Protocol
from xml.parsers import expat

NAMESPACE = "http://www.w3.org/1999/xhtml"
_XML_WHITE_SPACE = " \t\r\n"

_TEXT = (
    "a abbr acronym address b bdo big blockquote cite code dfn div em h1 h2 h3 h4 h5 h6 i kbd p pre q samp small span strong"
    " sub sup tt var"
)
_STRUCTURE = "area br caption col colgroup dd dl dt hr img li map ol table tbody td tfoot th thead tr ul"
ELEMENTS = frozenset(f"{_TEXT} {_STRUCTURE}".split())
_ON_ALL = (
    "abbr accesskey align axis char charoff class colspan dir headers id lang rowspan scope span style tabindex title valign"
    " width xml:lang xml:space"
)
_ATTRIBUTES = {
    "a": "charset coords href hreflang name rel rev shape type",
    "area": "alt coords href nohref shape",
    "blockquote": "cite",
    "img": "alt border height longdesc src usemap",
    "map": "name",
    "q": "cite",
    "table": "border cellpadding cellspacing frame rules summary",
    "td": "nowrap",
}
ATTRIBUTES = {name: frozenset(f"{_ON_ALL} {_ATTRIBUTES.get(name, '')}".split()) for name in ELEMENTS}

_CHILDREN = {
    "ul": "li",
    "ol": "li",
    "dl": "dt dd",
    "table": "caption col colgroup thead tfoot tbody tr",
    "thead": "tr td th",
    "tfoot": "tr td th",
    "tbody": "tr",
    "tr": "td th",
    "colgroup": "col",
    "map": "area",
}
_CHILDREN_OF = {name: frozenset(children.split()) for name, children in _CHILDREN.items()}
_PARENTS_OF = {
    child: frozenset(name for name, children in _CHILDREN_OF.items() if child in children)
    for child in frozenset().union(*_CHILDREN_OF.values())
}
_EMPTY = frozenset(("area", "br", "col", "hr", "img"))
_NOT_IN_PARAGRAPH = frozenset(("blockquote", "div", "ol", "p", "table", "ul"))
_BLOCKS = frozenset(("div", "ol", "pre", "table", "ul"))

_ACTIVE = frozenset(("javascript", "vbscript"))
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_NOT_IN_URL = re.compile(r'[\s{}<>"\\^|`]')


@dataclass(frozen=True, slots=True)
class XhtmlFault:
    """``rule`` is one of syntax, doctype, entity, root, namespace, element, attribute, nesting, link, duplicate-id.

    ``place`` is the way of elements to it (``div/p/a``).
    """

    rule: str
    text: str
    place: str
    severity: str = "error"


@dataclass(slots=True)
class Xhtml:
    """A narrative as it was read. ``local_links`` and ``local_images`` are (name, place) of ``#name``."""

    faults: list[XhtmlFault] = field(default_factory=list)
    well_formed: bool = True
    has_content: bool = False
    anchors: dict[str, int] = field(default_factory=dict)
    local_links: list[tuple[str, str]] = field(default_factory=list)
    local_images: list[tuple[str, str]] = field(default_factory=list)

    @property
    def basic(self) -> bool:
        """txt-1: nothing but basic formatting."""
        wrong = ("element", "attribute", "doctype")
        return self.well_formed and not any(fault.rule in wrong for fault in self.faults)


@lru_cache(maxsize=256)
def read(text: str) -> Xhtml:
    """Read a narrative. Nothing is fetched and no entity is expanded; do not change what is returned."""
    return _Reader(text).result


def html_checks(text: str) -> bool:
    """FHIRPath's ``htmlChecks()``: txt-1 and txt-2 hold."""
    found = read(text)
    return found.basic and found.has_content


class StopError(Exception):
    """The rest is not to be read."""


class Events(Protocol):
    """What is told of a narrative as it is read. Names are ``namespace}name``."""

    def doctype(self, name: str, system: str | None, public: str | None, internal: int, /) -> None: ...
    def entity(self, name: str, parameter: bool, /) -> None: ...
    def start(self, told: str, attributes: dict[str, str], /) -> None: ...
    def end(self, told: str, /) -> None: ...
    def characters(self, text: str, /) -> None: ...


def parser_for(events: Events) -> expat.XMLParserType:
    """A parser that fetches nothing and expands no entity: one that is not declared is told by its name."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    # An entity that is not declared is then skipped instead of an error.
    parser.UseForeignDTD(True)
    parser.ExternalEntityRefHandler = lambda *_: 1
    parser.SkippedEntityHandler = events.entity
    parser.StartDoctypeDeclHandler = events.doctype
    parser.StartElementHandler = events.start
    parser.EndElementHandler = events.end
    parser.CharacterDataHandler = events.characters
    return parser


class _Reader:
    def __init__(self, text: str) -> None:
        self.result = Xhtml()
        self.path: list[str] = []
        self.namespace = NAMESPACE
        self.paragraphs = 0  # that are open
        parser = parser_for(self)
        try:
            parser.Parse(text.strip(_XML_WHITE_SPACE).encode("utf-8", "surrogatepass"), True)
        except StopError:
            pass
        except (expat.ExpatError, ValueError) as error:
            self.result.well_formed = False
            self.result.has_content = False
            self.put("syntax", f"The narrative is not well-formed XHTML: {_told(error)}.")
        for name, count in self.result.anchors.items():
            if count > 1:
                text = (
                    f"The id or anchor `{name}` is there {count} times: a link to it could mean each of them."
                )
                self.result.faults.append(XhtmlFault("duplicate-id", text, "div", "warning"))

    def put(self, rule: str, text: str) -> None:
        self.result.faults.append(XhtmlFault(rule, text, "/".join(self.path)))

    def doctype(self, name: str, system: str | None, public: str | None, internal: int) -> None:
        # It could declare entities, so what follows is not read at all.
        self.put("doctype", "The narrative has a document type declaration, which is not allowed: remove it.")
        raise StopError

    def entity(self, name: str, parameter: bool) -> None:
        if name in name2codepoint:
            text = (
                f"`&{name};` is no entity of XML: write the character itself, or `&#{name2codepoint[name]};`."
            )
            self.result.has_content = True
            self.put("entity", text)
        else:
            self.result.well_formed = False
            self.put("syntax", f"`&{name};` is not an entity: write `&amp;` for a plain ampersand.")

    def start(self, told: str, attributes: dict[str, str]) -> None:
        namespace, _, name = told.rpartition("}")
        around = self.path[-1] if self.path else None
        self.path.append(name)
        if namespace != self.namespace:
            found = f"`{namespace}`" if namespace else "no namespace"
            self.put("namespace", f"`{name}` has {found}: a narrative is in `{NAMESPACE}`.")
            self.namespace = namespace  # told once, not for everything inside
        if around is None and name != "div":
            self.put("root", f"A narrative begins with `div`, not with `{name}`.")
        if name not in ELEMENTS:
            self.put("element", f"`{name}` is not allowed in a narrative, which takes basic formatting only.")
            return
        self.nesting(name, around)
        self.paragraphs += name == "p"
        self.attributes(name, attributes)

    def nesting(self, name: str, around: str | None) -> None:
        if around is None:
            return
        allowed = _CHILDREN_OF.get(around)
        parents = _PARENTS_OF.get(name)
        if around in _EMPTY:
            self.put("nesting", f"`{around}` has to be empty; `{name}` stands inside it.")
        elif parents is not None and around not in parents:
            self.put("nesting", f"`{name}` belongs in {_or(parents)}, not in `{around}`.")
        elif allowed is not None and name not in allowed:
            self.put("nesting", f"`{around}` takes {_or(allowed)} only, not `{name}`.")
        elif self.paragraphs and name in _NOT_IN_PARAGRAPH:
            self.put("nesting", f"`{name}` may not stand in a paragraph: close `p` first.")
        elif around in ("p", "span") and name in _BLOCKS:
            self.put("nesting", f"`{name}` is a block and may not stand in `{around}`.")

    def attributes(self, name: str, attributes: dict[str, str]) -> None:
        allowed = ATTRIBUTES[name]
        for told, value in attributes.items():
            plain = told.replace("http://www.w3.org/XML/1998/namespace}", "xml:")
            if plain not in allowed:
                self.put("attribute", f"`{plain}` is not allowed on `{name}` in a narrative.")
            elif plain == "id" or (plain == "name" and name == "a"):
                self.result.anchors[value] = self.result.anchors.get(value, 0) + 1
            elif plain == "href":
                self.link(value)
        if name == "img":
            self.result.has_content = True
            source = attributes.get("src")
            if source is None:
                return
            if not source:
                self.put("link", "The image's address is empty: state where it is.")
            elif not source.startswith("data:") and (wrong := _NOT_IN_URL.search(source)):
                self.put("link", f"The image `{source[:80]}` has {wrong[0]!r} in it, which no URL may have.")
            elif source.startswith("#"):
                self.result.local_images.append((source[1:], "/".join(self.path)))

    def link(self, value: str) -> None:
        scheme = found[1].lower() if (found := _SCHEME.match(value)) else ""
        if not value:
            self.put("link", "The link is empty: state where it leads, or leave `href` out.")
        elif wrong := _NOT_IN_URL.search(value):
            self.put("link", f"The link `{value[:80]}` has {wrong[0]!r} in it, which no URL may have.")
        elif scheme in _ACTIVE:
            self.put("link", f"The link runs `{scheme}`: active content is not allowed in a narrative.")
        elif scheme == "urn":
            self.put("link", f"Nobody can follow the link `{value[:80]}`: a urn is a name, not an address.")
        elif value.startswith("#"):
            self.result.local_links.append((value[1:], "/".join(self.path)))

    def end(self, told: str) -> None:
        self.paragraphs -= self.path.pop() == "p"

    def characters(self, text: str) -> None:
        if not text.strip(_XML_WHITE_SPACE):
            return
        self.result.has_content = True
        around = self.path[-1]
        if around in _EMPTY or around in _CHILDREN_OF:
            self.put(
                "nesting",
                f"`{around}` has text directly inside it: put it into the element that it belongs to.",
            )


def _or(names: frozenset[str]) -> str:
    return " or ".join(f"`{name}`" for name in sorted(names))


def _told(error: Exception) -> str:
    if isinstance(error, expat.ExpatError):
        return f"{expat.ErrorString(error.code)} at line {error.lineno}, column {error.offset + 1}"
    return str(error)
