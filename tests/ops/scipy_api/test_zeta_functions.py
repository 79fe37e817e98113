"""Zeta and polygamma functions have exact values and derivatives in every argument."""

from typing import Any

import mpmath as mp
import numpy as np
import pytest
from scipy.special import polygamma, zeta

import chainrule as cr
from chainrule.ops.scipy_api import zeta_functions
from tests.ops.scipy_api.special_value_checks import (
    assert_exact_derivatives,
    assert_exact_values,
    assert_special_values,
)

ORDERS = np.array([-20.3, -3.5, -0.5, 0.2, 1.001, 1.5, 2.0, 7.3, 40.0])
POINTS = np.array([-5.3, -0.4, 1e-3, 0.6, 3.0, 9.9, 300.0])


def test_values_are_exact() -> None:
    ours = zeta_functions
    assert_exact_values("zeta", ours.zeta, mp.zeta, ORDERS, 3e-14)
    assert_exact_values("zetac", ours.zetac, lambda s: mp.zeta(s) - 1, ORDERS, 3e-14)
    for n in (0, 1, 2, 6):

        def function(x: Any, n: int = n) -> Any:
            return ours.polygamma(n, x)

        def exact(x: Any, n: int = n) -> Any:
            return mp.polygamma(n, x)

        assert_exact_values(f"polygamma {n}", function, exact, POINTS, 1e-13)


def test_derivatives_are_exact_to_second_order() -> None:
    def of_zeta(s: Any, order: int) -> Any:
        return mp.zeta(s, 1, order)

    def of_polygamma(x: Any, order: int) -> Any:
        return mp.polygamma(1 + order, x)

    assert_exact_derivatives("zeta", zeta_functions.zeta, of_zeta, np.array([1.5, 3.3]))
    assert_exact_derivatives(
        "polygamma", lambda x: zeta_functions.polygamma(1, x), of_polygamma, POINTS, 1e-11
    )


def test_special_values_are_scipys() -> None:
    assert_special_values("zetac", np.array([1.0, 0.0, -2.0, np.nan, 60.0]))
    assert zeta_functions.zeta(-2.0) == 0
    values = zeta_functions.zeta(np.array([1.0, 2.0, 2.0, 0.5]), np.array([2.0, 0.0, -1.0, 2.0]))
    np.testing.assert_array_equal(values, [np.inf, np.inf, np.inf, np.nan])


def test_functions_imported_by_name_are_traced() -> None:
    x = np.array([1.3, 2.5])
    np.testing.assert_allclose(
        cr.grad(lambda x: np.sum(polygamma(0, x)))(x), polygamma(1, x), 1e-13
    )
    got = cr.jit(cr.grad(lambda q: np.sum(zeta(2.5, q))))(x)
    np.testing.assert_allclose(got, -2.5 * zeta(3.5, x), 1e-13)
    with pytest.raises(cr.ChainruleError, match="polygamma: order 21 cannot be traced"):
        cr.grad(lambda x: polygamma(21, x))(1.0)
