"""fmin, fmin_bfgs and the others: SciPy's results and reports, with fewer evaluations."""

from typing import Any

import numpy as np
import pytest
from scipy import optimize as scipy_optimize

from chainrule.errors import ArgumentError, TraceError
from chainrule.science import optimize
from tests.classic_functions import rosenbrock


def parabola(x: Any) -> Any:
    return x**2 - 4 * x + 8


def gradient(x: Any) -> Any:
    return 2 * x - 4


def test_reports_are_those_of_scipy_with_the_gradient(capsys: Any) -> None:
    def report(module: Any, name: str, *args: Any) -> str:
        getattr(module, name)(parabola, 3.0, *args)
        return capsys.readouterr().out

    for name in ("fmin", "fmin_powell"):
        assert report(optimize, name) == report(scipy_optimize, name)
    for name in ("fmin_bfgs", "fmin_cg"):
        assert report(optimize, name) == report(scipy_optimize, name, gradient)
    assert "Iterations: 16" in report(optimize, "fmin")
    assert "Function evaluations: 32" in report(optimize, "fmin")


def test_gradients_need_not_be_given() -> None:
    start = np.array([-1.2, 1.0])
    for minimizer in (optimize.fmin_bfgs, optimize.fmin_cg, optimize.fmin_ncg):
        np.testing.assert_allclose(minimizer(rosenbrock, start, disp=0), 1, atol=1e-4)
    x, value, details = optimize.fmin_l_bfgs_b(rosenbrock, start)
    np.testing.assert_allclose(x, 1, atol=1e-4)
    pair = optimize.fmin_l_bfgs_b(lambda x: (rosenbrock(x), scipy_optimize.rosen_der(x)), start)
    assert pair[2]["funcalls"] == details["funcalls"]
    assert value < 1e-8
    assert optimize.fmin_tnc(rosenbrock, start, messages=0)[0].round(2).tolist() == [1, 1]


def test_trees_are_restored_in_all_that_is_returned() -> None:
    def loss(p: Any) -> Any:
        return np.sum((p["a"] - 1) ** 2) + np.sum((p["b"] - 2) ** 2)

    start = {"a": np.zeros(1), "b": np.zeros((1, 2))}
    x, value, gradient, *_, iterates = optimize.fmin_bfgs(
        loss, start, full_output=True, retall=True, disp=False
    )
    assert x["b"].round(6).tolist() == [[2, 2]]
    assert (gradient["b"].shape, iterates[0]["a"].tolist()) == ((1, 2), [0])
    assert value < 1e-12
    x = optimize.fmin_cobyla(loss, start, [lambda p: 1 - p["b"][0, 0]])
    assert x["b"].round(3).tolist() == [[1, 2]]


def test_constraints_of_slsqp_are_exact() -> None:
    calls = [0]

    def objective(x: Any) -> Any:
        calls[0] += 1
        return x[0] + x[1]

    x = optimize.fmin_slsqp(
        objective,
        [0.0, -0.5],
        eqcons=[lambda x: x @ x - 2],
        f_ieqcons=lambda x: np.stack([x[0] + 3, x[1] + 0.5]),
        iprint=0,
    )
    np.testing.assert_allclose(x, [-np.sqrt(1.75), -0.5], atol=1e-6)
    assert calls[0] < 30


def test_global_methods_find_the_least_minimum() -> None:
    def rastrigin(x: Any) -> Any:
        return np.sum(x**2 - 10 * np.cos(2 * np.pi * x)) + 10 * x.size

    box = [(-4.0, 5.0)] * 2
    for found in (
        optimize.anneal(rastrigin, box, maxiter=150, rng=0),
        optimize.differential_evolution(rastrigin, box, rng=0, maxiter=60),
        optimize.basinhopping(rastrigin, [1.1, 0.9], niter=60, rng=0),
        optimize.shgo(rastrigin, box, n=400, sampling_method="sobol"),
        optimize.direct(rastrigin, box),
    ):
        assert found.fun < 1e-5, found
    line = optimize.LinearConstraint([[1.0, 1.0]], 1.5, np.inf)
    found = optimize.differential_evolution(
        lambda x: x @ x, box, constraints=(line,), rng=0, maxiter=20
    )
    np.testing.assert_allclose(found.x, 0.75, atol=1e-4)
    grid = optimize.brute(rastrigin, box, Ns=10, finish=optimize.fmin_bfgs)
    np.testing.assert_allclose(grid, 0, atol=1e-5)


def test_line_search_and_check_grad_derive_the_gradient() -> None:
    x, direction = np.array([1.8, 1.7]), np.array([-1.0, -1.0])
    ours = optimize.line_search(rosenbrock, None, x, direction)
    theirs = scipy_optimize.line_search(rosenbrock, scipy_optimize.rosen_der, x, direction)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-12)
    assert ours[1:3] == theirs[1:3]
    assert optimize.check_grad(rosenbrock, None, x) < 1e-4
    assert optimize.check_grad(lambda x: np.sin(x), None, x) < 1e-6
    with pytest.raises(ArgumentError, match="xk or the direction pk"):
        optimize.line_search(rosenbrock)
    with pytest.raises(TraceError, match="give grad"):
        optimize.check_grad(lambda x: float(x[0]), None, x)
