"""Identities: each leaves the value unchanged, and leads to the form expected."""

from typing import Any

import numpy as np
import pytest

from chainrule.graph.trace import trace_call
from chainrule.insight.notation import layout, rules
from chainrule.insight.notation.evaluation import evaluate
from chainrule.insight.notation.expression import Expression, Name
from chainrule.insight.notation.from_graph import express
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.names import Names, axes_of
from chainrule.insight.notation.text import to_text
from chainrule.insight.notation.typeset import Mark

X = np.random.default_rng(0).standard_normal((4, 3))


def written(function: Any, *args: Any) -> tuple[Expression, tuple[Axis, ...]]:
    graph = trace_call(function, args).graph
    names = Names({node.serial: Name(node.name) for node in graph.inputs})
    axes = axes_of(graph.outputs[0])
    return express(graph.outputs[0], tuple(map(Index.of, axes)), names), axes


SIMPLIFIED: list[tuple[Any, str]] = [
    (lambda x: x - x + 2 * x, "2 x"),
    (lambda x: (1 - x) * x - x * (1 - x) + x, "x"),
    (lambda x: x / 3 + x / 6, "x/2"),
    (lambda x: -2 * (x - np.tanh(x)), "2 (tanh(x) − x)"),
    (lambda x: np.exp(np.log1p(np.exp(x))), "1 + exp(x)"),
    (lambda x: np.exp(x) / (1 + np.exp(x)), "σ(x)"),
    (lambda x: 1 / (1 + np.exp(x)), "1 − σ(x)"),
    (lambda x: np.exp(x - x.max(1)[:, None]) / np.exp(x - x.max(1)[:, None]).sum(1)[:, None],
     "softmax(x)"),
    (lambda x: np.where(x > 0, x, 0), "max(0, x)"),
    (lambda x: x * 2 @ np.ones((3, 3)) * 0 + x, "x"),
    (lambda x: np.minimum(np.maximum(x, -1000.0), 1000.0) ** 2, "x²"),
    (lambda x: x.T.T @ x.T @ x, None),
]  # fmt: skip


@pytest.mark.parametrize(("function", "text"), SIMPLIFIED)
def test_simplification_keeps_the_value(function: Any, text: str | None) -> None:
    expression, axes = written(function, X)
    simple, _ = rules.simplify(expression)
    found = evaluate(simple, axes, {Name("x"): X}, len(X))
    np.testing.assert_allclose(found, function(X), rtol=1e-12, atol=1e-14)
    if text is not None:
        assert to_text(layout.equation(Mark("f"), simple, axes)) == f"f = {text}"


INDEXED: list[tuple[Any, str]] = [
    (lambda x: x @ x.T, "f = x xᵀ"),
    (lambda x: x.T @ x, "f = xᵀ x"),
    (lambda x: x @ x[0], "f = x x₀"),
    (lambda x: x[:, 0] @ x, "fᵢ = Σⱼ xⱼ₀ xⱼᵢ"),
    (lambda x: x[1:] - x[:-1], "fᵢⱼ = x_{i+1, j} − xᵢⱼ"),
    (lambda x: x[::-1], "fᵢⱼ = x_{−i+3, j}"),
    (lambda x: x.sum(0), "f = Σⱼ x"),
    (lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, 0).sum(-1), "fᵢⱼ = Σₖ x_{i+k, j}"),
    (lambda x: x.reshape(2, 2, 3)[1], "fᵢⱼ = x_{i+2, j}"),
    (lambda x: x[:3], "fᵢⱼ = xᵢⱼ"),
    (lambda x: np.pad(x, ((1, 1), (0, 0))), "fᵢⱼ = x_{i−1, j}"),
    (lambda x: x - x.mean(0), "f = x − (1/4) Σₖ x"),
    (lambda x: x - x.mean(1)[:, None], "fᵢⱼ = xᵢⱼ − (1/3) Σₖ xᵢₖ"),
    (lambda x: x.reshape(-1), "f = vec(x)"),
    (lambda x: np.maximum(x, 0).reshape(2, 6), "fᵢⱼ = Σ_{3k+l=6i+j} max(xₖₗ, 0)"),
    (lambda x: np.arange(3.0) * x, "fᵢⱼ = j xᵢⱼ"),
    (lambda x: np.tri(4, 3) * x, "fᵢⱼ = [j ≤ i] xᵢⱼ"),
    (lambda x: np.eye(4, 3) * x, "fᵢⱼ = [i = j] xᵢⱼ"),
]


@pytest.mark.parametrize(("function", "text"), INDEXED)
def test_arrays_are_written_in_matrices_where_they_can_be(function: Any, text: str) -> None:
    expression, axes = written(function, X)
    assert to_text(layout.equation(Mark("f"), expression, axes)) == text
    found = evaluate(expression, axes, {Name("x"): X}, len(X))
    np.testing.assert_allclose(found, function(X), rtol=1e-13)
