"""fhirstarter (PyPI) as its README has it, keeping resources in memory."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

from fhir.resources.observation import Observation
from fhirstarter import FHIRProvider, FHIRStarter, InteractionContext
from fhirstarter.exceptions import FHIRResourceNotFoundError

_kept = {}
app = FHIRStarter()
_provider = FHIRProvider()


@_provider.create(Observation)
async def create(context: InteractionContext, resource: Observation) -> str:
    """Keeps it under a new id."""
    resource.id = str(uuid.uuid4())
    _kept[resource.id] = resource
    return resource.id


@_provider.read(Observation)
async def read(context: InteractionContext, id_: str) -> Observation:
    """What was kept."""
    found = _kept.get(id_)
    if found is None:
        raise FHIRResourceNotFoundError
    return found


_one = Observation(**json.loads(Path(os.environ["BENCH_DB"]).with_name("one.json").read_bytes()))
_kept["one"] = _one
app.add_providers(_provider)
