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


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


class Classifier:
    def forward(self, W: Any, X: Any) -> Any:
        z1 = X @ W + 1
        self.a1 = sigmoid(z1)
        X = self.a1 - self.a1.mean()
        for _ in range(2):
            X = np.tanh(2 * X)
        return np.sum(X * a_of(self.a1))


def a_of(a: Any) -> Any:
    return a * 3


def names_of(graph: Graph) -> list[str]:
    lines = [line for line in str(graph).splitlines() if " = " in line]
    return [line.split(":")[0].strip() for line in lines]


def test_values_have_the_names_of_the_users_variables_each_once() -> None:
    graph = cr.trace(Classifier().forward)(np.ones(2), np.ones((3, 2)))
    names = names_of(graph)
    assert [name for name in names if len(name) > 1 and name != "X"] == [
        "z1", "a1", "X_1", "X_2", "X_3",
    ]  # fmt: skip
    assert len({"W", "X", *names}) == len(names) + 2


def test_a_derivative_is_called_after_what_it_is_the_derivative_by() -> None:
    graph = cr.trace(cr.value_and_grad(Classifier().forward))(np.ones(2), np.ones((3, 2)))
    for each in (graph, cr.simplify(graph)):
        text = str(each)
        assert text.startswith("graph derivative of forward(")
        assert "identity" not in text
        assert text.splitlines()[-2].split(", ")[1:] == ["d_W"]
        assert {"d_z1", "d_a1", "d_W", "z1", "a1"} <= set(names_of(each))
    params = {"W1": 1.0, "b": [2.0]}
    graph = cr.trace(cr.grad(lambda p, q: p["W1"] * q["W1"] * p["b"][0], (0, 1)))(params, params)
    assert str(graph).splitlines()[-2].strip() == "return d_W1, d_b[0], d_W1_1, 0.0"


def test_an_inner_derivative_has_the_name_that_the_user_gave_it() -> None:
    def outer(x: Any) -> Any:
        derivative = cr.grad(lambda u: u**3)(x)
        return derivative * 2

    assert "derivative" in names_of(cr.trace(outer)(1.0))
    assert "d_x" in names_of(cr.trace(cr.grad(outer))(1.0))


def test_a_loop_names_its_values_after_the_step() -> None:
    def rnn_of(W: Any, xs: Any) -> Any:
        def step(h: Any, x: Any) -> Any:
            z = h * W + x
            return np.tanh(z), z

        last, zs = cr.scan(step, np.zeros(2), xs)
        return np.sum(last) + np.sum(zs)

    plain = str(cr.trace(rnn_of)(np.ones(2), np.ones((3, 2))))
    assert "graph step(W: f64[2], h: f64[2], x: f64[2]) {" in plain
    assert {"z", "last", "zs"} <= set(names_of(cr.trace(rnn_of)(np.ones(2), np.ones((3, 2)))))
    derived = cr.simplify(cr.trace(cr.grad(rnn_of))(np.ones(2), np.ones((3, 2))))
    assert "graph derivative of step(W: f64[2]," in str(derived)
    assert str(derived).splitlines()[-2].strip() == "return d_W"


def test_the_graph_of_a_whole_call_is_not_named_after_its_result() -> None:
    gradient = cr.trace(cr.grad(lambda x: np.exp(np.sin(x))))(1.0)
    small = cr.simplify(gradient)
    assert {"gradient", "small"}.isdisjoint({*names_of(gradient), *names_of(small)})


def test_the_prompt_shows_a_graph_and_of_a_long_one_a_screen():
    short, long = (
        cr.trace(lambda x, n=n: sum(np.sin(x * k) for k in range(n)))(1.0) for n in (3, 90)
    )
    assert repr(short) == str(short)
    lines = repr(long).splitlines()
    assert len(lines) == 40
    assert lines[-3].endswith("more lines; print(graph) shows all")
    assert lines[-1] == "}"
