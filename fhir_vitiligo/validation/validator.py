"""Is this resource what FHIR says it may be (https://hl7.org/fhir/R4/validation.html)?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation.compiler import compiler_of
from fhir_vitiligo.validation.faults import MAX_FAULTS, Faults, TooManyFaults


class Validator:
    """Checks resources of one release against its core definitions. Cheap to make, and threads may share one.

    Checked: resource types, unknown elements, cardinality, JSON shape, primitive formats, choices, required
    bindings that can be listed, extensions' ext-1, contained resources; inside a Bundle, a Parameters and a
    contained resource too.
    """

    def __init__(self, release: Release | str = Release.R4) -> None:
        self.release = Release.of(release)
        self._compiler = compiler_of(self.release)

    def validate(self, resource: Any) -> list[Issue]:
        """Everything wrong with ``resource``, in its own order; empty when nothing is.

        ``resource`` is a dict as ``fhir.json.loads`` gives it. An issue's expression is a FHIRPath that
        starts at the resource (``Patient.contact[0].name.family``). Never raises for what is in the resource;
        at most some hundred issues are told.
        """
        faults = Faults()
        more: list[Issue] = []
        root = _root(resource)
        try:
            self._compiler.resource(resource, faults, 0)
        except TooManyFaults:
            text = f"More than {MAX_FAULTS} faults were found; what comes after them was not read."
            more.append(Issue("error", "too-costly", root, text, rule="depth"))
        except RecursionError:
            # The caller stands deep in the stack itself.
            text = "The resource nests too deeply to be read from here."
            more.append(Issue("error", "too-costly", root, text, rule="depth"))
        return [*(fault.issue(root) for fault in faults), *more]

    def iter_issues(self, resource: Any) -> Iterator[Issue]:
        """The issues one by one."""
        yield from self.validate(resource)


def _root(resource: Any) -> str:
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(name, str):
        return ""
    return name if name.isidentifier() and len(name) <= 64 else shown(name)
