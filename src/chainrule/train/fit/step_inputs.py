"""Where the steps of some epochs stand: which samples each takes, at which rate, as number what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.schedule import Schedule

__all__ = ["Orders", "StepInputs"]

Array = NDArray[Any]
Orders = Sequence[NDArray[np.intp]] | None
"""The order of the samples in each epoch, (n,); None where they keep their own."""


class StepInputs:
    """Columns for a native program, one row a step, that are kept and written over.

    Laying them out anew for each call would cost more than the steps of a small network do, so a
    column is written as far as the steps at hand go, and not at all if it says what it shall say
    already, or if nobody reads it.

    Parameters
    ----------
    epochs, steps : int
        The most epochs there are room for, and the steps of each.
    size : int or None
        Samples a step; None where each takes all of them.
    dtype : numpy.dtype
        The network's kind of number.
    read : set of str
        The columns that the program reads; others but the rate are never written.

    Attributes
    ----------
    rows : array, int64, (epochs · steps, size), or None
        The samples that each step takes; None where each takes all of them.
    rate, count : array, float, (epochs · steps,)
        Its learning rate, and its number since the network was compiled, from 1.
    epoch, step : array, int64, (epochs · steps,)
        Its epoch, and its number therein, from 0.
    """

    def __init__(
        self, epochs: int, steps: int, size: int | None, dtype: np.dtype[Any], read: set[str]
    ) -> None:
        self.epochs, self.steps = epochs, steps
        self._read = read
        capacity = epochs * steps
        # Zeros take no memory where nothing is ever written.
        self.rows = None if size is None else np.zeros((capacity, size), np.int64)
        self.rate, self.count = np.zeros(capacity, dtype), np.zeros(capacity, dtype)
        self.epoch, self.step = np.zeros(capacity, np.int64), np.zeros(capacity, np.int64)
        self._laid: dict[str, tuple[Any, int]] = {}

    @property
    def columns(self) -> list[Array]:
        """The columns, in the order that the program takes them in."""
        rows = [] if self.rows is None else [self.rows]
        return [*rows, self.rate, self.count, self.epoch, self.step]

    def fill(
        self, epochs: int, orders: Orders, count: int, epoch: int, optimizer: Optimizer
    ) -> None:
        """Write the columns for some epochs."""
        end = epochs * self.steps
        if self.rows is not None:
            self._fill_rows(epochs, orders)
        self._fill_rates(end, count, epoch, optimizer)
        if self._is_new("count", count, end):
            self.count[:end] = np.arange(count + 1, count + 1 + end)
        if self._is_new("epoch", epoch, end):
            self.epoch[:end] = np.repeat(np.arange(epoch, epoch + epochs), self.steps)
        if self._is_new("step", 0, end):
            self.step[:end] = np.tile(np.arange(self.steps), epochs)

    def _is_new(self, column: str, content: Any, end: int) -> bool:
        """Whether a column does not say yet what it shall say up to `end`; note that it will."""
        laid, length = self._laid.get(column, (None, 0))
        if column not in self._read or (laid == content and length >= end):
            return False
        self._laid[column] = content, end
        return True

    def _fill_rows(self, epochs: int, orders: Orders) -> None:
        assert self.rows is not None, "there are batches"
        taken = self.steps * self.rows.shape[1]
        rows = self.rows.reshape(self.epochs, taken)[:epochs]
        if orders is None:
            if self._is_new("rows", "own", epochs):
                rows[:] = np.arange(taken)
            return
        self._laid.pop("rows", None)
        for row, order in zip(rows, orders, strict=True):
            row[:] = order[:taken]

    def _fill_rates(self, end: int, count: int, epoch: int, optimizer: Optimizer) -> None:
        if not isinstance(optimizer.learning_rate, Schedule):
            rate = optimizer.rate(count, epoch)
            if self._is_new("rate", rate, end):
                self.rate[:end] = rate
            return
        self._laid.pop("rate", None)
        self.rate[:end] = [optimizer.rate(count + i, epoch + i // self.steps) for i in range(end)]
