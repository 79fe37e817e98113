"""The samples of a sweep, once for each fold."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.arguments.checks import checked_count
from chainrule.data import fold as fold_module
from chainrule.errors import ArgumentError
from chainrule.train.sweep.training import Data

__all__ = ["folds_of"]


def folds_of(X: Any, y: Any, weight: Any, validation: Any, folds: Any) -> tuple[Data, ...]:
    """Return the samples of each fold, which all fits of it share; one of them without folds."""
    if folds is None:
        return (Data(_contiguous(X), _contiguous(y), weight, validation),)
    if isinstance(folds, fold_module.Folds):
        if weight is not None:
            raise ArgumentError(
                "sweep: sample_weight is given beside folds that are made already, of which each "
                "weight's rows are not known; give their number, as in folds=5"
            )
        parts = [(train, test, None, None) for train, test in folds]
    else:
        count = checked_count("sweep", "folds", folds, 2)
        pairs = fold_module.folds(X, y, count=count)
        weights = [((None, None), (None, None))] * count
        if weight is not None:
            weights = list(fold_module.folds(np.asarray(weight), y, count=count))
        parts = [
            (train, test, of_train[0], of_test[0])
            for (train, test), (of_train, of_test) in zip(pairs, weights, strict=True)
        ]
    return tuple(
        Data(train[0], train[1], of_train, (*test, *([] if of_test is None else [of_test])))
        for train, test, of_train, of_test in parts
    )


def _contiguous(values: Any) -> Any:
    """Return an array in C order, so that not each of the fits copies it."""
    is_plain = type(values) is np.ndarray and values.dtype != object
    return np.ascontiguousarray(values) if is_plain and values.ndim else values
