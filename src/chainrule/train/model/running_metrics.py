"""Running means of loss and metrics over batches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.train.model.objective import Objective

__all__ = ["RunningMetrics"]

Array = NDArray[Any]


class RunningMetrics:
    """The numbers of many batches, and what they say of all samples.

    Sums are taken from left to right, so that looking at them early does not change their bits.

    Parameters
    ----------
    objective : Objective
        Says what the numbers are.
    """

    def __init__(self, objective: Objective) -> None:
        self._plan = objective
        self._pending: list[tuple[int, Sequence[Any]]] = []
        self._samples = 0
        self._totals = [0.0] * (2 + len(objective.means))
        self._seen: list[tuple[Array, Array]] = []

    def add(self, count: int, numbers: Sequence[Any], y: Array) -> None:
        """Add one step of `count` samples: its numbers and its targets."""
        self.add_steps(count, [np.asarray(each)[np.newaxis] for each in numbers], y)

    def add_steps(self, count: int, columns: Sequence[Array], y: Array) -> None:
        """Add several steps of `count` samples each."""
        if self._plan.gathers:
            *columns, outputs = columns
            self._seen.append((y, outputs.reshape(-1, *outputs.shape[2:])))
        self._pending.append((count, columns))

    def means(self) -> dict[str, float]:
        """Return loss and metrics of the samples so far, except for what needs all of them."""
        for count, columns in self._pending:
            self._samples += count * len(columns[0])
            for place, column in enumerate(columns):
                factor = 1 if place == 0 and self._plan.loss.reduction == "sum" else count
                terms = np.append(self._totals[place], factor * column.astype(float))
                self._totals[place] = float(np.add.accumulate(terms)[-1])
        self._pending.clear()
        loss, *others = self._totals
        penalty, *metrics = (total / max(self._samples, 1) for total in others)
        loss = loss if self._plan.loss.reduction == "sum" else loss / max(self._samples, 1)
        names = (metric.name for metric in self._plan.means)
        return {"loss": loss + penalty, **dict(zip(names, metrics, strict=True))}

    def means_of_parts(self, parts: int, steps: int) -> dict[str, Array]:
        """Return loss and metrics of the first parts, such as epochs, of `steps` equal steps."""
        if not parts:
            return {}
        count, is_sum = self._pending[0][0], self._plan.loss.reduction == "sum"
        samples = count * steps
        loss, *others = (
            _totals(column, parts, steps, 1 if is_sum and place == 0 else count)
            for place, column in enumerate(zip(*(made for _, made in self._pending), strict=True))
        )
        penalty, *metrics = (each / samples for each in others)
        loss = loss if is_sum else loss / samples
        names = (metric.name for metric in self._plan.means)
        return {"loss": loss + penalty, **dict(zip(names, metrics, strict=True))}

    def latest_losses(self) -> list[float]:
        """Return the losses of the steps since `means` was last asked for."""
        return [loss for _, columns in self._pending for loss in columns[0].astype(float).tolist()]

    def results(self) -> dict[str, float]:
        """Return loss and all metrics, in the order they were asked for."""
        means = self.means()
        if not self._plan.gathers:
            return means
        y, outputs = (np.concatenate(column) for column in zip(*self._seen, strict=True))
        return {"loss": means["loss"]} | {
            metric.name: means[metric.name] if metric.is_mean else metric.compute(y, outputs)
            for metric in self._plan.metrics
        }


def _totals(column: Sequence[Array], parts: int, steps: int, factor: int) -> Array:
    """Add up each part of a column from left to right, in whichever way takes fewer calls."""
    joined = column[0] if len(column) == 1 else np.concatenate(column)
    joined = joined[: parts * steps]
    if not joined.any():  # nothing is added to most losses
        return np.zeros(parts)
    numbers = factor * joined.astype(float).reshape(parts, steps)
    if steps > parts:
        return np.add.accumulate(numbers, axis=1)[:, -1]
    return reduce(np.add, numbers.T)
