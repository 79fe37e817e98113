"""NaN and infinities in the data, found in one pass that reads large arrays in pieces."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError

__all__ = ["Extent", "check_finite", "extent_of", "is_tame"]

_PIECE = 1 << 20  # values
_SMALL = 4096  # values
_TAME = 1e38


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


def is_tame(array: NDArray[Any]) -> bool:
    """Whether one quick look shows that all values are finite, and moderate as float32 too.

    The look is at the sum of squares of a small array: it is neither NaN nor large unless a value
    is. Whole numbers always pass. False says nothing: then `check_finite` has to find out.

    Examples
    --------
    >>> is_tame(np.array([[1.0, -2.0]])), is_tame(np.array([[1.0, np.inf]]))
    (True, False)
    """
    if array.dtype.kind != "f":
        return True
    return array.size <= _SMALL and float(np.vdot(array, array)) < _TAME


def extent_of(array: NDArray[Any]) -> Extent | None:
    """Return the extent of an array, read once and in pieces; None if a value is not finite."""
    low, high = np.inf, -np.inf
    with np.errstate(all="ignore"):
        for piece in _pieces(array):
            # Either of them is not finite if any value is not: NaN wins every comparison.
            lowest, highest = float(piece.min()), float(piece.max())
            if not (math.isfinite(lowest) and math.isfinite(highest)):
                return None
            low, high = min(low, lowest), max(high, highest)
    return Extent(low, high)


def check_finite(
    array: NDArray[Any], function: str, name: str, dtype: Any = "float64", columns: Any = None
) -> Extent:
    """Return the extent of an array whose values are all finite, also as the network's numbers.

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


def _pieces(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    rows = max(1, _PIECE * len(array) // max(array.size, 1))
    for start in range(0, len(array), rows):
        yield array[start : start + rows]


def _not_finite(array: NDArray[Any], function: str, name: str, columns: Any) -> DataError:
    count, first, start = 0, None, 0
    for piece in _pieces(array):
        bad = ~np.isfinite(piece)
        found = int(bad.sum())
        if found and first is None:
            row, *rest = (int(each) for each in np.unravel_index(int(bad.argmax()), bad.shape))
            first = (start + row, *rest)
        count, start = count + found, start + len(piece)
    assert first is not None, "a piece that is not finite was seen"
    place = ", ".join(map(str, first))
    column = f" (column {columns[first[1]]!r})" if columns is not None and len(first) > 1 else ""
    plural = "value that is" if count == 1 else "values that are"
    return DataError(
        f"{function}: {name} has {count} {plural} NaN or infinite, first {array[first]} at "
        f"{name}[{place}]{column}; fill {'it' if count == 1 else 'them'} in, or leave out such "
        "samples: np.isfinite finds them"
    )
