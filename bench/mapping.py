"""How fast is a case mapped? Beside dumping the finished Bundle, and beside building it through fhir.resources.

python -m bench.mapping
"""

from __future__ import annotations

import warnings

import fhir_vitiligo as fv
from bench.clock import cpu_times
from fhir_vitiligo.fhir import json


def main() -> None:
    warnings.filterwarnings("ignore")
    from fhir.resources.R4B.bundle import Bundle

    case = fv.example("case-report")
    mapper = fv.Mapper("r4b")
    finished = mapper.to_fhir(case)
    text = json.dumps(finished)
    times = cpu_times(
        {
            "to_fhir": lambda: mapper.to_fhir(case),
            "to_fhir and dump": lambda: json.dumps(mapper.to_fhir(case)),
            "from_fhir": lambda: fv.from_fhir(finished),
            "dump the finished Bundle": lambda: json.dumps(finished),
            "fhir.resources: build": lambda: Bundle.model_validate(finished),
            "fhir.resources: build and dump": lambda: Bundle.model_validate(finished).model_dump_json(),
        }
    )
    dump, ours = times["dump the finished Bundle"], times["to_fhir"]
    print(f"case report: {len(finished['entry'])} resources, {len(text)} bytes")
    for name, time in times.items():
        print(f"{name:32} {time:10.1f} us   {time / dump:7.1f} x dump   {time / ours:7.2f} x to_fhir")
    print(f"cases a second on one core: {1e6 / times['to_fhir and dump']:.0f}")


if __name__ == "__main__":
    main()
