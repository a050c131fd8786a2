"""What does an invariant cost? Beside `fhirpathpy`, in one run: reading an expression, asking it, and importing.

python -m bench.fhirpath
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from statistics import geometric_mean
from typing import Any

from bench.clock import cpu_times
from fhir_vitiligo.fhir.fhirpath import Environment, compile_expression, element, parse, root
from fhir_vitiligo.fhir.release import Release

_CODE = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}], "text": "Body weight"}
_OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": _CODE,
    "subject": {"reference": "Patient/example"},
    "effectivePeriod": {"start": "2016-03-28", "end": "2016-03-29T12:00:00Z"},
    "valueQuantity": {"value": 185, "unit": "lbs", "system": "http://unitsofmeasure.org", "code": "[lb_av]"},
}
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_CONDITION = {
    "resourceType": "Condition",
    "clinicalStatus": {"coding": [{"system": _CLINICAL, "code": "active"}]},
    "verificationStatus": {"coding": [{"system": _VERIFIED, "code": "confirmed"}]},
    "code": _CODE,
    "subject": {"reference": "Patient/example"},
}
# The invariants an Observation or Condition meets most: (key, type path, value, expression).
INVARIANTS: tuple[tuple[str, str, Any, str], ...] = (
    ("obs-6", "Observation", _OBSERVATION, "dataAbsentReason.empty() or value.empty()"),
    (
        "obs-7",
        "Observation",
        _OBSERVATION,
        "value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()",
    ),
    ("qty-3", "Quantity", _OBSERVATION["valueQuantity"], "code.empty() or system.exists()"),
    (
        "ref-1",
        "Reference",
        _OBSERVATION["subject"],
        "reference.startsWith('#').not() or (reference.substring(1).trace('url') in"
        " %rootResource.contained.id.trace('ids'))",
    ),
    (
        "per-1",
        "Period",
        _OBSERVATION["effectivePeriod"],
        "start.hasValue().not() or end.hasValue().not() or (start <= end)",
    ),
    (
        "con-3",
        "Condition",
        _CONDITION,
        "clinicalStatus.exists() or verificationStatus.coding.where(system='"
        + _VERIFIED
        + "' and code = 'entered-in-error').exists() or category.select($this='problem-list-item').empty()",
    ),
    (
        "con-4",
        "Condition",
        _CONDITION,
        "abatement.empty() or clinicalStatus.coding.where(system='"
        + _CLINICAL
        + "' and (code='resolved' or code='remission' or code='inactive')).exists()",
    ),
    (
        "con-5",
        "Condition",
        _CONDITION,
        "verificationStatus.coding.where(system='"
        + _VERIFIED
        + "' and code='entered-in-error').empty() or clinicalStatus.empty()",
    ),
    (
        "que-1",
        "Questionnaire.item",
        {"linkId": "1", "type": "group", "item": [{"linkId": "1.1", "type": "string"}]},
        "(type='group' implies item.empty().not()) and (type.trace('type')='display' implies item.trace('item').empty())",
    ),
    (
        "tim-5",
        "Timing.repeat",
        {"frequency": 1, "period": 2, "periodUnit": "d"},
        "period.exists() implies period >= 0",
    ),
)


def main() -> None:
    # Not among the project's dependencies: it is what we measure ourselves against.
    import fhirpathpy
    from fhirpathpy.engine.nodes import ResourceNode
    from fhirpathpy.models import models
    from fhirpathpy.parser import parse as foreign_parse

    options = {"traceFn": lambda *_: None}
    print(f"{'microseconds a call':22}{'bound':>10}{'by node':>10}{'fhirpathpy':>12}{'times':>8}")
    ratios = []
    for key, path, value, text in INVARIANTS:
        whole = _OBSERVATION if path not in ("Condition",) else _CONDITION
        environment = Environment(root(whole, Release.R4))
        expression = compile_expression(text, Release.R4)
        bound, node = expression.bind(path), element(value, path, Release.R4)
        foreign = fhirpathpy.compile(text, models["r4"], options)
        named = {"resource": whole, "rootResource": whole}

        def ask_foreign(
            value: Any = value, path: str = path, foreign: Any = foreign, named: Any = named
        ) -> Any:
            return foreign(ResourceNode.create_node(value, path), named)

        functions: dict[str, Callable[[], object]] = {
            "bound": partial(bound, value, None, environment),
            "node": partial(expression.test, node, environment),
        }
        try:
            ask_foreign()
            functions["foreign"] = ask_foreign
        except Exception as error:  # noqa: BLE001 - a function it has not, such as per-1's hasValue()
            told = str(error)
        times = cpu_times(functions, rounds=7, seconds=0.02)
        line = f"{key:22}{times['bound']:10.2f}{times['node']:10.2f}"
        if "foreign" in times:
            ratios.append(times["foreign"] / times["bound"])
            print(f"{line}{times['foreign']:12.1f}{ratios[-1]:8.0f}")
        else:
            print(f"{line}  {told}")
    print(f"{'geometric mean':54}{geometric_mean(ratios):8.0f}")

    texts = [text for _, _, _, text in INVARIANTS]
    times = cpu_times(
        {
            "parse": lambda: [parse.__wrapped__(text) for text in texts],
            "fhirpathpy": lambda: [foreign_parse(text) for text in texts],
        },
        rounds=5,
    )
    print(
        f"reading one expression: {times['parse'] / len(texts):.0f} us, fhirpathpy {times['fhirpathpy'] / len(texts):.0f} us"
        f" ({times['fhirpathpy'] / times['parse']:.0f} times)"
    )
    print(
        f"import: {_import_time('fhir_vitiligo.fhir.fhirpath'):.0f} ms, fhirpathpy {_import_time('fhirpathpy'):.0f} ms"
    )


def _import_time(module: str) -> float:
    """Milliseconds of CPU that a new interpreter takes for the import, at best."""
    program = (
        "import time, json; start = time.process_time(); import "
        + module
        + "; print(json.dumps(time.process_time() - start))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True) for _ in range(5)
    ]
    return min(json.loads(run.stdout) for run in runs) * 1000


if __name__ == "__main__":
    main()
