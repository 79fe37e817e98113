"""Samples, their batches and their order in each epoch."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.runtime.contiguous import native_byte_order
from chainrule.data.shuffling import permutations
from chainrule.data.sparse_rows import SparseRows
from chainrule.data.stored_rows import ROWS_READ_IN_PARTS, StoredRows
from chainrule.errors import DataError, counted
from chainrule.graph.array_type import ArrayType, type_of

__all__ = ["Rows", "Samples", "batches", "shuffled_orders", "split_at", "taken"]

Array = NDArray[Any]
Rows = slice | NDArray[np.intp]


@dataclass(frozen=True)
class Samples:
    """Inputs, targets and weights of equal length; never copied as a whole.

    While they are in use NumPy refuses to resize the arrays, which would free their memory.

    Parameters
    ----------
    X : array, (n, ...), or rows of a sparse matrix
        The inputs.
    y : array, (n, ...)
        The targets, as the loss takes them.
    weight : array, float, (n,) or (n, steps), or None
        Weights of samples or of steps.
    """

    X: Any
    y: Array
    weight: Array | None = None
    _references: list[Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # An array with weak references cannot be resized, not even with refcheck=False: the arrays
        # have some, and so have those that they are views of.
        references: list[Any] = []
        for each in self.arrays():
            base: Any = each
            while isinstance(base, np.ndarray):
                references.append(weakref.ref(base))
                base = base.base
        object.__setattr__(self, "_references", references)

    def __len__(self) -> int:
        return len(self.X)

    def take(self, rows: Rows) -> list[Array]:
        """Gather rows of the arrays present, in native byte order."""
        return [native_byte_order(each[rows]) for each in self.arrays()]

    def arrays(self) -> list[Any]:
        """Return the arrays present."""
        return [each for each in (self.X, self.y, self.weight) if each is not None]

    def as_contiguous(self) -> Samples:
        """Return the samples C-contiguous and in native byte order.

        Other arrays are copied once, but for memory maps, which may exceed the memory.
        """

        def contiguous(each: Any) -> Any:
            if _is_contiguous(each) or isinstance(each, np.memmap | SparseRows | StoredRows):
                return each
            return np.ascontiguousarray(native_byte_order(each))

        weight = None if self.weight is None else contiguous(self.weight)
        return Samples(contiguous(self.X), contiguous(self.y), weight)

    @property
    def are_contiguous(self) -> bool:
        """Whether all arrays are C-contiguous and in native byte order."""
        return all(map(_is_contiguous, self.arrays()))

    def types(self, count: int) -> dict[str, ArrayType | None]:
        """Return the types of a batch of `count` samples."""
        named = {"X": self.X, "y": self.y, "weight": self.weight}
        return {
            name: None if each is None else type_of(each).with_shape((count, *each.shape[1:]))
            for name, each in named.items()
        }

    def part(self, rows: slice) -> Samples:
        """Return a slice, as views, or as rows of a sparse matrix."""
        weight = None if self.weight is None else self.weight[rows]
        X = self.X.part(rows) if isinstance(self.X, ROWS_READ_IN_PARTS) else self.X[rows]
        return Samples(X, self.y[rows], weight)

    def weighted(self, factor: Array) -> Samples:
        """Return the same samples, their weights multiplied by a factor for each, or each step."""
        weight = self.weight
        if weight is not None and weight.ndim != factor.ndim:
            weight, factor = (
                each if each.ndim == 2 else each[:, None] for each in (weight, factor)
            )
        return Samples(self.X, self.y, factor if weight is None else weight * factor)


def batches(
    length: int, size: int, order: NDArray[np.intp] | None = None, done: int = 0
) -> Iterator[Rows]:
    """Yield the rows of each batch after the first `done`; the last batch may be shorter.

    Examples
    --------
    >>> list(batches(5, 2, np.array([4, 2, 0, 1, 3])))
    [array([4, 2]), array([0, 1]), array([3])]
    """
    for start in range(done * size, length, size):
        rows = slice(start, min(start + size, length))
        yield rows if order is None else order[rows]


_READ_AHEAD = 2**26
"""Bytes of a stored array that are in memory at a time."""


def taken(samples: Samples, rows: Iterable[Rows]) -> Iterator[list[Array]]:
    """Yield the arrays of each batch; those of a stored array are read many batches at a time.

    A random order of single rows would read each chunk of a file anew for every row. Here the rows
    of the next batches are read in the order of the file, as many as fit into memory: an epoch
    reads a file of n times that size n times, from its beginning to its end.
    """
    if not isinstance(samples.X, StoredRows):
        yield from map(samples.take, rows)
        return
    row_bytes = max(1, samples.X.size * samples.X.dtype.itemsize // len(samples))
    ahead: list[NDArray[np.intp]] = []
    for each in rows:
        ahead.append(np.arange(len(samples))[each])
        if sum(map(len, ahead)) * row_bytes >= _READ_AHEAD:
            yield from _read_together(samples, ahead)
            ahead = []
    if ahead:
        yield from _read_together(samples, ahead)


def _read_together(samples: Samples, batches: list[NDArray[np.intp]]) -> Iterator[list[Array]]:
    """Read the rows of some batches together, and yield the batches."""
    rows = np.concatenate(batches)
    read = samples.take(rows)
    start = 0
    for each in batches:
        # Copies, as a view would keep all of them in memory while the next ones are read.
        yield [array[start : start + len(each)].copy() for array in read]
        start += len(each)


def shuffled_orders(
    length: int, size: int, seed: int, epoch: int, count: int
) -> list[NDArray[np.intp]] | None:
    """Return the permutations of `count` epochs, by seed and epoch; None for a full batch."""
    return permutations(length, seed, epoch, count) if size < length else None


def _is_contiguous(array: Any) -> bool:
    if isinstance(array, ROWS_READ_IN_PARTS):
        return False
    return array.flags.c_contiguous and array.dtype.isnative


def split_at(length: int, fraction: float) -> int:
    """Return the number of training samples; the last `fraction` is the validation split.

    Examples
    --------
    >>> split_at(10, 0.25), split_at(10, 0.0)
    (7, 10)
    """
    # 10 · (1 - 0.3) is 6.999... in binary; what is an integer in decimals stays one.
    first = math.floor(length * (1 - float(fraction)) + 1e-9)
    if fraction and not 0 < first < length:
        raise DataError(
            f"fit: validation_split={fraction} of {counted(length, 'sample')} leaves {first} for "
            f"training and {length - first} for validation; both need at least one"
        )
    return first
