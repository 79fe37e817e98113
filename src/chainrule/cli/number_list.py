"""The type of options that take several numbers: ``--units 4,16,64``."""

from __future__ import annotations

import math
from typing import Any

import click

__all__ = ["NumberList"]


class NumberList(click.ParamType[list[Any]]):
    """Numbers between commas, each once, in a range whose upper end is not part of it."""

    name = "numbers"

    def __init__(self, number: type[int] | type[float], low: float, high: float = math.inf) -> None:
        self._number, self._low, self._high = number, low, high

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[Any]:
        """Return the numbers, or refuse what is none."""
        if isinstance(value, list):
            return value
        numbers: list[Any] = []
        for text in str(value).split(","):
            try:
                number = self._number(text)
            except ValueError:
                number = math.nan
            if not self._low <= number < self._high:
                kind = "an integer" if self._number is int else "a number"
                most = "" if self._high == math.inf else f" and less than {self._high:g}"
                self.fail(
                    f"{text!r} is not {kind} of at least {self._low:g}{most}; give several as in "
                    f"{'4,16,64' if self._number is int else '0.001,0.01'}",
                    param,
                    ctx,
                )
            numbers.append(number)
        return list(dict.fromkeys(numbers))
