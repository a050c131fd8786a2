"""Timing of functions beside one another: interleaved rounds, so that a machine's drift hits all alike."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Mapping
from time import process_time_ns


def cpu_times(
    functions: Mapping[str, Callable[[], object]], *, rounds: int = 15, seconds: float = 0.05
) -> dict[str, float]:
    """Median CPU microseconds of one call of each function."""
    numbers = {name: _calls(function, seconds) for name, function in functions.items()}
    found: dict[str, list[float]] = {name: [] for name in functions}
    gc.collect()
    for _ in range(rounds):
        for name, function in functions.items():
            started = process_time_ns()
            for _ in range(numbers[name]):
                function()
            found[name].append((process_time_ns() - started) / numbers[name] / 1000)
    return {name: statistics.median(times) for name, times in found.items()}


def _calls(function: Callable[[], object], seconds: float) -> int:
    function()
    started = process_time_ns()
    function()
    once = max(process_time_ns() - started, 1000)
    return max(1, int(seconds * 1e9 / once))
