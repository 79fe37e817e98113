"""``jacobian``, ``hessian`` and ``hvp``: nesting, singular points, compositions, refusals."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

X = np.array([1.0, 2.0, 3.0])
INF = np.inf


def test_derivatives_are_nested_as_values_and_then_as_arguments() -> None:
    def function(params: Any, scale: Any) -> Any:
        return {"product": params["W"] @ params["v"] * scale, "sum": (params["v"].sum(), 2)}

    W = np.arange(6.0).reshape(2, 3)
    found = cr.jacobian(function, argnums=(0, 1))({"W": W, "v": X}, 2)
    by_params, by_scale = found["product"]
    np.testing.assert_array_equal(by_params["W"][0], [2 * X, 0 * X])
    np.testing.assert_array_equal(by_params["v"], 2 * W)
    np.testing.assert_array_equal(by_scale, W @ X)
    np.testing.assert_array_equal(found["sum"][0][0]["v"], np.ones(3))
    assert (found["sum"][0][1], found["sum"][1][1]) == (0.0, 0.0)
    hessian = cr.hessian(lambda a, b: np.sum(a * b**2), argnums=(0, 1))(2.0, X)
    np.testing.assert_array_equal(hessian[0][1], 2 * X)
    np.testing.assert_array_equal(hessian[1][0], 2 * X)
    np.testing.assert_array_equal(hessian[1][1], 4 * np.eye(3))
    result, rest = cr.jacobian(lambda x: (x * x, "rest"), has_aux=True)(X.astype("float32"))
    assert (result.dtype, rest) == (np.float32, "rest")


def test_both_modes_give_the_same_jacobian() -> None:
    W = np.random.default_rng(0).normal(size=(4, 3))
    wide, tall = (lambda x: np.tanh(W.T @ x)), (lambda x: np.tanh(W @ x) * x[0])
    for function, size in ((wide, 4), (tall, 3)):
        x = np.linspace(-1, 1, size)
        columns = [cr.jvp(function, (x,), (row,))[1] for row in np.eye(size)]
        for jacobian in (cr.jacobian(function), cr.jit(cr.jacobian(function))):
            np.testing.assert_allclose(jacobian(x), np.transpose(columns), rtol=1e-12)


def test_structural_zeros_meet_no_singularity() -> None:
    """Off the diagonal of an elementwise function there is 0, however large the diagonal is."""
    z = np.array([0.0, 1.0])
    cases: list[tuple[Callable[[Any], Any], Any]] = [
        (np.sqrt, [[INF, 0], [0, 0.5]]),
        (lambda x: x**0.5, [[INF, 0], [0, 0.5]]),
        (np.abs, [[0, 0], [0, 1]]),
        (np.log, [[INF, 0], [0, 1]]),
        (lambda x: 1 / x, [[-INF, 0], [0, -1]]),
        (np.cbrt, [[INF, 0], [0, 1 / 3]]),
        (lambda x: np.where(x > 0, np.sqrt(x), 0), [[0, 0], [0, 0.5]]),
        (lambda x: np.sqrt(x)[::-1], [[0, 0.5], [INF, 0]]),
        (lambda x: np.stack([np.sqrt(x[0]) + x[1], x[1]]), [[INF, 1], [0, 1]]),
        (lambda x: np.concatenate([np.sqrt(x), x]), [[INF, 0], [0, 0.5], [1, 0], [0, 1]]),
        (lambda x: np.sum(x) + np.sqrt(x), [[INF, 1], [1, 1.5]]),
        (lambda x: np.sum(np.sqrt(x[1:])), [0, 0.5]),
    ]  # fmt: skip
    with np.errstate(all="ignore"):
        for number, (function, expected) in enumerate(cases):
            for jacobian in (cr.jacobian(function), cr.jit(cr.jacobian(function))):
                np.testing.assert_allclose(jacobian(z), expected, err_msg=f"case {number}")
        np.testing.assert_array_equal(
            cr.hessian(lambda x: np.sum(x**1.5))(z), [[INF, 0], [0, 0.75]]
        )


def test_transformations_compose() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.sin(x) * x[::-1] ** 2)

    H = cr.hessian(f)(X)
    v = np.array([1.0, -1.0, 0.5])
    np.testing.assert_allclose(H, H.T, rtol=1e-13)
    np.testing.assert_allclose(cr.hvp(f)(X, v), H @ v, rtol=1e-12)
    np.testing.assert_allclose(cr.jacobian(cr.grad(f))(X), H, rtol=1e-12)
    np.testing.assert_allclose(cr.hessian(cr.jit(f))(X), H, rtol=1e-12)
    np.testing.assert_allclose(cr.hvp(cr.jit(f))(X, v), H @ v, rtol=1e-12)
    trace_gradient = cr.grad(lambda x: np.trace(cr.hessian(f)(x)))(X)
    third = cr.jacobian(cr.hessian(f))(X)
    np.testing.assert_allclose(trace_gradient, np.einsum("iij->j", third), rtol=1e-12)
    product = cr.hvp(lambda a, x: a * f(x), argnums=(0, 1))(2.0, X, (0.0, v))
    np.testing.assert_allclose(product[1], 2 * H @ v, rtol=1e-12)


def test_what_cannot_be_differentiated_is_refused() -> None:
    with pytest.raises(cr.errors.DTypeError, match="jacobian: argument 0"):
        cr.jacobian(np.sin)(np.arange(3))
    with pytest.raises(cr.errors.ArgumentError, match=r"hvp\(f\)\(x, v\)"):
        cr.hvp(np.sum)(X)
    with pytest.raises(cr.errors.ShapeError, match="the shape of its argument"):
        cr.hvp(np.sum)(X, X[:2])
    assert not cr.jacobian(np.argmax)(X).any()


def test_factors_that_a_selection_by_the_seed_makes_are_not_taken_as_columns() -> None:
    def function(x: Any) -> Any:
        values, vectors = np.linalg.eigh(np.outer(x, x) + np.diag(np.sin(x)))
        return np.sum(vectors**2 @ np.sin(values))

    x, step = np.array([0.4, 0.9, 1.3]), 1e-5
    gradient = cr.grad(function)
    expected = [(gradient(x + e) - gradient(x - e)) / (2 * step) for e in step * np.eye(3)]
    for found in (cr.hessian(function)(x), cr.jit(cr.jacobian(gradient))(x)):
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9)
