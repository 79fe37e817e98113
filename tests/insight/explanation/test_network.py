"""Equations of networks: those of the textbooks, and proved."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, ChainruleError
from chainrule.insight.explanation.explanation import Explanation

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((6, 4))
LABELS = np.array([0, 1, 2, 0, 1, 2])
NUMBERS = RANDOM.standard_normal((6, 1))
IMAGES = RANDOM.random((4, 6, 6, 1))
SERIES = RANDOM.standard_normal((5, 4, 2))
WORDS = RANDOM.integers(0, 9, (5, 4))


def explained(layers: list[Any], loss: str, X: Any, y: Any) -> Explanation:
    net = cr.Network(layers, seed=0)
    net.compile(loss=loss)
    return net.explain(X, y)


TEXTBOOK = {
    "sigmoid": (
        ["sigmoid", "sigmoid", 1, "mse", NUMBERS],
        """
        a¹ = σ(x W¹ + b¹)
        ŷ = σ(a¹ W² + b²)
        L = (1/N) Σₙ (ŷ − y)²
        δ³ = 2 (ŷ − y) ⊙ ŷ ⊙ (1 − ŷ)/N
        ∂L/∂W² = a¹ᵀ δ³
        ∂L/∂b² = Σₙ δ³
        δ² = a¹ ⊙ (1 − a¹) ⊙ (δ³ W²ᵀ)
        ∂L/∂W¹ = xᵀ δ²
        ∂L/∂b¹ = Σₙ δ²
        """,
    ),
    "tanh-softmax": (
        ["tanh", "softmax", 3, "cross_entropy", LABELS],
        """
        a¹ = tanh(x W¹ + b¹)
        p = softmax(a¹ W² + b²)
        L = −(1/N) Σₙᵢ y ⊙ ln(p)
        δ³ = (p − y)/N
        ∂L/∂W² = a¹ᵀ δ³
        ∂L/∂b² = Σₙ δ³
        δ² = (1 − a¹²) ⊙ (δ³ W²ᵀ)
        ∂L/∂W¹ = xᵀ δ²
        ∂L/∂b¹ = Σₙ δ²
        """,
    ),
    "relu-logits": (
        ["relu", None, 3, "cross_entropy", LABELS],
        """
        z¹ = x W¹ + b¹
        a¹ = max(0, z¹)
        z² = a¹ W² + b²
        p = softmax(z²)
        L = −(1/N) Σₙᵢ y ⊙ ln(p)
        δ³ = (p − y)/N
        ∂L/∂W² = a¹ᵀ δ³
        ∂L/∂b² = Σₙ δ³
        δ² = [z¹ > 0] ⊙ (δ³ W²ᵀ)
        ∂L/∂W¹ = xᵀ δ²
        ∂L/∂b¹ = Σₙ δ²
        """,
    ),
    "binary": (
        ["tanh", "sigmoid", 1, "binary_cross_entropy", np.abs(NUMBERS) > 0.5],
        """
        a¹ = tanh(x W¹ + b¹)
        p = σ(a¹ W² + b²)
        L = −(1/N) Σₙ (y ⊙ ln(p) + (1 − y) ⊙ ln(1 − p))
        δ³ = (p − y)/N
        ∂L/∂W² = a¹ᵀ δ³
        ∂L/∂b² = Σₙ δ³
        δ² = (1 − a¹²) ⊙ (δ³ W²ᵀ)
        ∂L/∂W¹ = xᵀ δ²
        ∂L/∂b¹ = Σₙ δ²
        """,
    ),
}


@pytest.mark.parametrize("name", TEXTBOOK)
def test_two_layer_networks_have_the_equations_of_textbooks(name: str) -> None:
    (hidden, last, units, loss, y), expected = TEXTBOOK[name]
    layers = [nn.Dense(5, activation=hidden), nn.Dense(units, activation=last)]
    explanation = explained(layers, loss, X, y)
    assert [str(each) for each in explanation] == [
        line.strip() for line in expected.strip().splitlines()
    ]
    named = {str(each): each.simplifications for each in explanation}.get("δ³ = (p − y)/N", ())
    assert not named or named[0] in (
        "softmax with cross_entropy",
        "sigmoid with binary_cross_entropy",
    )


def test_an_activation_reads_the_same_as_a_layer_of_its_own() -> None:
    one = explained([nn.Dense(5, activation="tanh"), nn.Dense(1)], "mse", X, NUMBERS)
    two = explained([nn.Dense(5), nn.Activation("tanh"), nn.Dense(1)], "mse", X, NUMBERS)
    assert list(map(str, one)) == list(map(str, two))


PROVED: list[tuple[list[Any], str, Any, Any]] = [
    ([nn.Conv2D(2, 3, activation="relu"), nn.Flatten(), nn.Dense(3)], "cross_entropy", IMAGES,
     LABELS[:4]),
    ([nn.Conv2D(2, 3, padding="same", strides=2), nn.MaxPool2D(2), nn.Flatten(), nn.Dense(1)],
     "mae", IMAGES, NUMBERS[:4]),
    ([nn.Embedding(9, 3), nn.GlobalAvgPool1D(), nn.Dense(1)], "mse", WORDS, NUMBERS[:5]),
    ([nn.LayerNorm(), nn.Dense(3, activation="gelu"), nn.BatchNorm(), nn.Dense(1)], "huber", X,
     NUMBERS),
    ([nn.RNN(3), nn.Dense(1)], "mse", SERIES, NUMBERS[:5]),
    ([nn.GRU(2, return_sequences=True), nn.LSTM(2), nn.Dense(1)], "mse", SERIES, NUMBERS[:5]),
    ([nn.MultiHeadAttention(2, 2), nn.GlobalAvgPool1D(), nn.Dense(1)], "mse", SERIES, NUMBERS[:5]),
    ([nn.TimeDistributed(nn.Dense(3, activation="tanh")), nn.GlobalAvgPool1D(), nn.Dense(1)],
     "mse", SERIES, NUMBERS[:5]),
    ([nn.Bidirectional(nn.RNN(2)), nn.Normalization(0.0, 1.0), nn.Dense(1)], "mse", SERIES,
     NUMBERS[:5]),
    ([nn.Dense(3, activation="elu"), nn.Dense(1, activation="softplus")], "poisson", X,
     np.abs(NUMBERS).round()),
]  # fmt: skip


@pytest.mark.parametrize("case", PROVED, ids=lambda case: type(case[0][0]).__name__)
def test_each_printed_formula_has_the_value_of_the_program(case: Any) -> None:
    explanation = explained(*case)
    assert sum(bool(each.parameter) for each in explanation) >= 2
    for equation in explanation:
        assert equation.certificate is not None
        assert equation.certificate.formula_error < 1e-12, str(equation)
        if equation.certificate.difference_error is not None:
            assert equation.certificate.difference_error < 1e-6, str(equation)
        assert max(map(len, str(equation).splitlines())) < 700


def test_a_recurrence_is_stated_as_one() -> None:
    equations = list(map(str, explained([nn.RNN(3), nn.Dense(1)], "mse", SERIES, NUMBERS[:5])))
    assert "h¹ₜ = tanh(xₜ W¹ + b¹ + h¹ₜ₋₁ U¹)" in equations
    assert "∂L/∂U¹ = Σₜ h¹ₜ₋₁ᵀ δ²_{z, t}" in equations


def test_attention_is_stated_in_queries_keys_and_values() -> None:
    layers = [nn.MultiHeadAttention(1, 2), nn.GlobalAvgPool1D(), nn.Dense(1)]
    explanation = explained(layers, "mse", SERIES, NUMBERS[:5])
    equations = list(map(str, explanation))
    for wanted in (
        "Q¹ = x W¹_Q + b¹_Q",
        "S¹ = Q¹ K¹ᵀ/√2",
        "A¹ = softmax(S¹)",
        "a¹ = (A¹ V¹) W¹_O + b¹_O",
        "δ²_V = A¹ᵀ (δ² W¹_Oᵀ)",
        "∂L/∂b¹_V = Σₙⱼ δ²_V",
    ):
        assert wanted in equations
    assert all(each.is_confirmed for each in explanation)


def test_a_convolution_is_stated_as_a_sum_over_windows() -> None:
    layers = [nn.Conv2D(2, 3), nn.Conv2D(2, 2), nn.Flatten(), nn.Dense(1)]
    equations = list(map(str, explained(layers, "mse", IMAGES, NUMBERS[:4])))
    assert "a²ₙᵢⱼₖ = Σₗₘₚ a¹_{n, i+m, j+p, l} W²ₘₚₗₖ + b²ₖ" in equations
    assert "δ²ₙᵢⱼₖ = Σₗₘₚ δ³_{n, i−l, j−m, p} W²ₗₘₖₚ" in equations


POOLED = {
    "non-overlapping": (
        [nn.MaxPool2D(2)],
        "a²ₙᵢⱼₖ = maxₗₘ a¹_{n, 2i+l, 2j+m, k}",
        "δ²_{n, 2i+j, 2k+l, m} = δ³ₙᵢₖₘ [(j, l) = argmax_{p, q} a¹_{n, 2i+p, 2k+q, m}]",
    ),
    "overlapping": (
        [nn.MaxPool2D(3, strides=2)],
        "a²ₙᵢⱼₖ = maxₗₘ a¹_{n, 2i+l, 2j+m, k}",
        "δ²ₙᵢⱼₖ = Σ_{2l+p=i, 2m+q=j} δ³ₙₗₘₖ [(p, q) = argmaxᵣₛ a¹_{n, 2l+r, 2m+s, k}]",
    ),
    "average": (
        [nn.AvgPool2D(2)],
        "a²ₙᵢⱼₖ = (1/4) Σₗₘ a¹_{n, 2i+l, 2j+m, k}",
        "δ²_{n, 2i+j, 2k+l, m} = δ³ₙᵢₖₘ/4",
    ),
    "overlapping average": (
        [nn.AvgPool2D(3, strides=2)],
        "a²ₙᵢⱼₖ = (1/9) Σₗₘ a¹_{n, 2i+l, 2j+m, k}",
        "δ²ₙᵢⱼₖ = (1/9) Σ_{2l+p=i, 2m+q=j} δ³ₙₗₘₖ",
    ),
    "global": (
        [nn.GlobalMaxPool2D()],
        "a² = maxⱼₖ a¹",
        "δ²ₙᵢⱼₖ = δ³ₙₖ [(i, j) = argmaxₗₘ a¹ₙₗₘₖ]",
    ),
}


@pytest.mark.parametrize("kind", POOLED)
def test_the_gradient_of_a_maximum_goes_to_its_first_place(kind: str) -> None:
    layers, forward, backward = POOLED[kind]
    flat = [] if kind == "global" else [nn.Flatten()]
    layers = [nn.Conv2D(2, 1), *layers, *flat, nn.Dense(1)]
    explanation = explained(layers, "mse", IMAGES, NUMBERS[:4])
    written = list(map(str, explanation))
    assert forward in written
    assert backward in written
    assert all(each.is_confirmed for each in explanation)


def test_rows_that_are_looked_up_get_the_sum_of_their_derivatives() -> None:
    layers = [nn.Embedding(9, 3), nn.GlobalAvgPool1D(), nn.Dense(1)]
    written = list(map(str, explained(layers, "mse", WORDS, NUMBERS[:5])))
    assert "a¹ₙᵢⱼ = W¹_{xₙᵢ, j}" in written
    assert "∂L/∂W¹ᵢⱼ = Σ_{xₙₖ=i} δ²ₙₖⱼ" in written


def test_a_causal_mask_is_a_condition_on_steps() -> None:
    layers = [nn.MultiHeadAttention(1, 2, causal=True), nn.GlobalAvgPool1D(), nn.Dense(1)]
    written = list(map(str, explained(layers, "mse", SERIES, NUMBERS[:5])))
    assert "S¹ₙⱼₖ = {(1/√2) Σₗ Q¹ₙⱼₗ K¹ₙₖₗ if k ≤ j; −∞ otherwise}" in written
    assert "δ²_{Q, n, i, j} = (1/√2) Σₖ δ²_{S, n, i, k} [k ≤ i] K¹ₙₖⱼ" in written


def test_a_derivative_of_joined_axes_has_its_name_in_further_equations() -> None:
    layers = [nn.Conv2D(2, 1), nn.BatchNorm(), nn.MaxPool2D(2), nn.Flatten(), nn.Dense(1)]
    explanation = explained(layers, "mse", IMAGES, NUMBERS[:4])
    written = list(map(str, explanation))
    assert "a² = γ² ⊙ (a¹ − μ²)/√(v² + 1/1000) + b²" in written
    assert "∂L/∂b² = Σₙⱼₖ δ³" in written
    assert [each.shape for each in explanation if str(each).startswith("δ³")] == ["(N, 6, 6, 2)"]
    assert all(each.is_confirmed for each in explanation)


def test_heads_are_blocks_that_are_joined() -> None:
    layers = [nn.MultiHeadAttention(2, 2), nn.GlobalAvgPool1D(), nn.Dense(1)]
    explanation = explained(layers, "mse", SERIES, NUMBERS[:5])
    written = list(map(str, explanation))
    for wanted in (
        "S¹ₕ = Q¹ₕ K¹ₕᵀ/√2",
        "A¹ = softmax(S¹)",
        "a¹ = concatₕ(A¹ₕ V¹ₕ) W¹_O + b¹_O",
        "δ²_{S, n, i, j, k} = (δ²_{A, n, i, j, k} − Σₗ δ²_{A, n, i, j, l} A¹ₙᵢⱼₗ) A¹ₙᵢⱼₖ",
        "δ²_{Q, h} = δ²_{S, h} K¹ₕ/√2",
        "δ²_{K, h} = δ²_{S, h}ᵀ Q¹ₕ/√2",
        "δ²_{V, h} = A¹ₕᵀ (δ² W¹_{O, h}ᵀ)",
        "∂L/∂W¹_Q = Σₙ xₙᵀ δ²_{Q, n}",
    ):
        assert wanted in written
    assert all(each.is_confirmed for each in explanation)


def test_the_layers_within_a_layer_have_equations_of_their_own() -> None:
    layers = [nn.Dense(3), nn.Residual([nn.Dense(3, activation="relu"), nn.Dense(3)]), nn.Dense(1)]
    explanation = explained(layers, "mse", X, NUMBERS)
    written = list(map(str, explanation))
    assert written[1:5] == [
        "z²₀ = a¹ W²₀ + b²₀", "a²₀ = max(0, z²₀)", "a²₁ = a²₀ W²₁ + b²₁", "a² = a¹ + a²₁",
    ]  # fmt: skip
    for wanted in (
        "δ³₀ = [z²₀ > 0] ⊙ (δ³ W²₁ᵀ)",
        "∂L/∂W²₀ = a¹ᵀ δ³₀",
        "∂L/∂W²₁ = a²₀ᵀ δ³",
        "δ² = δ³ + δ³₀ W²₀ᵀ",
    ):
        assert wanted in written
    assert all(each.is_confirmed for each in explanation)


class Gated(nn.Layer):
    """A layer of a user's own."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.alpha = self.parameter("alpha", (shape[-1], 2))
        self.gate_weight = self.parameter("gate_weight", (shape[-1], 2))

    def forward(self, x: Any) -> Any:
        return np.tanh(x @ self.alpha) * np.exp(-((x @ self.gate_weight) ** 2))


def test_a_layer_of_the_users_own_is_explained_like_any_other() -> None:
    explanation = explained([Gated(), nn.Dense(1)], "mse", X, NUMBERS)
    assert str(next(iter(explanation))) == "a¹ = tanh(x α¹) ⊙ exp(−(x W¹_gate)²)"
    gradient = explanation["gated.alpha"]
    assert gradient.certificate is not None
    assert gradient.certificate.formula_error < 1e-12


def test_the_name_of_a_parameter_gives_the_chain_that_leads_to_it() -> None:
    net = cr.Network([nn.Dense(5, activation="tanh"), nn.Dense(3, activation="softmax")], seed=0)
    net.compile(loss="cross_entropy")
    net(X)
    backward = [x for part in net.explain("dense.weight").gradients for x in part.equations]
    assert list(map(str, backward)) == [
        "δ³ = (p − y)/N", "δ² = (1 − a¹²) ⊙ (δ³ W²ᵀ)", "∂L/∂W¹ = xᵀ δ²",
    ]  # fmt: skip
    with pytest.raises(ArgumentError, match=r"trains no parameter 'dense.wieght'; .*dense.weight"):
        net.explain("dense.wieght")


def test_what_explain_cannot_do_is_refused_with_a_remedy() -> None:
    net = cr.Network([nn.Dense(1)])
    with pytest.raises(ArgumentError, match=r"explain: .* call net.compile"):
        net.explain(X, NUMBERS)
    net.compile(loss="mse")
    with pytest.raises(ArgumentError, match=r"not built yet; call net\(X\) first"):
        net.explain("dense.weight")
    net(X)
    refused: list[tuple[tuple[Any, ...], str]] = [
        ((X,), r"y is missing; .*net.explain\(X, y\)"),
        ((X, ["a"] * 6), "y holds text, but the loss mse takes numbers"),
        (("dense",), "the layer has 'dense.weight', 'dense.bias'"),
        (("dense.weight", NUMBERS), r"net.explain\(X, y\).chain_to\('dense.weight'\)"),
    ]
    for args, message in refused:
        with pytest.raises(ChainruleError, match=message):
            net.explain(*args)
    assert str(net.explain(X, NUMBERS).chain_to("dense.weight")).startswith("The gradient by")
    assert net.explain("dense.weight")["dense.weight"].text() == "∂L/∂W¹ = xᵀ δ²"


def test_an_explanation_is_a_document_and_a_page() -> None:
    from xml.etree import ElementTree as ET

    explanation = explained([nn.LSTM(2), nn.Dense(1)], "huber", SERIES, NUMBERS[:5])
    assert all(text in str(explanation) for text in ("Layer 1: lstm", "Backward", "N = 5"))
    page = explanation._repr_html_()
    formulas = [part.split("</math>")[0] for part in page.split("<math")[1:]]
    assert len(formulas) == len(list(explanation))
    for each in formulas:
        ET.fromstring(f"<math{each}</math>")
    latex = explanation.latex()
    assert latex.isascii()
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
    assert latex.count(r"\begin") == latex.count(r"\end")


def test_what_is_beside_a_padded_array_of_one_row_is_zero() -> None:
    layers = [nn.Dense(2), nn.ODE([nn.Dense(2)], steps=1, method="euler"), nn.Dense(1)]
    assert all(each.is_confirmed for each in explained(layers, "mse", X, NUMBERS))


class Squared(nn.Layer):
    """A layer whose hand-written derivative is wrong."""

    def forward(self, x: Any) -> Any:
        square = cr.custom_vjp(lambda x: (x**2, x), lambda x, cotangent: (3 * x * cotangent,))
        return square(x)


def test_a_wrong_derivative_is_not_confirmed_nor_are_those_computed_from_it() -> None:
    layers = [nn.Dense(3, activation="tanh"), nn.Dense(2), Squared(), nn.Dense(1)]
    explanation = explained(layers, "mse", X, NUMBERS)
    wrong = [each.parameter for each in explanation if not each.is_confirmed and each.parameter]
    assert wrong == ["dense_1.weight", "dense_1.bias", "dense.weight", "dense.bias"]
    assert all(explanation[f"dense_2.{each}"].is_confirmed for each in ("weight", "bias"))
