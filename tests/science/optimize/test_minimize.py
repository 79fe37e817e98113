"""minimize: SciPy's methods and results, with exact derivatives of all functions that can be."""

import functools
import math
from typing import Any

import numpy as np
import pytest
from scipy import optimize as scipy_optimize

import chainrule as cr
from chainrule.errors import ArgumentError, ChainruleWarning, TraceError
from chainrule.science import optimize
from tests.classic_functions import beale, powell_singular, rosenbrock

GRADIENT_METHODS = (
    "CG", "bfgs", "Newton-CG", "L-BFGS-B", "TNC", "SLSQP", "trust-constr", "trust-ncg",
    "trust-exact", "trust-krylov",
)  # fmt: skip


def parabola(x: Any) -> Any:
    return x**2 - 4 * x + 8


@pytest.mark.parametrize(
    ("function", "start"),
    [
        (rosenbrock, [-1.2, 1.0]),
        (beale, [1.0, 1.0]),
        (powell_singular, [3.0, -1.0, 0.0, 1.0]),
    ],
)
def test_every_gradient_method_reaches_the_minimum_of_classic_functions(
    function: Any, start: list[float]
) -> None:
    for method in GRADIENT_METHODS:
        options = {"maxfun": 2000} if method == "TNC" else {"maxiter": 2000}
        found = optimize.minimize(function, start, method=method, options=options)
        assert found.fun < 1e-4, (method, found)


def test_dogleg_and_callable_methods_get_derivatives() -> None:
    found = optimize.minimize(lambda x: np.sum(np.cosh(x - 1)), [0.5, 2.0], method="dogleg")
    np.testing.assert_allclose(found.x, 1, atol=1e-4)

    def one_newton_step(fun: Any, x0: Any, jac: Any, **_: Any) -> Any:
        return scipy_optimize.OptimizeResult(x=x0 - jac(x0) / 2)

    assert optimize.minimize(parabola, [7.0], method=one_newton_step).x.tolist() == [2.0]


def test_evaluations_of_differences_are_saved() -> None:
    theirs, ours = (each.minimize(rosenbrock, np.zeros(5)) for each in (scipy_optimize, optimize))
    assert ours.nfev == ours.njev <= theirs.nfev / 5
    assert np.abs(ours.x - 1).max() <= np.abs(theirs.x - 1).max() * 1.5


def test_derivatives_that_are_given_are_used() -> None:
    calls: list[str] = []

    def jac(x: Any) -> Any:
        calls.append("jac")
        return 2 * x - 4

    optimize.minimize(parabola, [0.0], jac=jac)
    assert calls
    pair = optimize.minimize(lambda x: (parabola(x)[0], 2 * x - 4), [0.0], jac=True)
    ours, theirs = (
        each.minimize(parabola, [0.0], jac="3-point") for each in (optimize, scipy_optimize)
    )
    assert pair.x.round(6) == [2.0]
    assert (ours.nfev, ours.x.tolist()) == (theirs.nfev, theirs.x.tolist())


@pytest.mark.filterwarnings("error")
def test_a_function_with_effects_is_called_as_under_scipy(capsys: Any) -> None:
    class Counted:
        __hash__ = None  # pyright: ignore[reportAssignmentType]

        def __init__(self) -> None:
            self.calls, self.points = 0, list[Any]()

        def __call__(self, x: Any) -> Any:
            self.calls += 1
            self.points.append(x.copy())
            print(f"at {x[0]:.2f}")
            return np.sum((x - 1) ** 4)

    function = Counted()
    found = optimize.minimize(function, [0.0, 3.0])
    assert function.calls == found.nfev == len(function.points)
    assert all(type(each) is np.ndarray for each in function.points)
    assert capsys.readouterr().out.count("at ") == found.nfev
    exact = optimize.minimize(lambda x: np.sum((x - 1) ** 4), [0.0, 3.0])
    np.testing.assert_allclose(found.x, exact.x, rtol=1e-6)


def test_functions_that_keep_results_have_no_gradient_of_zero() -> None:
    last: dict[str, Any] = {}

    def by_content(x: Any) -> Any:
        if "x" in last and np.array_equal(last["x"], x):
            return last["value"]
        last["x"], last["value"] = x.copy(), np.sum((x - 1) ** 2)
        return last["value"]

    by_content(np.array([2.0, 3.0]))
    with pytest.warns(ChainruleWarning, match="by_content cannot be traced"):
        found = optimize.minimize(by_content, [2.0, 3.0])
    np.testing.assert_allclose(found.x, 1, atol=1e-6)


def test_untraceable_functions_are_told_of_once_and_only_if_a_derivative_is_missed() -> None:
    def opaque(x: Any) -> Any:
        return math.exp(x[0]) - x[0] + x[1] ** 2

    optimize.minimize(opaque, [1.0, 2.0], method="Nelder-Mead")
    optimize.minimize(opaque, [1.0, 2.0], jac=lambda x: np.array([math.exp(x[0]) - 1, 2 * x[1]]))
    with pytest.warns(ChainruleWarning, match=r"use np\.exp"):
        optimize.minimize(opaque, [1.0, 2.0])
    for method in ("Newton-CG", "dogleg", "trust-ncg", "trust-exact", "trust-krylov"):
        found = optimize.minimize(opaque, [1.0, 2.0], method=method)
        np.testing.assert_allclose(found.x, 0, atol=1e-3, err_msg=method)


def test_branches_on_values_and_sizes_among_the_arguments_are_exact() -> None:
    def branched(x: Any, weight: float) -> Any:
        return weight * x[0] ** 2 + x[1] ** 2 if x[0] < 0 else 2 * weight * x[0] ** 2 + x[1] ** 2

    found = optimize.minimize(branched, [1.0, 2.0], args=(3.0,))
    assert found.nfev == found.njev
    for args in ((2, "a"), (2, [1]), (2, {3})):
        found = optimize.minimize(
            lambda x, n, _: sum((x[i] - i) ** 2 for i in range(n)), [3.0, 3.0], args
        )
        assert found.nfev == found.njev
        assert found.x.round(6).tolist() == [0, 1]


def test_starts_of_any_kind_are_taken_or_refused_as_in_scipy() -> None:
    for x0 in (3, [1, 2], np.ones(2, np.float32), np.array([True, False])):
        found = optimize.minimize(lambda x: np.sum((x - 1) ** 2), x0)
        np.testing.assert_allclose(found.x, 1, atol=1e-5)
    empty = (each.minimize for each in (optimize, scipy_optimize))
    for function in empty:
        with pytest.raises(ValueError, match="zero-size"):
            function(np.sum, [])
    with pytest.raises(ValueError, match="one dimension"):
        optimize.minimize(np.sum, np.zeros((2, 2)))
    with pytest.raises(ValueError, match="must return a scalar"):
        optimize.minimize(lambda x: x, [1.0, 2.0])
    with pytest.raises(ZeroDivisionError):
        optimize.minimize(lambda x: 1 / 0, [1.0], method="Powell")


def test_globals_and_partial_arguments_count_as_they_are_at_each_call() -> None:
    target = [1.0]

    def distance(x: Any) -> Any:
        return np.sum((x - target[0]) ** 2)

    assert optimize.minimize(distance, [0.0]).x.round(6).tolist() == [1.0]
    target[0] = 5.0
    assert optimize.minimize(distance, [0.0]).x.round(6).tolist() == [5.0]
    shifted = functools.partial(lambda a, x: np.sum((x - a) ** 2), 4.0)
    assert optimize.minimize(shifted, [0.0]).x.round(6).tolist() == [4.0]


def test_values_that_are_nan_and_gradients_that_are_infinite_mislead_no_method() -> None:
    assert not optimize.minimize(lambda x: np.where(x[0] > 1, np.inf, x[0] ** 2), [2.0]).success
    found = optimize.minimize(
        lambda x: np.sqrt(x[0]) + (x[1] - 1) ** 2, [1.0, 0.0], bounds=[(0, 1), (None, None)]
    )
    np.testing.assert_allclose(found.x, [0, 1], atol=1e-6)


def test_trees_are_restored_in_results_and_callbacks() -> None:
    seen: list[Any] = []

    def loss(p: Any) -> Any:
        return (p["a"] - 1) ** 2 + np.sum((p["b"] - 2) ** 2)

    def callback(intermediate_result: Any) -> None:
        seen.append(intermediate_result.x["b"].shape)

    start = {"a": 0.0, "b": np.zeros((2, 2))}
    found = optimize.minimize(loss, start, callback=callback, options={"return_all": True})
    assert set(seen) == {(2, 2)}
    assert found.x["b"].round(6).tolist() == [[2, 2], [2, 2]]
    assert isinstance(found.x["a"], float)
    assert found.jac["b"].shape == (2, 2)
    assert found.allvecs[0]["b"].tolist() == [[0, 0], [0, 0]]
    given = optimize.minimize(
        loss, start, jac=lambda p: {"a": 2 * (p["a"] - 1), "b": 2 * (p["b"] - 2)}
    )
    np.testing.assert_allclose(given.x["b"], 2, atol=1e-6)


@pytest.mark.filterwarnings("error")
def test_hessians_by_a_complex_step_of_exact_gradients_are_exact() -> None:
    def function(x: Any) -> Any:
        return np.log(np.sum(np.exp(np.array([[1, 1], [1, -1], [-1, 0.5]]) @ x))) - 0.3 * x[0]

    for method in ("Newton-CG", "trust-ncg", "trust-krylov", "trust-constr"):
        found = optimize.minimize(function, np.zeros(2), method=method, hess="cs")
        expected = optimize.minimize(function, np.zeros(2), method=method)
        np.testing.assert_allclose(found.x, expected.x, atol=1e-5)
    circle = scipy_optimize.NonlinearConstraint(lambda x: x**2, 0, 1, hess="cs")
    found = optimize.minimize(
        lambda x: np.sum((x - 2) ** 2), np.zeros(2), method="trust-constr", constraints=circle
    )
    np.testing.assert_allclose(found.x, 1, atol=1e-6)


def test_bounds_options_and_derivatives_may_be_trees_as_the_start_is() -> None:
    def distance(p: Any) -> Any:
        return (p["a"] - 2) ** 2 + np.sum((p["b"] - np.arange(6.0).reshape(2, 3)) ** 2)

    start = {"a": 0.5, "b": np.full((2, 3), 0.5)}
    ends = {"a": 0, "b": 0}, {"a": 1, "b": np.array([0, 1, 2])}
    for bounds, rows in (
        ({"b": (None, 1), "a": None}, [[0, 1, 1], [1, 1, 1]]),
        ({"a": (0, 9), "b": (np.zeros((2, 3)), np.array([0, 1, 2]))}, [[0, 1, 2], [0, 1, 2]]),
        ({"a": (0, 9), "b": [(0, 1)] * 6}, [[0, 1, 1], [1, 1, 1]]),
        (scipy_optimize.Bounds(*ends), [[0, 1, 2], [0, 1, 2]]),
        (zip([0] * 7, [1] * 7, strict=True), [[0, 1, 1], [1, 1, 1]]),
    ):
        found = optimize.minimize(distance, start, bounds=bounds)
        np.testing.assert_allclose(found.x["b"], rows, atol=1e-8)
    x, *_ = optimize.fmin_l_bfgs_b(distance, start, bounds={"a": (0, 1), "b": None})
    assert x["a"] == 1
    pair = [np.zeros(2), np.ones(3)]
    for bounds, message in (
        ([(0, 1)], "expected 2 items, got 1"),
        ([((0, 1), (0, 2)), None], "give a list of pairs"),
        ([(0, np.zeros(3)), None], "does not broadcast to the shape"),
        ([3, None], "take a tuple"),
    ):
        with pytest.raises(ArgumentError, match=message):
            optimize.minimize(lambda p: p[0] @ p[0] + p[1] @ p[1], pair, bounds=bounds)
    given: dict[str, Any] = {"jac": cr.grad(distance), "hess": cr.hessian(distance)}
    for method, derivatives in (
        ("trust-exact", given),
        ("trust-ncg", {"jac": given["jac"], "hessp": lambda p, v: cr.hvp(distance)(p, v)}),
        ("CG", {"jac": lambda p: {"b": given["jac"](p)["b"], "a": 2 * (p["a"] - 2)}}),
    ):
        found = optimize.minimize(distance, start, method=method, **derivatives)
        assert found.fun < 1e-10
    with pytest.raises(ArgumentError, match=r"\(3, 2\) for parameters of shape \(2, 3\)"):
        optimize.minimize(distance, start, jac=lambda p: {"a": 1.0, "b": p["b"].T})
    simplex = [{"a": i, "b": np.eye(7)[i, 1:].reshape(2, 3)} for i in range(7)] + [start]
    found = optimize.fmin(distance, start, initial_simplex=simplex, maxfun=2000, disp=False)
    assert distance(found) < 1e-4


def test_basin_hopping_takes_trees_in_steps_tests_callbacks_and_results() -> None:
    def wells(p: Any) -> Any:
        return np.cos(14.5 * p["a"] - 0.3) + (p["a"] + 0.2) * p["a"] + np.sum((p["b"] - 1) ** 2)

    class Step:
        stepsize = 0.5

        def __call__(self, p: Any) -> Any:
            return {"b": p["b"], "a": p["a"] + self.stepsize * np.sin(30 * p["a"])}

    def is_near(f_new: Any, x_new: Any, f_old: Any, x_old: Any) -> bool:
        return bool(abs(x_new["a"]) < 5) and set(x_old) == {"a", "b"}

    seen: list[float] = []
    found = optimize.basinhopping(
        wells, {"a": 1.0, "b": np.zeros(2)}, niter=30, rng=1, interval=5,
        take_step=(step := Step()), accept_test=is_near,
        callback=lambda p, f, accepted: seen.append(p["a"]),
        minimizer_kwargs={"method": "L-BFGS-B", "bounds": {"a": None, "b": (0, 0.5)}},
    )  # fmt: skip
    assert found.x["a"] == pytest.approx(-0.195, abs=1e-3)
    assert found.x["b"].tolist() == found.lowest_optimization_result.x["b"].tolist() == [0.5, 0.5]
    assert len(seen) == 31
    assert step.stepsize != 0.5


def test_constraints_of_trees_have_trees_of_jacobians_and_linear_ones_are_refused() -> None:
    def sums(p: Any) -> Any:
        return np.stack([np.sum(p[0]), np.sum(p[1])])

    def square(p: Any) -> Any:
        return np.sum((p[0] - 3) ** 2) + np.sum((p[1] - 4) ** 2)

    start = [np.ones(2), np.zeros(3)]
    nonlinear = scipy_optimize.NonlinearConstraint(sums, 0, [1, 2], jac=cr.jacobian(sums))
    single = {
        "type": "ineq",
        "fun": lambda p: 1 - np.sum(p[0]),
        "jac": cr.grad(lambda p: -sum(p[0])),
    }
    for constraint in (nonlinear, [nonlinear], single):
        found = optimize.minimize(square, start, constraints=constraint)
        np.testing.assert_allclose(found.x[0], 0.5, rtol=1e-6)
    linear: Any = scipy_optimize.LinearConstraint(np.ones((1, 5)), 0, 1)
    for constraint in (linear, [linear]):
        with pytest.raises(ArgumentError, match="NonlinearConstraint"):
            optimize.minimize(square, start, constraints=constraint)


def test_constraints_get_exact_derivatives() -> None:
    def disc(x: Any) -> Any:
        return 2 - x @ x

    for method in ("SLSQP", "trust-constr"):
        for constraint in (
            {"type": "ineq", "fun": disc},
            scipy_optimize.NonlinearConstraint(lambda x: [x @ x, x[0] - x[1]], -np.inf, [2, 9]),
        ):
            found = optimize.minimize(
                lambda x: x[0] + x[1], [0.3, 0.1], method=method, constraints=[constraint]
            )
            np.testing.assert_allclose(found.x, -1, atol=1e-5, err_msg=method)
    tree = optimize.minimize(
        lambda p: np.sum(p["x"]),
        {"x": np.array([0.3, 0.1])},
        constraints={"type": "ineq", "fun": lambda p, r: r - p["x"] @ p["x"], "args": (2.0,)},
    )
    np.testing.assert_allclose(tree.x["x"], -1, atol=1e-6)


def test_what_returns_no_number_is_refused_as_in_scipy() -> None:
    for module in (optimize, scipy_optimize):
        with pytest.raises(TypeError, match="NoneType"):
            module.minimize(lambda x: None, [1.0, 1.0], method="nelder-mead")
    with pytest.warns(ChainruleWarning, match="returned NoneType"), pytest.raises(TypeError):
        optimize.minimize(lambda x: None, [1.0, 1.0])


def test_within_a_trace_minimize_is_refused_with_a_solver_that_works() -> None:
    def least(a: Any) -> Any:
        return optimize.minimize(lambda x, a: np.sum((x - a) ** 2), np.zeros(1), (a,)).fun

    for transformed in (cr.grad(least), cr.jit(least)):
        with pytest.raises(TraceError, match=r"cr\.solvers\.lbfgs"):
            transformed(1.5)

    def place(a: Any) -> Any:
        return cr.solvers.lbfgs(lambda x, a: np.sum((x - a) ** 2), np.zeros(1), (a,)).x[0]

    assert round(float(cr.grad(place)(1.5)), 6) == 1.0
