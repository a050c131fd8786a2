"""A page as a test sees it: what a browser would make of it, and what it must never hold."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx

from fhir_vitiligo.fhir.xhtml import ELEMENTS

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}
_OURS = frozenset(("html", "head", "meta", "title", "style", "body", "header", "section"))
_EMPTY = frozenset(("area", "br", "col", "hr", "img", "input", "link", "meta"))


class Page(HTMLParser):
    """``text``: all of it; ``links``: text by address; ``elements``: names and attributes in order."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        assert answer.headers["content-type"] == "text/html; charset=utf-8", answer.text[:500]
        self.status = answer.status_code
        self.text = ""
        self.title = ""
        self.links: dict[str, str] = {}
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self._href: str | None = None
        self.feed(answer.text)
        self.close()
        assert not self._open, f"{self._open} are not closed"
        self._check(answer)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _EMPTY:
            self._open.append(tag)
        if tag == "a":
            self._href = dict(attrs).get("href")

    def handle_endtag(self, tag: str) -> None:
        assert tag in _EMPTY or self._open.pop() == tag, f"</{tag}> closes another element"
        if tag == "a":
            self._href = None

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["style"]:
            return
        if self._open[-1:] == ["title"]:
            self.title += data
        self.text += data
        if self._href is not None:
            self.links[self._href] = self.links.get(self._href, "") + data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def _check(self, answer: httpx.Response) -> None:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script" not in policy
        assert "unsafe" not in policy
        for name, attributes in self.elements:
            assert name in ELEMENTS | _OURS, name
            for attribute, value in attributes.items():
                assert not attribute.startswith("on"), f"{attribute} on {name}"
                assert attribute not in ("style", "srcdoc", "formaction", "background"), (
                    f"{attribute} on {name}"
                )
                if attribute == "href":
                    address = (value or "").strip().lower()
                    assert address.startswith(("http://", "https://", "mailto:", "#narrative-")), value
                if attribute == "src":
                    assert (value or "").startswith("data:image/"), value
        assert sum(name == "style" for name, _ in self.elements) == 1
