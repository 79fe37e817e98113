"""Split of samples into training and test part: random, stratified or temporal."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import DATA_ALIASES
from chainrule.arguments.array_classes import refuse_masked
from chainrule.arguments.checks import bad_argument, checked_flag, checked_seed
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.array_argument import as_array
from chainrule.data.cell import is_missing
from chainrule.data.columns import is_table, read_columns, row_count, take_rows
from chainrule.data.row_labels import check_row_labels
from chainrule.data.shuffling import permutation
from chainrule.errors import ArgumentError, DataError, warn

__all__ = ["split"]

ENOUGH = 20
"""Samples from which on a class of a single one is told."""

Pair = tuple[Any, NDArray[Any]]


@answers_foreign_names(DATA_ALIASES)
def split(
    X: ArrayLike | Mapping[str, ArrayLike],
    y: ArrayLike,
    *,
    test_size: float = 0.2,
    seed: int = 0,
    stratify: bool = False,
    shuffle: bool = True,
) -> tuple[Pair, Pair]:
    """Split samples into a training and a test part, at random or in temporal order.

    Parameters
    ----------
    X : array, (n, ...), DataFrame, dict of columns or path of a CSV file
        The inputs, n at least 2.
    y : array, (n, ...)
        The targets.
    test_size : float in (0, 1), or int in [1, n)
        The test part, as a fraction (rounded, at least one sample on each side) or a number.
    seed : int in [0, 2**64)
        The seed of the shuffle.
    stratify : bool
        Preserve the proportions of the classes of ``y``, which are then labels.
    shuffle : bool
        False keeps the order, and the last samples are the test part: for time series, where a
        random test part would leak from its neighbours.

    Returns
    -------
    (X_train, y_train), (X_test, y_test) : pairs of arrays
        Copies in shuffled order, with the dtypes of ``X`` and ``y``; views without shuffling. A
        part of a DataFrame is a DataFrame, of another table a dict of columns.

    Raises
    ------
    DataError
        If the lengths differ, there are fewer than two samples, ``X`` and ``y`` have the same row
        labels in another order, or a label is missing for stratification.
    ArgumentError
        If ``test_size`` leaves no sample on one side, or for stratification without shuffling.

    Warns
    -----
    ChainruleWarning
        If a class has a single sample, with stratification.

    Examples
    --------
    >>> X, y = np.arange(10), np.array([0, 1] * 5)
    >>> (X_train, y_train), (X_test, y_test) = split(X, y, test_size=0.4, stratify=True)
    >>> X_test.size, y_test.sum()
    (4, np.int64(2))
    """
    check_row_labels("split", X=X, y=y)
    inputs, targets = _as_table(X), as_array(y, "split: y")
    shuffle = checked_flag("split", "shuffle", shuffle)
    stratify = checked_flag("split", "stratify", stratify)  # by the classes of y
    samples = _checked_count(inputs, targets)
    count = _test_count(test_size, samples)
    if not shuffle:
        if stratify:
            raise ArgumentError("split: stratify=True needs shuffle=True")
        train, test = slice(samples - count), slice(samples - count, None)
    else:
        order = permutation(samples, checked_seed("split", seed))
        if stratify:
            order = _stratified(order, targets, count)
        test, train = order[:count], order[count:]
    return (take_rows(inputs, train), targets[train]), (take_rows(inputs, test), targets[test])


def _as_table(X: Any) -> Any:
    """Return a DataFrame or records unchanged, other tables as columns, the rest as an array."""
    if hasattr(X, "iloc"):
        return X
    return (
        read_columns(X)
        if is_table(X) and not isinstance(X, np.ndarray)
        else as_array(X, "split: X")
    )


def _stratified(order: NDArray[np.intp], labels: NDArray[Any], count: int) -> NDArray[np.intp]:
    """Reorder samples so that the first ``count`` have the class proportions of all.

    The k-th of m samples of a class is ranked (k + 1/2) / m, so that every interval of ranks has
    nearly those proportions.
    """
    if labels.ndim != 1:
        raise DataError(
            f"split: y has shape {labels.shape}; stratify=True needs labels of shape (n,)"
        )
    refuse_masked(labels, "split: y, with stratify=True,")
    classes, sizes = _classes(labels)
    shuffled = classes[order]
    rank = np.empty(len(order))
    for label in range(len(sizes)):
        positions = np.flatnonzero(shuffled == label)
        rank[positions] = (np.arange(len(positions)) + 0.5) / len(positions)
    by_rank = order[np.argsort(rank, kind="stable")]
    # Restore the shuffled order within each part.
    in_test = np.isin(order, by_rank[:count])
    return np.concatenate([order[in_test], order[~in_test]])


def _classes(labels: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the class of each sample, numbered in order, and the sizes of the classes."""
    missing = [row for row, label in enumerate(labels.tolist()) if is_missing(label)]
    if missing:
        raise DataError(
            f"split: y has no label in row {missing[0]} (rows are counted from 0), with "
            "stratify=True; leave such samples out"
        )
    # Objects of several types cannot be sorted.
    comparable = labels.astype(str) if labels.dtype.kind == "O" else labels
    _, classes, sizes = np.unique(comparable, return_inverse=True, return_counts=True)
    single = np.flatnonzero(sizes == 1)
    if len(single) and len(labels) >= ENOUGH:
        first = labels[np.argmax(classes == single[0])]
        if len(single) == len(labels):
            raise DataError(
                f"split: the {len(labels)} values of y are all different, and no classes; leave "
                "out stratify=True"
            )
        warn(
            f"split: {len(single)} of {len(sizes)} classes have a single sample, first "
            f"{first!s:.60}, so that only one part has it; leave rare classes out"
        )
    return classes, sizes


def _checked_count(inputs: Any, targets: NDArray[Any]) -> int:
    shape = (row_count(inputs), len(inputs)) if isinstance(inputs, dict) else inputs.shape
    if not shape or targets.ndim == 0 or shape[0] != len(targets):
        raise DataError(
            f"split: X has shape {shape} and y {targets.shape}; "
            "their first axes must both count the samples"
        )
    if shape[0] < 2:
        raise DataError(f"split: there are {shape[0]} samples; two parts need at least 2")
    return shape[0]


def _test_count(test_size: float, samples: int) -> int:
    if isinstance(test_size, float | np.floating) and 0 < test_size < 1:
        return min(max(round(test_size * samples), 1), samples - 1)
    if isinstance(test_size, int | np.integer) and 1 <= test_size < samples:
        return int(test_size)
    rule = f"a fraction between 0 and 1, or a number of samples from 1 to {samples - 1}"
    raise bad_argument("split", "test_size", test_size, rule)
