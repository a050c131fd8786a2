"""XML read into a tree of elements that know where they stand, and nothing else of the outside world.

The home of the XML parser (expat, of Python itself). A document type is refused before anything of it is read
(https://hl7.org/fhir/R4/security.html#narrative: no external entities, and no entities that expand), depth and
number of elements are bounded. Positions are offsets into the source: they cost nothing until someone asks
for a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

from fhir_vitiligo.fhir.json import MAX_DEPTH

FHIR = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
# A no-break space is a character like others (https://www.w3.org/TR/xml/#NT-S).
XML_SPACE = " \t\r\n"
MAX_BYTES = 1 << 28
MAX_ELEMENTS = 2_000_000

_CARRIAGE_RETURN = re.compile(r"&#(?:13|x0*[dD]);")
_OPENING = re.compile(rb"<([^\s:/>]+:)?([^\s:/>]+)")
_DEFAULT_NAMESPACE = re.compile(rb"\sxmlns\s*=")
_TAG = re.compile(rb"""<(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")
_ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9]*);")


class Node:
    """An element. ``offset`` is the byte of its ``<``; ``texts`` are the pieces of text directly inside that
    are more than white space, with their offsets; ``source`` is the text of an XHTML element as written;
    ``findings`` are about what stands directly inside and is no element.
    """

    __slots__ = ("attributes", "children", "findings", "name", "namespace", "offset", "source", "texts")

    def __init__(self, namespace: str, name: str, attributes: dict[str, str], offset: int) -> None:
        self.namespace = namespace
        self.name = name
        self.attributes = attributes
        self.offset = offset
        self.children: list[Node] = []
        self.texts: list[tuple[int, str]] | None = None
        self.source: str | None = None
        self.findings: list[Finding] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to tell about a byte of the source: ``rule``, FHIR's issue type, and the sentence."""

    offset: int
    rule: str
    code: str
    text: str


class XmlError(Exception):
    """The text is not XML, or XML that nobody should read."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text)
        self.finding = finding


@dataclass(slots=True)
class Tree:
    root: Node
    findings: list[Finding] = field(default_factory=list)


def read(source: bytes) -> Tree:
    """The tree of a document in UTF-8. Raises :class:`XmlError` for what is not XML or should not be read."""
    if len(source) > MAX_BYTES:
        _refuse(
            0, "depth", "too-costly", f"the XML has more than {MAX_BYTES} bytes: cut it into smaller Bundles"
        )
    # The encoding is settled: what the declaration says of it is another's to judge.
    parser = expat.ParserCreate("utf-8", " ")
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    reader = _Reader(parser, source)
    try:
        parser.Parse(source, True)
    except expat.ExpatError as error:
        raise XmlError(_syntax(reader, error, source)) from None
    assert reader.root is not None
    return Tree(reader.root, reader.findings)


class _Reader:
    def __init__(self, parser: expat.XMLParserType, source: bytes) -> None:
        self.root: Node | None = None
        self.findings: list[Finding] = []
        self.parser, self._source = parser, source
        self._stack: list[Node] = []
        self._count = 0
        self._in_xhtml = 0
        self._found = 0
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartCdataSectionHandler = self._cdata

    @property
    def innermost(self) -> str:
        """The name of the element that is open."""
        return self._stack[-1].name if self._stack else "the root"

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._in_xhtml:
            self._in_xhtml += 1
            if self._in_xhtml > MAX_DEPTH:
                self._too_deep()
            return
        namespace, _, local = name.rpartition(" ")
        stack = self._stack
        node = Node(namespace, local, attributes, self.parser.CurrentByteIndex)
        if stack:
            stack[-1].children.append(node)
        else:
            self.root = node
        self._count += 1
        if len(stack) >= MAX_DEPTH:
            self._too_deep()
        if self._count > MAX_ELEMENTS:
            text = f"the XML has more than {MAX_ELEMENTS} elements: cut it into smaller Bundles"
            _refuse(node.offset, "depth", "too-costly", text)
        stack.append(node)
        # Whatever its namespace, a div is a narrative: what is inside is no FHIR.
        if namespace == XHTML or (local == "div" and len(stack) > 1):
            self._in_xhtml = 1

    def _end(self, name: str) -> None:
        if self._in_xhtml > 1:
            self._in_xhtml -= 1
            return
        node = self._stack.pop()
        if self._in_xhtml:
            self._in_xhtml = 0
            node.source = self._slice(node)

    def _slice(self, node: Node) -> str:
        """The source of the element that ends here, made to stand on its own."""
        start, source = node.offset, self._source
        close = _end_of_tag(source, start)
        if source[close - 2 : close] != b"/>":
            close = source.index(b">", self.parser.CurrentByteIndex) + 1
        alone = _standing_alone(source[start:close], node.namespace).decode()
        return _CARRIAGE_RETURN.sub("\r", alone.replace("\r\n", "\n").replace("\r", "\n"))

    def _text(self, text: str) -> None:
        if self._in_xhtml or not text.strip(XML_SPACE):
            return
        node = self._stack[-1]
        if node.texts is None:
            node.texts = []
        elif len(node.texts) > 20:
            return
        node.texts.append((self.parser.CurrentByteIndex, text))

    def _cdata(self) -> None:
        if not self._in_xhtml:
            text = "A CDATA section has no place here: a value stands in an attribute `value`."
            self._find("text", "structure", text)

    def _instruction(self, target: str, _: str) -> None:
        text = f"The processing instruction <?{target[:40]}?> is not allowed in a resource: leave it out."
        self._find("processing-instruction", "invalid", text)

    def _doctype(self, *_: Any) -> NoReturn:
        text = "a document type (<!DOCTYPE) is not allowed in a resource, nor are entities of its own: leave it out"
        _refuse(self.parser.CurrentByteIndex, "xml", "security", text)

    def _too_deep(self) -> NoReturn:
        text = f"the XML is nested more than {MAX_DEPTH} levels deep, which no FHIR resource needs"
        _refuse(self.parser.CurrentByteIndex, "depth", "too-costly", text)

    def _find(self, rule: str, code: str, text: str) -> None:
        self._found += 1
        if self._found > 100:
            return
        finding = Finding(self.parser.CurrentByteIndex, rule, code, text)
        # Nobody looks into a narrative: what is in it is told of what it stands in.
        around = self._stack[:-1] if self._in_xhtml else self._stack
        if not around:
            self.findings.append(finding)
            return
        node = around[-1]
        if node.findings is None:
            node.findings = []
        node.findings.append(finding)


def _refuse(offset: int, rule: str, code: str, text: str) -> NoReturn:
    raise XmlError(Finding(offset, rule, code, text))


def _standing_alone(text: bytes, namespace: str) -> bytes:
    """An XHTML element with the namespace declared on itself and no prefix, as JSON has it."""
    found = _OPENING.match(text)
    if found is None or namespace != XHTML:
        return text
    prefix, name = found.groups()
    if prefix:
        text = re.sub(rb"(</?)" + re.escape(prefix), rb"\1", text)
    if _DEFAULT_NAMESPACE.search(text, 0, _end_of_tag(text, 0)):
        return text
    return b'<%b xmlns="%b"%b' % (name, XHTML.encode(), text[len(name) + 1 :])


def _end_of_tag(source: bytes, start: int) -> int:
    """Where the tag that starts here ends; a ``>`` may stand inside an attribute's quotes."""
    found = _TAG.match(source, start)
    return found.end() if found else len(source)


def _syntax(reader: _Reader, error: expat.ExpatError, source: bytes) -> Finding:
    """What expat found wrong, with what would be right where that is known."""
    offset = max(reader.parser.ErrorByteIndex, 0)
    text = f"not well-formed XML: {expat.ErrorString(error.code)}"
    if error.code == _CODES[expat.errors.XML_ERROR_UNDEFINED_ENTITY]:
        # expat points behind the reference in some versions and at it in others.
        found = _ENTITY.match(source, offset) or _ENTITY.match(source, source.rfind(b"&", 0, offset))
        name = found[1].decode() if found else ""
        text = f"not well-formed XML: the entity &{name}; is not defined in XML{_numeric(name)}"
    elif error.code in _ADVICE:
        text += f": {_ADVICE[error.code].format(open=reader.innermost)}"
    return Finding(offset, "xml", "structure", text)


def _numeric(name: str) -> str:
    from html.entities import html5

    sign = html5.get(f"{name};")
    return (
        f": write {''.join(f'&#{ord(part)};' for part in sign)}" if sign else ": write the character itself"
    )


_CODES = expat.errors.codes
_ADVICE: dict[int, str] = {
    _CODES[expat.errors.XML_ERROR_NO_ELEMENTS]: "there is no element, or <{open}> is never closed",
    _CODES[expat.errors.XML_ERROR_UNCLOSED_TOKEN]: "a tag, comment or value is not closed",
    _CODES[
        expat.errors.XML_ERROR_INVALID_TOKEN
    ]: "a character that may not stand here; write &lt; for <, &amp; for &",
    _CODES[expat.errors.XML_ERROR_TAG_MISMATCH]: "the element that is open here is <{open}>",
    _CODES[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]: "there is one root element, and nothing after it",
    _CODES[
        expat.errors.XML_ERROR_MISPLACED_XML_PI
    ]: "nothing stands in front of <?xml ...?>, no blank line either",
    _CODES[expat.errors.XML_ERROR_DUPLICATE_ATTRIBUTE]: "an attribute stands once in a tag",
    _CODES[expat.errors.XML_ERROR_UNBOUND_PREFIX]: "declare the prefix with xmlns:PREFIX",
}
