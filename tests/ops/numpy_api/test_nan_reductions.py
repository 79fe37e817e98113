"""Reductions that ignore NaN have NumPy's values and derivatives."""

import warnings

import numpy as np
import pytest

from chainrule.errors import ArgumentError
from tests.ops.numpy_api.function_table import (
    M,
    Table,
    assert_same,
    check_derivatives,
    check_values,
    trace_known,
    with_gaps,
)

SMOOTH = (
    np.nanstd, np.nanvar, np.nanprod, np.nancumsum, np.nancumprod, np.nanmedian, np.nansum,
    np.nanmean, np.nanmax, np.nanmin,
)  # fmt: skip

REDUCED: Table = {
    f"{function.__name__} {axis}": (lambda x, f=function, a=axis: f(with_gaps(x), axis=a), M)
    for function in SMOOTH
    for axis in (1, None)
} | {
    "nanvar ddof": (lambda x: np.nanvar(with_gaps(x), axis=0, ddof=1, keepdims=True), M),
    "nanvar where": (lambda x: np.nanvar(with_gaps(x), axis=0, where=M < 0.9), M),
    "nansum where": (lambda x: np.nansum(with_gaps(x), where=M < 0.9, initial=3), M),
    "nanmax initial": (lambda x: np.nanmax(with_gaps(x), axis=1, initial=0.5), M),
}

INDICES: Table = {
    f"{function.__name__} {axis}": (lambda x, f=function, a=axis: f(with_gaps(x), axis=a), M)
    for function in (np.nanargmax, np.nanargmin)
    for axis in (0, None)
}


def test_reductions_that_ignore_nan_have_numpys_values() -> None:
    check_values(REDUCED | INDICES)


def test_reductions_that_ignore_nan_have_derivatives() -> None:
    check_derivatives(REDUCED)


def test_nothing_left_is_nan_or_refused() -> None:
    x = np.array([[np.nan, np.nan], [1.0, np.nan]])
    for function in (np.nanvar, np.nanstd, np.nanmedian, np.nanmean, np.nanmax, np.nanmin):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = function(x, axis=1)
        assert_same(function.__name__, trace_known(lambda x, f=function: f(x, axis=1), x), expected)
    with pytest.raises(ArgumentError, match="NaN only"):
        trace_known(lambda x: np.nanargmax(x, axis=1), x)
