"""HTML that cannot be made of unescaped text: every string is escaped, unless it is HTML that was made here.

https://html.spec.whatwg.org/multipage/syntax.html. No page has a script, and the headers of every page forbid one.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from urllib.parse import urlsplit

_EMPTY = frozenset(("br", "hr", "img", "input", "link", "meta"))
_SCHEMES = frozenset(("http", "https", "mailto"))

STYLE = """
body{font:1rem/1.5 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:0 1rem 3rem;color:#222;background:#fff}
header{display:flex;flex-wrap:wrap;gap:0 1rem;align-items:baseline;border-bottom:1px solid #ccc;margin-bottom:1rem}
h1{font-size:1.5rem;margin:1rem 0 .5rem}h2{font-size:1.15rem;margin:1.5rem 0 .5rem}
a{color:#0b57a4}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #e4e4e4}
dl{margin:0 0 0 .25rem;padding-left:.75rem;border-left:2px solid #e4e4e4}
dt{color:#666;font-size:.9rem}dd{margin:0 0 .25rem .5rem;overflow-wrap:anywhere}
code,pre{font:.9rem/1.4 ui-monospace,monospace}pre{overflow:auto}
.types{columns:14rem;list-style:none;padding:0}.narrative{border:1px solid #ccc;padding:.5rem 1rem;overflow:auto}
.error,.fatal{color:#a40000}.warning{color:#7a4b00}.small{color:#666;font-size:.9rem}
input{font:inherit;padding:.25rem .5rem;width:24rem;max-width:100%}button{font:inherit;padding:.25rem .75rem}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
    # A page has the tag of its resource, as JSON has: kept, it could be taken for that (and it is about a patient).
    "Cache-Control": "no-store",
}


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = object
"""What may stand in an element: Html as it is, None as nothing, anything else as escaped text."""


def html(child: Child) -> Html:
    """The child as HTML. Characters that no document may have, and those that turn the direction of text, are shown as
    their numbers.
    """
    if isinstance(child, Html):
        return child
    return Html("" if child is None else escape(_visible(str(child)), quote=True))


def element(name: str, /, *children: Child, **attributes: object) -> Html:
    """``<name attributes>children</name>``; ``class_`` is ``class``, an attribute that is None is left out. An address is
    only put in where :func:`is_safe` says so.
    """
    told: list[str] = []
    for attribute, value in attributes.items():
        plain = attribute.rstrip("_").replace("_", "-")
        if value is None or (plain in ("href", "action") and not is_safe(str(value))):
            continue
        told.append(f' {plain}="{html(str(value))}"')
    head = f"<{name}{''.join(told)}>"
    return Html(head if name in _EMPTY else f"{head}{joined(*children)}</{name}>")


def joined(*children: Child, between: str = "") -> Html:
    """The children one behind the other."""
    return Html(html(between).join(map(html, children)))


def is_safe(url: str) -> bool:
    """Whether it is a whole address of the web or of mail: a browser that follows it runs nothing."""
    if any(character <= " " or character in "\\\x7f" for character in url):
        return False
    try:
        return urlsplit(url).scheme in _SCHEMES
    except ValueError:
        return False


def link(url: str, *children: Child) -> Html:
    """A link, or its text alone where the address is not one to follow."""
    return element("a", *children, href=url, rel="noreferrer") if is_safe(url) else joined(*children)


def document(title: str, navigation: Html, *content: Child) -> bytes:
    """A whole page."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width"),
        element("title", title),
        element("style", Html(STYLE)),
    )
    body = element("body", element("header", navigation), element("h1", title), *content)
    return b"<!doctype html>\n" + element("html", head, body, lang="en").encode()


def _visible(text: str) -> str:
    """Text without what could hide text or break the page: control characters, lone surrogates, marks of direction."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if _is_shown(character) else f"[U+{ord(character):04X}]" for character in text)


def _is_shown(character: str) -> bool:
    code = ord(character)
    if code < 0x20:
        return character in "\t\n\r"
    return not (
        0x7F <= code < 0xA0
        or 0xD800 <= code < 0xE000
        or code in (0x200E, 0x200F, 0xFFFE, 0xFFFF)
        or 0x202A <= code <= 0x202E
        or 0x2066 <= code <= 0x2069
    )
