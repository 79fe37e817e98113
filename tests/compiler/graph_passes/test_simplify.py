"""Simplification: fewer equations that compute the same bits."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.graph.evaluate import evaluate, prepare

X = np.arange(6.0).reshape(2, 3)
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -1.5])


def names(function: Any, *args: Any) -> list[str]:
    graph = simplify(cr.trace(function)(*args))
    return [node.primitive.name for node in graph.equations if node.primitive]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x * 1, []),
        (lambda x: 1 * x / 1, []),
        (lambda x: np.negative(-x), []),
        (lambda x: x.T.T, []),
        (lambda x: x.reshape(3, 2).reshape(6).reshape(2, 3), []),
        (lambda x: x.astype(float), []),
        (lambda x: cr.stop_gradient(x), []),
        (lambda x: np.broadcast_to(np.broadcast_to(x, (4, 2, 3)), (5, 4, 2, 3)), ["broadcast_to"]),
        (lambda x: np.exp(x) + np.exp(x), ["exp", "add"]),
        (lambda x: x + (2.0 * np.ones(3)) * 3.0, ["broadcast_to", "add"]),
        (lambda x: x.T @ x, ["contract"]),
        (lambda x: x, []),
    ],
)
def test_identities_folding_and_common_subexpressions(function: Any, expected: list[str]) -> None:
    assert names(function, X) == expected


def test_dead_code_is_not_computed() -> None:
    def f(x: Any) -> Any:
        np.exp(x) @ x.T
        return x + x

    assert names(f, X) == ["add"]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x + 0.0,
        lambda x: 0.0 + x,
        lambda x: x - 0.0,
        lambda x: x * 0.0,
        lambda x: x * 1.0,
        lambda x: x / 1.0,
        lambda x: np.negative(-x),
        lambda x: x - x,
        lambda x: np.maximum(x, x),
        lambda x: np.where(x == x, x, x),
    ],
)
def test_special_values_keep_their_bits(function: Any) -> None:
    with np.errstate(all="ignore"):
        expected = np.asarray(function(SPECIAL))
        result = np.asarray(cr.jit(function)(SPECIAL))
    assert result.tobytes() == expected.tobytes()


def test_broadcast_constants_are_not_materialized() -> None:
    graph = simplify(cr.trace(lambda x: np.maximum(x, 0.0) * 2)(np.ones((99, 99))))
    assert all(node.size <= 1 for node in graph.nodes if node.primitive is None)


def test_a_simplified_graph_computes_the_same_bits() -> None:
    def loss(W: Any, X: Any) -> Any:
        a = np.tanh(X @ W)
        return np.mean((a - a.mean(axis=0)) ** 2) + np.sum(np.sort(a, axis=0)[0] ** 3)

    rng = np.random.default_rng(0)
    W, X = rng.normal(size=(3, 4)), rng.normal(size=(5, 3))
    graph = cr.trace(cr.value_and_grad(loss))(W, X)
    for a, b in zip(evaluate(graph, [W, X]), prepare(simplify(graph))([W, X]), strict=True):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()
    assert len(simplify(graph).equations) < len(graph.equations)


def test_no_identity_reaches_through_an_input_of_a_loop_body() -> None:
    """A captured value has a producer outside, on which the body must not depend."""

    def function(x: Any) -> Any:
        flat = np.reshape(x, (6,))
        row = np.arange(3.0)
        return cr.scan(lambda c, r: (c + np.reshape(flat, (2, 3)) * r, None), x * 0, row)[0]

    np.testing.assert_array_equal(cr.jit(function)(X), X * 3)


def test_equal_equations_are_one() -> None:
    graph = simplify(cr.trace(lambda x: np.exp(x) * np.exp(x))(X))
    assert str(graph).splitlines()[1:-2] == [
        "  a: f64[2,3] = exp(x)",
        "  b: f64[2,3] = multiply(a, a)",
    ]


def test_unequal_parameters_are_no_common_subexpression() -> None:
    graph = simplify(cr.trace(lambda x: np.sum(x, axis=0)[0] + np.sum(x, axis=1)[0])(X))
    assert [n.primitive.name for n in graph.equations if n.primitive].count("reduce_to") == 2
