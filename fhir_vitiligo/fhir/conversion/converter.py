"""Resources from R4 to R5 and back, nothing lost in silence (https://hl7.org/fhir/R5/versions.html, diff.html).

An element that both releases have alike is passed on; one that was moved or reshaped goes where
:mod:`fhir_vitiligo.fhir.conversion.moves` says; and whatever going there and back would not give again is kept as the
cross-version extension of its element, from which the way back takes it. What no extension can hold is refused by name.
R4B is written as R4 is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.conversion import rules
from fhir_vitiligo.fhir.conversion.extensions import element_of, extensions_for, value_of
from fhir_vitiligo.fhir.conversion.moves import (
    CONVERTED,
    RELATIVE_PATH,
    at_place,
    moved_path,
)
from fhir_vitiligo.fhir.conversion.plans import Plan, plan_of
from fhir_vitiligo.fhir.conversion.rules import EXTENSION, Join, Rule
from fhir_vitiligo.fhir.conversion.tree import Primitive, to_json, to_tree
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.references import parse_restful
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import Property, schemas_of

_PASSED = frozenset({"resourceType"})


class Converter:
    """From one release to another; get it by :meth:`between`, or with ``further`` rules of a guide's own, by the place (of
    R4 and R5 alike) that they are for. Threads may share one.
    """

    def __init__(
        self, source: Release, target: Release, further: Mapping[str, Sequence[Rule]] | None = None
    ) -> None:
        self.source, self.target = source, target
        self._there, self._here = schemas_of(source), schemas_of(target)
        self._up = target is Release.R5
        self._further = further or {}
        self._plan = cache(self._make_plan)

    def _make_plan(self, source: str, target: str) -> Plan:
        # A guide's own rules come first.
        declared = [*self._further.get(source, ()), *at_place(source)]
        return plan_of(self._there.of(source), self._here.of(target), declared, up=self._up)

    @staticmethod
    @cache
    def between(source: Release, target: Release) -> Converter:
        """The one converter of core's own rules."""
        return Converter(source, target)

    def convert(self, resource: Json, types: Mapping[str, str] | None = None) -> Json:
        """The resource in the other release. ``types``: what other addresses than ``Type/id`` lead to, as the fullUrls of a
        Bundle do.

        :class:`~fhir_vitiligo.errors.InputError` (``not-supported``) names the element, or the type, that cannot be
        converted.
        """
        tree = to_tree(resource)
        found: Json = to_json(_Conversion(self, types or {}).resource(tree, ""))
        return found


def _lost_of(xs: Json, again: Json, join: Join) -> list[str]:
    """The members of ``xs`` that have to be kept for the way back, which gives ``again`` by itself."""
    lost: list[str] = []
    for key, value in xs.items():
        if again.get(key) != value:
            lost.append(key)
            # One may tell the others.
            if join(again, {name: xs[name] for name in lost}) == xs:
                return lost
    # The way back may make members that never were: then all of them tell what there was.
    return lost and list(xs)


class _Conversion:
    """One resource on its way, with all that is inside."""

    def __init__(self, converter: Converter, types: Mapping[str, str]) -> None:
        self._by = converter
        self._there, self._here = converter._there, converter._here
        self._types = dict(types)

    def resource(self, value: Any, where: str) -> Json:
        kind = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(kind, str):
            raise InputError("a resource needs `resourceType`", code="required", expression=where)
        if kind not in CONVERTED:
            raise InputError(
                f"a {kind[:64]} cannot be told in FHIR {self._by.target.version}: how it differs from FHIR "
                f"{self._by.source.version} is not on board",
                code="not-supported",
                expression=where or kind[:64],
            )
        if kind == "Bundle":
            self._note_entries(value)
        return self._object(kind, kind, value, where or kind)

    def _note_entries(self, bundle: Json) -> None:
        for entry in rules.listed(bundle.get("entry")):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            url = entry.get("fullUrl") if isinstance(entry, dict) else None
            if isinstance(url, str) and isinstance(resource, dict):
                self._types[url] = str(resource.get("resourceType"))

    def _object(self, source: str, target: str, value: Any, where: str) -> Json:
        plan = self._by._plan(source, target)
        fields = self._fields(source, target, value, where, plan.whole)
        if source == "Extension":
            self._move_path(fields)
        originals = self._originals(target, fields)
        claimed = self._claimed(fields, plan.urls)
        found = {key: child for key, child in fields.items() if key in plan.same or key in _PASSED}
        for step in plan.steps:
            xs = {key: fields[key] for key in step.take if key in fields}
            xs.update({key: claimed[key] for key in step.take if key in claimed})
            ys = step.project(xs)
            kept = {key: originals[key] for key in step.give if key in originals}
            if kept:
                # What stands there now was made of the original: that is what it was. Else it was changed since.
                before = next((one for one in (step.join(ys, kept), kept) if step.back(one) == xs), None)
                if before is not None:
                    found.update(before)
                    continue
            found.update(ys)
            if not xs:
                continue
            for key in _lost_of(xs, step.back(ys), step.join_back):
                if key.startswith(EXTENSION):
                    found[key] = xs[key]
                else:
                    self._keep(found, source, target, key, value[key], where)
        for name in [key for key in found if key.startswith(EXTENSION)]:
            found["extension"] = [*found.pop(name), *found.get("extension", ())]
        return found

    def _keep(self, found: Json, source: str, target: str, key: str, value: Any, where: str) -> None:
        """The value as an extension of its element, in the places that its own release has for what is inside."""
        one, here = self._there.of(source).properties[key], self._here.of(target)
        place = f"{where}.{key}"
        if "extension" not in here.properties or (one.element.is_modifier and key not in here.properties):
            raise InputError(
                f"FHIR {self._by.target.version} has no place for {place}"
                + (", and what it says changes what the rest means" if one.element.is_modifier else ""),
                code="not-supported",
                expression=place,
            )
        if isinstance(value, list):
            value = [self._inside(one, None, each, place) for each in value]
        else:
            value = self._inside(one, None, value, place)
        made = extensions_for(self._there, self._here, source, key, value, place)
        found["extension"] = [*found.get("extension", ()), *made]

    def _originals(self, target: str, fields: Json) -> Json:
        """The members of the target that extensions hold, which are taken out."""
        rest: list[Any] = []
        found: Json = {}
        properties = self._here.of(target).properties
        for one in fields.get("extension", ()):
            name = element_of(one.get("url"), self._by.target, target)
            told = None if name is None else value_of(self._here, self._there, target, name, one)
            if told is None:
                rest.append(one)
            elif properties[told[0]].is_list:
                found.setdefault(told[0], []).append(told[1])
            else:
                found[told[0]] = told[1]
        if rest:
            fields["extension"] = rest
        else:
            fields.pop("extension", None)
        return found

    def _claimed(self, fields: Json, names: Iterable[str]) -> Json:
        """The extensions that rules are for, as ``extension(URL)``, which are taken out."""
        found: Json = {}
        for name in names:
            extensions = fields.get("extension", [])
            own = [one for one in extensions if name == f"{EXTENSION}{one.get('url')})"]
            if own:
                found[name] = own
                fields["extension"] = [one for one in extensions if one not in own]
        if fields.get("extension") == []:
            del fields["extension"]
        return found

    def _move_path(self, extension: Json) -> None:
        """The path in a cqf-relativeDateTime, which names an element of the resource that its target is."""
        if extension.get("url") != RELATIVE_PATH:
            return
        parts = {one.get("url"): one for one in extension.get("extension", ()) if isinstance(one, dict)}
        link = parts.get("target", {}).get("valueReference", {}).get("reference")
        named = parse_restful(link) if isinstance(link, str) else None
        kind = self._types.get(str(link)) if named is None or str(link) in self._types else named.type
        part = parts.get("targetPath")
        if kind is not None and part is not None and isinstance(part.get("valueString"), str):
            part["valueString"] = moved_path(kind, part["valueString"], up=self._by._up)

    def _fields(
        self, source: str, target: str | None, value: Any, where: str, whole: frozenset[str] = frozenset()
    ) -> Json:
        """The members of an object, what is inside of each converted; without ``target`` they keep their places."""
        if not isinstance(value, dict):
            raise InputError(f"{where} has to be an object", code="structure", expression=where)
        properties = self._there.of(source).properties
        others: Mapping[str, Property] = {} if target is None else self._here.of(target).properties
        found: Json = {}
        for key, child in value.items():
            if key in _PASSED:
                found[key] = child
                continue
            one = properties.get(key)
            place = f"{where}.{key[:64]}"
            if one is None:
                raise InputError(f"{place} is no element of FHIR {self._by.source.version}", code="structure")
            if isinstance(child, list) != one.is_list:
                text = f"{place} is {'a list' if one.is_list else 'one value, not a list'}"
                raise InputError(text, code="structure", expression=place)
            if key in whole and one.kind == "complex":
                inside = partial(self._fields, one.content, None)
            else:
                inside = partial(self._inside, one, others.get(key))
            if one.is_list:
                found[key] = [inside(each, f"{place}[{n}]") for n, each in enumerate(child)]
            else:
                found[key] = inside(child, place)
        return found

    def _inside(self, one: Property, other: Property | None, value: Any, where: str) -> Any:
        if one.kind == "resource":
            return self.resource(value, where)
        if one.kind == "primitive":
            if isinstance(value, Primitive):
                return Primitive(value.value, self._object("Element", "Element", value.more, where))
            if isinstance(value, (dict, list)):
                raise InputError(f"{where} has to be one value", code="structure", expression=where)
            return value
        if "." in one.content:  # what is defined inside of the resource
            same = other is not None and other.kind == "complex" and "." in other.content
            if not same or other is None:
                return self._fields(one.content, None, value, where)
            return self._object(one.content, other.content, value, where)
        if one.content in self._here.definitions.type_names or one.content == "SimpleQuantity":
            return self._object(one.content, one.content, value, where)
        return self._fields(one.content, None, value, where)
