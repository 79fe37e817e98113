"""Numbers and tables as reports print them, without trailing blanks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from chainrule.console import left_aligned, right_aligned, width_of

__all__ = ["align", "compared", "decimals_of", "percent"]


def percent(share: float, decimals: int = 1) -> str:
    """Write a share.

    Examples
    --------
    >>> percent(0.97251), percent(1.0, decimals=0)
    ('97.3 %', '100 %')
    """
    return f"{share:.{decimals}%}".replace("%", " %")


def decimals_of(values: Iterable[float]) -> int:
    """Return the decimals with which the largest value has four significant digits.

    Examples
    --------
    >>> [decimals_of([each, 0.1]) for each in (123456.7, 74.29, 0.5)]
    [0, 2, 4]
    """
    largest = max((abs(each) for each in values if math.isfinite(each)), default=0.0)
    return min(max(3 - math.floor(math.log10(largest)), 0), 9) if largest else 1


def compared(value: float, other: float) -> str:
    """Return the verdict of a comparison with a baseline, where more is better.

    Examples
    --------
    >>> compared(0.9, 0.8), compared(0.8, 0.8), compared(0.7, 0.8)
    ('beaten', 'equalled', 'not beaten')
    """
    return "beaten" if value > other else "equalled" if value == other else "not beaten"


def align(rows: Sequence[Sequence[str]], left: bool = True) -> list[str]:
    """Align the cells of rows to the right, those of the first column to the left if asked.

    Examples
    --------
    >>> align([["", "MAE"], ["net", "9.5"], ["mean", "12.0"]])
    ['       MAE', 'net    9.5', 'mean  12.0']
    """
    widths = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
    lines: list[str] = []
    for row in rows:
        cells = [right_aligned(cell, size) for cell, size in zip(row, widths, strict=True)]
        if left:
            cells[0] = left_aligned(row[0], widths[0])
        lines.append("  ".join(cells).rstrip())
    return lines
