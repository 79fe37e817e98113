"""Equations of a step of training: dropout, batch statistics, weights, penalties, padding."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((12, 4))
LABELS = RANDOM.integers(0, 3, 12)
SERIES = RANDOM.standard_normal((5, 4, 2))
WORDS = RANDOM.integers(1, 9, (5, 4)) * np.array([1, 1, 1, 0])
CLASS_WEIGHTS = np.array([1.0, 2.0, 0.5])


def test_dropout_multiplies_by_a_mask() -> None:
    net = cr.Network([nn.Dense(5, activation="tanh"), nn.Dropout(0.2), nn.Dense(3)], seed=0)
    net.compile(loss="cross_entropy")
    explanation = net.explain(X, LABELS, CLASS_WEIGHTS[LABELS], training=True, seed=1)
    assert list(map(str, explanation)) == [
        "a¹ = tanh(x W¹ + b¹)",
        "a² = 5 m² ⊙ a¹/4",
        "z³ = a² W³ + b³",
        "p = softmax(z³)",
        "L = −(1/N) Σₙ ω ⊙ Σᵢ y ⊙ ln(p)",
        "δ⁴ = ω ⊙ (p − y)/N",
        "∂L/∂W³ = a²ᵀ δ⁴",
        "∂L/∂b³ = Σₙ δ⁴",
        "δ³ = δ⁴ W³ᵀ",
        "δ² = 5 m² ⊙ δ³ ⊙ (1 − a¹²)/4",
        "∂L/∂W¹ = xᵀ δ²",
        "∂L/∂b¹ = Σₙ δ²",
    ]
    with pytest.raises(ArgumentError, match=r"explain: a layer.* give a seed"):
        net.explain(X, LABELS, training=True)


Case = tuple[list[nn.Layer], str, Any, Any]
CASES: list[Case] = [
    ([nn.Dense(5), nn.BatchNorm(), nn.Activation("relu"), nn.GaussianNoise(0.1),
      nn.Dense(3, l2=0.01)], "cross_entropy", X, LABELS),
    ([nn.MultiHeadAttention(2, 2, dropout=0.3), nn.GlobalAvgPool1D(), nn.Dense(1)], "mse", SERIES,
     SERIES[:, 0, :1]),
    ([nn.Embedding(9, 3, mask_zero=True), nn.GRU(2, return_sequences=True), nn.Dense(1)], "mse",
     WORDS, SERIES[:, :, :1]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case[0][0]).__name__)
def test_a_step_of_training_has_the_gradients_of_the_program(case: Case) -> None:
    layers, loss, x, y = case
    net = cr.Network(layers, seed=0)
    net.compile(loss=loss)
    options: dict[str, Any] = {
        "sample_weight": RANDOM.random(len(x)), "training": True, "seed": 2,
    }  # fmt: skip
    explanation = net.explain(x, y, **options)
    gradients = net.gradients(x, y, **options)
    assert all(each.is_confirmed for each in explanation), str(explanation)
    for equation in explanation:
        if equation.parameter:
            np.testing.assert_allclose(
                equation.value, gradients[equation.parameter], rtol=1e-3, atol=1e-6
            )
