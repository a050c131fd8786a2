"""``Narrative.div`` as part of a page: only what https://hl7.org/fhir/R4/narrative.html#xhtml allows, written anew.

What is not allowed is left out with all that is in it, so nothing of the stored text reaches the page as it is. Style and
class are left out too: they would act on the page around the narrative.
"""

from __future__ import annotations

import re
from html.entities import name2codepoint
from xml.parsers import expat

from fhir_vitiligo.fhir.references import parse_restful
from fhir_vitiligo.fhir.xhtml import ATTRIBUTES, ELEMENTS, NAMESPACE, StopError, parser_for, read
from fhir_vitiligo.web.html import Html, element, html, is_safe

_LEFT_OUT = frozenset(
    ("accesskey", "cite", "class", "dir", "longdesc", "style", "tabindex", "usemap", "xml:space")
)
_EMPTY = frozenset(("area", "br", "col", "hr", "img"))
_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
# Names of a narrative could else be taken for those of the page.
_PREFIX = "narrative-"


def narrative(div: object, base: str) -> Html:
    """The narrative in a box of its own; a sentence where it is none that can be shown."""
    if not isinstance(div, str):
        return Html("")
    if not read(div).well_formed:
        return element("p", "The narrative is not well-formed XHTML and is not shown.", class_="small")
    try:
        told = _Writer(div, base).told
    except (expat.ExpatError, ValueError, StopError):
        return element("p", "The narrative has parts that are not allowed and is not shown.", class_="small")
    return element("section", Html("".join(told)), class_="narrative", aria_label="Narrative")


class _Writer:
    """Writes what it reads, as far as it is allowed."""

    def __init__(self, div: str, base: str) -> None:
        self.told: list[str] = []
        self.base = base
        self.skipping = 0  # how deep it is in an element that is left out
        parser_for(self).Parse(div.strip().encode("utf-8", "replace"), True)

    def doctype(self, *_: object) -> None:
        # It could declare what the rest means.
        raise StopError

    def start(self, told: str, attributes: dict[str, str]) -> None:
        namespace, _, name = told.rpartition("}")
        if self.skipping or namespace != NAMESPACE or name not in ELEMENTS:
            self.skipping += 1
            return
        written = "".join(
            f' {key}="{html(value)}"' for key, value in self.attributes(name, attributes).items()
        )
        self.told.append(f"<{name}{written}>")

    def attributes(self, name: str, attributes: dict[str, str]) -> dict[str, str]:
        kept: dict[str, str] = {}
        for told, value in attributes.items():
            plain = told.replace("http://www.w3.org/XML/1998/namespace}", "xml:")
            if plain not in ATTRIBUTES[name] or plain in _LEFT_OUT:
                continue
            if plain == "href":
                address = self.address(value)
                if address is not None:
                    kept |= {"href": address, "rel": "noreferrer"}
            elif plain == "src":
                if _IMAGE.fullmatch(value):
                    kept["src"] = value
            elif plain in ("id", "name"):
                kept[plain] = _PREFIX + value
            else:
                kept.setdefault(plain, value)
        return kept

    def address(self, value: str) -> str | None:
        if value.startswith("#"):
            return f"#{_PREFIX}{value[1:]}"
        reference = parse_restful(value)
        if reference is not None and not reference.base:
            return f"{self.base}/{value}"
        return value if is_safe(value) else None

    def end(self, told: str) -> None:
        if self.skipping:
            self.skipping -= 1
        elif (name := told.rpartition("}")[2]) not in _EMPTY:
            self.told.append(f"</{name}>")

    def entity(self, name: str, parameter: bool) -> None:
        if not self.skipping and name in name2codepoint:
            self.characters(chr(name2codepoint[name]))

    def characters(self, text: str) -> None:
        if not self.skipping:
            self.told.append(html(text))
