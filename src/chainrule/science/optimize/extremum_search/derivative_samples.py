"""Values of f, f′ and f″ on an interval, dense enough to predict f′ between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.autodiff.transformations import jvp, vmap
from chainrule.compiler.jit import jit
from chainrule.errors import TraceError, UnsupportedError

__all__ = ["CELLS", "Samples", "Table", "derivative", "evaluator"]

Table = NDArray[np.float64]
"""Rows x, f, f′, f″, one column a point."""

CELLS = 500
"""Cells of the first grid."""

_CHUNK = 512  # points of one call of the compiled program
_MOST_POINTS = 30_000
_TOLERANCE = 0.03
_PROBE = 0.2764
"""Part of each cell where it is tried besides its middle: one place may agree by chance."""


def derivative(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the derivative of a function of a number, in forward mode."""

    def rate(x: Any) -> Any:
        return jvp(f, (x,), (np.ones_like(x),))[1]

    return rate


def evaluator(f: Callable[[Any], Any], at: float) -> tuple[Callable[[Any], Table], int]:
    """Return the function of points that gives their table, and the cells of the first grid.

    A function that chooses by the value of x is evaluated point by point, on a coarser grid; any
    other by one compiled program.
    """

    def first(x: Any) -> Any:
        return jvp(f, (x,), (np.ones_like(x),))

    def row(x: Any) -> Any:
        (value, df), (_, d2f) = jvp(first, (x,), (np.ones_like(x),))
        return np.stack([value, df, d2f])

    batched = jit(vmap(row))

    def compiled(points: Table) -> Table:
        padded = np.pad(points, (0, -points.size % _CHUNK), mode="edge")
        chunks = [np.asarray(batched(part)) for part in np.split(padded, padded.size // _CHUNK)]
        return np.concatenate(chunks)[: points.size]

    def one_by_one(points: Table) -> Table:
        return np.array([np.asarray(row(np.float64(each)), float) for each in points])

    try:
        with np.errstate(all="ignore"):
            compiled(np.array([at]))
        chosen, cells = compiled, CELLS
    except (TraceError, UnsupportedError):
        chosen, cells = one_by_one, CELLS // 8

    def table(points: Any) -> Table:
        x = np.atleast_1d(np.asarray(points, float))
        with np.errstate(all="ignore"):
            return np.concatenate([x[None], chosen(x).T])

    return table, cells


class Samples:
    """The table of an interval, refined where it does not predict the middle of a cell.

    Cubic Hermite interpolation of f and of f′ between two points is compared with the values in
    the middle; a cell that differs is halved, down to a few units of rounding. So poles, jumps and
    kinks are enclosed, and oscillations resolved.

    Attributes
    ----------
    table : array, (4, points)
        x, f, f′ and f″ by x.
    broken : array, (cells, 2)
        Cells of a few units of rounding in which f or f′ is not smooth.
    unresolved : array, (cells, 2)
        Cells left when the number of points reached its limit.
    """

    def __init__(
        self, evaluate: Callable[[Any], Table], a: float, b: float, cells: int = CELLS
    ) -> None:
        parts, broken, left, right = self._refined(evaluate, a, b, cells)
        full = np.concatenate(parts, axis=1)
        _, order = np.unique(full[0], return_index=True)
        self.table: Table = full[:, order]
        self.broken: Table = np.concatenate([np.zeros((0, 2)), *broken])
        self.unresolved: Table = np.stack([left[0], right[0]], axis=1)

    @staticmethod
    def _refined(
        evaluate: Callable[[Any], Table], a: float, b: float, cells: int
    ) -> tuple[list[Table], list[Table], Table, Table]:
        i = np.arange(cells + 1)
        # Not equidistant: a period that divides the step would hide an oscillation.
        t = (i + 0.3 * np.sin(12.9898 * i) * ((i > 0) & (i < cells))) / cells
        table = evaluate(np.clip(a + (b - a) * t, a, b))
        left, right = table[:, :-1], table[:, 1:]
        parts: list[Table] = [table]
        broken: list[Table] = []
        shortest = 8 * np.spacing(max(abs(a), abs(b)))
        count = table.shape[1]
        largest = np.max(np.abs(table[1:3]), axis=1, where=np.isfinite(table[1:3]), initial=0.0)
        while left.shape[1] and count < _MOST_POINTS:
            middle = evaluate((left[0] + right[0]) / 2)
            probe = evaluate(left[0] + _PROBE * (right[0] - left[0]))
            count += 2 * middle.shape[1]
            parts += [middle, probe]
            is_open = ~_is_predicted(left, middle, right, 0.5, largest)
            is_open |= ~_is_predicted(left, probe, right, _PROBE, largest)
            is_short = (right[0] - left[0]) <= shortest
            ends = is_open & is_short
            broken.append(np.stack([left[0, ends], right[0, ends]], axis=1))
            halved = is_open & ~is_short
            left, right = (
                np.concatenate([left[:, halved], middle[:, halved]], axis=1),
                np.concatenate([middle[:, halved], right[:, halved]], axis=1),
            )
        return parts, broken, left, right


def _is_predicted(
    left: Table, inside: Table, right: Table, t: float, largest: Table
) -> NDArray[np.bool_]:
    """Whether Hermite interpolation predicts f and f′ at a part t of each cell.

    The error of the interpolation is at most h⁴ f⁽⁴⁾ / 384. Where all values are NaN, it does.
    """
    h = right[0] - left[0]
    is_right = np.ones(h.shape, bool)
    with np.errstate(all="ignore"):
        for k in (1, 2):
            values = np.stack([left[k], inside[k], right[k]])
            predicted = (1 + 2 * t) * (1 - t) ** 2 * left[k] + t**2 * (3 - 2 * t) * right[k]
            predicted += h * t * (1 - t) * ((1 - t) * left[k + 1] - t * right[k + 1])
            rates = np.maximum(np.abs(left[k + 1]), np.abs(right[k + 1]))
            scale = np.maximum(np.max(values, axis=0) - np.min(values, axis=0), h * rates)
            noise = 1e-13 * np.max(np.abs(values), axis=0) + 1e-15 * largest[k - 1]
            is_right &= np.isfinite(values).all(axis=0)
            is_right &= np.abs(inside[k] - predicted) <= _TOLERANCE * scale + noise
    is_undefined = np.isnan(left[1]) & np.isnan(inside[1]) & np.isnan(right[1])
    return is_right | is_undefined
