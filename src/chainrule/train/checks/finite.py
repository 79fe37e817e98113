"""Detection of NaN and infinities in one pass, block by block for large arrays."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.sparse_rows import SparseRows
from chainrule.data.stored_rows import StoredRows
from chainrule.errors import DataError

__all__ = ["Extent", "check_finite", "extent_of", "is_clearly_finite"]

_BLOCK = 1 << 20  # values
_SMALL = 4096  # values
_MODERATE = 1e38

Rows = NDArray[Any] | SparseRows | StoredRows


@dataclass(frozen=True)
class Extent:
    """The smallest and the largest value of an array.

    Parameters
    ----------
    low, high : float
        Both finite.
    """

    low: float
    high: float


def is_clearly_finite(array: Rows) -> bool:
    """Whether the sum of squares of a small array proves all values finite, in float32 too.

    It is NaN or large if any value is. Integers always pass. False proves nothing: `check_finite`
    decides then.

    Examples
    --------
    >>> is_clearly_finite(np.array([[1.0, -2.0]])), is_clearly_finite(np.array([[1.0, np.inf]]))
    (True, False)
    """
    if array.dtype.kind != "f":
        return True
    if isinstance(array, SparseRows):
        array = array.stored
    if isinstance(array, StoredRows):
        return False
    return array.size <= _SMALL and float(np.vdot(array, array)) < _MODERATE


def extent_of(array: Rows) -> Extent | None:
    """Return the extent of an array, read once, block by block; None if a value is not finite."""
    low, high = np.inf, -np.inf
    if isinstance(array, SparseRows):
        low, high = (np.inf, -np.inf) if array.stored.size == array.size else (0.0, 0.0)
        array = array.stored
    with np.errstate(all="ignore"):
        for block in _blocks(array):
            # NaN and infinities propagate to the minimum or the maximum.
            lowest, highest = float(block.min()), float(block.max())
            if not (math.isfinite(lowest) and math.isfinite(highest)):
                return None
            low, high = min(low, lowest), max(high, highest)
    return Extent(low, high)


def check_finite(
    array: Rows, function: str, name: str, dtype: Any = "float64", columns: Any = None
) -> Extent:
    """Return the extent of an array whose values are all finite, also in the network's dtype.

    Examples
    --------
    >>> check_finite(np.array([[1.0, 2.0], [np.nan, 4.0]]), "fit", "X")
    Traceback (most recent call last):
    chainrule.errors.DataError: fit: X has 1 value that is NaN or infinite, first nan at X[1, 0];
    fill it in, or leave out such samples: np.isfinite finds them
    """
    extent = extent_of(array)
    if extent is None:
        raise _not_finite(array, function, name, columns)
    low, high = extent.low, extent.high
    largest = float(np.finfo(dtype).max)
    if max(-low, high) > largest:
        raise DataError(
            f"{function}: {name} has values up to {max(-low, high):.3g}, which {np.dtype(dtype)} "
            f"cannot hold (its largest number is {largest:.3g}); scale {name} down"
        )
    return extent


def _blocks(array: Rows) -> Iterator[NDArray[Any]]:
    rows = max(1, _BLOCK * len(array) // max(array.size, 1))
    for start in range(0, len(array), rows):
        yield array[start : start + rows]


def _not_finite(array: Rows, function: str, name: str, columns: Any) -> DataError:
    count, first, start = 0, None, 0
    for block in _blocks(array):
        bad = ~np.isfinite(block)
        bad_count = int(bad.sum())
        if bad_count and first is None:
            row, *rest = (int(each) for each in np.unravel_index(int(bad.argmax()), bad.shape))
            first = (start + row, *rest)
        count, start = count + bad_count, start + len(block)
    assert first is not None, "some value is not finite"
    index = ", ".join(map(str, first))
    column = f" (column {columns[first[1]]!r})" if columns is not None and len(first) > 1 else ""
    plural = "value that is" if count == 1 else "values that are"
    return DataError(
        f"{function}: {name} has {count} {plural} NaN or infinite, first {array[first]} at "
        f"{name}[{index}]{column}; fill {'it' if count == 1 else 'them'} in, or leave out such "
        "samples: np.isfinite finds them"
    )
