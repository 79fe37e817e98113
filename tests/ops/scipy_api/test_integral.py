"""Exponential, Dawson's and elliptic integrals have mpmath's values and exact derivatives."""

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import scipy.special as sp

import chainrule as cr
from tests.ops.scipy_api.special_value_checks import (
    assert_exact_derivatives,
    assert_exact_values,
    assert_special_values,
)


def dawson(x: Any) -> Any:
    return mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)


POSITIVE = np.array([1e-200, 1e-3, 0.7, 1.0, 1.1, 3.9, 4.1, 6.2, 19.0, 21.0, 300.0])
PARAMETERS = np.array([-1e6, -3.0, -0.2, 1e-9, 0.3, 0.9, 1 - 1e-12])

OF_MPMATH: dict[str, tuple[Callable[..., Any], Any]] = {
    "exp1": (mp.e1, POSITIVE),
    "expi": (mp.ei, np.concatenate([-POSITIVE, POSITIVE])),
    "dawsn": (dawson, np.concatenate([-POSITIVE, [1.9, 2.1, 4.9, 5.1, 1e5]])),
    "ellipk": (mp.ellipk, PARAMETERS),
    "ellipe": (mp.ellipe, PARAMETERS),
}


def test_values_are_exact() -> None:
    for name, (exact, points) in OF_MPMATH.items():
        assert_exact_values(name, getattr(sp, name), exact, points, 5e-15)


def test_derivatives_are_exact_to_second_order() -> None:
    for name, (exact, points) in OF_MPMATH.items():
        inner = points[(np.abs(points) > 0.1) & (np.abs(points) < 50) & (points != 1 - 1e-12)]

        def derivative(x: Any, order: int, exact: Any = exact) -> Any:
            return mp.diff(exact, x, order)

        assert_exact_derivatives(name, getattr(sp, name), derivative, inner[::2])
    first = cr.grad(sp.ellipk)
    assert abs(first(0.0) - np.pi / 8) < 1e-15
    assert abs(cr.grad(first)(0.0) - np.pi * 9 / 64) < 1e-14


def test_special_values_and_single_precision_are_scipys() -> None:
    edges = np.array([0.0, -0.0, 1.0, -1.0, 0.5, np.inf, np.nan, 2.0])
    for name in OF_MPMATH:
        assert_special_values(name, edges)
