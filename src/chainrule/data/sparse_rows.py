"""Sparse matrices as rows: they become arrays a batch at a time, never as a whole.

A matrix of SciPy, or a DataFrame whose columns are all sparse, is held by rows (CSR), in memory
proportional to the entries that it stores. SciPy is not imported here: code that has such a matrix
has imported it.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError

__all__ = ["SparseRows", "as_sparse_rows", "is_sparse"]

_LARGEST = 2**32  # bytes of rows that become an array


class SparseRows:
    """The rows of a sparse matrix: ``rows[10:20]`` and ``rows[[3, 7]]`` are arrays.

    Parameters
    ----------
    matrix : scipy.sparse matrix or array, two axes
        Not copied if it is in CSR format without duplicates, and not written to.
    """

    ndim = 2

    def __init__(self, matrix: Any) -> None:
        matrix = matrix.tocsr()
        if not matrix.has_canonical_format:  # entries of one place, which are added
            matrix = matrix.copy()
            matrix.sum_duplicates()
        self._matrix = matrix
        self.shape = (int(matrix.shape[0]), int(matrix.shape[1]))
        self.dtype: np.dtype[Any] = matrix.dtype

    @property
    def stored(self) -> NDArray[Any]:
        """The entries that are stored, (count,); all others are 0."""
        return self._matrix.data

    def parts(self) -> list[NDArray[Any]]:
        """Return the arrays that hold the matrix: entries, their columns, where rows begin."""
        return [self._matrix.data, self._matrix.indices, self._matrix.indptr]

    @property
    def size(self) -> int:
        """The number of all entries."""
        return self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> Any:
        """Return some rows as an array, or an entry of a row and a column."""
        part = self._matrix[rows]
        if isinstance(rows, tuple):
            return part
        size = part.shape[0] * part.shape[1] * self.dtype.itemsize
        if size > _LARGEST:
            raise DataError(
                f"a batch of {part.shape[0]:,} rows of the sparse matrix, of {part.shape[1]:,} "
                f"columns, takes {size / 2**30:.1f} GiB as an array; give a smaller batch_size, "
                "such as 256"
            )
        return part.toarray()

    def part(self, rows: slice) -> SparseRows:
        """Return some adjacent rows, still sparse."""
        is_whole = rows.indices(len(self)) == (0, len(self), 1)
        return self if is_whole else SparseRows(self._matrix[rows])

    def sum(self, axis: int, dtype: Any = None) -> NDArray[Any]:
        """Return the sums of columns, or of rows."""
        return np.asarray(self._matrix.sum(axis=axis, dtype=dtype)).ravel()


def is_sparse(value: Any) -> bool:
    """Whether a value is a sparse matrix or array of SciPy."""
    module = sys.modules.get("scipy.sparse")
    return module is not None and bool(module.issparse(value))


def as_sparse_rows(value: Any) -> SparseRows | None:
    """Return the rows of a sparse matrix or DataFrame; None for anything else."""
    if type(value) is np.ndarray or isinstance(value, list | tuple):
        return None
    if is_sparse(value):
        return SparseRows(value) if value.ndim == 2 else None
    if _is_sparse_frame(value):
        try:
            return SparseRows(value.sparse.to_coo())
        except (ValueError, ImportError):  # filled with another number than 0, or without SciPy
            return None
    return None


def _is_sparse_frame(value: Any) -> bool:
    if not hasattr(value, "iloc") or getattr(value, "ndim", 0) != 2:
        return False
    dtypes = getattr(value, "dtypes", ())
    return len(dtypes) > 0 and all(hasattr(each, "fill_value") for each in dtypes)
