"""Bessel functions have mpmath's values to a few ulp, and exact derivatives by recurrence."""

from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import scipy.special as sp
from scipy.special import j0, jn

import chainrule as cr
from tests.ops.scipy_api.special_value_checks import (
    assert_exact_derivatives,
    assert_exact_values,
    assert_special_values,
)

BOTH = np.array([-50.3, -8.0, -2.7, -1e-9, 1e-200, 0.3, 1.9, 2.0, 2.1, 7.9, 8.3, 14.2, 300.7])
POSITIVE = np.abs(BOTH)

# Name: the order in mpmath's function, points, the bound of the relative error of values.
OF_MPMATH: dict[str, tuple[Callable[..., Any], int, Any, float]] = {
    "j0": (mp.besselj, 0, BOTH, 3e-15), "j1": (mp.besselj, 1, BOTH, 3e-15),
    "y0": (mp.bessely, 0, POSITIVE, 3e-15), "y1": (mp.bessely, 1, POSITIVE, 5e-15),
    "i0": (mp.besseli, 0, BOTH, 2e-15), "i1": (mp.besseli, 1, BOTH, 2e-15),
    "k0": (mp.besselk, 0, POSITIVE, 2e-15), "k1": (mp.besselk, 1, POSITIVE, 2e-15),
}  # fmt: skip
OF_ORDERS = {"jn": mp.besselj, "yv": mp.bessely, "kv": mp.besselk}


def test_values_are_exact() -> None:
    for name, (exact, order, points, bound) in OF_MPMATH.items():
        assert_exact_values(name, getattr(sp, name), partial(exact, order), points, bound)
    for name, exact in OF_ORDERS.items():
        for n in (2, 3, -7, 20):
            points = POSITIVE[POSITIVE > 0.1] if name != "jn" else BOTH[np.abs(BOTH) > 1e-10]
            function = partial(getattr(sp, name), n)
            assert_exact_values(name, function, partial(exact, n), points, 3e-14)


def test_zeros_of_the_first_kind_are_zeros_to_the_last_bit() -> None:
    points = np.array([float(mp.besseljzero(0, k)) for k in (1, 2)])
    assert_exact_values("j0", sp.j0, mp.j0, points, 1e-14)


def by_recurrence(name: str, x: Any, order: int) -> Any:
    """``f' = ±(f[n-1] ∓ f[n+1]) / 2`` once or twice (A&S 9.1.27, 9.6.26), of mpmath's values."""
    exact, n, *_ = OF_MPMATH[name]
    sign = -1 if name[0] in "jy" else 1
    if order == 1:
        value = (exact(n - 1, x) + sign * exact(n + 1, x)) / 2
        return -value if name[0] == "k" else value
    return (exact(n - 2, x) + 2 * sign * exact(n, x) + exact(n + 2, x)) / 4


def test_derivatives_are_exact_to_second_order() -> None:
    for name, (_, _, points, _) in OF_MPMATH.items():
        inner = points[(np.abs(points) > 1e-3) & (np.abs(points) < 60)]

        def derivative(x: Any, k: int, name: str = name) -> Any:
            return by_recurrence(name, x, k)

        assert_exact_derivatives(name, getattr(sp, name), derivative, inner)


def test_derivatives_of_scaled_functions_are_exact() -> None:
    for name, exact in (("i0e", mp.besseli), ("i1e", mp.besseli), ("k0e", mp.besselk)):
        sign, order = (1 if name[0] == "k" else -1), int(name[1])

        def scaled(x: Any, exact: Any = exact, sign: int = sign, order: int = order) -> Any:
            return mp.exp(sign * x) * exact(order, x)

        points = np.array([0.4, 2.2, 9.0])
        assert_exact_derivatives(name, getattr(sp, name), partial(mp.diff, scaled), points)


def test_derivatives_of_every_order_are_smooth_at_zero() -> None:
    for function, wanted in ((sp.j1, (0.5, 0, -3 / 8)), (sp.i1, (0.5, 0, 3 / 8))):
        derived = function
        for each in wanted:
            derived = cr.grad(derived)
            np.testing.assert_allclose(derived(0.0), each, 1e-15)


def test_special_values_and_single_precision_are_scipys() -> None:
    for name in (*OF_MPMATH, "i0e", "i1e", "k0e", "k1e"):
        edges = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 11.0, 711.0, 1e30, -0.3])
        assert_special_values(name, edges[:8] if name in ("j0", "j1", "y0", "y1") else edges)


def test_orders_are_static_integers() -> None:
    x = np.array([0.4, 3.0])
    several = np.array([[0], [3], [-2]])
    pulled = cr.grad(lambda x: np.sum(jn(several, x)))(x)
    np.testing.assert_allclose(pulled, sp.jvp(several, x).sum(0), 1e-13)
    np.testing.assert_allclose(cr.jit(lambda x: sp.kn(2, x))(x), sp.kn(2, x), 1e-14)
    for order in (0.5, 61):
        with pytest.raises(cr.ChainruleError, match=r"only integers from -60 to 60; under cr.grad"):
            cr.grad(lambda x: np.sum(jn(order, x)))(x)  # noqa: B023
    with pytest.raises(cr.ChainruleError, match="must be an integer that is no argument"):
        cr.grad(lambda v: jn(v, 2.0))(1.0)


def test_the_remedy_of_other_orders_works() -> None:
    def forward(x: Any) -> Any:
        return sp.jv(0.5, x.value), x

    half = cr.custom_vjp(forward, lambda x, ct: (ct * sp.jvp(0.5, x.value),))
    np.testing.assert_allclose(cr.grad(half)(1.3), sp.jvp(0.5, 1.3))


def test_functions_imported_by_name_take_lists_and_keywords() -> None:
    x = np.array([0.4, 3.0])
    for function in (
        lambda x: np.sum(j0([x[0], x[1]])),
        lambda x: np.sum(j0(x, out=np.zeros_like(x))),
        lambda x: np.sum(j0(x, where=[True, True], out=x * 0)),
        lambda x: np.sum(j0(x, out=np.zeros(2))),
    ):
        np.testing.assert_allclose(cr.grad(function)(x), -sp.j1(x), 1e-14)
    plain = np.zeros(2)
    with pytest.raises(cr.ChainruleError, match=r"scipy.special.j0: out= is a plain array"):
        cr.grad(lambda x: np.sum(j0(x, out=plain)))(x)
