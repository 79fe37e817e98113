"""Roots of systems of equations, with exact Jacobians and their products with vectors."""

import math
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import optimize as scipy_optimize

import chainrule as cr
from chainrule.errors import ChainruleWarning, TraceError
from chainrule.science import optimize

System = Callable[[Any], Any]


def _rosenbrock(x: Any) -> Any:
    return [1 - x[0], 10 * (x[1] - x[0] ** 2)]


def _powell_singular(x: Any) -> Any:
    return [
        x[0] + 10 * x[1],
        math.sqrt(5) * (x[2] - x[3]),
        (x[1] - 2 * x[2]) ** 2,
        math.sqrt(10) * (x[0] - x[3]) ** 2,
    ]


def _powell_badly_scaled(x: Any) -> Any:
    return [1e4 * x[0] * x[1] - 1, np.exp(-x[0]) + np.exp(-x[1]) - 1.0001]


def _wood(x: Any) -> Any:
    a, b = x[1] - x[0] ** 2, x[3] - x[2] ** 2
    return [
        -200 * x[0] * a - (1 - x[0]),
        200 * a + 20.2 * (x[1] - 1) + 19.8 * (x[3] - 1),
        -180 * x[2] * b - (1 - x[2]),
        180 * b + 20.2 * (x[3] - 1) + 19.8 * (x[1] - 1),
    ]


def _helical_valley(x: Any) -> Any:
    angle = np.arctan2(x[1], x[0]) / (2 * math.pi)
    return [10 * (x[2] - 10 * angle), 10 * (np.sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]]


def _watson(x: Any) -> Any:
    """The gradient of the sum of squares of problem 20, as in MINPACK's tests of systems."""
    n = x.size
    powers = (np.arange(1, 30)[:, None] / 29) ** np.arange(n)
    rates = np.arange(1, n) * powers[:, : n - 1]
    curve = powers @ x
    residual = rates @ x[1:] - curve**2 - 1
    jacobian = np.concatenate([np.zeros((29, 1)), rates], axis=1) - 2 * curve[:, None] * powers
    last = x[1] - x[0] ** 2 - 1
    ends = np.stack([x[0] - 2 * x[0] * last, last])
    return residual @ jacobian + np.concatenate([ends, np.zeros(n - 2)])


def _chebyquad(x: Any) -> Any:
    n = x.size
    before, here, sums = np.ones(n), 2 * x - 1, list[Any]()
    for i in range(1, n + 1):
        sums.append(np.mean(here) + (0 if i % 2 else 1 / (i**2 - 1)))
        before, here = here, 2 * (2 * x - 1) * here - before
    return sums


def _brown_almost_linear(x: Any) -> Any:
    n = x.size
    return np.concatenate([x[:-1] + np.sum(x) - (n + 1), np.reshape(np.prod(x) - 1, (1,))])


def _boundary_value(x: Any) -> Any:
    h = 1 / (x.size + 1)
    t = h * np.arange(1, x.size + 1)
    return -np.diff(np.concatenate([[0.0], x, [0.0]]), 2) + h**2 * (x + t + 1) ** 3 / 2


def _integral_equation(x: Any) -> Any:
    h = 1 / (x.size + 1)
    t = h * np.arange(1, x.size + 1)
    cubes = (x + t + 1) ** 3
    below = np.cumsum(t * cubes)
    above = np.sum((1 - t) * cubes) - np.cumsum((1 - t) * cubes)
    return x + h * ((1 - t) * below + t * above) / 2


def _trigonometric(x: Any) -> Any:
    n = x.size
    return n - np.sum(np.cos(x)) + np.arange(1, n + 1) * (1 - np.cos(x)) - np.sin(x)


def _variably_dimensioned(x: Any) -> Any:
    i = np.arange(1, x.size + 1)
    total = np.sum(i * (x - 1))
    return x - 1 + i * total * (1 + 2 * total**2)


def _broyden_tridiagonal(x: Any) -> Any:
    padded = np.concatenate([[0.0], x, [0.0]])
    return (3 - 2 * x) * x - padded[:-2] - 2 * padded[2:] + 1


def _broyden_banded(x: Any) -> Any:
    n, each = x.size, x * (1 + x)
    offset = np.arange(n) - np.arange(n)[:, None]
    band = ((offset >= -5) & (offset <= 1) & (offset != 0)).astype(float)
    return x * (2 + 5 * x**2) + 1 - band @ each


_T = np.arange(1, 11) / 11

# Moré, Garbow & Hillstrom (1981): the systems of their section 3, and the standard starts.
MORE_GARBOW_HILLSTROM: tuple[tuple[System, Any], ...] = (
    (_rosenbrock, [-1.2, 1]),
    (_powell_singular, [3, -1, 0, 1]),
    (_powell_badly_scaled, [0, 1]),
    (_wood, [-3, -1, -3, -1]),
    (_helical_valley, [-1, 0, 0]),
    (_watson, np.zeros(6)),
    (_chebyquad, np.arange(1, 8) / 8),
    (_brown_almost_linear, np.full(10, 0.5)),
    (_boundary_value, _T * (_T - 1)),
    (_integral_equation, _T * (_T - 1)),
    (_trigonometric, np.full(10, 0.1)),
    (_variably_dimensioned, 1 - np.arange(1, 11) / 10),
    (_broyden_tridiagonal, -np.ones(10)),
    (_broyden_banded, -np.ones(10)),
)

_LOCAL_MINIMUM = {_trigonometric}  # as published, of the sum of squares from this start
_BY_KRYLOV = {
    _helical_valley, _chebyquad, _boundary_value, _integral_equation, _variably_dimensioned,
    _broyden_tridiagonal, _broyden_banded,
}  # fmt: skip


def test_classic_systems_are_solved_with_exact_jacobians() -> None:
    for f, x0 in MORE_GARBOW_HILLSTROM:
        for method in ("hybr", "lm", "krylov"):
            if f in _LOCAL_MINIMUM or (method == "krylov" and f not in _BY_KRYLOV):
                continue
            found = optimize.root(f, x0, method=method)
            size = np.linalg.norm(np.array(f(found.x)))
            assert size < 1e-6, (f.__name__, method)
            if method == "hybr":
                theirs = scipy_optimize.root(f, x0)
                assert (found.success, found.status) == (theirs.success, theirs.status)
                assert found.nfev <= theirs.nfev


def test_exact_products_save_the_evaluations_of_differences() -> None:
    found = optimize.root(_chebyquad, np.arange(1, 8) / 8, method="krylov")
    theirs = scipy_optimize.root(_chebyquad, np.arange(1, 8) / 8, method="krylov")
    assert found.success
    assert theirs.success
    assert found.nfev < theirs.nfev / 10
    asked = optimize.root(
        _broyden_banded, -np.ones(10), method="krylov", options={"jac_options": {"rdiff": 1e-7}}
    )
    assert asked.nfev > 20  # the differences that were asked for


def _of_tree(p: Any) -> Any:
    return {"sum": p["a"] + p["b"] - 3, "cube": p["b"] ** 3 - 8}


def test_solutions_are_nested_as_the_start() -> None:
    start = {"a": np.zeros(2), "b": np.ones(2)}
    seen = list[Any]()
    solutions = [
        optimize.root(_of_tree, start).x,
        optimize.root(_of_tree, start, method="lm").x,
        optimize.root(
            _of_tree, start, method="krylov", tol=1e-9, callback=lambda x, f: seen.append(x)
        ).x,
        optimize.fsolve(_of_tree, start),
        optimize.newton_krylov(_of_tree, start, f_tol=1e-9),
        optimize.broyden1(F=_of_tree, xin=start, f_tol=1e-9),
        optimize.fixed_point(
            lambda p: {"a": 3 - p["b"], "b": (p["b"] + 4 / p["b"]) / 2}, start, xtol=1e-12
        ),
    ]
    for x in solutions:
        np.testing.assert_allclose(x["a"], [1, 1], atol=1e-8)
        np.testing.assert_allclose(x["b"], [2, 2], atol=1e-8)
    assert seen[0].keys() == start.keys()
    given = optimize.root(
        lambda p: (p["a"] ** 2 - 4, np.diag(2 * p["a"])), {"a": np.ones(2)}, jac=True
    )
    np.testing.assert_allclose(given.x["a"], [2, 2])
    with pytest.raises(scipy_optimize.NoConvergence) as error:
        optimize.broyden1(_of_tree, start, maxiter=1)
    assert error.value.args[0].keys() == start.keys()


def test_where_exact_derivatives_fail_the_result_is_that_of_scipy() -> None:
    for f, x0 in (
        (lambda x: x**2 + 1, [1.0, 2.0]),  # no root
        (lambda x: np.sqrt(x) - 1, [0.0, 0.0]),  # an infinite derivative
    ):
        ours, theirs = optimize.root(f, x0), scipy_optimize.root(f, x0)
        assert (ours.message, ours.nfev) == (theirs.message, theirs.nfev)
        np.testing.assert_array_equal(ours.x, theirs.x)
    with pytest.warns(RuntimeWarning, match="not making good progress"):
        optimize.fsolve(lambda x: x**2 + 1, [1.0, 2.0])

    def untraceable(x: Any) -> Any:
        return [math.cos(x[0]) - x[0]]

    with pytest.warns(ChainruleWarning, match=r"untraceable cannot be traced.*differences"):
        ours = optimize.fsolve(untraceable, 1.0)
    assert ours == scipy_optimize.fsolve(untraceable, 1.0)
    optimize.root(untraceable, 1.0, jac=lambda x: [[-math.sin(x[0]) - 1]])  # is not warned of
    optimize.root(untraceable, 1.0, jac=False)


def test_the_jacobian_that_is_given_is_used() -> None:
    calls = list[Any]()

    def jac(x: Any, a: Any) -> Any:
        calls.append(x)
        return np.diag(2 * x)

    def f(x: Any, a: Any) -> Any:
        return x**2 - a

    for method in ("hybr", "lm"):
        calls.clear()
        assert optimize.root(f, [1.0, 1.0], (4.0,), method, jac).success
        assert calls
    calls.clear()
    x, details, _, _ = optimize.fsolve(f, [1.0, 1.0], (4.0,), jac, full_output=True, col_deriv=True)
    np.testing.assert_allclose(x, [2, 2])
    assert calls
    assert details.keys() == {"nfev", "njev", "fjac", "r", "qtf", "fvec"}
    assert "njev" not in optimize.root(f, [1.0, 1.0], (4.0,), jac=False)
    with pytest.warns(RuntimeWarning, match="does not use the jacobian"):
        optimize.root(f, [1.0, 1.0], (4.0,), "krylov", jac)


def test_effects_are_those_of_the_values_alone(capsys: pytest.CaptureFixture[str]) -> None:
    class Counted:
        def __init__(self) -> None:
            self.calls, self.points, self.local = 0, list[Any](), threading.local()
            self.local.calls = 0

        def __call__(self, x: Any) -> Any:
            self.calls += 1
            self.local.calls += 1
            self.points.append(x)
            print("at", x)
            return x**2 - 3

    for method in ("hybr", "lm", "krylov"):
        counted = Counted()
        found = optimize.root(counted, 100.0, method=method)
        assert found.nfev == counted.calls == counted.local.calls == len(counted.points)
        assert found.nfev == capsys.readouterr().out.count("at")


def test_mistakes_are_refused_as_in_scipy() -> None:
    for solve, arguments in (
        ("fsolve", (lambda x: x[:1], [1.0, 2.0])),
        ("root", (lambda x: np.append(x, 1.0), [1.0, 2.0])),
        ("root", (lambda x: x, [1.0], (), "newton")),
        ("fsolve", (lambda x: x, [1.0], lambda x: 1)),  # the derivative in the place of args
    ):
        errors = list[str]()
        for module in (optimize, scipy_optimize):
            with pytest.raises((TypeError, ValueError)) as error:
                getattr(module, solve)(*arguments)
            errors.append(str(error.value))
        assert errors[0] == errors[1]


def test_the_derivative_of_a_root_is_that_of_a_newton_step() -> None:
    def f(x: Any, a: Any) -> Any:
        return np.stack([x[0] ** 2 - a, x[0] * x[1] - 1])

    with pytest.raises(TraceError, match=r"np.linalg.solve\(J, f\(x, a\)\)"):
        cr.grad(lambda a: optimize.root(f, [1.0, 1.0], (a,)).x[1])(4.0)
    x = optimize.root(f, [1.0, 1.0], (4.0,)).x
    J = cr.jacobian(f)(x, 4.0)
    derivative = cr.grad(lambda a: (x - np.linalg.solve(J, f(x, a)))[1])(4.0)
    assert derivative == pytest.approx(-(4.0**-1.5) / 2)  # of a^(-1/2)
