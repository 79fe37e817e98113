"""Incomplete gamma and beta functions: mpmath's values and derivatives in all their arguments."""

from typing import Any

import mpmath as mp
import numpy as np
import scipy.special as sp
from scipy.special import betainc, gammainc

import chainrule as cr
from tests.ops.numpy_api.function_table import trace_known
from tests.ops.scipy_api.special_value_checks import largest_error

SHAPES = np.array([1e-3, 0.3, 0.5, 1.0, 2.5, 7.99, 8.0, 30.0, 400.0])
RATIOS = np.array([0.05, 0.4, 0.9, 1.0, 1.2, 2.5])
EDGES = np.array([0.0, -0.0, 1.0, 2.0, -1.0, np.inf, np.nan])


def lower_gamma(a: Any, x: Any) -> Any:
    return mp.gammainc(a, 0, x, regularized=True)


def upper_gamma(a: Any, x: Any) -> Any:
    return mp.gammainc(a, x, regularized=True)


def lower_beta(a: Any, b: Any, x: Any) -> Any:
    return mp.betainc(a, b, 0, x, regularized=True)


def test_gamma_values_are_exact_in_both_tails() -> None:
    a, ratio = (x.ravel() for x in np.meshgrid(SHAPES, RATIOS))
    x = a * ratio
    for function, exact in ((sp.gammainc, lower_gamma), (sp.gammaincc, upper_gamma)):
        with mp.workdps(40):
            wanted = [exact(mp.mpf(float(p)), mp.mpf(float(q))) for p, q in zip(a, x, strict=True)]
            kept = [i for i, each in enumerate(wanted) if each > 1e-290]
            values = trace_known(function, a, x).value[kept]
            error = largest_error(values, [wanted[i] for i in kept])
        assert error < 5e-14, f"{function.__name__}: {error}"


def test_beta_values_are_exact_in_both_tails() -> None:
    a, b, ratio = (x.ravel() for x in np.meshgrid(SHAPES[1::2], SHAPES[2::2], RATIOS[:5]))
    odds = a / b * ratio
    x = odds / (1 + odds)
    with mp.workdps(40):
        points = [tuple(map(mp.mpf, map(float, each))) for each in zip(a, b, x, strict=True)]
        wanted = [lower_beta(*each) for each in points]
        assert largest_error(trace_known(sp.betainc, a, b, x).value, wanted) < 2e-14
        wanted = [1 - each for each in wanted]
        assert largest_error(trace_known(sp.betaincc, a, b, x).value, wanted) < 2e-14


def test_derivatives_in_every_argument_are_exact_to_second_order() -> None:
    cases: list[tuple[Any, Any, tuple[float, ...]]] = [
        (gammainc, lower_gamma, (2.5, 1.0)), (gammainc, lower_gamma, (0.3, 0.2)),
        (sp.gammaincc, upper_gamma, (12.0, 12.0)), (betainc, lower_beta, (20.0, 21.0, 0.5)),
    ]  # fmt: skip
    for function, exact, at in cases:
        units = np.eye(len(at), dtype=int)
        with mp.workdps(20):
            point = tuple(map(mp.mpf, at))
            first = [float(mp.diff(exact, point, tuple(map(int, i)))) for i in units]
            second = [
                [float(mp.diff(exact, point, tuple(map(int, i + j)))) for j in units] for i in units
            ]
        gradient = cr.grad(lambda v, f=function: f(*v))(np.array(at))
        np.testing.assert_allclose(gradient, first, 1e-12)
        hessian = cr.hessian(lambda v, f=function: f(*v))(np.array(at))
        np.testing.assert_allclose(hessian, second, 1e-11)
        # With plain parameters, the density is the derivative, and no integral is taken.
        alone = cr.grad(lambda x, f=function, at=at: f(*at[:-1], x))
        np.testing.assert_allclose(alone(at[-1]), first[-1], 1e-12)
        np.testing.assert_allclose(cr.grad(alone)(at[-1]), second[-1][-1], 1e-12)


def test_values_at_the_edges_are_scipys() -> None:
    a, x = np.meshgrid(EDGES, EDGES)
    for function in (sp.gammainc, sp.gammaincc):
        np.testing.assert_allclose(trace_known(function, a, x).value, function(a, x), 1e-14)
    a, b, x = np.meshgrid(EDGES, EDGES, [0, 1, 0.5, -0.1, 1.1, np.nan])
    for function in (sp.betainc, sp.betaincc):
        got, wanted = trace_known(function, a, b, x).value, function(a, b, x)
        np.testing.assert_allclose(got, wanted, 1e-14)
    assert cr.grad(lambda x: sp.gammainc(1.0, x))(0.0) == 1


def test_compiled_programs_have_the_values_of_any_shape_and_dtype() -> None:
    for x in (np.float32([0.3, 0.9]), np.linspace(0.1, 0.9, 6).reshape(2, 3), np.zeros((0, 2))):
        got = cr.jit(lambda x: sp.betainc(2.0, [3.5, 4.0], x[..., :2]))(x)
        wanted = sp.betainc(np.float32(2), np.float32([3.5, 4.0]), x[..., :2])
        assert got.shape == wanted.shape
        np.testing.assert_allclose(got, wanted, 1e-6 if x.dtype == np.float32 else 1e-13)
