"""The XHTML of a narrative (https://hl7.org/fhir/R4/narrative.html)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.errors import Severity
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.fhir.xhtml import read
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.rules.place import Place, Rule


def check(value: dict[str, Any], context: Context) -> Iterator[Fault]:
    """The faults of ``Narrative.div``, told of the div."""
    div = value.get("div")
    if type(div) is not str:
        return
    found = read(div)
    for fault in found.faults:
        severity: Severity = "error" if fault.severity == "error" else "warning"
        yield Fault(f"xhtml-{fault.rule}", "invalid", fault.text, severity, steps=["div"])
    for links, what in ((found.local_links, "link"), (found.local_images, "image")):
        for name, _ in links:
            # A link to nothing but `#` leads to the top of the page.
            if (name or what == "image") and name not in found.anchors and not has_id(name, context):
                text = f"The {what} {shown('#' + name)} of the narrative leads to nothing in this resource."
                yield Fault("xhtml-target", "invalid", text, steps=["div"])


def make(place: Place) -> Rule | None:
    """The languages that a profile wants a narrative in: none (``_no``), any (``_yes``), the resource's own
    (``_resource``), or the one it names.
    """
    wanted = place.node.languages if place.node is not None else ()
    if place.one.type.code != "Narrative" or not wanted:
        return None

    def rule(value: Any, companion: Any, context: Context) -> Iterator[Fault]:
        div = value.get("div") if isinstance(value, dict) else None
        found = _languages(div) if isinstance(div, str) else set()
        for one in wanted:
            if (text := _language_fault(one, found, context.resource.get("language"))) is not None:
                yield Fault("narrative-language", "business-rule", f"{text}{place.source}.")

    return rule


def _languages(div: str) -> set[str]:
    """The languages of the parts of a narrative: a ``div`` each, right below the outermost."""
    found: set[str] = set()
    depth = 0
    for end, name, rest, empty in _TAG.findall(div):
        if end:
            depth -= 1
            continue
        if depth == 1 and name == "div" and (told := _LANG.search(rest)):
            found.add(told[1])
        depth += 0 if empty else 1
    return found


_TAG = re.compile(r"""<(/?)([A-Za-z][\w:]*)((?:[^<>"']|"[^"]*"|'[^']*')*?)(/?)>""")
_LANG = re.compile(r"""xml:lang\s*=\s*["']([^"']+)["']""")


def _language_fault(wanted: str, found: set[str], own: Any) -> str | None:
    told = ", ".join(sorted(found))
    match wanted.lstrip("_#"):
        case "no":
            return f"The narrative has parts in {told}: it must not be split by language" if found else None
        case "yes":
            return None if found else "The narrative needs a part for each language"
        case "resource":
            missing = found and isinstance(own, str) and own not in found
            return (
                f"The narrative has parts in {told} and none in {own}, its resource's language"
                if missing
                else None
            )
        case other:
            return (
                f"The narrative has parts in {told} and none in {other}"
                if found and other not in found
                else None
            )


def has_id(name: str, context: Context) -> bool:
    """Whether a contained resource, or an element, has that id, or the narrative an anchor of that name."""
    todo: list[Any] = [context.container]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            if item.get("id") == name:
                return True
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
        elif isinstance(item, str) and item.startswith("<") and name in read(item).anchors:
            return True
    return False
