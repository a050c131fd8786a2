"""The must-rules of a profile: what its differential demands beyond the type it constrains.

Read off a compiled StructureDefinition (https://hl7.org/fhir/R4/profiling.html): a minimum raised, a maximum lowered, a fixed
value or pattern, a choice narrowed, a required binding, an invariant. What only explains (short, mustSupport, preferred
bindings) is no rule; neither is the pattern that a slice is told by, because who writes another one writes no such slice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from fhir_vitiligo.fhir.definitions import Definitions, TypeRef, definitions_of
from fhir_vitiligo.fhir.release import Release

Json = dict[str, Any]
Kind = Literal["min", "max", "value", "type", "target", "binding", "invariant"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing an instance must do. ``element`` is the id in the snapshot; ``detail`` the value, types or invariant's key."""

    profile: str
    kind: Kind
    element: str
    detail: Any

    @property
    def name(self) -> str:
        """``vitiligo-condition_min_Condition.code``: stable, and fit for a file."""
        told = f"_{self.detail['key']}" if self.kind == "invariant" else ""
        return f"{self.profile}_{self.kind}_{self.element}{told}".replace(":", "-").replace("[x]", "")


class Profile:
    """A compiled profile: its elements by id, and its rules."""

    def __init__(self, definition: Json, core: Definitions) -> None:
        self.definition = definition
        self.core = core
        self.id: str = definition["id"]
        self.url: str = definition["url"]
        self.type: str = definition["type"]
        self.elements: Mapping[str, Json] = {one["id"]: one for one in definition["snapshot"]["element"]}

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(
            rule for element in self.definition["differential"]["element"] for rule in self._rules(element)
        )

    def _rules(self, stated: Json) -> Iterator[Rule]:
        name = stated["id"]
        element = self.elements[name]
        base = element.get("base", {"min": 0, "max": "*"})
        sliced = "sliceName" in element
        # Without what tells it, an element is no instance of its slice.
        if stated.get("min", 0) > (0 if sliced else base["min"]) and (
            sliced or not self.is_discriminator(name)
        ):
            yield Rule(self.id, "min", name, stated["min"])
        if (
            "max" in stated
            and stated["max"] != base["max"]
            and not (sliced and "extension" not in name and base["max"] == "1")
        ):
            yield Rule(self.id, "max", name, stated["max"])
        if not self.is_discriminator(name):
            for key, value in stated.items():
                if key.startswith(("fixed", "pattern")):
                    yield Rule(self.id, "value", name, value)
        if "type" in stated and name.endswith("[x]") and not self._of_an_extension(name):
            allowed = [one["code"] for one in stated["type"]]
            if set(allowed) != {kind.code for kind in self.core_types(name)}:
                yield Rule(self.id, "type", name, allowed)
        targets = [target for one in stated.get("type", ()) for target in one.get("targetProfile", ())]
        if targets and "sliceName" not in stated and not self._of_an_extension(name):
            yield Rule(self.id, "target", name, targets)
        if stated.get("binding", {}).get("strength") == "required":
            yield Rule(self.id, "binding", name, stated["binding"]["valueSet"])
        for invariant in stated.get("constraint", ()):
            if invariant["severity"] == "error":
                yield Rule(self.id, "invariant", name, {"key": invariant["key"], "human": invariant["human"]})

    def core_types(self, name: str) -> tuple[TypeRef, ...]:
        """What core allows at an element."""
        path = ".".join(step.partition(":")[0] for step in name.split("."))
        found = self.core.structure(self.type).element(path)
        if found is None and ".extension" in path:
            found = self.core.structure("Extension").element("Extension.value[x]")
        return found.types if found is not None else ()

    def _of_an_extension(self, name: str) -> bool:
        """Whether an element is inside an extension that says itself what it takes."""
        parent = name.rpartition(".")[0]
        return any(
            "profile" in kind for kind in self.elements[parent].get("type", ()) if kind["code"] == "Extension"
        )

    def is_discriminator(self, name: str) -> bool:
        """Whether a slice is told by this element."""
        steps = name.split(".")
        for i in range(len(steps)):
            if ":" in steps[i]:
                slicing = self.slicing(".".join(steps[: i + 1]))
                inner = ".".join(steps[i + 1 :]).replace("[x]", "")
                for one in slicing.get("discriminator", ()):
                    path = "" if one["path"] == "$this" else one["path"]
                    if inner == path or inner.startswith(path + ".") or (not path and i == len(steps) - 1):
                        return True
        return False

    def slicing(self, slice_id: str) -> Json:
        """The slicing that a slice belongs to."""
        head = slice_id.rpartition(":")[0]
        return dict(self.elements[head].get("slicing", {})) if head in self.elements else {}


def profiles_in(package: Path, release: Release) -> dict[str, Profile]:
    """The profiles of a compiled package by canonical: constraints on types other than Extension."""
    found = {}
    core = definitions_of(release)
    for path in sorted(package.glob("StructureDefinition-*.json")):
        definition = json.loads(path.read_text(encoding="utf-8"))
        if definition["type"] != "Extension" and definition.get("derivation") == "constraint":
            profile = Profile(definition, core)
            found[profile.url] = profile
    return found
