"""Dormand-Prince 5(4) against closed forms and SciPy, by itself and compiled."""

from typing import Any

import numpy as np
import pytest
from scipy import integrate

import chainrule as cr
from chainrule.errors import ArgumentError, ShapeError
from chainrule.solvers import dormand_prince, lbfgs
from chainrule.solvers.butcher_tableau import DORMAND_PRINCE


def oscillator(t: Any, y: Any, mu: Any) -> Any:
    return np.stack([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])


TIMES = np.linspace(0.0, 5.0, 6)


def test_the_tableau_fulfils_the_order_conditions() -> None:
    c = np.array(DORMAND_PRINCE.c)
    a = np.array([[*row, *[0] * (7 - len(row))] for row in DORMAND_PRINCE.a])
    np.testing.assert_allclose(a.sum(axis=1), c, rtol=1e-14)
    weights, error = a[-1], np.array(DORMAND_PRINCE.error)
    for b, order in ((weights, 5), (weights - error, 4)):
        for power in range(order):
            np.testing.assert_allclose(b @ c**power, 1 / (power + 1), rtol=1e-14)
        np.testing.assert_allclose(b @ a @ c, 1 / 6, rtol=1e-14)
    interpolant = np.array(DORMAND_PRINCE.interpolant)
    np.testing.assert_allclose(interpolant.sum(axis=1), weights, atol=1e-14)


@pytest.mark.parametrize("compiled", [False, True])
def test_the_solution_is_that_of_scipy(compiled: bool) -> None:
    solve = lambda y, mu: dormand_prince(oscillator, y, TIMES, (mu,))  # noqa: E731
    found = (cr.jit(solve) if compiled else solve)(np.array([2.0, 0.0]), 1.0)
    expected = integrate.solve_ivp(
        lambda t, y: oscillator(t, y, 1.0), (0, 5), [2.0, 0.0], "DOP853", TIMES, rtol=1e-12,
        atol=1e-13,
    )  # fmt: skip
    assert found.success
    np.testing.assert_allclose(found.y, expected.y.T, atol=1e-6)


def test_the_error_falls_with_the_tolerance() -> None:
    errors: list[float] = []
    for tolerance in (1e-4, 1e-7, 1e-10):
        found = dormand_prince(
            lambda t, y: np.cos(t) * y, 1.0, TIMES, rtol=tolerance, atol=tolerance
        )
        errors.append(float(np.max(np.abs(found.y - np.exp(np.sin(TIMES))))))
    assert errors[0] < 1e-2
    assert errors[1] < 0.01 * errors[0]
    assert errors[2] < 0.01 * errors[1]


def test_it_runs_backwards_over_trees_and_repeated_times() -> None:
    times = np.array([1.0, 1.0, 0.5, 0.0, -1.0])
    start = {"a": np.e, "b": np.full((2, 1), np.e)}
    found = dormand_prince(lambda t, y: y, start, times)
    assert found.y["b"].shape == (5, 2, 1)
    np.testing.assert_allclose(found.y["a"], np.exp(times), rtol=1e-7)
    np.testing.assert_allclose(found.y["b"][:, 1, 0], np.exp(times), rtol=1e-7)


def test_times_that_are_not_reached_are_nan() -> None:
    # y = 1 / (1 - t) has no value at t = 1.
    found = dormand_prince(lambda t, y: y * y, 1.0, np.array([0.0, 0.5, 2.0]), max_steps=200)
    assert not found.success
    np.testing.assert_allclose(found.y[1], 2.0, rtol=1e-6)
    assert np.isnan(found.y[2])


def test_derivatives_by_start_parameters_and_time_are_those_of_the_solution() -> None:
    def end(y: Any, rate: Any, t: Any) -> Any:
        times = np.stack([0 * t, t])
        return dormand_prince(lambda t, y, rate: rate * y, y, times, (rate,), max_steps=40).y[-1]

    at = (2.0, -0.5, 1.5)
    exact = 2.0 * np.exp(-0.75)
    expected = (exact / 2, exact * 1.5, exact * -0.5)
    found = cr.grad(end, argnums=(0, 1, 2))(*at)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    compiled = cr.jit(cr.grad(end, argnums=(0, 1, 2)))
    np.testing.assert_allclose(compiled(*at), found, rtol=1e-12)
    _, tangent = cr.jvp(end, at, (1.0, 0.0, 2.0))
    np.testing.assert_allclose(tangent, expected[0] + 2 * expected[2], rtol=1e-6)


def test_a_batch_of_starts_has_the_solutions_of_each() -> None:
    starts = np.random.default_rng(0).normal(size=(3, 2))
    solve = lambda y: dormand_prince(oscillator, y, TIMES[:3], (1.0,))  # noqa: E731
    found = cr.vmap(solve)(starts)
    for row, start in enumerate(starts):
        alone = solve(start)
        assert found.steps[row] == alone.steps
        np.testing.assert_allclose(found.y[row], alone.y, rtol=1e-12)


def test_lists_of_numbers_and_a_single_argument_are_taken_as_in_scipy() -> None:
    found = dormand_prince(lambda t, y, w: [y[1], -w * y[0]], [0, 1], TIMES, 4.0)
    np.testing.assert_allclose(found.y[:, 0], np.sin(2 * TIMES) / 2, atol=1e-6)
    minimum = lbfgs(lambda x, c: np.sum((x - c) ** 2), [0.0, 0.0], 3.0)
    np.testing.assert_allclose(minimum.x, [3.0, 3.0])


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match="increase or decrease"):
        dormand_prince(lambda t, y: y, 1.0, np.array([0.0, 2.0, 1.0]))
    with pytest.raises(ShapeError, match="shape of y"):
        dormand_prince(lambda t, y: np.ones(3), np.ones(2), TIMES)
    with pytest.raises(ArgumentError, match="rtol"):
        dormand_prince(lambda t, y: y, 1.0, TIMES, rtol=0)
    with pytest.raises(ShapeError, match="output times"):
        dormand_prince(lambda t, y: y, 1.0, 3.0)
