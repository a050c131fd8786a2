"""JSON that is the same each time but for a few places, as a function that makes it anew.

What is written belongs to the caller, who may change it, so nothing constant may be shared between two
resources: it is copied at each use. Walking a tree to copy it costs many times what Python needs to build one
that stands in the code; a template is therefore compiled to such code, once (docs/adr/0008).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


class Hole(str):
    """A place of a template that is filled at each use: an expression of the parameters."""


def maker(template: Any, *parameters: str) -> Callable[..., Any]:
    """A function of the parameters, in this order, that makes the template's JSON with its holes filled.

    ``maker({"reference": Hole("url")}, "url")("Patient/1")`` is ``{"reference": "Patient/1"}``.
    """
    constants: dict[str, Any] = {}

    def name(constant: Any) -> str:
        constants[f"_{len(constants)}"] = constant
        return f"_{len(constants) - 1}"

    code = compile(f"lambda {', '.join(parameters)}: {source(template, name)}", "<template>", "eval")
    # The code is made of nothing but the template's own literals and the names of its parameters.
    made: Callable[..., Any] = eval(code, {"__builtins__": {}, **constants})  # noqa: S307
    return made


def source(node: Any, name: Callable[[Any], str]) -> str:
    """The template as an expression; ``name`` gives the constants in it their names."""
    if isinstance(node, Hole):
        return str(node)
    if isinstance(node, list | tuple):
        return f"[{', '.join(source(item, name) for item in node)}]"
    if isinstance(node, dict):
        if any(isinstance(value, Hole | dict | list | tuple) for value in node.values()):
            members = (f"{member!r}: {source(value, name)}" for member, value in node.items())
            return f"{{{', '.join(members)}}}"
        return f"{name(dict(node))}.copy()"  # a flat dict copies faster than it builds
    if isinstance(node, str | bool | int | None):
        return repr(node)
    raise TypeError(f"{node!r} is no constant of a template")
