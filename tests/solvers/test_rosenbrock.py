"""The stiff method and automatic switching: known solutions, orders, derivatives, failures."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError
from chainrule.solvers import integrate
from chainrule.solvers.rosenbrock_tableau import RODAS5P
from tests.solvers.stiff_problems import PROBLEMS, brusselator, robertson

METHODS = ("rosenbrock", "auto")


@pytest.mark.parametrize("name", PROBLEMS)
def test_stiff_problems_are_solved_to_their_tolerance(name: str) -> None:
    problem = PROBLEMS[name]
    rtol = 1e-7
    times, y0 = np.array([0, problem.end]), np.array(problem.y0, float)
    expected = np.array(problem.solution)
    for method in METHODS:
        run = cr.jit(
            lambda y, t, method=method: integrate(
                problem.function, y, t, (), method, rtol, rtol * problem.scale
            )
        )
        found = run(y0, times)
        error = np.abs(found.y[-1] - expected) / (np.abs(expected) + problem.scale)
        assert np.max(error) < 10 * rtol, method
        assert found.success
        assert found.steps < 3000


def test_the_tableau_fulfils_the_order_conditions_and_is_stiffly_accurate() -> None:
    """For y' = f(t) and y' = Jy, whose solutions are sums of powers and the exponential."""
    a, g = (
        np.array([[*row, *[0] * (8 - len(row))] for row in rows], float)
        for rows in (RODAS5P.a, RODAS5P.g)
    )
    weights = np.append(a[-1, :-1], 1)
    system = np.eye(8) / RODAS5P.gamma - g
    stages = np.linalg.solve(system, np.ones(8))
    np.testing.assert_allclose(a @ stages, RODAS5P.c, atol=1e-13)
    c, d = np.array(RODAS5P.c), np.array(RODAS5P.d)
    for power in range(5):
        side = c**power + (d if power == 1 else 0)  # h f + γᵢ h² ∂f/∂t at t = 0
        np.testing.assert_allclose(weights @ np.linalg.solve(system, side), 1 / (power + 1))
    one = np.ones(8)
    for z, expected in ((0.01, np.exp(0.01)), (-1e9, 0)):  # y' = Jy; L-stable
        growth = 1 + weights @ np.linalg.solve(system - z * np.eye(8) - z * a, z * one)
        assert abs(growth - expected) < (1e-6 if z < 0 else 1e-13), growth


def test_errors_are_of_order_five_and_of_order_four_between_steps() -> None:
    def function(t: Any, y: Any) -> Any:
        return np.stack([y[0] * np.cos(t), -y[0] * y[1] * y[1] - np.sin(t) * y[1]])

    times = np.linspace(0, 2, 41)
    fine = integrate(function, np.ones(2), times, (), "dop853", 1e-13, 1e-13).y

    @cr.jit
    def errors(step: Any) -> Any:
        lengths = {"first_step": step, "max_step": step}
        found = integrate(function, np.ones(2), times, (), "rosenbrock", 1, 1, **lengths).y
        return np.max(np.abs(found - fine), axis=1)

    long, short = errors(0.2), errors(0.1)
    ratio_at_ends, ratio_inside = long[-1] / short[-1], np.max(long) / np.max(short)
    assert 2**4.6 < ratio_at_ends < 2**5.6
    assert 2**3.6 < ratio_inside < 2**5.6


def test_derivatives_agree_with_sensitivity_equations_in_both_modes() -> None:
    """The relative derivatives k ∂y/∂k of SciPy's Radau at a tolerance of 1e-12."""

    def kinetics(t: Any, y: Any, k: Any) -> Any:
        a, b, c = k[0] * y[0], k[1] * y[1] * y[2], k[2] * y[1] * y[1]
        return np.stack([b - a, a - b - c, c])

    rates, start, times = np.array([0.04, 1e4, 3e7]), np.array([1.0, 0, 0]), np.array([0, 4.0])
    expected = np.array([
        [-7.50432870e-02, 2.96137713e-02, -1.48003104e-02],
        [7.16872236e-06, -5.83046057e-06, -8.28786588e-06],
        [7.50361182e-02, -2.96079408e-02, 1.48085983e-02],
    ])  # fmt: skip

    def end(k: Any, method: str) -> Any:
        found = integrate(kinetics, start, times, (k,), method, 1e-9, 1e-13, max_steps=300)
        return found.y[-1]

    forward = cr.jit(lambda k: cr.jvp(lambda k: end(k, "rosenbrock"), (k,), (k,))[1])(rates)
    np.testing.assert_allclose(forward, expected.sum(axis=1), rtol=2e-8)
    reverse = cr.jit(cr.grad(lambda k: end(k, "auto")[1]))(rates)
    np.testing.assert_allclose(reverse * rates, expected[1], rtol=2e-8)


def test_derivatives_of_what_was_not_reached_are_nan() -> None:
    def end(y: Any) -> Any:
        return integrate(lambda t, y: -y, y, np.array([0, 1.0]), (), "tsit5", max_steps=2).y[-1]

    assert np.isnan(cr.grad(end)(1.0))


def test_each_entry_of_a_batch_is_integrated_as_alone() -> None:
    times, scales = np.array([0, 1.0, 1e4]), np.array([0.9, 1.3])

    def solve(scale: Any) -> Any:
        def function(t: Any, y: Any) -> Any:
            return scale * robertson(t, y)

        return integrate(function, [1.0, 0, 0], times, (), "auto", 1e-6, 1e-10).y

    found, alone = cr.jit(cr.vmap(solve))(scales), cr.jit(solve)
    for scale, rows in zip(scales, found, strict=True):
        np.testing.assert_allclose(rows, alone(scale), rtol=1e-12)


def test_a_given_jacobian_is_used_and_its_calls_are_counted() -> None:
    times, start = np.array([0, 100.0]), np.array([1.0, 0, 0])

    def solve(jacobian: Any) -> Any:
        run = cr.jit(lambda y: integrate(robertson, y, times, (), "rosenbrock", jacobian=jacobian))
        return run(start)

    own = solve(lambda t, y: cr.jacobian(lambda y: robertson(t, y))(y))
    derived = integrate(robertson, start, times, (), "rosenbrock")
    np.testing.assert_allclose(own.y, derived.y, rtol=1e-12)
    assert own.jacobians == own.factorizations == own.steps
    assert own.evaluations == 8 * own.steps + 1
    assert not solve(lambda t, y: np.full((3, 3), np.nan)).success
    with pytest.raises(ShapeError, match=r"shape \(3, 3\)"):
        solve(lambda t, y: y)


def test_a_step_of_which_nothing_is_finite_is_tried_with_a_smaller_one() -> None:
    """Until the solution leaves where f is defined: no loop is endless, and nothing is raised."""
    for method in METHODS:
        times = np.array([0, 1.0, 3.0])
        run = cr.jit(lambda t, m=method: integrate(lambda t, y: y * y, [1.0], 0.9 * t, (), m))
        found = run(times)
        np.testing.assert_allclose(found.y[1], 10, rtol=1e-6)
        assert np.isnan(found.y[2]).all()
        assert not found.success
        root = cr.jit(lambda t, m=method: integrate(lambda t, y: -np.sqrt(y), [1.0], t, (), m))
        np.testing.assert_allclose(root(times / 2).y[1], 0.75**2, rtol=1e-6)


def test_automatic_steps_are_explicit_where_the_equation_is_not_stiff() -> None:
    def function(t: Any, y: Any) -> Any:
        """Stiff from t = 10 on: towards cos t at a rate of 1e5."""
        return -np.where(t < 10, 1.0, 1e5) * (y - np.cos(t)) - np.sin(t)

    times = np.array([0, 10.0, 30.0])
    found = cr.jit(lambda t: integrate(function, [1.0], t, (), "auto"))(times)
    np.testing.assert_allclose(found.y[:, 0], np.cos(times), atol=1e-6)
    assert found.history.jacobians[1] == 0
    assert found.jacobians > 0
    assert found.steps < 400


def test_equations_of_many_components_are_solved_by_lapack() -> None:
    x = np.arange(1, 16) / 16
    start, times = np.concatenate([1 + np.sin(2 * np.pi * x), 3 + 0 * x]), np.array([0, 2.0])
    stiff, fine = (
        cr.jit(lambda y, m=m, tol=tol: integrate(brusselator, y, times, (), m, tol, tol).y[-1])
        for m, tol in (("rosenbrock", 1e-6), ("dop853", 1e-10))
    )
    np.testing.assert_allclose(stiff(start), fine(start), rtol=1e-5)
