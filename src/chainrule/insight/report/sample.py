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
from chainrule.errors import ArgumentError, ChainruleError, DataError
from chainrule.insight.plots.row_table import cells_of_rows
from chainrule.insight.training_program import training_program
from chainrule.train.inference.evaluate import PREDICT_BATCH_SIZE
from chainrule.train.network import Network

__all__ = ["Kind", "Sample", "is_one_class", "most_samples", "sample_of"]

Array = NDArray[Any]

Kind = Literal["images", "series", "rows"]

_FEWEST, _MOST = 256, 8192
"""Samples that are evaluated, at least and at most."""
_FREE, _SHARE = 0.05, 0.03
"""Seconds that evaluating them may take, and the share of the training."""
_PASSES = 2 / 3
"""Two forward passes, of which forward and backward are three."""


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
        return f"{len(self.rows):,} of {total}, evenly spaced, to take a fraction of the training"

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


def most_samples(net: Network) -> int:
    """Return how many samples to evaluate at most, so that it takes a fraction of the training."""
    history = net.history
    if history is None or "seconds" not in history:  # none, or one of a file
        return _MOST
    try:
        seen = training_program(net).samples * history.epochs
    except ChainruleError:  # there is no compiled program
        return _MOST
    seconds = sum(history["seconds"])
    budget = max(_FREE, _SHARE * seconds)
    count = int(min(_MOST, budget / max(_PASSES * seconds / seen, 1e-12)))
    # No program is compiled for the rest of the samples.
    return max(_FEWEST, count - count % PREDICT_BATCH_SIZE if count > PREDICT_BATCH_SIZE else count)


def sample_of(X: Any, y: Any, most: int = _MOST) -> Sample | None:
    """Return the samples to report on, at most so many; None without any."""
    if X is None:
        if y is not None:
            raise ArgumentError("report: y is given without X; give both, or none")
        return None
    inputs: Any = read_columns(X) if is_path(X) else X
    if isinstance(X, list | tuple) and not is_table(X):
        inputs = _as_array(X)
    total = _count(inputs)
    if not total:
        raise DataError("report: X has no samples; give at least one, or leave out X and y")
    targets = None if y is None else np.asarray(y)
    if targets is not None and (not targets.ndim or len(targets) != total):
        raise DataError(
            f"report: X has {total} samples and y has shape {targets.shape}; give a target for "
            "each sample"
        )
    if total <= most:
        return Sample(inputs, targets, np.arange(total), total)
    rows = np.linspace(0, total - 1, most).astype(int)
    return Sample(take_rows(inputs, rows), None if targets is None else targets[rows], rows, total)


def _as_array(X: Any) -> Array:
    try:
        return np.asarray(X)
    except ValueError as error:
        raise DataError(
            "report: the samples of X differ in shape; give them one, as by cropping or padding"
        ) from error


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
