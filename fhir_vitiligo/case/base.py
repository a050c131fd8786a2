"""What every part of a case is built on: the frozen model, texts and keys."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
)

_CONTROL = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ufffe\\uffff\\ud800-\\udfff]")


def printable(value: Any) -> Any:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)  # a file writes `volume: 7` and means the text
    if isinstance(value, str) and (found := _CONTROL.search(value)):
        raise ValueError(
            f"the text holds the control character U+{ord(found[0]):04X} at position {found.start()}"
        )
    return value


# Leading or trailing white space cannot survive every format a fact travels through, so it is no part of a
# text.
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100_000),
    BeforeValidator(printable),
]


def _one_word(value: str) -> str:
    if any(sign.isspace() for sign in value):
        raise ValueError(f"{short(value)} is no URL: a URL has no white space")
    return value


Url = Annotated[Text, AfterValidator(_one_word)]
Key = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.\-]{0,63}$", max_length=64),
    BeforeValidator(printable),
]
"""The stable name of an item within a case: letters, digits, dot and hyphen, 64 at most."""


class Model(BaseModel):
    """Frozen; unknown keys are faults; what is unset or empty is not written."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __eq__(self, other: object) -> bool:
        # What pydantic comes to for two of one type, in one look.
        if type(self) is type(other):
            return self.__dict__ == other.__dict__
        return super().__eq__(other)

    @classmethod
    def unchecked(cls, fields: dict[str, Any]) -> Self:
        """A model of fields that were validated already, the others at their defaults (of which none is
        mutable). It is what pydantic's ``model_construct`` makes, without a look at each field.
        """
        made = cls.__new__(cls)
        object.__setattr__(made, "__dict__", {**_defaults(cls), **fields})
        object.__setattr__(made, "__pydantic_fields_set__", set(fields))
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_private__", None)
        return made

    @model_serializer(mode="wrap")
    def _without_empty(self, handler: SerializerFunctionWrapHandler) -> Any:
        return {
            key: value
            for key, value in handler(self).items()
            if value is not None and value not in ((), [], {})
        }


@cache
def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    """All fields in their order, so that it is kept."""
    return {
        name: None if info.is_required() else info.get_default(call_default_factory=True)
        for name, info in model.model_fields.items()
    }


def short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
