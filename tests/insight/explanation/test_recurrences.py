"""Recurrent layers: the equations of textbooks, for the library's cells and for a user's own."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.insight.explanation.explanation import Explanation

RANDOM = np.random.default_rng(0)
SERIES = RANDOM.standard_normal((5, 4, 2))
NUMBERS = RANDOM.standard_normal((5, 1))


def explained(*layers: Any) -> Explanation:
    net = cr.Network(list(layers), seed=0)
    net.compile(loss="mse")
    return net.explain(SERIES, NUMBERS)


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


LSTM = """
    h¹₋₁ = 0
    c¹₋₁ = 0
    i¹ₜ = σ(xₜ W¹ᵢ + b¹ᵢ + h¹ₜ₋₁ U¹ᵢ)
    f¹ₜ = σ(xₜ W¹_f + b¹_f + h¹ₜ₋₁ U¹_f)
    o¹ₜ = σ(xₜ W¹ₒ + b¹ₒ + h¹ₜ₋₁ U¹ₒ)
    g¹ₜ = tanh(xₜ W¹_g + b¹_g + h¹ₜ₋₁ U¹_g)
    c¹ₜ = f¹ₜ ⊙ c¹ₜ₋₁ + i¹ₜ ⊙ g¹ₜ
    h¹ₜ = o¹ₜ ⊙ tanh(c¹ₜ)
    a¹ = h¹₃
    ŷ = a¹ W² + b²
    L = (1/N) Σₙ (ŷ − y)²
    δ³ = 2 (ŷ − y)/N
    ∂L/∂W² = a¹ᵀ δ³
    ∂L/∂b² = Σₙ δ³
    δ² = δ³ W²ᵀ
    δ²ₕ₃ = δ²
    δ²_{c, t} = δ²_{c, t+1} ⊙ f¹ₜ₊₁ + δ²ₕₜ ⊙ o¹ₜ ⊙ (1 − tanh(c¹ₜ)²)
    δ²_{g, t} = δ²_{c, t} ⊙ i¹ₜ ⊙ (1 − g¹ₜ²)
    δ²ₒₜ = δ²ₕₜ ⊙ tanh(c¹ₜ) ⊙ o¹ₜ ⊙ (1 − o¹ₜ)
    δ²_{f, t} = δ²_{c, t} ⊙ c¹ₜ₋₁ ⊙ f¹ₜ ⊙ (1 − f¹ₜ)
    δ²ᵢₜ = δ²_{c, t} ⊙ g¹ₜ ⊙ i¹ₜ ⊙ (1 − i¹ₜ)
    δ²_{h, t−1} = concat(δ²ᵢₜ, δ²_{f, t}, δ²_{g, t}, δ²ₒₜ) U¹ᵀ
    ∂L/∂W¹ = Σₜ xₜᵀ concat(δ²ᵢₜ, δ²_{f, t}, δ²_{g, t}, δ²ₒₜ)
    ∂L/∂U¹ = Σₜ h¹ₜ₋₁ᵀ concat(δ²ᵢₜ, δ²_{f, t}, δ²_{g, t}, δ²ₒₜ)
    ∂L/∂b¹ = Σₜ Σₙ concat(δ²ᵢₜ, δ²_{f, t}, δ²_{g, t}, δ²ₒₜ)
"""

GRU = """
    z¹ₜ = σ(xₜ W¹_z + b¹_z + h¹ₜ₋₁ U¹_z)
    r¹ₜ = σ(xₜ W¹ᵣ + b¹ᵣ + h¹ₜ₋₁ U¹ᵣ)
    g¹ₜ = tanh(xₜ W¹_g + b¹_g + r¹ₜ ⊙ (h¹ₜ₋₁ U¹_g + b¹_recurrent))
    h¹ₜ = g¹ₜ + z¹ₜ ⊙ (h¹ₜ₋₁ − g¹ₜ)
    δ²_{g, t} = δ²ₕₜ ⊙ (1 − z¹ₜ) ⊙ (1 − g¹ₜ²)
    δ²ᵣₜ = δ²_{g, t} ⊙ (h¹ₜ₋₁ U¹_g + b¹_recurrent) ⊙ r¹ₜ ⊙ (1 − r¹ₜ)
    δ²_{z, t} = δ²ₕₜ ⊙ (h¹ₜ₋₁ − g¹ₜ) ⊙ z¹ₜ ⊙ (1 − z¹ₜ)
    δ²_{h, t−1} = δ²ₕₜ ⊙ z¹ₜ + concat(δ²_{z, t}, δ²ᵣₜ, δ²_{g, t} ⊙ r¹ₜ) U¹ᵀ
    ∂L/∂W¹ = Σₜ xₜᵀ concat(δ²_{z, t}, δ²ᵣₜ, δ²_{g, t})
    ∂L/∂U¹ = Σₜ h¹ₜ₋₁ᵀ concat(δ²_{z, t}, δ²ᵣₜ, δ²_{g, t} ⊙ r¹ₜ)
"""

OWN = """
    z¹ₜ = xₜ W¹ + h¹ₜ₋₁ U¹
    g¹ₜ = z¹_{g, t}
    i¹ₜ = σ(z¹ᵢₜ)
    f¹ₜ = σ(z¹_{f, t})
    c¹ₜ = f¹ₜ ⊙ c¹ₜ₋₁ + i¹ₜ ⊙ tanh(g¹ₜ)
    h¹ₜ = tanh(c¹ₜ)
    δ²_{c, t} = δ²_{c, t+1} ⊙ f¹ₜ₊₁ + δ²ₕₜ ⊙ (1 − h¹ₜ²)
    δ²_{g, t} = δ²_{c, t} ⊙ i¹ₜ ⊙ (1 − tanh(g¹ₜ)²)
    δ²_{f, t} = δ²_{c, t} ⊙ c¹ₜ₋₁ ⊙ f¹ₜ ⊙ (1 − f¹ₜ)
    δ²ᵢₜ = δ²_{c, t} ⊙ tanh(g¹ₜ) ⊙ i¹ₜ ⊙ (1 − i¹ₜ)
    δ²_{z, t} = concat(δ²ᵢₜ, δ²_{f, t}, δ²_{g, t})
    ∂L/∂W¹ = Σₜ xₜᵀ δ²_{z, t}
"""


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


class Cell(nn.Layer):
    """A recurrent layer of a user's own, with the split of one product."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.W = self.parameter("W", (shape[-1], 9))
        self.U = self.parameter("U", (3, 9))

    def forward(self, x: Any) -> Any:
        def step(state: Any, x: Any) -> Any:
            h, c = state
            z = x @ self.W + h @ self.U
            i, f, g = np.split(z, 3, axis=1)
            i = sigmoid(i)
            f = sigmoid(f)
            c = f * c + i * np.tanh(g)
            h = np.tanh(c)
            return (h, c), None

        start = np.zeros((len(x), 3))
        (h, _), _ = cr.scan(step, (start, start), np.swapaxes(x, 0, 1))
        return h


@pytest.mark.parametrize(
    ("layer", "expected"), [(nn.LSTM(3), LSTM), (nn.GRU(3), GRU), (Cell(), OWN)],
    ids=["LSTM", "GRU", "own"],
)  # fmt: skip
def test_gated_cells_have_the_equations_of_textbooks(layer: Any, expected: str) -> None:
    explanation = explained(layer, nn.Dense(1))
    written = list(map(str, explanation))
    assert [each for each in written if each in lines(expected)] == lines(expected)
    assert all(each.is_confirmed for each in explanation)


def test_a_derivative_through_later_steps_has_none_beyond_the_last() -> None:
    layers = nn.LSTM(2, return_sequences=True), nn.GRU(2, go_backwards=True), nn.Dense(1)
    explanation = explained(*layers)
    assert all(each.is_confirmed for each in explanation)
    cell = next(each for each in explanation if str(each).startswith("δ²_{c, t} = δ²_{c, t+1}"))
    assert cell.simplifications == ("δ²_c is 0 beyond the last step",)
    assert "h²₄ = 0" in map(str, explanation)
    assert "δ³ₕ₀ = δ³" in map(str, explanation)


def test_the_directions_of_a_bidirectional_layer_are_arrows() -> None:
    explanation = explained(nn.Bidirectional(nn.RNN(2)), nn.Dense(1))
    equations = list(map(str, explanation))
    assert "h¹_{→, t} = tanh(xₜ W¹_→ + b¹_→ + h¹_{→, t−1} U¹_→)" in equations
    assert "∂L/∂U¹_← = Σₜ h¹_{←, t+1}ᵀ δ²_{z←, t}" in equations
    assert explanation.latex().isascii()
    assert all(each.is_confirmed for each in explanation)


def test_a_loop_within_a_loop_is_a_recurrence_of_two_steps() -> None:
    def nested(x: Any, U: Any) -> Any:
        def outer(h: Any, row: Any) -> Any:
            def inner(g: Any, _: Any) -> Any:
                g = np.tanh(g @ U + row)
                return g, None

            g, _ = cr.scan(inner, h, None, length=3)
            return g, np.sum(g)

        _, sums = cr.scan(outer, np.zeros(2), x)
        return np.sum(sums)

    explanation = cr.explain(nested, SERIES[0], RANDOM.standard_normal((2, 2)))
    written = list(map(str, explanation))
    for wanted in (
        "g_{t, −1} = hₜ₋₁",
        "hₜ = gₜ₂",
        "δ_{g, t, 2} = δₕₜ + δ_{sums, t}",
        "δ_{z, t, s} = δ_{g, t, s} ⊙ (1 − gₜₛ²)",
        "δ_{h, t−1} = δ_{g, t, −1}",
    ):
        assert wanted in written
    assert all(each.is_confirmed for each in explanation)


def test_the_stages_of_a_runge_kutta_step_are_equations() -> None:
    field = nn.ODE([nn.Dense(2, activation="tanh")], steps=3, method="rk4")
    net = cr.Network([nn.Dense(2), field, nn.Dense(1)], seed=0)
    net.compile(loss="mse")
    explanation = net.explain(RANDOM.standard_normal((6, 3)), RANDOM.standard_normal((6, 1)))
    written = list(map(str, explanation))
    assert "rows^{2′′}ₜₛ = rows²′_{t, s−1} + tanh(scores²ₜₛ + b²)/6" in written
    assert "rows²′ₜᵢ = rows²′_{t, i−1} + s²_{1, t, i}/3" in written
    assert all(each.is_confirmed for each in explanation)


def test_one_layer_on_each_step_is_a_product_with_each_sample() -> None:
    net = cr.Network([nn.RNN(3, return_sequences=True), nn.TimeDistributed(nn.Dense(1))], seed=0)
    net.compile(loss="mse")
    explanation = net.explain(SERIES, RANDOM.standard_normal((5, 4, 1)))
    written = list(map(str, explanation))
    for wanted in ("ŷ = a¹ W² + b²", "∂L/∂W² = Σₙ a¹ₙᵀ δ³ₙ", "∂L/∂b² = Σₙⱼ δ³"):
        assert wanted in written
    assert all(each.is_confirmed for each in explanation)
