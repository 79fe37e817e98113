"""Logarithmic axes whose labels are plain text, in whatever font the figure has."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["label_decades", "power_of_ten"]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: float) -> str:
    """Return a power of ten, its exponent rounded to an integer.

    Examples
    --------
    >>> power_of_ten(-3.0)
    '10⁻³'
    """
    return f"10{str(round(exponent)).translate(_RAISED)}"


def label_decades(axis: Any, low: float, high: float) -> None:
    """Label an axis of positive values: some between decades if there are few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    decades = math.log10(high / low)
    steps = (1, 2, 5) if decades < 3 else (1,)

    def text(value: float, _: Any) -> str:
        return (
            f"{value:g}" if decades < 6 and 1e-4 < value < 1e6 else power_of_ten(math.log10(value))
        )

    axis.set_major_locator(LogLocator(subs=steps, numticks=12))
    axis.set_major_formatter(FuncFormatter(text))
    axis.set_minor_formatter(NullFormatter())
