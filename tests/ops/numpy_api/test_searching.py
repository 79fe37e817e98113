"""Positions in sorted values and sets are NumPy's."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from tests.ops.numpy_api.function_table import (
    VECTOR,
    M,
    Table,
    check_values,
    trace_known,
)

WITH_NAN = np.array([0.3, np.nan, -1.0, 2.0, 0.3, 9.0])

POSITIONS: Table = {
    "searchsorted": (lambda a, v: np.searchsorted(np.sort(a), v), VECTOR, M),
    "searchsorted right": (lambda a, v: np.searchsorted(np.sort(a), v, "right"), VECTOR, VECTOR),
    "searchsorted NaN": (lambda a, v: np.searchsorted(np.sort(a), v), WITH_NAN, WITH_NAN),
    "searchsorted NaN right": (
        lambda a, v: np.searchsorted(a, v, "right", np.argsort(a)), WITH_NAN, WITH_NAN,
    ),
    "digitize": (lambda x: np.digitize(x, [-1.0, 0, 1]), M),
    "digitize downwards": (lambda x: np.digitize(x, [1.0, 0, -1], right=True), M),
    "isin": (lambda x: np.isin(x, x[0]), M),
    "isin inverted": (lambda x: np.isin(x, [M[0, 0], 3], invert=True), M),
    "lexsort": (lambda x: np.lexsort((x[0], np.round(x[1]))), M),
    "partition": (lambda x: np.partition(x, 1, axis=0)[1], M),
    "argpartition": (lambda x: np.argpartition(x, 1, axis=0)[1], M),
}  # fmt: skip

SETS: Table = {
    "unique": (lambda x: np.unique(np.round(x), True, True, True), M),
    "unique rows": (lambda x: np.unique(np.concatenate([x, x[:1]]), axis=0), M),
    "unique_counts": (lambda x: tuple(np.unique_counts(np.round(x))), M),
    "union1d": (lambda x: np.union1d(x[0], x), M),
    "intersect1d": (lambda x: np.intersect1d(x[0], x[:2]), M),
    "setdiff1d": (lambda x: np.setdiff1d(x, x[0]), M),
    "setxor1d": (lambda x: np.setxor1d(x, x[0]), M),
}


def test_positions_have_numpys_values() -> None:
    check_values(POSITIONS)


def test_sets_have_numpys_values() -> None:
    check_values(SETS, compiled=False)


def test_the_derivative_of_unique_values_is_that_of_the_entries() -> None:
    x = np.array([3.0, 1.0, 3.0, 2.0])
    gradient = cr.grad(lambda x: np.sum(np.unique(x) * np.array([1.0, 10.0, 100.0])))(x)
    np.testing.assert_array_equal(gradient, [100.0, 1.0, 0.0, 10.0])


@pytest.mark.parametrize(
    "function", [np.unique, np.trim_zeros, lambda x: np.bincount(x.astype(int))]
)
def test_sizes_that_depend_on_values_are_refused_under_jit(function: Any) -> None:
    with pytest.raises(cr.errors.TraceError, match=r"np\.|slice"):
        cr.jit(function)(np.abs(VECTOR))
    trace_known(function, np.abs(VECTOR))
