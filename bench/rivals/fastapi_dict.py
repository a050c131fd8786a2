"""FastAPI as its tutorial has it: an endpoint that returns a dict."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from fastapi import FastAPI

_ONE = json.loads(Path(os.environ["BENCH_DB"]).with_name("one.json").read_bytes())
app = FastAPI()


@app.get("/Observation/{id}")
async def read(id: str) -> dict[str, Any]:
    """The same dict, whatever the id."""
    return _ONE
