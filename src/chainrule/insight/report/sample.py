"""The samples that a report is about: of many some, evenly spaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.data.columns import is_table, read_columns, row_count, take_rows
from chainrule.data.file_argument import is_path
from chainrule.data.sparse_rows import is_sparse
from chainrule.errors import ArgumentError, DataError
from chainrule.insight.plots.row_table import cells_of_rows

__all__ = ["Kind", "Sample", "is_one_class", "sample_of"]

Array = NDArray[Any]

Kind = Literal["images", "series", "rows"]

MOST = 8192
"""Samples that are evaluated at most, as a report costs a fraction of a training; a multiple of the
batch size of `predict`, so that no program is compiled for the rest of them."""


@dataclass(frozen=True)
class Sample:
    """Inputs and targets, as given, of some of the samples.

    Parameters
    ----------
    X : array or table, (n, ...)
        The inputs.
    y : array, (n, ...), or None
        The targets.
    rows : array, int, (n,)
        Their positions in the samples given.
    total : int
        How many samples were given.
    kind : str
        How they are shown: as images, as series (curves by step), or as rows of a table.
    """

    X: Any
    y: Array | None
    rows: Array
    total: int
    kind: Kind = "rows"

    @property
    def words(self) -> str:
        """How many samples, in words."""
        total = f"{self.total:,} sample{'' if self.total == 1 else 's'}"
        if len(self.rows) == self.total:
            return total
        return f"{len(self.rows):,} of {total}, evenly spaced"

    def first(self, count: int) -> tuple[Any, Any]:
        """Return inputs and targets of the first samples."""
        rows = slice(min(count, len(self.rows)))
        return take_rows(self.X, rows), None if self.y is None else self.y[rows]

    def cells(self, rows: Array) -> tuple[list[str], list[list[str]]]:
        """Return the names of the first columns of the inputs, and their texts in some rows."""
        shown = take_rows(self.X, rows)
        if is_sparse(shown):
            shown = shown.toarray()
        return cells_of_rows("report", shown, range(len(rows)), None)


def sample_of(X: Any, y: Any) -> Sample | None:
    """Return the samples to report on; None without any."""
    if X is None:
        if y is not None:
            raise ArgumentError("report: y is given without X; give both, or none")
        return None
    inputs: Any = read_columns(X) if is_path(X) else X
    if isinstance(X, list | tuple) and not is_table(X):
        inputs = np.asarray(X)
    total = _count(inputs)
    if not total:
        raise DataError("report: X has no samples; give at least one, or leave out X and y")
    targets = None if y is None else np.asarray(y)
    if targets is not None and (not targets.ndim or len(targets) != total):
        raise DataError(
            f"report: X has {total} samples and y has shape {targets.shape}; give a target for "
            "each sample"
        )
    if total <= MOST:
        return Sample(inputs, targets, np.arange(total), total)
    rows = np.linspace(0, total - 1, MOST).astype(int)
    return Sample(take_rows(inputs, rows), None if targets is None else targets[rows], rows, total)


def _count(X: Any) -> int:
    if isinstance(X, Mapping):
        return row_count(cast(Any, X))
    if is_sparse(X):
        return int(X.shape[0])
    return len(X) if is_table(X) or np.ndim(X) else 0


def is_one_class(y: Array) -> bool:
    """Whether targets that are classes have one a sample: (n,), (n, 1) or one-hot rows."""
    if y.ndim != 2 or y.shape[1] == 1:
        return y.ndim <= 2
    is_binary = y.dtype.kind in "biuf" and bool(np.isin(y, (0, 1)).all())
    return is_binary and bool((y.sum(axis=1) == 1).all())
