"""Numbers that know how they were written: :class:`~decimal.Decimal` has the digits of a number and not its spelling
(``0.0000001`` is written out as ``1E-7``, ``1E3`` as ``1E+3``), and :class:`int` has no sign where there was a plus.

For arithmetic they are the numbers they are; ``str`` gives the form they were written in.
"""

from __future__ import annotations

from decimal import Decimal


class SpelledDecimal(Decimal):
    """A decimal and its spelling."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> SpelledDecimal:
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __str__(self) -> str:
        return self.text


class SpelledInt(int):
    """A whole number and its spelling."""

    text: str

    def __new__(cls, text: str) -> SpelledInt:
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __str__(self) -> str:
        return self.text


def decimal(text: str) -> Decimal:
    """The decimal of a text, which is known to be one; with its spelling, where ``str`` would give another."""
    number = Decimal(text)
    return number if str(number) == text else SpelledDecimal(text)


def whole(text: str) -> int:
    """The whole number of a text, which is known to be one; with its spelling, where ``str`` would give another."""
    number = int(text)
    return number if str(number) == text else SpelledInt(text)
