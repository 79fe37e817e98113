"""Samples set aside for testing."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.checks import checked_seed
from chainrule.data.columns import read_columns, row_count, take_rows
from chainrule.data.shuffling import permutation
from chainrule.errors import ArgumentError, DataError

__all__ = ["split"]

Pair = tuple[Any, NDArray[Any]]


def split(
    X: ArrayLike | Mapping[str, ArrayLike],
    y: ArrayLike,
    *,
    test_size: float = 0.2,
    seed: int = 0,
    stratify: bool = False,
    shuffle: bool = True,
) -> tuple[Pair, Pair]:
    """Split samples into a training and a test part, at random or in the order of time.

    Parameters
    ----------
    X : array, (n, ...), DataFrame or dict of columns
        The inputs, n at least 2.
    y : array, (n, ...)
        The targets.
    test_size : float in (0, 1), or int in [1, n)
        The test part, as a fraction (rounded, at least one sample on each side) or a number.
    seed : int in [0, 2**64)
        Another seed, another split; the same one always gives the same split.
    stratify : bool
        Give each class of ``y``, which then holds labels, its share of the test part.
    shuffle : bool
        False keeps the order, and the last samples are the test part: the way for what was measured
        over time, where a random test part would be known from its neighbours.

    Returns
    -------
    (X_train, y_train), (X_test, y_test) : pairs of arrays
        Copies, in shuffled order, with the dtypes of ``X`` and ``y``; views, where the order is
        kept. A part of a table is a table of the same kind.

    Raises
    ------
    DataError
        If the lengths differ or there are fewer than two samples.
    ArgumentError
        If ``test_size`` leaves no sample on one side, or classes shall be shared out in order.

    Examples
    --------
    >>> X, y = np.arange(10), np.array([0, 1] * 5)
    >>> (X_train, y_train), (X_test, y_test) = split(X, y, test_size=0.4, stratify=True)
    >>> X_test.size, y_test.sum()
    (4, np.int64(2))
    """
    inputs, targets = _as_table(X), np.asarray(y)
    samples = _checked_count(inputs, targets)
    count = _test_count(test_size, samples)
    if not shuffle:
        if stratify:
            raise ArgumentError("split: stratify=True needs another order, shuffle=False keeps it")
        train, test = slice(samples - count), slice(samples - count, None)
    else:
        order = permutation(samples, checked_seed("split", seed))
        if stratify:
            order = _stratified(order, targets, count)
        test, train = order[:count], order[count:]
    return (take_rows(inputs, train), targets[train]), (take_rows(inputs, test), targets[test])


def _as_table(X: Any) -> Any:
    """Return a DataFrame as it is, a dict as one of arrays, and everything else as an array."""
    if isinstance(X, Mapping):
        return read_columns(X)
    return X if hasattr(X, "iloc") else np.asarray(X)


def _stratified(order: NDArray[np.intp], labels: NDArray[Any], count: int) -> NDArray[np.intp]:
    """Move samples so that the first ``count`` hold each class in proportion.

    The k-th of m samples of a class stands at (k + 1/2) / m of the way, so that every stretch of
    the order, the first one too, has nearly the proportions of the whole.
    """
    if labels.ndim != 1:
        raise DataError(
            f"split: y has shape {labels.shape}; stratify=True needs one label a sample, shape (n,)"
        )
    shuffled = labels[order]
    rank = np.empty(len(order))
    for label in np.unique(shuffled):
        places = np.flatnonzero(shuffled == label)
        rank[places] = (np.arange(len(places)) + 0.5) / len(places)
    spread = order[np.argsort(rank, kind="stable")]
    # Each side keeps its samples; their order becomes the random one again.
    in_test = np.isin(order, spread[:count])
    return np.concatenate([order[in_test], order[~in_test]])


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
    raise ArgumentError(
        f"split: test_size is {test_size!r}; it must be a fraction between 0 and 1, or a number "
        f"of samples from 1 to {samples - 1}"
    )
