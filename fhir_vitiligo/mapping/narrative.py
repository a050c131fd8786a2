"""The generated narrative of a resource (https://hl7.org/fhir/R4/narrative.html): its title and its facts, in words."""

from __future__ import annotations

from html import escape
from typing import Any

from fhir_vitiligo.case.values import Fact


def said(value: Any) -> str:
    """A case value in words: what was written where that is known."""
    if isinstance(value, Fact):
        if value.raw is not None and value.value is not None and str(value) != value.raw:
            return f"{value} (written: {value.raw})"
        return str(value)
    if isinstance(value, tuple):
        return "; ".join(map(said, value))
    if hasattr(value, "model_fields"):
        named = ((name, getattr(value, name)) for name in type(value).model_fields)
        return ", ".join(said(item) for _, item in named if item not in (None, ()))
    return str(value)


def narrative(title: str, lines: list[tuple[str, Any]]) -> dict[str, str]:
    """``Resource.text``: ``generated``, a title and a list of label and value."""
    items = "".join(f"<li>{label}: {escape(said(value), quote=False)}</li>" for label, value in lines)
    body = f"<p>{title}</p><ul>{items}</ul>" if items else f"<p>{title}</p>"
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>'}
