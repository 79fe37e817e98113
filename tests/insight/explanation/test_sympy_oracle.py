"""Printed derivatives, read by SymPy from their text alone, equal those that SymPy derives."""

import re
from typing import Any

import numpy as np
import pytest
import sympy

import chainrule as cr
from chainrule import nn
from chainrule.insight.explanation.explanation import Explanation
from chainrule.insight.notation.text import to_text
from chainrule.nn.activations.activation import ACTIVATIONS
from tests.insight.explanation import printed_formula
from tests.insight.explanation.printed_formula import Reader, read_equation, symbols

FUNCTIONS: list[tuple[Any, float, float]] = [  # with an interval of points
    (lambda x: x**2 * np.sin(x), -2, 2),
    (lambda x: 3.0 * x**3 - x / 2 + np.log(x), 0.1, 2),
    (lambda x: np.exp(-(x**2)) * np.cos(3 * x), -2, 2),
    (lambda x: np.sqrt(1 + x**4) / x, 0.1, 2),
    (lambda x: x**x, 0.1, 2),
    (lambda x: (x + 2) ** x, -1, 2),
    (lambda x: np.maximum(x, 2 * x - 1) ** 3, -2, 2),
    (lambda x: np.minimum(np.sin(x), np.cos(x)), -2, 2),
    (lambda x: 1 / (1 + np.exp(-x)), -2, 2),
    (lambda x: np.log(1 + np.exp(x)), -2, 2),
    (lambda x: np.log(1 + np.exp(-3 * x)) / x, 0.1, 2),
    (lambda x: np.arctan2(x, 2.0) * np.abs(x), -2, 2),
    (lambda x: np.where(x > 0, np.sin(x), x**2), -2, 2),
    (lambda x: np.arctan(x) / np.cosh(x), -2, 2),
    (lambda x: np.sinh(x) * np.tan(x), -1, 1),
    (lambda x: np.arcsin(x) + np.arccos(x**2), -0.9, 0.9),
    (lambda x: np.log1p(x) * np.expm1(x), -0.5, 2),
    (lambda x: np.logaddexp(x, 2 * x), -2, 2),
    (lambda x: 2.0**x, -2, 2),
    (lambda x: 2.0**x * x**2.5, 0.1, 2),
    (lambda x: x - np.tanh(x) ** 3, -2, 2),
    (lambda x: np.tanh(3 * x + 1) / (1 + x**2), -2, 2),
    (lambda x: x**0.3, 0.1, 2),
    (lambda x: np.reciprocal(x) * x**-2.5, 0.1, 2),
    (lambda x: np.clip(x, -1, 1) * x, -2, 2),
    (lambda x: np.exp2(x), -2, 2),
    (lambda x: np.sin(np.cos(np.sin(x))), -2, 2),
    (lambda x: (x + 1) / (x - 1) / (x + 2), -0.5, 0.5),
    (lambda x: x / (1 + x / (1 + x)), 0.1, 2),
    (lambda x: np.sign(x) * x**2, -2, 2),
    (lambda x: np.square(x) * np.negative(x), -2, 2),
    (lambda x: np.exp(x) / (1 + np.exp(x)) ** 2, -2, 2),
    (lambda x: np.log(np.sqrt(x)) ** 2, 0.1, 2),
    (lambda x: np.sqrt(x**2 + 1) * x, -2, 2),
    (lambda x: x * np.abs(x) ** 3, -2, 2),
    (lambda x: np.exp(np.sin(x) / x), 0.1, 2),
    (lambda x: np.sqrt(x + np.sqrt(x)), 0.1, 2),
    (lambda x: (1 - x) ** 5 * (1 + x) ** 3, -2, 2),
    (lambda x: np.sin(x) ** 2 + np.cos(x) ** 2, -2, 2),
    (lambda x: 1 / np.tan(x), 0.1, 1),
    *(
        (lambda x, function=ACTIVATIONS[name]: function(x), -2, 2)
        for name in sorted({*ACTIVATIONS} - {"softmax"})
    ),
]


@pytest.mark.parametrize("place", range(len(FUNCTIONS)))
def test_derivatives_of_functions_are_those_of_sympy(place: int) -> None:
    function, low, high = FUNCTIONS[place]
    x: Any = sympy.Symbol("x", real=True)
    points = np.random.default_rng(place).uniform(low, high, 2)
    explanation = cr.explain(function, points[0])
    read: dict[str, Any] = {"x": x}
    for equation in explanation:
        name = str(equation).split(" = ")[0]
        read[name] = sympy.sympify(read_equation(str(equation), read))
    equal = [(read["∂f/∂x"], read["f"].diff(x))]
    for step in (each for by in explanation.steps for each in by.steps):
        left, right = to_text(step.formula).strip().split("′ = ", 1)
        equal.append((Reader(right, read).value(), Reader(left, read).value().diff(x)))
    for point in points:
        for printed, derived in equal:
            found, expected = (
                float(sympy.sympify(each).subs(x, point)) for each in (printed, derived)
            )
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-9), str(explanation)
        exact = float(cr.grad(function)(point))
        assert float(equal[0][0].subs(x, point)) == pytest.approx(exact, rel=1e-9, abs=1e-9)


NETWORKS: dict[str, tuple[list[nn.Layer], str, Any]] = {
    "sigmoid": ([nn.Dense(2, activation="sigmoid"), nn.Dense(1, activation="sigmoid")], "mse",
                np.array([[0.3], [-1.2]])),
    "tanh-softmax": ([nn.Dense(2, activation="tanh"), nn.Dense(2, activation="softmax", l2=0.01)],
                     "cross_entropy", np.array([0, 1])),
    "relu-logits": ([nn.Dense(2, activation="relu"), nn.Dense(3)], "cross_entropy",
                    np.array([0, 2])),
    "binary": ([nn.Dense(2, activation="tanh"), nn.Dense(1, activation="sigmoid")],
               "binary_cross_entropy", np.array([[0.0], [1.0]])),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_of_networks_are_those_of_sympy(name: str) -> None:
    layers, loss, y = NETWORKS[name]
    net = cr.Network(layers, seed=1)
    net.compile(loss=loss)
    X = np.random.default_rng(0).standard_normal((2, 2))
    explanation = net.explain(X, y)
    letters = {
        "dense.weight": "W¹", "dense.bias": "b¹", "dense_1.weight": "W²", "dense_1.bias": "b²",
    }  # fmt: skip
    rows = y if y.ndim == 2 else np.eye(net.params["dense_1.bias"].size)[y]
    for full, letter in letters.items():  # one unknown, so that SymPy's expressions are short
        read: dict[str, Any] = {"x": X, "y": rows, "N": sympy.Integer(len(X))}
        read |= {other: net.params[each].astype(float) for each, other in letters.items()}
        point = read[letter].ravel()
        read[letter] = symbols(letter, read[letter].shape)
        for equation in explanation:
            read[str(equation).split(" = ")[0]] = read_equation(str(equation), read)
        at = dict(zip(read[letter].flat, point, strict=True))
        loss: Any = np.sum(read["L"])
        derived = [float(loss.diff(each).subs(at)) for each in at]
        found = [float(each.subs(at)) for each in read[f"∂L/∂{letter}"].flat]
        np.testing.assert_allclose(found, derived, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found, np.ravel(explanation[full].value), rtol=1e-9, atol=1e-12)


def test_sums_over_windows_evaluate_to_the_gradients_of_convolutions() -> None:
    random = np.random.default_rng(0)
    net = cr.Network([nn.Conv2D(2, 2), nn.Conv2D(2, 2), nn.Flatten(), nn.Dense(1)], seed=0)
    net.compile(loss="mse")
    X, y = random.standard_normal((2, 4, 4, 1)), random.standard_normal((2, 1))
    explanation = net.explain(X, y)
    read = _values(explanation) | {"x": X}
    for number, name in enumerate(("conv2d", "conv2d_1"), 1):
        read[f"W{'¹²'[number - 1]}"] = net.params[f"{name}.weight"]
        read[f"b{'¹²'[number - 1]}"] = net.params[f"{name}.bias"]
    indexed = re.compile(f"[{''.join(printed_formula.LOWER)}]{{3}} = ")
    checked = [each for each in explanation if indexed.search(str(each))]
    assert len(checked) == 6
    for equation in checked:
        found = read_equation(str(equation), read, equation.value.shape)
        np.testing.assert_allclose(found.astype(float), equation.value, rtol=1e-9, atol=1e-12)


def _values(explanation: Explanation) -> dict[str, Any]:
    """Return the values of all named results, by name as printed."""
    values: dict[str, Any] = {}
    for equation in explanation:
        left = str(equation).split(" = ")[0]
        values[left.rstrip("".join(printed_formula.LOWER))] = equation.value
    return values
