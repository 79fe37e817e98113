"""Levenberg-Marquardt finds minima of sums of squares, by itself and within transformations."""

from typing import Any

import numpy as np
import pytest
from scipy import optimize

import chainrule as cr
from chainrule.errors import ArgumentError, ShapeError
from chainrule.solvers import levenberg_marquardt

T = np.linspace(0, 3, 40)
Y = 2 * np.exp(-1.3 * T) + 0.5 + 0.01 * np.random.default_rng(0).normal(size=40)
MEYER_T = 45 + 5 * np.arange(1, 17.0)
MEYER_Y = np.array(
    [34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820,
     3307, 2872.0]
)  # fmt: skip


def rosenbrock(x: Any) -> Any:
    return np.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def powell_singular(x: Any) -> Any:
    a, b, c, d = x[0], x[1], x[2], x[3]
    return np.stack([a + 10 * b, 5**0.5 * (c - d), (b - 2 * c) ** 2, 10**0.5 * (a - d) ** 2])


def decay(p: Any) -> Any:
    return p[0] * np.exp(-p[1] * T) + p[2] - Y


def meyer(x: Any) -> Any:
    """Moré, Garbow & Hillstrom (1981), problem 10: parameters of sizes 1e-3 to 1e4."""
    return x[0] * np.exp(x[1] / (MEYER_T + x[2])) - MEYER_Y


PROBLEMS = [
    (rosenbrock, [-1.2, 1.0]),
    (powell_singular, [3.0, -1.0, 0.0, 1.0]),
    (decay, [1.0, 1.0, 1.0]),
    (meyer, [0.02, 4000.0, 250.0]),
]


def test_it_finds_the_minimum_that_minpack_finds_in_about_as_many_steps() -> None:
    for function, start in PROBLEMS:
        x0 = np.array(start)
        found = cr.jit(lambda x, f=function: levenberg_marquardt(f, x))(x0)
        jacobian = cr.jit(cr.jacobian(function))
        expected = optimize.least_squares(function, x0, jac=jacobian, method="lm")
        assert found.success
        np.testing.assert_allclose(found.value, 2 * expected.cost, rtol=1e-9, atol=1e-20)
        np.testing.assert_allclose(found.x, expected.x, rtol=1e-5, atol=1e-8)
        assert found.steps <= 1.5 * expected.njev + 5


def test_there_may_be_fewer_residuals_than_parameters() -> None:
    found = levenberg_marquardt(
        lambda p: np.stack([p["a"] * p["b"] - 1, p["c"] + p["a"] - 2]),
        {"a": 0.3, "b": 0.4, "c": 0.5},
    )
    assert found.success
    assert found.value < 1e-20


def test_residuals_that_are_not_finite_make_the_step_shorter() -> None:
    fit = cr.jit(lambda x: levenberg_marquardt(lambda x: np.log(x) + 3, x))
    found = fit(np.array([2.0]))
    np.testing.assert_allclose(found.x, np.exp(-3), rtol=1e-7)


def test_it_runs_for_many_data_at_once() -> None:
    data = np.stack([Y, 2 * Y])
    fits = cr.vmap(
        lambda y: levenberg_marquardt(
            lambda p, y: p[0] * np.exp(-p[1] * T) + p[2] - y, np.ones(3), y
        )
    )(data)
    assert fits.success.all()
    np.testing.assert_allclose(fits.x[1], fits.x[0] * [2, 1, 2], rtol=1e-6)


def test_arguments_out_of_range_are_refused() -> None:
    with pytest.raises(ArgumentError, match="damping is 0"):
        levenberg_marquardt(rosenbrock, np.ones(2), damping=0)
    with pytest.raises(ShapeError, match="must return residuals"):
        levenberg_marquardt(lambda x: x[:0], np.ones(2))
