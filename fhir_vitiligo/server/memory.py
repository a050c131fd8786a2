"""The memory of a server's process: what a large request took is given back.

https://man7.org/linux/man-pages/man3/mallopt.3.html; another C library than glibc has its own ways.
"""

from __future__ import annotations

import ctypes
import gc
from functools import cache
from typing import Any

LARGE = 1024 * 1024
"""Bytes of a body from which on it is worth looking for what can be given back."""

_COLLECT_AFTER = 20_000  # objects made and not let go of again
# Numbers of options (malloc.h): when free memory at the end of the heap is returned, from which size on memory is taken and
# returned piece by piece (bytes), and how many heaps the threads have. By itself glibc learns from every large piece to keep
# as much from then on, in every thread.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_OPTIONS = {_M_TRIM_THRESHOLD: 1024 * 1024, _M_MMAP_THRESHOLD: 256 * 1024, _M_ARENA_MAX: 1}


def begin() -> None:
    """Before there are threads."""
    set_option = _function("mallopt")
    if set_option is not None:
        for option, value in _OPTIONS.items():
            set_option(option, value)


def settle() -> None:
    """What is loaded by now stays for good: the collector need not walk through it again and again.

    Requests leave hardly any cycles behind, but each makes thousands of objects, which by the default threshold (700) is a
    collection or more for every one of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 20)


def give_back() -> None:
    """Returns what is free to the system; some milliseconds."""
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


@cache
def _function(name: str) -> Any | None:
    try:
        return getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return None
