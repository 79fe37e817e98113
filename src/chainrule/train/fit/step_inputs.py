"""Per-step inputs of the native train steps: batch rows, learning rate and counters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.optim.optimizer import Optimizer

__all__ = ["Orders", "StepInputs"]

Array = NDArray[Any]
Orders = Sequence[NDArray[np.intp]] | None
"""The order of the samples in each epoch, (n,); None if they are not shuffled."""


class StepInputs:
    """Columns with one row a step, which native programs read and `fill` overwrites.

    For a small network, filling them anew would cost more than its steps. So only the rows of the
    next steps are written, and a column not at all if it has that content already, or is not in
    `read`, the set of columns that the program reads; the rate is always in use.
    """

    def __init__(
        self, epochs: int, samples: int, size: int, dtype: np.dtype[Any], read: set[str]
    ) -> None:
        self.epochs, self.steps = epochs, -(-samples // size)  # capacity in epochs; steps of each
        self._samples, self._size, self._read = samples, size, read
        capacity = epochs * self.steps
        # np.zeros maps memory lazily: columns that are never written take none.
        # Samples of each step, (capacity, size), zeros after those of a partial batch; None if
        # each step takes all of them.
        self.rows = None if samples == size else np.zeros((capacity, size), np.int64)
        # Learning rate, and number of the step since `compile`, from 1.
        self.rate, self.count = np.zeros(capacity, dtype), np.zeros(capacity, dtype)
        # Epoch, and number of the step in it, both from 0.
        self.epoch, self.step = np.zeros(capacity, np.int64), np.zeros(capacity, np.int64)
        self._content: dict[str, tuple[Any, int]] = {}

    @property
    def columns(self) -> list[Array]:
        """The columns in the order of the program's inputs."""
        rows = [] if self.rows is None else [self.rows]
        return [*rows, self.rate, self.count, self.epoch, self.step]

    def sizes(self, first: int, end: int) -> int | Array:
        """Return the number of samples of each of some steps, one number if it is of all."""
        partial = self._samples % self._size
        if not partial or first // self.steps == end // self.steps:
            return self._size
        is_partial = np.arange(first, end) % self.steps == self.steps - 1
        return np.where(is_partial, partial, self._size)

    def fill(
        self, epochs: int, orders: Orders, count: int, epoch: int, optimizer: Optimizer
    ) -> None:
        """Write the columns for some epochs, after `count` steps and `epoch` epochs."""
        end = epochs * self.steps
        if self.rows is not None:
            self._fill_rows(epochs, orders)
        self._fill_rates(end, count, epoch, optimizer)
        self._write("count", count, end, lambda: np.arange(count + 1, count + 1 + end))
        self._write(
            "epoch", epoch, end, lambda: np.repeat(np.arange(epoch, epoch + epochs), self.steps)
        )
        self._write("step", 0, end, lambda: np.tile(np.arange(self.steps), epochs))

    def _write(self, column: str, content: Any, end: int, values: Callable[[], Any]) -> None:
        """Write a column up to `end`, unless the program does not read it or it is written."""
        written, length = self._content.get(column, (None, 0))
        if column not in self._read or (written == content and length >= end):
            return
        # Recorded after it is written, as an interrupt may come between; the inputs are kept.
        self._content.pop(column, None)
        getattr(self, column)[:end] = values()
        self._content[column] = content, end

    def _fill_rows(self, epochs: int, orders: Orders) -> None:
        assert self.rows is not None, "there are batches"
        rows = self.rows.reshape(self.epochs, -1)[:epochs, : self._samples]
        if orders is None:
            if "rows" in self._read and self._content.get("rows", (None, 0))[1] < epochs:
                rows[:] = np.arange(self._samples)
                self._content["rows"] = "unshuffled", epochs
            return
        self._content.pop("rows", None)
        for row, order in zip(rows, orders, strict=True):
            row[:] = order

    def _fill_rates(self, end: int, count: int, epoch: int, optimizer: Optimizer) -> None:
        if not optimizer.has_schedule:
            rate = optimizer.rate(count, epoch)
            self._write("rate", rate, end, lambda: rate)
            return
        self._content.pop("rate", None)
        self.rate[:end] = [optimizer.rate(count + i, epoch + i // self.steps) for i in range(end)]
