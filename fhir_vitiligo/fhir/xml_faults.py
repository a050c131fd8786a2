"""What a reader of FHIR XML finds wrong, in sentences that say what would be right
(https://hl7.org/fhir/R4/xml.html).
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any

from fhir_vitiligo.errors import Severity
from fhir_vitiligo.fhir.definitions import Definitions
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.fhir.schema import ObjectSchema, similar_name
from fhir_vitiligo.fhir.xml_tree import FHIR, XHTML, XML_SPACE, XSI, Node

MAX_FAULTS = 500


@dataclass(slots=True, eq=False)
class Fault:
    """``steps`` grow from the inside out; ``offset`` is a byte of the source."""

    rule: str
    code: str
    text: str
    offset: int
    severity: Severity = "error"
    steps: list[str] = field(default_factory=list)

    @property
    def expression(self) -> str:
        return ".".join(reversed(self.steps))


def tell(faults: list[Fault], make: Callable[..., Fault], *arguments: Any) -> None:
    """Put a fault down. Beyond what anybody reads it is not even made: finding words takes its time."""
    if len(faults) < MAX_FAULTS:
        faults.append(make(*arguments))


def prefix(faults: list[Fault], since: int, step: str) -> None:
    """Every fault from index ``since`` on was found below ``step``."""
    for fault in faults[since:]:
        fault.steps.append(step)


def no_resource(node: Node, definitions: Definitions) -> Fault:
    hint = similar_name(node.name, definitions.resource_types)
    text = f"<{node.name[:64]}> is not a resource type of FHIR {definitions.release.name}{hint}"
    return Fault("resource-type", "structure", text, node.offset)


def empty(node: Node, advice: str = "") -> Fault:
    told = f": {advice}, or leave it out." if advice else ": leave it out instead."
    return Fault("ele-1", "structure", f"<{node.name}> is empty{told}", node.offset)


def namespace(node: Node) -> Fault:
    found = f"in the namespace {shown(node.namespace)}" if node.namespace else "in no namespace"
    text = f'<{node.name[:64]}> is {found}: FHIR is in the namespace {FHIR!r} (xmlns="{FHIR}").'
    return Fault("namespace", "structure", text, node.offset)


def order(child: Node, ahead: str) -> Fault:
    text = f"<{child.name}> stands too late: the order of elements is fixed; move it in front of <{ahead}>."
    return Fault("order", "structure", text, child.offset)


def repeated(child: Node, times: int) -> Fault:
    text = f"`{child.name}` stands {times} times here, and may stand once."
    return Fault("cardinality", "structure", text, child.offset)


def second_resource(around: Node, second: Node) -> Fault:
    text = f"<{around.name}> holds one resource: give <{second.name[:64]}> a <{around.name}> of its own."
    return Fault("cardinality", "structure", text, second.offset)


def unknown(child: Node, schema: ObjectSchema, attributes: frozenset[str]) -> Fault:
    """``attributes`` are the names that are written as such at this place."""
    if child.name in attributes and child.namespace != XHTML:
        text = f"`{child.name}` is written as an attribute here, not as an element."
        return Fault("unknown", "structure", text, child.offset)
    rule, text = schema.unknown(child.name)
    return Fault(rule, "structure", text, child.offset)


def unknown_attribute(node: Node, name: str, known: frozenset[str], elements: Container[str]) -> Fault:
    """``name`` is the attribute with its namespace, ``known`` what may stand here, ``elements`` what has to be
    written as an element instead.
    """
    uri, _, local = name.rpartition(" ")
    if uri == XSI and local in ("schemaLocation", "noNamespaceSchemaLocation"):
        text = f"xsi:{local} has no place in FHIR that is exchanged: leave it out; it was not looked at."
        return Fault("attribute", "structure", text, node.offset, "warning")
    hint = "."
    if not uri and local in elements:
        hint = f": write it as an element, <{local}>."
    elif not uri and local == "value":
        hint = ": its content stands in elements inside it."
    elif not uri:
        hint = similar_name(local, known)
    text = f"The attribute `{local[:64]}` is not allowed on <{node.name}>{hint}"
    return Fault("attribute", "structure", text, node.offset)


def tell_texts(faults: list[Fault], node: Node) -> None:
    """What stands directly in an element and is no element."""
    for found in node.findings or ():
        tell(faults, Fault, found.rule, found.code, found.text, found.offset)
    for offset, text in node.texts or ():
        told = (
            f"The text {shown(text.strip(XML_SPACE))} has no place here: values stand in attributes `value`."
        )
        tell(faults, Fault, "text", "structure", told, offset)
