"""Samples that are taken in batches, and the numbers that batches report, put together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.shuffling import permutations
from chainrule.errors import DataError
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.train.model.objective import Plan

__all__ = ["Rows", "Samples", "Tally", "batches", "shuffled_orders", "split_at"]

Array = NDArray[Any]
Rows = slice | NDArray[np.intp]


@dataclass(frozen=True)
class Samples:
    """Inputs, targets and weights, side by side; never copied as a whole.

    Parameters
    ----------
    X : array, (n, ...)
        The inputs.
    y : array, (n, ...)
        The targets, as the loss takes them.
    weight : array, float, (n,), or None
        How much each sample counts.
    """

    X: Array
    y: Array
    weight: Array | None = None

    def __len__(self) -> int:
        return len(self.X)

    def take(self, rows: Rows) -> list[Array]:
        """Return those rows of the arrays that are there, in this machine's byte order."""
        return [_native(each[rows]) for each in (self.X, self.y, self.weight) if each is not None]

    def arrays(self) -> list[Array]:
        """Return the arrays that are there."""
        return [each for each in (self.X, self.y, self.weight) if each is not None]

    def made_plain(self) -> Samples:
        """Return the samples as native code reads them.

        Arrays in another order or with foreign bytes are copied, once; files in memory stay what
        they are, as they may be larger than the memory.
        """

        def plain(each: Array) -> Array:
            if _is_plain(each) or isinstance(each, np.memmap):
                return each
            return np.ascontiguousarray(_native(each))

        weight = None if self.weight is None else plain(self.weight)
        return Samples(plain(self.X), plain(self.y), weight)

    @property
    def are_plain(self) -> bool:
        """Whether the arrays lie in memory as native code reads them: row by row, own bytes."""
        return all(map(_is_plain, self.arrays()))

    def types(self, count: int) -> dict[str, ArrayType | None]:
        """Return the types of a batch of `count` samples."""
        named = {"X": self.X, "y": self.y, "weight": self.weight}
        return {
            name: None if each is None else type_of(each).with_shape((count, *each.shape[1:]))
            for name, each in named.items()
        }

    def part(self, rows: slice) -> Samples:
        """Return a contiguous part, as views."""
        weight = None if self.weight is None else self.weight[rows]
        return Samples(self.X[rows], self.y[rows], weight)

    def weighted(self, factor: Array) -> Samples:
        """Return the same samples, their weights multiplied by a factor for each."""
        return Samples(self.X, self.y, factor if self.weight is None else self.weight * factor)


def batches(
    length: int, size: int, order: NDArray[np.intp] | None = None, done: int = 0
) -> Iterator[Rows]:
    """Cut samples into batches, but for those done; the last one may be shorter.

    Examples
    --------
    >>> list(batches(5, 2, np.array([4, 2, 0, 1, 3])))
    [array([4, 2]), array([0, 1]), array([3])]
    """
    for start in range(done * size, length, size):
        rows = slice(start, min(start + size, length))
        yield rows if order is None else order[rows]


def shuffled_orders(
    length: int, size: int, seed: int, epoch: int, count: int
) -> list[NDArray[np.intp]] | None:
    """Return the orders of some epochs, functions of seed and epoch; None if one batch is all."""
    return permutations(length, seed, epoch, count) if size < length else None


class Tally:
    """The numbers of many batches, and what they say of all samples.

    Sums are taken from left to right, so that looking at them early does not change their bits.

    Parameters
    ----------
    plan : Plan
        Says what the numbers are.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._pending: list[tuple[int, Sequence[Any]]] = []
        self._samples = 0
        self._totals = [0.0] * (2 + len(plan.means))
        self._seen: list[tuple[Array, Array]] = []

    def add(self, count: int, numbers: Sequence[Any], y: Array) -> None:
        """Add one step of `count` samples: its numbers and its targets."""
        self.add_steps(count, [np.asarray(each)[np.newaxis] for each in numbers], y)

    def add_steps(self, count: int, columns: Sequence[Array], y: Array) -> None:
        """Add several steps of `count` samples each.

        Parameters
        ----------
        count : int
            Samples a step.
        columns : sequence of array, (steps, ...)
            Loss, penalty and metrics, and the outputs where the plan gathers them.
        y : array, (steps * count, ...)
            The targets.
        """
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


def _is_plain(array: Array) -> bool:
    return array.flags.c_contiguous and array.dtype.isnative


def _native(array: Array) -> Array:
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def split_at(length: int, fraction: float) -> int:
    """Return how many samples come before the last `fraction` of them, kept for validation.

    Raises
    ------
    DataError
        If one side would have no sample.

    Examples
    --------
    >>> split_at(10, 0.25), split_at(10, 0.0)
    (7, 10)
    """
    # 10 · (1 - 0.3) is 6.999... in binary; what is a whole number for people stays one.
    first = math.floor(length * (1 - float(fraction)) + 1e-9)
    if fraction and not 0 < first < length:
        raise DataError(
            f"fit: validation_split={fraction} of {length} samples leaves {first} for training and "
            f"{length - first} for validation; both need at least one"
        )
    return first
