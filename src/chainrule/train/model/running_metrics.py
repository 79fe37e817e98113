"""Running means of loss and metrics over the steps of an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import FormatError
from chainrule.train.model.objective import Objective

__all__ = ["RunningMetrics"]

Array = NDArray[Any]

_FEW = 64
"""Steps whose results Python adds in less time than NumPy."""


class RunningMetrics:
    """Accumulates the results of steps into loss and metrics of all samples.

    A result counts as often as there are samples in its batch, or real steps if padding is masked.
    Sums run from left to right, so that reading means early does not change their bits.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._is_sum = objective.loss.reduction == "sum"
        self._names = [metric.name for metric in objective.means]
        self._width = 2 + len(self._names)
        # Samples a step, results, and how many steps each counts, if not the samples.
        self._pending: list[tuple[int | Array, Sequence[Any], Array | None]] = []
        self._totals, self._sizes = [0.0] * self._width, [0.0] * self._width
        self._gathered: list[tuple[Array, ...]] = []  # targets, outputs, mask
        self._latest: Sequence[Array] = ()

    def add(self, count: int, results: Sequence[Any], y: Array) -> None:
        """Add a step of `count` samples: results of `compute_loss_and_metrics`, and targets."""
        self.add_steps(count, [np.asarray(each)[np.newaxis] for each in results], y)

    def add_steps(self, count: int | Array, columns: Sequence[Array], y: Array) -> None:
        """Add several steps; each column has one row a step.

        `count` is the number of samples of each: one number, or an array of them, of which the last
        may be smaller; the columns have rows for as many samples in every step.
        """
        columns, others = columns[: self._width], list(columns[self._width :])
        if self._objective.gathers:
            gathered = others.pop(0), *others[1:]  # outputs, mask
            joined = (each.reshape(-1, *each.shape[2:])[: len(y)] for each in gathered)
            self._gathered.append((y, *joined))
        self._pending.append((count, columns, others[0] if others else None))
        self._latest = columns

    def means(self) -> dict[str, float]:
        """Return loss and mean metrics of the samples so far."""
        for count, columns, counted in self._pending:
            for index, column in enumerate(columns):
                factor = self._factor(index, count, counted)
                is_constant = isinstance(factor, int)
                self._sizes[index] += factor * len(column) if is_constant else float(factor.sum())
                self._totals[index] = _added(self._totals[index], column, factor)
        self._pending.clear()
        return self._named(self._totals, self._sizes)

    def _factor(self, index: int, count: int | Array, counted: Array | None) -> Any:
        """Return how often a result counts, or the results of each step."""
        if index == 0 and self._is_sum:
            return 1
        # The penalty has no steps.
        return count if counted is None or index == 1 else counted[:, max(index - 1, 0)]

    def _named(self, totals: Sequence[Any], sizes: Sequence[Any]) -> dict[str, Any]:
        loss, penalty, *metrics = (
            total if self._is_sum and index == 0 else total / _at_least_one(size)
            for index, (total, size) in enumerate(zip(totals, sizes, strict=True))
        )
        return {"loss": loss + penalty, **dict(zip(self._names, metrics, strict=True))}

    def means_of_parts(self, parts: int, steps: int) -> dict[str, Array]:
        """Return loss and metrics of the first `parts`, such as epochs, of `steps` steps each."""
        if not parts:
            return {}
        counted = [each for _, _, each in self._pending if each is not None]
        joined = np.concatenate(counted)[: parts * steps] if counted else None
        sizes_of_steps = self._pending_sizes(parts * steps)
        totals: list[Any] = []
        sizes: list[Any] = []
        for index, column in enumerate(zip(*(each for _, each, _ in self._pending), strict=True)):
            factor = self._factor(index, sizes_of_steps, joined)
            totals.append(_totals(column, parts, steps, factor))
            is_constant = isinstance(factor, int)
            sizes.append(factor * steps if is_constant else factor.reshape(parts, steps).sum(1))
        return self._named(totals, sizes)

    def _pending_sizes(self, steps: int) -> int | Array:
        """Return the number of samples of each of the first steps, one number if it is of all."""
        counts = {count if isinstance(count, int) else -1 for count, _, _ in self._pending}
        if len(counts) == 1 and (size := counts.pop()) >= 0:
            return size
        parts = [np.broadcast_to(count, len(columns[0])) for count, columns, _ in self._pending]
        return np.concatenate(parts)[:steps]

    def after(self, steps: int) -> RunningMetrics:
        """Return the metrics without those of the first steps; none must have been read."""
        other = RunningMetrics(self._objective)
        for count, columns, counted in self._pending:
            skipped, steps = min(steps, len(columns[0])), max(0, steps - len(columns[0]))
            if skipped < len(columns[0]):
                rest = None if counted is None else counted[skipped:]
                sizes = count if isinstance(count, int) else count[skipped:]
                other._pending.append((sizes, [each[skipped:] for each in columns], rest))
        return other

    def state(self) -> dict[str, Any]:
        """Return the sums so far, and what is gathered, as plain data."""
        self.means()
        gathered = [np.concatenate(each) for each in zip(*self._gathered, strict=True)]
        return {"totals": self._totals[:], "sizes": self._sizes[:], "gathered": gathered}

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from what `state` has returned."""
        if not len(state["totals"]) == len(state["sizes"]) == self._width:
            raise FormatError("fit: the checkpoint has the sums of other metrics")
        self._totals, self._sizes = list(state["totals"]), list(state["sizes"])
        self._gathered = [tuple(state["gathered"])] if state["gathered"] else []

    @property
    def steps(self) -> int:
        """Number of steps since the last call of `means`."""
        return sum(len(columns[0]) for _, columns, _ in self._pending)

    def latest(self) -> dict[str, float]:
        """Return loss and mean metrics of the last step alone."""
        loss, penalty, *metrics = (float(each[-1]) for each in self._latest)
        return {"loss": loss + penalty, **dict(zip(self._names, metrics, strict=True))}

    def latest_losses(self) -> list[float]:
        """Return the losses of the steps since the last call of `means`."""
        columns = [columns[0] for _, columns, _ in self._pending]
        return [loss for each in columns for loss in each.astype(float).tolist()]

    def results(self) -> dict[str, float]:
        """Return loss and all metrics, in the order of ``compile``."""
        means = self.means()
        if not self._objective.gathers:
            return means
        y, outputs, *mask = (np.concatenate(each) for each in zip(*self._gathered, strict=True))
        return {"loss": means["loss"]} | {
            metric.name: means[metric.name]
            if metric.is_mean
            else (metric.compute_real if mask else metric.compute)(y, outputs, *mask)
            for metric in self._objective.metrics
        }


def _at_least_one(size: Any) -> Any:
    return np.maximum(size, 1) if isinstance(size, np.ndarray) else max(size, 1)


def _added(total: float, column: Array, factor: Any) -> float:
    """Add a column, each value times a factor, to a total, from left to right."""
    if isinstance(factor, int) and len(column) <= _FEW:
        for value in column.tolist():
            total += factor * value
        return total
    return float(np.add.accumulate(np.append(total, factor * column.astype(float)))[-1])


def _totals(column: Sequence[Array], parts: int, steps: int, factor: Any) -> Array:
    """Sum each part of a column from left to right, along the axis that takes fewer calls."""
    joined = column[0] if len(column) == 1 else np.concatenate(column)
    joined = joined[: parts * steps]
    if not joined.any():  # as is the penalty of most networks
        return np.zeros(parts)
    terms = (factor * joined.astype(float)).reshape(parts, steps)
    if steps > parts:
        return np.add.accumulate(terms, axis=1)[:, -1]
    return reduce(np.add, terms.T)
