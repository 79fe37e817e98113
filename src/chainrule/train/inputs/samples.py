"""Samples that are taken in batches, and the numbers that batches report, put together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.runtime.contiguous import native_byte_order
from chainrule.data.shuffling import permutations
from chainrule.errors import DataError
from chainrule.graph.array_type import ArrayType, type_of

__all__ = ["Rows", "Samples", "batches", "shuffled_orders", "split_at"]

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
        return [native_byte_order(each[rows]) for each in self.arrays()]

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
            return np.ascontiguousarray(native_byte_order(each))

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


def _is_plain(array: Array) -> bool:
    return array.flags.c_contiguous and array.dtype.isnative


def split_at(length: int, fraction: float) -> int:
    """Return how many samples come before the last `fraction` of them, kept for validation.

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
