"""A Measure's own rules beside its invariants (https://hl7.org/fhir/R4/measure.html): criteria in CQL are
expressions of a library that the measure names.
"""

from __future__ import annotations

from collections.abc import Iterator

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered

_CQL = frozenset({"text/cql", "text/cql.identifier", "text/cql-identifier", "text/cql.expression"})


def check(measure: Json, _: Context) -> Iterator[Fault]:
    """The rules of the type ``Measure``."""
    if measure.get("library"):
        return
    for criteria, steps in _criteria(measure):
        if isinstance(criteria, dict) and criteria.get("language") in _CQL:
            text = "The criteria are CQL, and the measure names no `library` that they could be from."
            yield Fault("measure-library", "not-found", text, steps=["criteria", *steps])


def _criteria(measure: Json) -> Iterator[tuple[object, list[str]]]:
    for index, group in numbered(measure.get("group")):
        above = [f"group[{index}]"]
        for number, population in numbered(group.get("population")):
            yield population.get("criteria"), [f"population[{number}]", *above]
        for number, stratifier in numbered(group.get("stratifier")):
            yield stratifier.get("criteria"), [f"stratifier[{number}]", *above]
            for place, component in numbered(stratifier.get("component")):
                yield component.get("criteria"), [f"component[{place}]", f"stratifier[{number}]", *above]
    for index, data in numbered(measure.get("supplementalData")):
        yield data.get("criteria"), [f"supplementalData[{index}]"]
