"""Airy functions have mpmath's values and satisfy their differential equation exactly."""

from typing import Any

import mpmath as mp
import numpy as np
from scipy.special import airy

import chainrule as cr
from tests.ops.numpy_api.function_table import assert_same, trace_known
from tests.ops.scipy_api.special_value_checks import assert_exact_derivatives, largest_error

POINTS = np.array([-30.4, -9.1, -5.1, -5, -4.9, -1.2, 0, 1e-9, 0.9, 1, 1.1, 3.3, 8.9, 9.1, 25.0])


def exact(x: Any, index: int, order: int = 0) -> Any:
    """A derivative of a result, those from the second on by the differential equation."""
    function = mp.airybi if index > 1 else mp.airyai
    total = index % 2 + order
    if total < 2:
        return function(x, derivative=total)
    return x * function(x) if total == 2 else function(x) + x * function(x, derivative=1)


def test_values_are_exact() -> None:
    results = trace_known(airy, POINTS)
    with mp.workdps(30):
        for index, result in enumerate(results):
            wanted = [exact(mp.mpf(x), index) for x in POINTS]
            envelope = [exact(mp.mpf(x), (index + 2) % 4) if x < 0 else 0 for x in POINTS]
            scale = [mp.hypot(y, z) for y, z in zip(wanted, envelope, strict=True)]
            assert largest_error(result.value, wanted, scale) < 2e-14


def test_derivatives_are_exact_to_second_order() -> None:
    inner = POINTS[np.abs(POINTS) > 1e-6]
    for index in range(4):

        def derivative(x: Any, k: int, index: int = index) -> Any:
            return exact(x, index, k)

        def function(x: Any, index: int = index) -> Any:
            return airy(x)[index]

        assert_exact_derivatives(f"airy {index}", function, derivative, inner)


def test_results_are_scipys_in_single_precision_and_under_jit() -> None:
    for dtype, tolerance in ((np.float32, 1e-6), (np.float64, 1e-13)):
        x = POINTS[::3].astype(dtype)
        assert_same("compiled", cr.jit(airy)(x), airy(x), tolerance)
    assert cr.jit(airy)(np.zeros((0, 2)))[3].shape == (0, 2)


def test_values_at_infinity_are_limits() -> None:
    with np.errstate(over="ignore"):
        ai, ai_prime, bi, bi_prime = [r.value for r in trace_known(airy, np.array([np.inf, 1e10]))]
    assert not ai.any()
    assert not ai_prime.any()
    assert np.isinf([bi, bi_prime]).all()
    assert all(np.isnan(r.value) for r in trace_known(airy, np.nan))
