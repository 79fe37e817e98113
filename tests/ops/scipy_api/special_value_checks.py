"""Values and derivatives of special functions against mpmath and SciPy."""

from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath as mp
import numpy as np
import scipy.special as sp

import chainrule as cr
from tests.ops.numpy_api.function_table import trace_known

EDGES = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, 1e300])


def largest_error(values: Any, exact: list[Any], scale: list[Any] | None = None) -> float:
    """The largest error of `values`, each relative to its scale, by default its exact value."""
    pairs = zip(np.asarray(values).flat, exact, scale or exact, strict=True)
    return max(float(abs((mp.mpf(float(x)) - y) / (s or 1))) for x, y, s in pairs)


def assert_exact_values(
    name: str, function: Callable[..., Any], exact: Callable[..., Any], points: Any, bound: float
) -> None:
    """Compare a function of a traced array, and of scalars (in a batch), with one of mpmath."""
    with mp.workdps(30):
        wanted = [exact(mp.mpf(float(x))) for x in points]
        for values in (trace_known(function, points).value, cr.vmap(function)(points)):
            error = largest_error(values, wanted)
            assert error < bound, f"{name}: {error}"


def assert_exact_derivatives(
    name: str,
    function: Callable[..., Any],
    derivatives: Callable[[Any, int], Any],
    points: Any,
    bound: float = 1e-12,
) -> None:
    """Compare the first and second derivative with ``derivatives(x, order)`` by mpmath."""
    derived = function
    for order in (1, 2):
        derived = cr.grad(lambda x, f=derived: np.sum(f(x)))
        with mp.workdps(30):
            wanted = [derivatives(mp.mpf(float(x)), order) for x in points]
            error = largest_error(derived(points), wanted)
        assert error < bound, f"{name}, derivative {order}: {error}"


def assert_special_values(name: str, points: Any = EDGES, *before: Any) -> None:
    """Compare where a function is infinite, zero or undefined, and in float32, with SciPy."""
    function = partial(getattr(sp, name), *before)
    for dtype, bound in ((np.float64, 1e-13), (np.float32, 4e-7)):
        with np.errstate(all="ignore"):
            x = points.astype(dtype)
            got, wanted = trace_known(function, x).value, function(x)
        assert got.dtype == wanted.dtype, name
        np.testing.assert_allclose(got, wanted, bound, err_msg=name)
