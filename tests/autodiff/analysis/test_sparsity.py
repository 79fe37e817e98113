"""Sparse Jacobians: the pattern that the graph shows, its coloring, and what is read off."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff import jacobian_graph
from chainrule.autodiff.analysis.coloring import colors_of
from chainrule.autodiff.analysis.sparsity import dependence
from chainrule.tree import flatten

Function = Callable[[Any], Any]
GRID = (5, 6)


def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def laplacian(x: Any) -> Any:
    u = np.pad(x.reshape(GRID), 1)
    around = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2]
    return (around - 4 * u[1:-1, 1:-1]) ** 2


def stored(x: Any) -> Any:
    y = np.zeros_like(x)
    y[1:] = x[:-1] ** 2
    y[np.array([2, 0])] += np.sin(x[1])
    return y


def windows(x: Any) -> Any:
    return np.sum(np.lib.stride_tricks.sliding_window_view(x, 3).prod(axis=1))


SPARSE: list[tuple[Any, Function]] = [
    (cr.jacobian, lambda x: x**2),
    (cr.jacobian, lambda x: {"a": np.diff(x), "b": [x[::-1] * x[0], 1.0]}),
    (cr.jacobian, lambda x: np.convolve(np.tanh(x), [1.0, 2.0, 1.0])),
    (cr.jacobian, laplacian),
    (cr.jacobian, stored),
    (cr.jacobian, lambda x: np.sort(x) * 2),
    (cr.jacobian, lambda x: np.max(x.reshape(10, 3), axis=1)),
    (cr.jacobian, lambda x: x.reshape(10, 3) @ np.arange(9.0).reshape(3, 3)),
    (cr.jacobian, lambda x: np.cumsum(x.reshape(15, 2), axis=1)),
    (cr.jacobian, lambda x: np.append(np.sum(x**3), np.sin(x[1:]))),
    (cr.hessian, rosenbrock),
    (cr.hessian, windows),
    (cr.hessian, lambda x: np.sum(np.where(x > 1, np.sqrt(x), x**3))),
]


def test_a_compressed_derivative_equals_the_dense_one(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).uniform(0.5, 1.5, 30)
    found = [derivative(function)(x) for derivative, function in SPARSE]
    compiled = [cr.jit(derivative(function))(x) for derivative, function in SPARSE[-3:]]
    monkeypatch.setattr(jacobian_graph, "_LARGE", 10**9)
    dense = [derivative(function)(x) for derivative, function in SPARSE]
    pairs = zip(flatten(found + compiled)[0], flatten(dense + dense[-3:])[0], strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-300)


def test_a_band_needs_as_many_colors_as_it_is_wide() -> None:
    pattern = np.abs(np.subtract.outer(np.arange(50), np.arange(50))) <= 1
    np.testing.assert_array_equal(colors_of(pattern, 10), np.arange(50) % 3)
    assert colors_of(np.ones((5, 5), bool), 4) is None


def test_the_pattern_has_every_entry_that_is_not_zero() -> None:
    seen: list[Any] = []
    x = np.random.default_rng(1).uniform(0.5, 1.5, 30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            jacobian_graph, "dependence", lambda *args: seen.append(dependence(*args)) or seen[-1]
        )
        for function in (laplacian, stored, np.cumsum, np.diff, lambda x: np.outer(x, x)):
            jacobian = np.asarray(cr.jacobian(function)(x)).reshape(-1, 30)
            by_rows = seen[-1].shape != jacobian.shape
            np.testing.assert_array_equal(seen[-1].T if by_rows else seen[-1], jacobian != 0)


def test_the_hessian_of_a_chain_of_a_thousand_variables_is_exact() -> None:
    x = np.random.default_rng(0).uniform(0.5, 1.5, 1000)
    diagonal = 2 + 1200 * x**2 - 400 * np.append(x[1:], 0)
    diagonal[1:] += 200
    diagonal[-1] = 200
    expected = np.diag(diagonal) - np.diag(400 * x[:-1], 1) - np.diag(400 * x[:-1], -1)
    np.testing.assert_allclose(cr.hessian(rosenbrock)(x), expected, rtol=1e-13, atol=1e-300)


def test_each_element_of_a_loop_s_result_depends_on_all_that_the_loop_reads():
    weights = np.random.default_rng(0).normal(size=(20, 3))
    inputs = np.random.default_rng(1).normal(size=(4, 3))

    def function(x):
        def step(carry, row):
            return np.tanh(carry * row[0] + x[:3] * row), carry

        last, states = cr.scan(step, x[:60].reshape(20, 3), inputs)
        return np.concatenate([np.sum(last * weights, axis=1), states[-1, ::2, 0]])

    x = np.random.default_rng(2).normal(size=90)
    expected = np.stack([cr.jvp(function, (x,), (row,))[1] for row in np.eye(90)], axis=1)
    np.testing.assert_allclose(cr.jacobian(function)(x), expected, rtol=1e-12)
