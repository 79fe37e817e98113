"""Samples to be partitioned, by splits and folds: checked inputs and targets, classes, parts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.array_classes import refuse_masked
from chainrule.data.array_argument import as_array
from chainrule.data.cell import is_missing
from chainrule.data.columns import is_table, read_columns, row_count, take_rows
from chainrule.data.row_labels import check_row_labels
from chainrule.data.sparse_rows import is_sparse
from chainrule.errors import DataError, counted

__all__ = ["Classes", "Pair", "checked_samples", "classes_of", "pair"]

Pair = tuple[Any, NDArray[Any]]
Classes = tuple[NDArray[np.intp], NDArray[np.intp]]
"""The class of each sample, numbered in order, and the sizes of the classes."""


def checked_samples(function: str, X: Any, y: Any) -> tuple[Any, NDArray[Any], int]:
    """Return inputs, targets and their number."""
    check_row_labels(function, X=X, y=y)
    inputs, targets = _as_table(X, function), as_array(y, f"{function}: y")
    shape = (row_count(inputs), len(inputs)) if isinstance(inputs, dict) else inputs.shape
    if not shape or targets.ndim == 0 or shape[0] != len(targets):
        raise DataError(
            f"{function}: X has shape {shape} and y {targets.shape}; "
            "their first axes must both count the samples"
        )
    if shape[0] < 2:
        raise DataError(
            f"{function}: there are {counted(shape[0], 'sample')}; two parts need at least 2"
        )
    return inputs, targets, shape[0]


def pair(inputs: Any, targets: NDArray[Any], rows: Any) -> Pair:
    """Return the inputs and targets of some rows."""
    return take_rows(inputs, rows), targets[rows]


def classes_of(function: str, labels: NDArray[Any]) -> Classes:
    """Return the classes of labels for stratification."""
    if labels.ndim != 1:
        raise DataError(
            f"{function}: y has shape {labels.shape}; stratify=True needs labels of shape (n,)"
        )
    refuse_masked(labels, f"{function}: y, with stratify=True,")
    missing = [row for row, label in enumerate(labels.tolist()) if is_missing(label)]
    if missing:
        raise DataError(
            f"{function}: y has no label in row {missing[0]} (rows are counted from 0), with "
            "stratify=True; leave such samples out"
        )
    # Objects of several types cannot be sorted.
    comparable = labels.astype(str) if labels.dtype.kind == "O" else labels
    _, classes, sizes = np.unique(comparable, return_inverse=True, return_counts=True)
    return classes, sizes


def _as_table(X: Any, function: str) -> Any:
    """Return a DataFrame or records unchanged, a sparse matrix by rows, other tables as
    columns, the rest as an array.
    """
    if hasattr(X, "iloc"):
        return X
    if is_sparse(X):
        return X.tocsr()
    if is_table(X) and not isinstance(X, np.ndarray):
        return read_columns(X)
    return as_array(X, f"{function}: X")
