"""Samples set aside for testing."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.permutation import checked_seed, permutation
from chainrule.errors import ArgumentError, DataError

__all__ = ["split"]

Pair = tuple[NDArray[Any], NDArray[Any]]


def split(
    X: ArrayLike, y: ArrayLike, *, test_size: float = 0.2, seed: int = 0, stratify: bool = False
) -> tuple[Pair, Pair]:
    """Split samples at random into a training and a test part.

    Parameters
    ----------
    X : array, (n, ...)
        The inputs, n at least 2.
    y : array, (n, ...)
        The targets.
    test_size : float in (0, 1), or int in [1, n)
        The test part, as a fraction (rounded, at least one sample on each side) or a number.
    seed : int in [0, 2**64)
        Another seed, another split; the same one always gives the same split.
    stratify : bool
        Give each class of ``y``, which then holds labels, its share of the test part.

    Returns
    -------
    (X_train, y_train), (X_test, y_test) : pairs of arrays
        Copies, in shuffled order, with the dtypes of ``X`` and ``y``.

    Raises
    ------
    DataError
        If the lengths differ or there are fewer than two samples.
    ArgumentError
        If ``test_size`` leaves no sample on one side.

    Examples
    --------
    >>> X, y = np.arange(10), np.array([0, 1] * 5)
    >>> (X_train, y_train), (X_test, y_test) = split(X, y, test_size=0.4, stratify=True)
    >>> X_test.size, y_test.sum()
    (4, np.int64(2))
    """
    inputs, targets = np.asarray(X), np.asarray(y)
    _check_samples(inputs, targets)
    count = _test_count(test_size, len(inputs))
    order = permutation(len(inputs), checked_seed("split", seed))
    if stratify:
        order = _stratified(order, targets, count)
    test, train = order[:count], order[count:]
    return (inputs[train], targets[train]), (inputs[test], targets[test])


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


def _check_samples(inputs: NDArray[Any], targets: NDArray[Any]) -> None:
    if inputs.ndim == 0 or targets.ndim == 0 or len(inputs) != len(targets):
        raise DataError(
            f"split: X has shape {inputs.shape} and y {targets.shape}; "
            "their first axes must both count the samples"
        )
    if len(inputs) < 2:
        raise DataError(f"split: there are {len(inputs)} samples; two parts need at least 2")


def _test_count(test_size: float, samples: int) -> int:
    if isinstance(test_size, float | np.floating) and 0 < test_size < 1:
        return min(max(round(test_size * samples), 1), samples - 1)
    if isinstance(test_size, int | np.integer) and 1 <= test_size < samples:
        return int(test_size)
    raise ArgumentError(
        f"split: test_size is {test_size!r}; it must be a fraction between 0 and 1, or a number "
        f"of samples from 1 to {samples - 1}"
    )
