"""Layers of sequences: a recurrent step, an LSTM step, attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.insight.lab.exercise import Exercise, Inputs, Mistake
from chainrule.insight.lab.oracles import backward
from chainrule.insight.lab.random_inputs import odd_eighths
from chainrule.nn.activations.bounded import sigmoid, softmax

__all__ = ["SEQUENCES"]


def _recurrent_inputs(rng: np.random.Generator, size: int) -> Inputs:
    width = max(1, size - 1)
    return {
        "x": odd_eighths(rng, size, width),
        "h": odd_eighths(rng, size, size),
        "W": odd_eighths(rng, width, size),
        "U": odd_eighths(rng, size, size) / 2,
        "b": odd_eighths(rng, size),
        "d": odd_eighths(rng, size, size),
    }


def _recurrent_step(x: Any, h: Any, W: Any, U: Any, b: Any) -> Any:
    return np.tanh(x @ W + h @ U + b)


def _lstm_inputs(rng: np.random.Generator, size: int) -> Inputs:
    return {
        "z": odd_eighths(rng, size, 4 * size),
        "c": odd_eighths(rng, size, size),
        "d": odd_eighths(rng, size, size),
    }


def _lstm_step(z: Any, c: Any) -> Any:
    units = c.shape[1]
    i, f, g, o = (z[:, k * units : (k + 1) * units] for k in range(4))
    return sigmoid(o) * np.tanh(sigmoid(f) * c + sigmoid(i) * np.tanh(g))


def _attention_inputs(rng: np.random.Generator, size: int) -> Inputs:
    steps, width = size + 1, size
    return {
        "q": odd_eighths(rng, size, width),
        "k": odd_eighths(rng, steps, width),
        "v": odd_eighths(rng, steps, width),
        "d": odd_eighths(rng, size, width),
    }


def _attention(q: Any, k: Any, v: Any) -> Any:
    return softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v


_LSTM = """\
def lstm_step_backward(z, c, d):
    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    i, f, g, o = np.split(z, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    t = np.tanh(f * c + i * g)
    dc = d * o * (1 - t**2)
    di = dc * g * i * (1 - i)
    df = dc * c * f * (1 - f)
    dg = dc * i * (1 - g**2)
    do = d * t * o * (1 - o)
    return np.concatenate([di, df, dg, do], axis=1), dc * f
"""

_ATTENTION = """\
def attention_backward(q, k, v, d):
    scale = 1 / np.sqrt(q.shape[-1])
    s = q @ k.T * scale
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    dp = d @ v.T
    ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True)) * scale
    return ds @ k, ds.T @ q, p.T @ d
"""

SEQUENCES = (
    Exercise(
        "recurrent_step",
        "layers",
        "Write the backward pass of one step of a simple recurrent layer: from d = ∂L/∂y to the "
        "gradients of input, last state and parameters.",
        "y = tanh(x W + h U + b)\nx: (N, J), h, d: (N, K), W: (J, K), U: (K, K), b: (K,)",
        ("∂L/∂x", "∂L/∂h", "∂L/∂W", "∂L/∂U", "∂L/∂b"),
        "def recurrent_step_backward(x, h, W, U, b, d):\n"
        "    y = np.tanh(x @ W + h @ U + b)\n"
        "    d = d * (1 - y**2)\n"
        "    return d @ W.T, d @ U.T, x.T @ d, h.T @ d, d.sum(axis=0)\n",
        _recurrent_inputs,
        backward(_recurrent_step, "x", "h", "W", "U", "b"),
        (
            Mistake("    d = d * (1 - y**2)\n", "", "the derivative of tanh, 1 - y², is missing"),
            Mistake("y**2", "y", "the square is missing: 1 - y²"),
            Mistake("d @ U.T", "d @ U", "U is transposed: d Uᵀ"),
            Mistake("h.T @ d", "y.T @ d", "∂L/∂U takes the last state, h, not the new one, y"),
        ),
        "with δ = d ⊙ (1 - y²): five products of matrices, as in a dense layer with two inputs",
        points=3,
    ),
    Exercise(
        "lstm_step",
        "layers",
        "Write the backward pass of the gates of an LSTM: from d = ∂L/∂h to the gradients of the "
        "four pre-activations, side by side in z in the order i, f, g, o, and of the last state c.",
        "i, f, o = σ(of their parts of z), g = tanh(of its part)\n"
        "c' = f c + i g, h = o tanh c'\nz: (N, 4 K), c, h, d: (N, K)",
        ("∂L/∂z", "∂L/∂c"),
        _LSTM,
        _lstm_inputs,
        backward(_lstm_step, "z", "c"),
        (
            Mistake("(1 - t**2)", "1", "the derivative of tanh c', 1 - tanh² c', is missing"),
            Mistake("(1 - t**2)", "(1 - t)", "the square is missing: 1 - tanh² c'"),
            Mistake("dc = d * o * ", "dc = d * ", "the output gate o is missing in ∂L/∂c'"),
            Mistake(" * i * (1 - i)", "", "the derivative of the input gate is missing: i (1 - i)"),
            Mistake("dc * c * f", "dc * t * f", "the forget gate multiplies the last state, c"),
            Mistake("(1 - g**2)", "g * (1 - g)", "g is a tanh: its derivative is 1 - g²"),
            Mistake("dc * f\n", "dc\n", "the last state enters through f: ∂L/∂c = ∂L/∂c' f"),
            Mistake("[di, df, dg, do]", "[di, df, do, dg]", "the order of the gates is i, f, g, o"),
        ),
        "first ∂L/∂c' = d o (1 - tanh² c'), then each gate: its factor times its own derivative",
        points=5,
    ),
    Exercise(
        "attention",
        "layers",
        "Write the backward pass of scaled dot-product attention, without a mask: from "
        "d = ∂L/∂y to the gradients of queries, keys and values.",
        "S = q kᵀ / √K, P = softmax(S) by rows, y = P v\nq, y, d: (M, K), k, v: (N, K)",
        ("∂L/∂q", "∂L/∂k", "∂L/∂v"),
        _ATTENTION,
        _attention_inputs,
        backward(_attention, "q", "k", "v"),
        (
            Mistake(
                "keepdims=True)) * scale",
                "keepdims=True))",
                "the factor 1/√K of S is missing in its gradient",
            ),
            Mistake("k.T * scale", "k.T", "the scores are divided by √K"),
            Mistake(
                " - (dp * p).sum(axis=-1, keepdims=True)",
                "",
                "the Jacobian of softmax has two terms: -p Σ dp p is missing",
            ),
            Mistake("ds.T @ q", "ds.T @ k[: len(q)]", "∂L/∂k takes the queries: dSᵀ q"),
            Mistake("p.T @ d", "s.T @ d", "∂L/∂v takes the weights P, not the scores S"),
        ),
        "dP = d vᵀ, dS = P (dP - Σ dP P) / √K by rows; ∂L/∂q = dS k, ∂L/∂k = dSᵀ q, ∂L/∂v = Pᵀ d",
        points=5,
    ),
)
"""Exercises on layers of sequences."""
