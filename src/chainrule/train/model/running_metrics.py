"""Running means of loss and metrics over the steps of an epoch."""

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
    """Accumulates the results of steps into loss and metrics of all samples.

    Sums run from left to right, so that reading means early does not change their bits.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._pending: list[tuple[int, Sequence[Any]]] = []
        self._samples = 0
        self._totals = [0.0] * (2 + len(objective.means))
        self._gathered: list[tuple[Array, Array]] = []  # targets and outputs

    def add(self, count: int, results: Sequence[Any], y: Array) -> None:
        """Add a step of `count` samples: results of `compute_loss_and_metrics`, and targets."""
        self.add_steps(count, [np.asarray(each)[np.newaxis] for each in results], y)

    def add_steps(self, count: int, columns: Sequence[Array], y: Array) -> None:
        """Add several steps of `count` samples each; each column has one row a step."""
        if self._objective.gathers:
            *columns, outputs = columns
            self._gathered.append((y, outputs.reshape(-1, *outputs.shape[2:])))
        self._pending.append((count, columns))

    def means(self) -> dict[str, float]:
        """Return loss and mean metrics of the samples so far."""
        for count, columns in self._pending:
            self._samples += count * len(columns[0])
            for index, column in enumerate(columns):
                factor = 1 if index == 0 and self._objective.loss.reduction == "sum" else count
                terms = np.append(self._totals[index], factor * column.astype(float))
                self._totals[index] = float(np.add.accumulate(terms)[-1])
        self._pending.clear()
        loss, *others = self._totals
        penalty, *metrics = (total / max(self._samples, 1) for total in others)
        loss = loss if self._objective.loss.reduction == "sum" else loss / max(self._samples, 1)
        names = (metric.name for metric in self._objective.means)
        return {"loss": loss + penalty, **dict(zip(names, metrics, strict=True))}

    def means_of_parts(self, parts: int, steps: int) -> dict[str, Array]:
        """Return loss and metrics of the first `parts`, such as epochs, of `steps` equal steps."""
        if not parts:
            return {}
        count, is_sum = self._pending[0][0], self._objective.loss.reduction == "sum"
        samples = count * steps
        loss, *others = (
            _totals(column, parts, steps, 1 if is_sum and index == 0 else count)
            for index, column in enumerate(zip(*(each for _, each in self._pending), strict=True))
        )
        penalty, *metrics = (each / samples for each in others)
        loss = loss if is_sum else loss / samples
        names = (metric.name for metric in self._objective.means)
        return {"loss": loss + penalty, **dict(zip(names, metrics, strict=True))}

    def latest_losses(self) -> list[float]:
        """Return the losses of the steps since the last call of `means`."""
        return [loss for _, columns in self._pending for loss in columns[0].astype(float).tolist()]

    def results(self) -> dict[str, float]:
        """Return loss and all metrics, in the order of ``compile``."""
        means = self.means()
        if not self._objective.gathers:
            return means
        y, outputs = (np.concatenate(column) for column in zip(*self._gathered, strict=True))
        return {"loss": means["loss"]} | {
            metric.name: means[metric.name] if metric.is_mean else metric.compute(y, outputs)
            for metric in self._objective.metrics
        }


def _totals(column: Sequence[Array], parts: int, steps: int, factor: int) -> Array:
    """Sum each part of a column from left to right, along the axis that takes fewer calls."""
    joined = column[0] if len(column) == 1 else np.concatenate(column)
    joined = joined[: parts * steps]
    if not joined.any():  # as is the penalty of most networks
        return np.zeros(parts)
    terms = factor * joined.astype(float).reshape(parts, steps)
    if steps > parts:
        return np.add.accumulate(terms, axis=1)[:, -1]
    return reduce(np.add, terms.T)
