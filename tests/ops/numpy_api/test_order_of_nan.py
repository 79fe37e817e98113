"""NaN among numbers that are ordered: sorted last, and the result of a median or an extremum."""

import warnings

import numpy as np

import chainrule as cr

NAN, INF = np.nan, np.inf
ARRAYS = [
    np.array([1, NAN, 3, 5, 2]),
    np.array([1, NAN, 3, 5], "f4"),
    np.array([3, NAN, 1], "f2"),
    np.array([[1, NAN, 3], [1, 2, 3.0]]),
    np.array([NAN, NAN]),
    np.array([INF, INF, INF]),
    np.array([1.0, INF, -INF, 2.0]),
    np.array([0.0, -0.0, NAN, -INF, 4.0]),
    np.r_[np.arange(100.0), NAN, np.arange(50.0)],
    np.array([[4, 1, 2], [3, 3, 1]]),
]
FUNCTIONS = [
    np.median, np.sort, lambda x: np.argsort(x, kind="stable"), np.max, np.min, np.argmax,
    np.argmin, np.ptp, lambda x: np.percentile(x, 30), lambda x: np.quantile(x, [0.1, 0.5]),
    np.nanmedian,
    np.nanmax, np.nanmin, lambda x: np.median(x, axis=-1), lambda x: np.median(x, axis=0),
    lambda x: np.max(x, axis=-1), lambda x: np.argmin(x, axis=0), lambda x: np.nanmax(x, axis=0),
]  # fmt: skip


def test_functions_of_the_order_treat_nan_as_numpy_does():
    for x in ARRAYS:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of slices that are all NaN
            expected = [function(x) for function in FUNCTIONS]
            results = cr.jit(lambda x: [function(x) for function in FUNCTIONS])(x)
        for number, (got, right) in enumerate(zip(results, expected, strict=True)):
            assert got.dtype == right.dtype, (number, x)
            np.testing.assert_allclose(got, right, rtol=1e-7, err_msg=f"{number} of {x}")


def test_the_value_under_a_derivative_is_nan_too():
    for x in ARRAYS[:7]:
        for function in (np.median, np.nanmedian, np.nanmax):
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # of slices that are all NaN
                expected = function(x)
                value = cr.value_and_grad(function)(x)[0]
            np.testing.assert_allclose(value, expected, rtol=1e-7)
