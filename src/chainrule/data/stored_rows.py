"""Rows of an array that is stored elsewhere: read a batch at a time, never as a whole.

Such are the data sets of HDF5 files and the arrays of Zarr, and whatever has a shape, a dtype and
slices of rows. A memory map is one if its rows cannot be addressed as those of any array, as it is
not contiguous or in another byte order: a copy would be the whole of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.data.sparse_rows import SparseRows

__all__ = ["ROWS_READ_IN_PARTS", "StoredRows", "as_stored_rows"]

_SMALL = 2**24
"""Bytes; smaller arrays are read at once, as programs run faster on arrays in memory."""

_PART = 2**23  # bytes of a part that is read at once
_GAP = 2**18  # bytes: over a smaller gap one read takes less time than two


class StoredRows:
    """The rows of a stored array: ``rows[10:20]`` and ``rows[[3, 7]]`` are arrays in memory.

    Slices of the source are read in ascending order alone, as HDF5 files need it.

    Parameters
    ----------
    source : object with shape, dtype and slices of rows
        Such as a data set of h5py, or an array of Zarr; not written to.
    first, stop : int or None
        The range of rows.

    Examples
    --------
    >>> rows = StoredRows(np.arange(12).reshape(6, 2), 1, 5)
    >>> rows.shape, rows[np.array([3, 0])].tolist()
    ((4, 2), [[8, 9], [2, 3]])
    """

    def __init__(self, source: Any, first: int = 0, stop: int | None = None) -> None:
        self._source, self._first = source, first
        length = (int(source.shape[0]) if stop is None else stop) - first
        self.shape = (length, *(int(each) for each in source.shape[1:]))
        self.dtype: np.dtype[Any] = np.dtype(source.dtype).newbyteorder("=")
        self.ndim = len(self.shape)

    @property
    def size(self) -> int:
        """The number of all values."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> Any:
        """Return some rows as an array, or an entry of a row and further indices."""
        if isinstance(rows, tuple):
            row, *rest = cast(tuple[Any, ...], rows)
            return self[row][tuple(rest)]
        if isinstance(rows, slice):
            start, stop, step = rows.indices(len(self))
            return self._read(start, max(start, stop))[::step] if step > 0 else self[:][rows]
        if np.ndim(rows) == 0:
            row = range(len(self))[int(rows)]
            return self._read(row, row + 1)[0]
        return self._gathered(np.asarray(rows))

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        return np.asarray(self._source[self._first + start : self._first + stop], self.dtype)

    def _gathered(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Read rows of any order, those near one another together."""
        gathered = np.empty((len(rows), *self.shape[1:]), self.dtype)
        if not len(rows):
            return gathered
        places = np.argsort(rows, kind="stable")
        ascending = rows[places]
        row_bytes = max(1, self.size * self.dtype.itemsize // len(self))
        # A read has at most _PART bytes, and no long gap.
        number = np.cumsum(np.diff(ascending, prepend=ascending[0]) > _GAP // row_bytes)
        part = (ascending - ascending[0]) * row_bytes // _PART
        ends = np.flatnonzero(np.diff(number) | np.diff(part)) + 1
        for run, place in zip(np.split(ascending, ends), np.split(places, ends), strict=True):
            gathered[place] = self._read(int(run[0]), int(run[-1]) + 1)[run - run[0]]
        return gathered

    def part(self, rows: slice) -> StoredRows:
        """Return some adjacent rows, still stored."""
        start, stop, _ = rows.indices(len(self))
        return StoredRows(self._source, self._first + start, self._first + max(start, stop))

    def parts(self) -> Iterator[NDArray[Any]]:
        """Yield all rows in parts that fit into memory."""
        rows = max(1, _PART * len(self) // max(1, self.size * self.dtype.itemsize))
        for start in range(0, len(self), rows):
            yield self[start : start + rows]


ROWS_READ_IN_PARTS = (SparseRows, StoredRows)
"""Inputs that are no arrays, and become arrays a batch at a time."""


def as_stored_rows(value: Any) -> StoredRows | None:
    """Return the rows of a stored array that is not small; None for anything else.

    It has chunks, is no array by any protocol of NumPy, or is a memory map that would be copied.
    """
    is_array = isinstance(value, np.ndarray) and not _is_copied_map(value)
    if is_array or isinstance(value, list | tuple) or not hasattr(value, "__getitem__"):
        return None
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    protocols = ("__array__", "__array_interface__", "__dlpack__")
    is_stored = (
        isinstance(value, np.memmap)
        or hasattr(value, "chunks")
        or not any(hasattr(value, each) for each in protocols)
    )
    if not isinstance(shape, tuple) or not shape or dtype is None or not is_stored:
        return None
    try:
        rows = StoredRows(value)
    except (TypeError, ValueError):
        return None
    is_number = rows.dtype.kind in "biuf"
    return rows if is_number and rows.size * rows.dtype.itemsize > _SMALL else None


def _is_copied_map(value: Any) -> bool:
    is_plain = value.flags.c_contiguous and value.dtype.isnative
    return isinstance(value, np.memmap) and not is_plain
