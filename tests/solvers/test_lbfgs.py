"""L-BFGS finds minima, by itself and within other transformations."""

from typing import Any

import numpy as np
import pytest
from scipy import optimize

import chainrule as cr
from chainrule.errors import ArgumentError, ShapeError
from chainrule.solvers import lbfgs


def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def beale(x: Any) -> Any:
    a, b = x[0], x[1]
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


def powell_singular(x: Any) -> Any:
    return (
        (x[0] + 10 * x[1]) ** 2
        + 5 * (x[2] - x[3]) ** 2
        + (x[1] - 2 * x[2]) ** 4
        + 10 * (x[0] - x[3]) ** 4
    )


def wood(x: Any) -> Any:
    return (
        100 * (x[0] ** 2 - x[1]) ** 2
        + (x[0] - 1) ** 2
        + (x[2] - 1) ** 2
        + 90 * (x[2] ** 2 - x[3]) ** 2
        + 10.1 * ((x[1] - 1) ** 2 + (x[3] - 1) ** 2)
        + 19.8 * (x[1] - 1) * (x[3] - 1)
    )


PROBLEMS = [
    (rosenbrock, np.array([-1.2, 1.0]), 0.0),
    (rosenbrock, np.zeros(20), 0.0),
    (beale, np.array([1.0, 1.0]), 0.0),
    (powell_singular, np.array([3.0, -1.0, 0.0, 1.0]), 0.0),
    (wood, np.array([-3.0, -1.0, -3.0, -1.0]), None),  # ends at a saddle point, as SciPy
    (lambda x: np.sum(np.cosh(x - np.arange(5.0))), np.zeros(5), 5.0),
    (lambda x: np.sum(np.log1p(np.exp(-x))) + 0.5 * np.sum(x * x), np.full(3, 9.0), None),
]


def test_it_needs_no_more_evaluations_than_twice_those_of_scipy() -> None:
    for function, start, least in PROBLEMS:
        found = lbfgs(function, start)
        gradient = cr.jit(cr.grad(function))
        expected = optimize.minimize(function, start, jac=gradient, method="L-BFGS-B")
        assert found.success
        assert found.value <= max(expected.fun, 0) + 1e-6
        assert least is None or abs(found.value - least) < 1e-6
        assert found.evaluations <= 2 * expected.nfev + 10


def test_compiled_it_takes_the_same_steps() -> None:
    start = np.array([-1.2, 1.0])
    found, expected = (
        f(start) for f in (cr.jit(lambda x: lbfgs(rosenbrock, x)), lambda x: lbfgs(rosenbrock, x))
    )
    assert (found.steps, found.evaluations) == (expected.steps, expected.evaluations)
    np.testing.assert_allclose(found.x, expected.x, rtol=1e-9)


def test_it_takes_trees_and_float32() -> None:
    start = {"a": np.float32(3), "b": np.ones((2, 2), np.float32)}
    found = lbfgs(lambda p, c: (p["a"] - c) ** 2 + np.sum(p["b"] ** 4), start, (np.float32(2),))
    assert found.success
    assert found.x["a"].dtype == found.x["b"].dtype == np.float32
    np.testing.assert_allclose(found.x["a"], 2, rtol=1e-3)


def test_the_derivative_of_a_minimum_is_that_of_the_implicit_function_theorem() -> None:
    def minimum(a: Any) -> Any:
        function = lambda x: np.sum(np.cosh(x - a)) + np.sum(x) ** 2  # noqa: E731
        return lbfgs(function, np.zeros(2), gtol=1e-9, max_steps=60).x

    a = np.array([1.0, 2.0])
    by_x = np.diag(np.cosh(minimum(a) - a)) + 2
    expected = np.linalg.solve(by_x, np.diag(np.cosh(minimum(a) - a)))
    np.testing.assert_allclose(cr.jacobian(minimum)(a), expected, rtol=1e-4)
    np.testing.assert_allclose(cr.grad(lambda a: minimum(a)[0])(a), expected[0], rtol=1e-4)


def test_it_starts_at_a_minimum_and_says_where_it_fails() -> None:
    at_once = lbfgs(lambda x: np.sum(x * x), np.zeros(3))
    assert (at_once.steps, at_once.evaluations, at_once.success) == (0, 1, True)
    assert not lbfgs(rosenbrock, np.array([-1.2, 1.0]), max_steps=3).success
    unbounded = lbfgs(lambda x: np.sum(x), np.zeros(2), max_steps=5)
    assert not unbounded.success


def test_bad_arguments_are_refused() -> None:
    for name, value in (("memory", 0), ("gtol", -1.0), ("ftol", "x"), ("max_steps", 0)):
        with pytest.raises(ArgumentError, match=name):
            lbfgs(rosenbrock, np.zeros(2), **{name: value})
    with pytest.raises(
        ShapeError, match=r"lbfgs: the function must return one float, got shape \(2"
    ):
        lbfgs(np.sin, np.zeros(2))
