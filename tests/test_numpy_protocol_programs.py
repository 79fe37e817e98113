"""NumPy programs, traced and differentiated unchanged."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.array_type import type_of
from chainrule.graph.node import variable

M = np.array([[0.7, -1.2, 2.3, 0.4], [1.9, 0.35, -0.8, -2.1], [-1.45, 2.7, 1.1, 0.9]])
VECTOR = np.array([0.3, -1.4, 2.2, 0.8])
COLUMNS = np.array([1, -1, 3])


def test_a_dense_network_is_differentiated_unchanged() -> None:
    generator = np.random.default_rng(0)
    X, y = generator.normal(size=(6, 3)), np.array([0, 1, 1, 0, 1, 0])
    params = {"W": generator.normal(size=(3, 2)), "b": np.zeros(2)}

    def loss(params: Any, X: Any, y: Any) -> Any:
        scores = np.exp(np.tanh(X @ params["W"] + params["b"]))
        probs = scores / np.sum(scores, axis=1, keepdims=True)
        return -np.mean(np.log(probs[np.arange(len(y)), y]))

    assert cr.check_grads(lambda p: loss(p, X, y), (params,), order=2) < 1e-6


def test_in_place_addition_rebinds_a_traced_name() -> None:
    def function(x: Any) -> Any:
        total = x * 1
        total += x**2
        total *= 3
        return total.sum()

    np.testing.assert_allclose(cr.grad(function)(VECTOR), 3 + 6 * VECTOR)


def test_a_mask_of_known_value_indexes_as_in_numpy() -> None:
    np.testing.assert_array_equal(cr.grad(lambda x: np.sum(x[x > 0] ** 2))(M), 2 * np.maximum(M, 0))
    np.testing.assert_array_equal(cr.grad(lambda x: np.sum(x[np.where(x > 1)]))(M), M > 1)


def test_traced_labels_index_as_plain_ones() -> None:
    picked = cr.jit(lambda x, labels: x[np.arange(3), labels])(M, COLUMNS)
    np.testing.assert_array_equal(picked, M[np.arange(3), COLUMNS])


def test_products_are_differentiable_at_zeros() -> None:
    x = np.array([2.0, 0.0, 3.0, 5.0, 1.0])
    np.testing.assert_array_equal(cr.grad(np.prod)(x), [0, 30, 0, 0, 0])
    x[2] = 0
    np.testing.assert_array_equal(cr.grad(np.prod)(x), np.zeros(5))
    np.testing.assert_array_equal(cr.grad(lambda x: np.cumprod(x)[-1])(x), np.zeros(5))


def test_norm_and_standard_deviation_have_gradient_zero_at_their_minimum() -> None:
    np.testing.assert_array_equal(cr.grad(np.linalg.norm)(np.zeros(3)), np.zeros(3))
    np.testing.assert_array_equal(cr.grad(np.std)(np.full(3, 2.5)), np.zeros(3))


def test_python_scalars_are_weakly_typed() -> None:
    array = VECTOR.astype(np.float32)
    assert (2 * variable(type_of(array), array) + 0.5).dtype == np.float32
    gradient = cr.grad(lambda a: np.sum((a * 2.0 + 1) * array))(3.0)
    assert gradient == pytest.approx(float(2 * array.sum()))
    assert cr.jit(lambda a: (a * 2.0 + 1) * array)(np.float32(3)).dtype == np.float32


# ndarray.dot, which NumPy does not dispatch through the protocols.

X = np.array([[0.2, -1.3], [1.1, 0.4], [-0.6, 0.9]])


def test_the_method_dot_of_a_plain_array_accepts_traced_factors() -> None:
    W, V = np.array([[0.3, -0.2, 1.0], [0.5, 0.8, -0.4]]), np.array([[1.0], [-2.0], [0.5]])

    def by_method(W: Any, V: Any) -> Any:
        return np.sum(np.tanh(X.dot(W).dot(V)) + X.T.dot(X).dot(W)[0] + X[0].dot(W[:, 0]))

    def by_operator(W: Any, V: Any) -> Any:
        return np.sum(np.tanh(X @ W @ V) + (X.T @ X @ W)[0] + X[0] @ W[:, 0])

    expected = cr.grad(by_operator, argnums=(0, 1))(W, V)
    for derivative in (cr.grad(by_method, argnums=(0, 1)), cr.jit(cr.grad(by_method, (0, 1)))):
        for result, reference in zip(derivative(W, V), expected, strict=True):
            np.testing.assert_allclose(result, reference, rtol=1e-14)


def test_the_method_dot_preserves_float32_and_integers() -> None:
    W = np.ones((2, 3), np.float32)
    single, numbers = X.astype(np.float32), np.array([[1, 2], [3, 4]])
    assert cr.jit(lambda W: single.dot(W))(W).dtype == np.float32
    np.testing.assert_array_equal(cr.jit(lambda W: numbers.dot(W))(W), numbers @ np.ones((2, 3)))
    assert cr.jit(lambda k: numbers.dot(k))(np.array([1, 2])).tolist() == [5, 11]


def test_arrays_of_traced_values_have_the_method_dot() -> None:
    assert cr.grad(lambda x: np.asarray(x).dot(x))(1.5) == 3.0
    assert cr.grad(lambda x: np.array([x, x]).dot(np.array([x, 1.0])))(1.5) == 4.0


def test_known_integers_and_booleans_convert_to_plain_arrays() -> None:
    table = np.array([10.0, 20.0, 30.0])

    def function(x: Any) -> Any:
        return np.sum(x * table[np.argsort(x)] * np.asarray(x > 0))

    x = np.array([0.5, -1.0, 2.0])
    np.testing.assert_array_equal(cr.grad(function)(x), [20.0, 0.0, 30.0])
    with pytest.raises(cr.errors.TraceError, match="pass that array in"):
        cr.jit(function)(x)
    with pytest.raises(cr.errors.TraceError, match=r"labels\[:, None\] == np\.arange"):
        cr.jit(lambda labels: np.eye(3)[labels])(np.array([0, 2]))
    one_hot = cr.jit(lambda table, labels: table[labels])(np.eye(3), np.array([0, 2]))
    np.testing.assert_array_equal(one_hot, np.eye(3)[[0, 2]])
