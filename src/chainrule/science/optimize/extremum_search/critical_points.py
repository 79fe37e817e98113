"""Zeros of f′ on an interval: simple and multiple ones, plateaus, kinks and poles."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.science.optimize.extremum_search.derivative_samples import (
    CELLS,
    Samples,
    Table,
    derivative,
)

__all__ = ["Critical", "CriticalPoints"]

_HIGHEST_ORDER = 8


class Critical(NamedTuple):
    """A zero of f′, or a kink: its place, its kind, and what that is by."""

    x: float
    kind: str
    reason: str


class CriticalPoints:
    """The zeros of f′ between the samples of an interval.

    Attributes
    ----------
    points : list of Critical
        Minima, maxima and inflections by x.
    plateaus : list of pair of float
        Intervals on which f′ is 0.
    poles : list of float
        Where f is unbounded.
    """

    def __init__(
        self, f: Callable[[Any], Any], evaluate: Callable[[Any], Table], samples: Samples
    ) -> None:
        self._f, self._evaluate = f, evaluate
        table = samples.table.copy()
        table[2:, np.isnan(table[1])] = np.nan  # f′ of np.where is 0 where f is NaN
        self._a, self._b = table[0, 0], table[0, -1]
        self.plateaus = self._find_plateaus(table)
        self.poles: list[float] = []
        skipped = [*self.plateaus]
        if len(samples.unresolved):  # zeros there are not all, nor sure
            skipped.append((float(samples.unresolved.min()), float(samples.unresolved.max())))
        zeros = self._merged(
            x
            for x in sorted(set(self._zeros(table)))
            if not any(low <= x <= high for low, high in skipped)
        )
        # Where a zero is alone: to a fourth of the way to the next, or half a cell of the grid.
        around = np.array([self._a, *zeros, self._b])
        gaps = np.minimum(np.diff(around)[:-1], np.diff(around)[1:]) / 4
        near = np.minimum(gaps, (self._b - self._a) / (2 * CELLS))
        found = [self._classified(*each) for each in zip(zeros, near.tolist(), strict=True)]
        self.points = sorted(each for each in found if each is not None)

    # ------------------------------------------------------------------------ where f′ is zero

    def _zeros(self, table: Table) -> list[float]:
        x, _, df, d2f = table
        left, right = table[:, :-1], table[:, 1:]
        with np.errstate(invalid="ignore"):
            crosses = df[:-1] * df[1:] < 0
            # An extremum of f′ between two points of one sign, towards the axis, may touch it.
            turns = (df[:-1] * df[1:] > 0) & (d2f[:-1] * d2f[1:] <= 0)
            turns &= df[:-1] * d2f[:-1] <= 0
        low, high = left[:, crosses], right[:, crosses]
        turning = self._bisected(left[:, turns], right[:, turns], 3)
        at = self._evaluate(turning) if turning.size else np.zeros((4, 0))
        is_between = at[2] * left[2, turns] < 0
        for first, second in ((left[:, turns], at), (at, right[:, turns])):
            low = np.concatenate([low, first[:, is_between]], axis=1)
            high = np.concatenate([high, second[:, is_between]], axis=1)
        found: list[float] = self._bisected(low, high, 2).tolist()
        cells = right[0, turns] - left[0, turns]
        for touching, cell, is_simple in zip(turning, cells, is_between, strict=True):
            if not is_simple and self._is_zero(float(touching), float(cell)):
                found.append(float(touching))
        return found + x[(df == 0) & (x > self._a) & (x < self._b)].tolist()

    def _merged(self, zeros: Iterable[float]) -> list[float]:
        """Replace zeros between which f′ is but rounding, as at multiple zeros, by their middle."""
        x = np.array(list(zeros))
        if x.size < 2:
            return x.tolist()
        close = 1e-9 * (self._b - self._a) / CELLS * np.arange(-4, 5)
        middles = (x[1:] + x[:-1]) / 2
        rates = self._evaluate((middles[:, None] + close).ravel())[2].reshape(-1, close.size)
        is_noise = np.abs(rates[:, 4]) <= 4 * np.ptp(rates, axis=1)
        groups = np.split(x, np.flatnonzero(~is_noise) + 1)
        return [float(group[0] + group[-1]) / 2 for group in groups]

    def _bisected(self, low: Table, high: Table, row: int) -> NDArray[np.float64]:
        """Return a zero of one row of the table in each cell, to one unit of rounding."""
        if not low.shape[1]:
            return np.zeros(0)
        for _ in range(1100):  # as many as float64 has halvings
            middle = (low[0] + high[0]) / 2
            is_open = (middle > low[0]) & (middle < high[0])
            if not is_open.any():
                break
            at = self._evaluate(middle)
            is_left = np.sign(at[row]) == np.sign(low[row])
            low = np.where(is_left & is_open, at, low)
            high = np.where(~is_left & is_open, at, high)
        return np.where(np.abs(low[row]) <= np.abs(high[row]), low[0], high[0])

    def _is_zero(self, x: float, width: float) -> bool:
        """Whether f′ is 0 at its extremum, as far as rounding lets one say.

        The noise of f′ is that of its values at points so close that f′ itself is constant.
        """
        close = self._evaluate(x + 1e-9 * width * np.arange(-8, 9))[2]
        noise = float(np.max(close) - np.min(close))
        around = np.abs(self._evaluate(np.array([x - width, x + width]))[2])
        largest = float(np.max(around, where=np.isfinite(around), initial=0.0))
        at = float(np.abs(close[8]))
        return at <= 4 * noise + 1e-13 * largest

    @staticmethod
    def _find_plateaus(table: Table) -> list[tuple[float, float]]:
        """Return runs of at least three points at which f′ is exactly 0 and f the same."""
        x, f = table[:2]
        is_flat = (table[2] == 0) & (table[3] == 0)
        largest = np.max(np.abs(f), where=is_flat, initial=0.0)
        with np.errstate(invalid="ignore"):
            is_same = np.abs(np.diff(f)) <= 1e-12 * largest  # not so at a jump
        run = np.cumsum(np.concatenate([[True], ~(is_flat[:-1] & is_flat[1:] & is_same)]))
        places = (np.flatnonzero(is_flat & (run == each)) for each in np.unique(run[is_flat]))
        return [(float(x[i[0]]), float(x[i[-1]])) for i in places if i.size >= 3]

    # ----------------------------------------------------------------------------- what it is

    def _classified(self, x: float, near: float) -> Critical | None:
        """Return a zero of f′ with its kind: by f′ beside it, and the first derivative not 0."""
        delta = max(1e-6 * near, 4 * float(np.spacing(abs(x))))
        beside = self._evaluate(np.array([x - near, x - delta, x, x + delta, x + near]))
        rates = beside[2]
        far = float(np.nanmax(np.abs(rates[[0, 4]])))
        if np.nanmax(np.abs(rates[[1, 3]])) > 0.01 * far:
            return self._broken(x, near, beside)
        delta, rate = self._smallest_step(x, near)
        order, value = 2, float(beside[3, 2])
        if not abs(value) * delta > 0.1 * rate:
            order, value = self._order(x, delta, rate)
        if order > 2:
            x = self._polished(x, near, order)
        x = self._rounded(x, 2)
        signs = np.sign(rates[0]), np.sign(rates[4])
        kind = {(-1, 1): "minimum", (1, -1): "maximum"}.get(signs, "inflection")
        name = "f″" if order == 2 else f"derivative {order}"
        reason = f"{name} = {value:.4g}" if order else "sign of f′"
        return Critical(x, kind, reason)

    def _broken(self, x: float, near: float, beside: Table) -> Critical | None:
        """Return a kink; None for a pole or a jump."""
        values = beside[1]
        ends = float(np.nanmax(np.abs(values[[0, 4]])))
        if not np.isfinite(values[1:4]).all() or np.max(np.abs(values[1:4])) > 1e3 * (1 + ends):
            self.poles.append(self._rounded(x, 1))
            return None
        # The steps to both sides of a jump are not those of the derivatives beside it.
        rate = float(np.nanmax(np.abs(beside[2, [1, 3]])))
        step = abs(values[3] - values[1])
        if step > 100 * rate * (beside[0, 3] - beside[0, 1]) + 1e-12 * ends:
            return None
        kind = "minimum" if beside[2, 0] < 0 else "maximum"
        return Critical(self._rounded(x, 1), kind, "kink")

    def _smallest_step(self, x: float, near: float) -> tuple[float, float]:
        """Return the smallest step at which f′ is well above its rounding, and f′ there."""
        steps = near * 4.0 ** -np.arange(12)
        close = 1e-9 * near * np.arange(-4, 5)
        rates = np.abs(self._evaluate(np.concatenate([x - steps, x + steps, x + close]))[2])
        beside = np.minimum(rates[:12], rates[12:24])
        is_clear = beside > 1e5 * np.ptp(rates[24:])
        place = int(np.flatnonzero(is_clear)[-1]) if is_clear.any() else 0
        return float(steps[place]), float(beside[place])

    def _order(self, x: float, near: float, far: float) -> tuple[int, float]:
        """Return the first order k ≥ 2 whose term f⁽ᵏ⁾ δᵏ⁻¹ / (k - 1)! makes f′ beside x."""
        function, factor = derivative(self._f), 1.0
        for order in range(2, _HIGHEST_ORDER + 1):
            function, factor = derivative(function), factor * near / (order - 1)
            with np.errstate(all="ignore"):
                value = float(np.reshape(function(np.float64(x)), ()))
            if abs(value) * factor > 0.1 * far:
                return order, value
        return 0, 0.0

    def _polished(self, x: float, near: float, order: int) -> float:
        """Return the simple zero of derivative `order - 1`: f′ itself is rounding near x."""
        function = self._f
        for _ in range(order - 1):
            function = derivative(function)
        following = derivative(function)
        start = x
        for _ in range(8):
            step = float(function(np.float64(x))) / float(following(np.float64(x)))
            if not abs(x - step - start) < near:
                return start
            x -= step
        return x

    def _rounded(self, x: float, row: int) -> float:
        """Return x to 12 digits of the interval if f (row 1) or f′ (row 2) is no worse there."""
        digits = 12 - int(np.floor(np.log10(self._b - self._a)))
        plain = min(max(round(x, digits) + 0.0, self._a), self._b)
        at = self._evaluate(np.array([x, plain]))[row]
        if row == 1:  # of kinks and poles, all that is seen is that f is the same
            is_same = not np.isfinite(at[1]) or abs(at[1] - at[0]) <= 1e-9 * (1 + abs(at[0]))
            return plain if is_same else x
        return plain if abs(at[1]) <= abs(at[0]) else x
