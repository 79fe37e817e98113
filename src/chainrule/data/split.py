"""Split of samples into training, validation and test part: random, stratified or temporal."""

from collections.abc import Mapping
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import DATA_ALIASES
from chainrule.arguments.checks import bad_argument, checked_flag, checked_seed
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.partition import Classes, Pair, checked_samples, classes_of, pair
from chainrule.data.shuffling import permutation
from chainrule.errors import ArgumentError, DataError, counted, warn

__all__ = ["split"]

ENOUGH = 20
"""Samples from which on a class of a single one raises a warning."""


@overload
def split(
    X: ArrayLike | Mapping[str, ArrayLike],
    y: ArrayLike,
    *,
    test_size: float = 0.2,
    validation_size: None = None,
    seed: int = 0,
    stratify: bool = False,
    shuffle: bool = True,
) -> tuple[Pair, Pair]: ...
@overload
def split(
    X: ArrayLike | Mapping[str, ArrayLike],
    y: ArrayLike,
    *,
    test_size: float = 0.2,
    validation_size: float,
    seed: int = 0,
    stratify: bool = False,
    shuffle: bool = True,
) -> tuple[Pair, Pair, Pair]: ...
@answers_foreign_names(DATA_ALIASES)
def split(
    X: ArrayLike | Mapping[str, ArrayLike],
    y: ArrayLike,
    *,
    test_size: float = 0.2,
    validation_size: float | None = None,
    seed: int = 0,
    stratify: bool = False,
    shuffle: bool = True,
) -> tuple[Pair, ...]:
    """Split samples into a training and a test part, at random or in temporal order.

    Parameters
    ----------
    X : array, (n, ...), DataFrame, dict of columns or path of a CSV file
        The inputs, n at least 2.
    y : array, (n, ...)
        The targets.
    test_size : float in (0, 1), or int in [1, n)
        The test part, as a fraction (rounded, at least one sample on each side) or a number.
    validation_size : float in (0, 1), int >= 1 or None
        A third part, between the others, of this fraction of all samples, or this number. The test
        part is the same with and without it.
    seed : int in [0, 2**64)
        The seed of the shuffle.
    stratify : bool
        Preserve the proportions of the classes of ``y``, which are then labels.
    shuffle : bool
        False keeps the order, and the last samples are the test part, after those for validation:
        for time series, where a random test part would leak from its neighbours.

    Returns
    -------
    (X_train, y_train), (X_test, y_test) : pairs of arrays
        With a validation part, three pairs: training, validation and test. Copies in shuffled
        order, with the dtypes of ``X`` and ``y``; views without shuffling. A part of a DataFrame is
        a DataFrame, of another table a dict of columns.

    Raises
    ------
    DataError
        If the lengths differ, there are fewer than two samples, ``X`` and ``y`` have the same row
        labels in another order, or a label is missing for stratification.
    ArgumentError
        If the sizes leave a part without a sample, or for stratification without shuffling.

    Warns
    -----
    ChainruleWarning
        If a class has fewer samples than there are parts, with stratification.

    Examples
    --------
    >>> X, y = np.arange(10), np.array([0, 1] * 5)
    >>> (X_train, y_train), (X_test, y_test) = split(X, y, test_size=0.4, stratify=True)
    >>> X_test.size, y_test.sum()
    (4, np.int64(2))
    >>> train, validation, test = split(X, y, test_size=0.2, validation_size=0.2)
    >>> len(train[0]), len(validation[0]), len(test[0])
    (6, 2, 2)
    """
    inputs, targets, samples = checked_samples("split", X, y)
    shuffle = checked_flag("split", "shuffle", shuffle)
    stratify = checked_flag("split", "stratify", stratify)  # by the classes of y
    counts = [_count("test_size", test_size, samples, samples - 1)]
    if validation_size is not None:
        most = samples - counts[0] - 1
        counts.append(_count("validation_size", validation_size, samples, most))
    if not shuffle and stratify:
        raise ArgumentError("split: stratify=True needs shuffle=True")
    parts = (
        _shuffled_parts(targets, counts, checked_seed("split", seed), stratify)
        if shuffle
        else _last_parts(samples, counts)
    )
    return tuple(pair(inputs, targets, rows) for rows in reversed(parts))


def _last_parts(samples: int, counts: list[int]) -> list[slice]:
    """Return the last samples, those before them, and so on, each as a slice."""
    parts: list[slice] = []
    for count in counts:
        parts.append(slice(samples - count, samples))
        samples -= count
    return [*parts, slice(samples)]


def _shuffled_parts(
    targets: NDArray[Any], counts: list[int], seed: int, stratify: bool
) -> list[NDArray[np.intp]]:
    """Return random samples for each count, and those that are left."""
    order = permutation(len(targets), seed)
    classes = classes_of("split", targets) if stratify else None
    if classes is not None:
        _warn_of_rare_classes(targets, classes, len(counts) + 1)
    parts: list[NDArray[np.intp]] = []
    for count in counts:
        if classes is not None:
            order = _stratified(order, classes, count)
        parts.append(order[:count])
        order = order[count:]
    parts.append(order)
    if classes is None:
        return parts
    # Quotas leave the surplus of some classes in front, and of others at the end.
    return [part[permutation(len(part), seed, epoch=1)] for part in parts]


def _stratified(order: NDArray[np.intp], classes: Classes, count: int) -> NDArray[np.intp]:
    """Reorder samples so that the first ``count`` have the class proportions of all.

    The k-th of m samples of a class is ranked (k + 1/2) / m, so that every interval of ranks has
    nearly those proportions.
    """
    shuffled = classes[0][order]
    rank = np.empty(len(order))
    for label in range(len(classes[1])):
        positions = np.flatnonzero(shuffled == label)
        rank[positions] = (np.arange(len(positions)) + 0.5) / max(len(positions), 1)
    by_rank = order[np.argsort(rank, kind="stable")]
    in_test = np.isin(order, by_rank[:count])
    return np.concatenate([order[in_test], order[~in_test]])


def _warn_of_rare_classes(labels: NDArray[Any], classes: Classes, parts: int) -> None:
    numbers, sizes = classes
    rare = np.flatnonzero(sizes < parts)
    if not len(rare) or len(labels) < ENOUGH:
        return
    if len(sizes) == len(labels):
        raise DataError(
            f"split: the {counted(len(labels), 'value')} of y are all different, and no classes; "
            "leave out stratify=True"
        )
    first = labels[np.argmax(numbers == rare[0])]
    few = "a single sample" if parts == 2 else f"fewer than {parts} samples"
    lack = "only one part has it" if parts == 2 else "some part has none of them"
    warn(
        f"split: {len(rare)} of {counted(len(sizes), 'class')} have {few}, first {first!s:.60}, "
        f"so that {lack}; leave rare classes out"
    )


def _count(argument: str, size: float, samples: int, most: int) -> int:
    """Return the number of samples of a part, a fraction of all samples or a number."""
    if isinstance(size, float | np.floating) and 0 < size < 1 and most > 0:
        count = max(round(size * samples), 1)
        if argument == "test_size" or count <= most:
            return min(count, most)
    if isinstance(size, int | np.integer) and not isinstance(size, bool) and 1 <= size <= most:
        return int(size)
    rule = f"a fraction between 0 and 1, or a number of samples from 1 to {most}"
    raise bad_argument("split", argument, size, rule)
