"""ElementDefinitions as the nodes of a profile's tree (https://hl7.org/fhir/R4/elementdefinition.html)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, get_args

from fhir_vitiligo.fhir.definition_types import Strength
from fhir_vitiligo.fhir.definitions import Binding, Element, Invariant, TypeRef
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.validation.schema import Node, Slicing
from fhir_vitiligo.validation.shapes import objects, string, strings

_EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
_BEST_PRACTICE = _EXTENSION + "elementdefinition-bestpractice"
_ALTERNATIVES = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition.valueAlternatives"
_LANGUAGES = _EXTENSION + "narrative-language-control"
_PROFILE_ELEMENT = _EXTENSION + "elementdefinition-profile-element"
_REGEX = _EXTENSION + "regex"
_CONTENTS = _EXTENSION + "contentReferenceProfile"
_ADDITIONAL = "http://hl7.org/fhir/tools/StructureDefinition/additional-binding"
# What an additional binding is for, as the strength that says the same; the others are for the makers of forms.
_STRENGTHS: Mapping[str, Strength] = {
    "maximum": "required",
    "required": "required",
    "extensible": "extensible",
}
_AS_STATED: Mapping[str, Strength] = {one: one for one in get_args(Strength)}
_FHIR_TYPE = _EXTENSION + "structuredefinition-fhir-type"
# Types of the elements that hold the text of a primitive.
_SYSTEM_TYPE = "http://hl7.org/fhirpath/System."
_HEADS = ("fixed", "pattern", "minValue", "maxValue")
# A profile of more elements than this is no profile that anybody wrote.
MAX_ELEMENTS = 20_000


def tree_of(elements: Iterable[Json]) -> Node:
    """The tree of a snapshot's elements: each hangs under the last one of the path above it.

    Raises :class:`ValueError` with what to say of the profile where the elements are no tree.
    """
    root: Node | None = None
    open_nodes: dict[str, Node] = {}
    for count, record in enumerate(elements):
        if count > MAX_ELEMENTS:
            raise ValueError(f"it has more than {MAX_ELEMENTS} elements")
        path = record.get("path") if isinstance(record, dict) else None
        if not isinstance(path, str):
            raise ValueError("one of its elements has no path")
        node = node_of(record, path)
        if root is None:
            root = node
        else:
            above = open_nodes.get(path.rpartition(".")[0])
            if above is None:
                raise ValueError(f"its element {path} stands under no other")
            node = _placed(node, above, record.get("sliceName"))
        if path in open_nodes:
            # What was below an earlier element of this path is closed.
            for closed in [name for name in open_nodes if name.startswith(f"{path}.")]:
                del open_nodes[closed]
        open_nodes[path] = node
    if root is None:
        raise ValueError("it has no elements")
    return root


def _placed(node: Node, above: Node, name: Any) -> Node:
    if not isinstance(name, str):
        above.children.append(node)
        return node
    sliced = next((child for child in above.children if child.element.path == node.element.path), None)
    if sliced is None:
        # A slice of what is not told itself: the profile speaks of it alone.
        sliced = Node(Element(node.element.path, 0, None, node.element.types), node.id.rpartition(":")[0])
        above.children.append(sliced)
    *around, own = name.split("/")
    for step in around:
        sliced = next((one for one in sliced.slices if one.slice_name == step), sliced)
    node.slice_name = own
    sliced.slices.append(node)
    return node


def node_of(record: Json, path: str) -> Node:
    """One ElementDefinition, without what is below it."""
    slicing, binding = record.get("slicing"), record.get("binding")
    types = objects(record.get("type"))
    node = Node(
        element=_element(record, path, types),
        id=string(record.get("id"), path),
        slicing=_slicing(slicing) if isinstance(slicing, dict) else None,
        regex=_extended(record, types, _REGEX, "valueString"),
        must_have_value=bool(record.get("mustHaveValue", False)),
        alternatives=strings(record.get("valueAlternatives")),
        aggregation=_aggregation(types),
        additional=tuple(_additional(binding)) if isinstance(binding, dict) else (),
    )
    if extensions := objects(record.get("extension")):
        node.alternatives += strings(
            [one.get("valueCanonical") for one in extensions if one.get("url") == _ALTERNATIVES]
        )
        node.languages = strings([one.get("valueCode") for one in extensions if one.get("url") == _LANGUAGES])
    return node


def _aggregation(types: Iterable[Json]) -> frozenset[str]:
    return frozenset(mode for one in types if "aggregation" in one for mode in strings(one["aggregation"]))


def _slicing(record: Json) -> Slicing:
    discriminators = tuple(
        (str(one.get("type", "")), str(one.get("path", ""))) for one in objects(record.get("discriminator"))
    )
    return Slicing(discriminators, string(record.get("rules"), "open"), record.get("ordered") is True)


def _element(record: Json, path: str, types: Iterable[Json]) -> Element:
    # A profile may say that its own constraints hold for the contents as well.
    reference = _extended(record, (), _CONTENTS, "valueUri") or record.get("contentReference")
    stated = _stated(record)
    return Element(
        path=path,
        min=_number(record.get("min"), 0) or 0,
        max=_number(record.get("max"), None),
        types=tuple(map(_type, types)),
        binding=_binding(record.get("binding")),
        # Of the definition itself, or with its address of another one.
        content_reference=reference.removeprefix("#") if isinstance(reference, str) else None,
        fixed=stated.get("fixed"),
        pattern=stated.get("pattern"),
        min_value=stated.get("minValue"),
        max_value=stated.get("maxValue"),
        max_length=_number(record.get("maxLength"), None),
        is_modifier=bool(record.get("isModifier", False)),
        is_summary=bool(record.get("isSummary", False)),
        is_xml_attribute="xmlAttr" in strings(record.get("representation")),
        invariants=tuple(
            _invariant(
                str(one.get("key", "")),
                one.get("severity") == "warning",
                one["expression"],
                str(one.get("human", "")),
                "extension" in one and _is_advice(one["extension"]),
                str(one.get("source", "")),
            )
            for one in objects(record.get("constraint"))
            if isinstance(one.get("expression"), str)
        ),
    )


@lru_cache(maxsize=1000)
def _invariant(
    key: str, is_warning: bool, expression: str, human: str, is_advice: bool, source: str
) -> Invariant:
    """Most elements repeat those of every element; each stands once in memory."""
    return Invariant(key, "warning" if is_warning else "error", expression, human, is_advice, source)


def _is_advice(extensions: Any) -> bool:
    return any(
        one.get("url") == _BEST_PRACTICE and one.get("valueBoolean") is True for one in objects(extensions)
    )


def _number(told: Any, otherwise: int | None) -> int | None:
    if isinstance(told, str) and told.isdecimal() and len(told) < 10:
        return int(told)
    return told if type(told) is int else otherwise


def _stated(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The value that stands under each of the heads, of whatever type it is: ``fixedCode``, ``patternQuantity``."""
    found: dict[str, Any] = {}
    for key in record:
        if key.startswith(_HEADS):
            head = next(one for one in _HEADS if key.startswith(one))
            if key[len(head) : len(head) + 1].isupper():
                found.setdefault(head, record[key])
    return found


def _type(record: Json) -> TypeRef:
    code = str(record.get("code", ""))
    if code.startswith(_SYSTEM_TYPE):
        told = [one for one in objects(record.get("extension")) if one.get("url") == _FHIR_TYPE]
        code = string(next((one.get("valueUrl") or one.get("valueUri") for one in told), None), "string")
    return TypeRef(
        code.removeprefix(_EXTENSION),
        strings(record.get("targetProfile")),
        tuple(_profiles(record)),
    )


def _profiles(record: Json) -> Iterator[str]:
    """The profiles of a type; one that means a single element of its profile is told as ``url#id``."""
    urls, beside = record.get("profile"), record.get("_profile")
    more = beside if isinstance(beside, list) else []
    for index, url in enumerate(urls if isinstance(urls, list) else ()):
        if not isinstance(url, str):
            continue
        extras = more[index] if index < len(more) and isinstance(more[index], dict) else {}
        element = next(
            (
                one.get("valueString")
                for one in objects(extras.get("extension"))
                if one.get("url") == _PROFILE_ELEMENT
            ),
            None,
        )
        yield f"{url}#{element}" if element else url


def _binding(record: Any) -> Binding | None:
    if not isinstance(record, dict) or not isinstance(record.get("valueSet"), str):
        return None
    most = next(
        (
            one.get("valueCanonical")
            for one in objects(record.get("extension"))
            if one.get("url") == _EXTENSION + "elementdefinition-maxValueSet"
            and isinstance(one.get("valueCanonical"), str)
        ),
        None,
    )
    return Binding(_AS_STATED.get(string(record.get("strength")), "example"), record["valueSet"], most)


def _additional(record: Json) -> Iterator[Binding]:
    """R5's ``additional``, and the extension that says the same in R4
    (https://hl7.org/fhir/tools/StructureDefinition-additional-binding.html). What holds only in a context of use is
    left out: a resource does not say in which it stands.
    """
    for one in objects(record.get("additional")):
        if "usage" not in one:
            yield from _more(one.get("purpose"), one.get("valueSet"))
    for one in objects(record.get("extension")):
        if one.get("url") == _ADDITIONAL:
            parts = {str(part.get("url")): part for part in objects(one.get("extension"))}
            if "usage" not in parts:
                yield from _more(
                    parts.get("purpose", {}).get("valueCode"), parts.get("valueSet", {}).get("valueCanonical")
                )


def _more(purpose: Any, value_set: Any) -> Iterator[Binding]:
    if isinstance(value_set, str) and isinstance(purpose, str) and purpose in _STRENGTHS:
        yield Binding(_STRENGTHS[purpose], value_set)


def _extended(record: Json, types: Iterable[Json], url: str, value: str) -> str | None:
    """The text of an extension of an element or of its types."""
    for place in (record, *types):
        if "extension" not in place:
            continue
        for one in objects(place["extension"]):
            if one.get("url") == url and isinstance(one.get(value), str):
                text: str = one[value]
                return text
    return None
