"""Where in an XML document an element stands: the tree itself knows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fhir_vitiligo.fhir.place_steps import Step
from fhir_vitiligo.fhir.text_places import Lines
from fhir_vitiligo.fhir.xml_tree import Node


class XmlPlaces:
    """Finds elements of one document; offsets are bytes of ``source``."""

    def __init__(self, root: Node, source: bytes, lines: Lines) -> None:
        self._root, self._source, self._lines = root, source, lines

    def line(self, offset: int) -> tuple[int, int]:
        """Line and column of a byte."""
        text = self._lines.text
        return self._lines.place(
            offset if text.isascii() else len(self._source[:offset].decode("utf-8", "replace"))
        )

    def locate(self, steps: Sequence[Step], member: str | None = None) -> tuple[int, int]:
        """Line and column of the element the steps lead to, or of the nearest around it that is there;
        ``member`` is the name of something inside it that is meant rather.
        """
        node = self._root
        for step in (*steps, *([Step(member)] if member else ())):
            inner = _child(node, step)
            if inner is None:
                attribute = self._attribute(node, step.name)
                return self.line(attribute if attribute is not None else node.offset)
            node = inner
        return self.line(node.offset)

    def _attribute(self, node: Node, name: str) -> int | None:
        if not any(name == known.rpartition(" ")[2] for known in node.attributes):
            return None
        found = re.compile(rb"\s(?:[\w.-]+:)?" + re.escape(name.encode()) + rb"\s*=").search(
            self._source, node.offset
        )
        return found.start() + 1 if found else None


def _child(node: Node, step: Step) -> Node | None:
    # An element around a resource: the resource's own elements are a level further down.
    if len(node.children) == 1 and node.children[0].name[:1].isupper():
        node = node.children[0]
    for key in step.keys:
        same = [child for child in node.children if child.name == key]
        if len(same) > (step.index or 0):
            return same[step.index or 0]
    # A choice told without its type.
    size = len(step.name)
    choices = (child for child in node.children if child.name.startswith(step.name))
    return next((child for child in choices if child.name[size : size + 1].isupper()), None)
