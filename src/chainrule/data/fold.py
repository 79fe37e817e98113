"""Folds of samples for cross-validation: random, stratified, or of whole groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import DATA_ALIASES
from chainrule.arguments.checks import bad_argument, checked_count, checked_flag, checked_seed
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.array_argument import as_array
from chainrule.data.cell import is_missing
from chainrule.data.partition import Pair, checked_samples, classes_of, pair
from chainrule.data.shuffling import permutation
from chainrule.errors import ArgumentError, DataError, counted

__all__ = ["Folds", "folds"]


@final
class Folds(Sequence[tuple[Pair, Pair]]):
    """The pairs of training and test part of each fold, whose rows are taken when it is reached."""

    def __init__(
        self, inputs: Any, targets: NDArray[Any], order: NDArray[np.intp], fold: NDArray[np.intp]
    ) -> None:
        self._inputs = inputs
        self._targets = targets
        self._order = order
        self._fold = fold
        """The fold of each sample, in that order."""
        self._count = int(fold.max()) + 1

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> tuple[Pair, Pair]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[Pair, Pair]]: ...
    def __getitem__(self, index: int | slice) -> Any:
        chosen = range(self._count)[index]
        if isinstance(chosen, range):
            return [self[each] for each in chosen]
        is_test = self._fold == chosen
        train, test = self._order[~is_test], self._order[is_test]
        return pair(self._inputs, self._targets, train), pair(self._inputs, self._targets, test)

    def __repr__(self) -> str:
        sizes = np.bincount(self._fold)
        most = f" to {sizes.max()}" if sizes.max() > sizes.min() else ""
        return f"<{len(self)} folds of {sizes.min()}{most} samples>"


@answers_foreign_names(DATA_ALIASES)
def folds(
    X: ArrayLike | Mapping[str, ArrayLike],
    y: ArrayLike,
    *,
    count: int = 5,
    seed: int = 0,
    stratify: bool = False,
    groups: ArrayLike | None = None,
    shuffle: bool = True,
) -> Folds:
    """Split samples into folds, each the test part once, for cross-validation.

    Parameters
    ----------
    X : array, (n, ...), DataFrame, dict of columns or path of a CSV file
        The inputs.
    y : array, (n, ...)
        The targets.
    count : int in [2, n]
        The number of folds, whose sizes differ by one sample at most.
    seed : int in [0, 2**64)
        The seed of the shuffle.
    stratify : bool
        Preserve the proportions of the classes of ``y`` in each fold, to one sample.
    groups : array, (n,), optional
        What each sample belongs to, such as a patient: all samples of a group are in one fold. The
        folds are then of similar size only.
    shuffle : bool
        False keeps the order: each fold is a block of successive samples.

    Returns
    -------
    Folds
        A sequence of ``(X_train, y_train), (X_test, y_test)``, as `split` returns them. The rows
        of a fold are copied when it is reached.

    Raises
    ------
    DataError
        If the lengths differ, a class has fewer samples than there are folds, with stratification,
        or there are fewer groups than folds.
    ArgumentError
        If ``count`` is out of range, or for stratification with groups or without shuffling.

    Examples
    --------
    >>> X, y = np.arange(6), np.array([0, 1, 0, 1, 0, 1])
    >>> for (X_train, y_train), (X_test, y_test) in folds(X, y, count=3, stratify=True):
    ...     print(X_test, y_test)
    [0 1] [0 1]
    [2 5] [0 1]
    [4 3] [0 1]
    """
    inputs, targets, samples = checked_samples("folds", X, y)
    count = checked_count("folds", "count", count, 2, most=samples)
    shuffle = checked_flag("folds", "shuffle", shuffle)
    order = permutation(samples, checked_seed("folds", seed)) if shuffle else np.arange(samples)
    if checked_flag("folds", "stratify", stratify):
        if not shuffle or groups is not None:
            other = "shuffle=True" if groups is None else "no groups; leave out one of the two"
            raise ArgumentError(f"folds: stratify=True needs {other}")
        fold = _by_class(targets, order, count)
    elif groups is not None:
        fold = _by_group(groups, order, count)
    else:
        fold = np.arange(samples) * count // samples
    return Folds(inputs, targets, order, fold)


def _by_class(targets: NDArray[Any], order: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Distribute the samples of each class over the folds; return the fold of each, in order."""
    classes, sizes = classes_of("folds", targets)
    if sizes.min() < count:
        rare = int(sizes.argmin())
        label = targets[np.argmax(classes == rare)]
        if len(sizes) == len(targets):
            raise DataError(
                f"folds: the {counted(len(targets), 'value')} of y are all different, and no "
                "classes; leave out stratify=True"
            )
        raise DataError(
            f"folds: class {label!s:.60} has {counted(sizes[rare], 'sample')}, fewer than the "
            f"{count} folds, so that some fold has none of them; take a smaller count, or leave "
            "rare classes out"
        )
    fold = np.empty(len(order), np.intp)
    fold[np.argsort(classes[order], kind="stable")] = np.arange(len(order)) % count
    return fold


def _by_group(groups: Any, order: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Give each group, the largest first, to the smallest fold; return that of each sample."""
    labels = as_array(groups, "folds: groups")
    if labels.shape != order.shape:
        raise bad_argument("folds", "groups", groups, f"an array of shape ({len(order)},)")
    missing = next((row for row, each in enumerate(labels.tolist()) if is_missing(each)), None)
    if missing is not None:
        raise DataError(f"folds: groups is missing in row {missing} (rows are counted from 0)")
    comparable = labels.astype(str) if labels.dtype.kind == "O" else labels
    _, group, sizes = np.unique(comparable, return_inverse=True, return_counts=True)
    if len(sizes) < count:
        raise DataError(
            f"folds: there are {len(sizes)} groups, fewer than the {count} folds; take a smaller "
            "count"
        )
    shuffled = group[order]
    _, first = np.unique(shuffled, return_index=True)
    total = np.zeros(count, np.intp)
    fold_of_group = np.empty(len(sizes), np.intp)
    for each in np.lexsort((first, -sizes)):  # equal ones in shuffled order
        fold_of_group[each] = total.argmin()
        total[fold_of_group[each]] += sizes[each]
    return fold_of_group[shuffled]
