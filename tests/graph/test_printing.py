"""Printed graphs against golden files, and formulas in mathematical notation."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.graph.graph import Graph
from chainrule.graph.printing import formula
from tests.golden_file import check_golden


def moons_loss(params: Any, X: Any, y: Any) -> Any:
    a = np.tanh(X @ params["W1"] + params["b1"])
    scores = np.exp(a @ params["W2"] + params["b2"])
    probs = scores / np.sum(scores, axis=1, keepdims=True)
    return -np.mean(np.log(probs[np.arange(len(y)), y]))


def moons_arguments() -> tuple[Any, ...]:
    params = {"W1": np.ones((2, 3)), "b1": np.ones(3), "W2": np.ones((3, 2)), "b2": np.ones(2)}
    return params, np.ones((5, 2)), np.zeros(5, np.int64)


def rnn(W: Any, xs: Any) -> Any:
    h, ys = cr.scan(lambda h, x: (np.tanh(h * W + x), h), np.zeros(2), xs)
    return np.sum(h) + np.sum(ys)


GRAPHS = {
    "moons_loss": lambda: cr.trace(moons_loss)(*moons_arguments()),
    "moons_gradient": lambda: simplify(cr.trace(cr.grad(moons_loss))(*moons_arguments())),
    "rnn": lambda: cr.trace(rnn)(np.ones(2), np.ones((4, 2))),
    "rnn_gradient": lambda: simplify(cr.trace(cr.grad(rnn))(np.ones(2), np.ones((4, 2)))),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_print_as_their_golden_files(name: str) -> None:
    check_golden(f"{name}.graph", str(GRAPHS[name]()))


def formula_of(function: Any, *args: Any) -> str:
    graph: Graph = simplify(cr.trace(function)(*args))
    return formula(graph.outputs[0])


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: x * x + 1, "(x · x) + 1.0"),
        (lambda x: 1 / np.exp(x), "1.0 / exp(x)"),
        (lambda x: (x + 1) * (x - 1), "(x + 1.0) · (x - 1.0)"),
        (lambda x: np.log(np.abs(x)), "ln(|x|)"),
    ],
)
def test_formulas_are_in_mathematical_notation(function: Any, text: str) -> None:
    assert formula_of(function, 2.0) == text


def test_a_formula_is_cut_at_its_depth_limit() -> None:
    graph = cr.trace(lambda x: np.exp(np.tanh(np.sin(x))))(1.0)
    assert formula(graph.outputs[0], depth=1) == "exp(…)"
