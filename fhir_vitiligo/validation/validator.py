"""Is this resource what FHIR says it may be (https://hl7.org/fhir/R4/validation.html)?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from math import isfinite
from operator import is_
from typing import Any

from fhir_vitiligo.errors import InputError, Issue
from fhir_vitiligo.fhir.bounded_patterns import BoundedTogether
from fhir_vitiligo.fhir.json import Json, loads
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation.compiler import Compiler, compiler_of
from fhir_vitiligo.validation.context import Context, Options, Walk
from fhir_vitiligo.validation.faults import MAX_FAULTS, Fault, Faults, TooManyFaults
from fhir_vitiligo.validation.library import Library, Packaged
from fhir_vitiligo.validation.remembered import Remembered
from fhir_vitiligo.validation.resource_check import check_in_context, resource_type


class Validator:
    """Checks resources of one release. Cheap to make, and threads may share one.

    ``packages`` are what is loaded besides core and the vitiligo package: folders, ``.tgz`` files,
    ``name#version`` of the usual cache, single conformance resources (files or dicts), one of these alone, or
    something that resolves canonicals. :class:`InputError` for one that is not there or is none.
    """

    def __init__(
        self,
        release: Release | str = Release.R4,
        packages: Packaged = (),
        options: Options = Options(),  # noqa: B008 - frozen
    ) -> None:
        self.release = Release.of(release)
        self.options = options
        self._remembered = Remembered()
        if isinstance(packages, Sequence) and not packages:
            self._compiler = compiler_of(self.release)
        else:
            self._compiler = Compiler(Library(self.release, packages))

    def validate(self, resource: Any, profiles: Iterable[str] = ()) -> list[Issue]:
        """Everything there is to tell of ``resource``, in its own order; empty when there is nothing.

        ``resource`` is a dict as ``fhir.json.loads`` or any JSON library gives it, or a model of ``fhir.resources``;
        ``profiles`` are canonicals (or one) it has to conform to besides those it claims itself. An issue's expression is a
        FHIRPath that starts at the resource (``Patient.contact[0].name.family``). Never raises for what is in the resource;
        at most some hundred issues are told.
        """
        profiles = (profiles,) if isinstance(profiles, str) else tuple(profiles)
        for one in profiles:
            if not isinstance(one, str):
                raise InputError(
                    f"a profile is named by its canonical url, not by {shown(one)}", code="value"
                )
        if type(resource) is not dict:
            resource = _plain(resource)
        with BoundedTogether():
            return self._validated(resource, profiles)

    def _validated(
        self,
        resource: Any,
        profiles: tuple[str, ...],
        texts: Mapping[str, bytes] | None = None,
        only_with_errors: bool = False,
    ) -> list[Issue]:
        root = _root(resource)
        faults = Faults()
        walk = Walk(self._compiler.library, self._compiler.profiles, self.options)
        more = self._walk(resource, profiles, walk, faults, texts)
        if walk.has_floats and not more:
            # Rules reckon in exact decimals; what a float was written as is its shortest form.
            return self._validated(_exact(resource), profiles, None, only_with_errors)
        if faults.malformed and (plain := _plain(resource)) is not resource:
            return self._validated(plain, profiles, None, only_with_errors)
        if only_with_errors and not (faults.errors or more):
            return []
        if faults.malformed and not more:
            faults, more = self._walk_again(resource, profiles, faults)
        if faults.left_out:
            text = f"{faults.left_out} more warnings and remarks are not told."
            more.append(Issue("information", "informational", root, text, rule="depth"))
        return [*_issues(faults, root), *more]

    def _walk(
        self,
        resource: Any,
        profiles: Iterable[str],
        walk: Walk,
        faults: Faults,
        texts: Mapping[str, bytes] | None = None,
    ) -> list[Issue]:
        """Fills ``faults``; what is returned says why a walk ended early."""
        context = Context(walk, faults, resource if isinstance(resource, dict) else {})
        if texts is not None:
            context.members = self._remembered.beside(walk, resource, texts)
        root = _root(resource)
        try:
            name = resource_type(self._compiler, resource, context)
            if name is not None:
                check_in_context(self._compiler, name, resource, context, profiles)
        except TooManyFaults:
            text = f"More than {MAX_FAULTS} errors were found; what comes after them was not read."
            return [Issue("error", "too-costly", root, text, rule="depth")]
        except RecursionError:
            # The caller stands deep in the stack itself.
            return [_too_deep(root)]
        finally:
            walk.end()
        return []

    def _walk_again(
        self, resource: Any, profiles: Iterable[str], first: Faults
    ) -> tuple[Faults, list[Issue]]:
        """What is wrong with the form of a malformed resource, then what is with that which can be read of it."""
        if not isinstance(resource, dict):
            return first, []
        from fhir_vitiligo.validation.readable import Reading

        try:
            reading = Reading(resource, self._compiler.schemas)
        except RecursionError:
            return first, [_too_deep(_root(resource))]
        faults = Faults(heeds_form=False)
        walk = Walk(self._compiler.library, self._compiler.profiles, self.options, reading)
        more = self._walk(reading.resource, profiles, walk, faults) if reading.resource else []
        both = Faults()
        both.extend(_merged(first, faults))
        both.left_out = faults.left_out
        return both, more

    def errors(self, resource: Json, texts: Mapping[str, bytes] | None = None) -> list[Issue]:
        """What :meth:`validate` tells where that has an error; nothing where it has none, at less cost.

        ``texts``: the members of the resource as the JSON they were read from (:func:`fhir_vitiligo.fhir.json_text.members`),
        which spares the work for those that were seen lately.
        """
        with BoundedTogether():
            return self._validated(resource, (), texts, only_with_errors=True)

    def iter_issues(self, resource: Any, profiles: Iterable[str] = ()) -> Iterator[Issue]:
        """The issues one by one."""
        yield from self.validate(resource, profiles)

    def explain(self, profile: str) -> str:
        """What the profile is compiled to, as text: an element a line, with what is checked beyond core."""
        from fhir_vitiligo.validation.explain import explained

        return explained(self._compiler, profile)


def _exact(node: Any) -> Any:
    """The same with decimals for floats; what is no number of JSON stays."""
    if type(node) is dict:
        return {key: _exact(value) for key, value in node.items()}
    if type(node) is list:
        return [_exact(value) for value in node]
    return Decimal(repr(node)) if type(node) is float and isfinite(node) else node


def _plain(value: Any) -> Any:
    """Dicts and lists for other mappings and tuples, JSON for a pydantic model; itself where it is nothing else already."""
    try:
        if hasattr(value, "model_dump_json"):
            return loads(value.model_dump_json())
        return _plainly(value)
    except RecursionError:
        return value  # is told


def _plainly(value: Any) -> Any:
    if isinstance(value, Mapping):
        items = {key: _plainly(one) for key, one in value.items()}
        is_same = type(value) is dict and all(items[key] is one for key, one in value.items())
        return value if is_same else items
    if isinstance(value, list | tuple):
        entries = [_plainly(one) for one in value]
        is_same = type(value) is list and all(map(is_, entries, value))
        return value if is_same else entries
    return value


def _issues(faults: Iterable[Fault], root: str) -> Iterator[Issue]:
    """Two profiles can ask for the same; it is told once."""
    told: set[tuple[str, str]] = set()
    for fault in faults:
        issue = fault.issue(root)
        key = (issue.expression, issue.text)
        if key not in told:
            told.add(key)
            yield issue


def _merged(first: Faults, second: Faults) -> Iterator[Fault]:
    """The faults of form that the first walk found and what the second one did, in the order of the resource."""
    known = {_key(fault): index for index, fault in enumerate(first)}
    told, later = 0, []
    for fault in second:
        index = known.get(_key(fault))
        if index is None:
            # Follows from something malformed: told after it. The first walk saw all that is.
            if not fault.is_form:
                later.append(fault)
            continue
        if index >= told:
            yield from (one for one in first[told:index] if one.is_form)
            told = index
        yield from later
        later = []
        # A value read as what it means is told once, as it is written.
        if not first[index].is_form or fault.rule not in ("primitive", "ele-1"):
            yield fault
    yield from (one for one in first[told:] if one.is_form)
    yield from later


def _key(fault: Fault) -> tuple[str, tuple[str, ...]]:
    return fault.rule, tuple(fault.steps)


def _too_deep(root: str) -> Issue:
    text = "The resource nests too deeply to be read from here."
    return Issue("error", "too-costly", root, text, rule="depth")


def _root(resource: Any) -> str:
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(name, str):
        return ""
    return name if name.isidentifier() and len(name) <= 64 else shown(name)
