"""Layers: dense, flatten, dropout, embedding, and the gradient of a broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.insight.lab.exercise import Exercise, Inputs, Mistake
from chainrule.insight.lab.oracles import backward, layer
from chainrule.insight.lab.random_inputs import odd_eighths

__all__ = ["LAYERS"]


def _dense(rng: np.random.Generator, size: int) -> Inputs:
    rows, width, units = size, max(1, size - 1), size
    return {
        "x": odd_eighths(rng, rows, width),
        "W": odd_eighths(rng, width, units),
        "b": odd_eighths(rng, units),
        "d": odd_eighths(rng, rows, units),
    }


def _dense_forward(x: Any, W: Any, b: Any) -> Any:
    return x @ W + b


def _dropped(x: Any, u: Any, rate: float) -> Any:
    return np.where(u >= rate, x / (1 - rate), 0)


def _dropout_inputs(rng: np.random.Generator, size: int) -> Inputs:
    x, d = odd_eighths(rng, size, size), odd_eighths(rng, size, size)
    u = rng.integers(0, 8, (size, size)) / 8 + 1 / 16
    return {"x": x, "u": u, "rate": 0.25 if size % 2 else 0.5, "d": d}


def _flatten_inputs(rng: np.random.Generator, size: int) -> Inputs:
    shape = (size, max(1, size - 1), 2, 2) if size > 1 else (1, 1, 1, 1)
    return {"x": odd_eighths(rng, *shape), "d": odd_eighths(rng, len(range(size)), _product(shape))}


def _product(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape[1:]))


def _embedding_inputs(rng: np.random.Generator, size: int) -> Inputs:
    return {
        "ids": rng.integers(0, size, size + 1),
        "W": odd_eighths(rng, size, 2),
        "d": odd_eighths(rng, size + 1, 2),
    }


LAYERS = (
    Exercise(
        "broadcast_sum",
        "layers",
        "A bias b is added to each row of x: it is broadcast. From d = ∂L/∂y write ∂L/∂b.",
        "y = x + b\nx, d: (N, K), b, ∂L/∂b: (K,)",
        ("∂L/∂b",),
        "def broadcast_sum(d):\n    return d.sum(axis=0)\n",
        lambda rng, size: {
            "d": odd_eighths(rng, size, max(1, size - 1)),
            "_b": odd_eighths(rng, max(1, size - 1)),
        },
        lambda i: backward(lambda b: b + np.zeros_like(i["d"]), "_b")({"_b": i["_b"], "d": i["d"]}),
        (
            Mistake("axis=0", "axis=1", "sum over the rows (axis 0), as b is added to each row"),
            Mistake("sum(axis=0)", "mean(axis=0)", "a sum over the batch, not a mean"),
            Mistake(".sum(axis=0)", "", "b is used in each row: sum d over the rows, axis 0"),
            Mistake("axis=0", "", "sum over axis 0 alone: b has an entry for each column"),
            Mistake("axis=0", "axis=0, keepdims=True", "b has one axis: without keepdims"),
        ),
        "what is broadcast forward is summed backward, over the axis that was stretched",
    ),
    Exercise(
        "dense_forward",
        "layers",
        "Write the forward pass of a dense layer for a batch of rows.",
        "yₙₖ = Σⱼ xₙⱼ Wⱼₖ + bₖ\nx: (N, J), W: (J, K), b: (K,), y: (N, K)",
        ("y",),
        "def dense_forward(x, W, b):\n    return x @ W + b\n",
        lambda rng, size: {k: v for k, v in _dense(rng, size).items() if k != "d"},
        lambda i: (_dense_forward(**i),),
        (
            Mistake(" + b", "", "the bias b is missing"),
            Mistake(" + b", " - b", "the bias is added, not subtracted"),
        ),
        "y = x W + b, a product of matrices: @, not *",
    ),
    Exercise(
        "dense",
        "layers",
        "Write the backward pass of a dense layer, y = x W + b: from d = ∂L/∂y to the gradients.",
        "x: (N, J), W: (J, K), b: (K,), d: (N, K); each gradient has the shape of its variable",
        ("∂L/∂x", "∂L/∂W", "∂L/∂b"),
        "def dense_backward(x, W, b, d):\n    return d @ W.T, x.T @ d, d.sum(axis=0)\n",
        _dense,
        backward(_dense_forward, "x", "W", "b"),
        (
            Mistake(
                "d @ W.T, x.T @ d, d.sum(axis=0)",
                "d @ W.T, x.T @ d / len(x), d.mean(axis=0)",
                "a sum over the batch, not a mean: the 1/N of the loss is in d already",
            ),
            Mistake("d @ W.T", "x @ W + b", "∂L/∂x is wanted first, not y"),
            Mistake("x.T @ d, d", "(x.T @ d).T, d", "∂L/∂W is transposed: xᵀ d has W's shape"),
            Mistake("d.sum(axis=0)", "d.sum(axis=1)", "b is added to each row: sum over axis 0"),
            Mistake("d.sum(axis=0)", "d", "b is added to each row: sum d over axis 0"),
            Mistake(
                "d.sum(axis=0)",
                "d.sum(axis=0, keepdims=True)",
                "∂L/∂b has the shape of b, (K,): without keepdims",
            ),
        ),
        "∂L/∂x = d Wᵀ, ∂L/∂W = xᵀ d, ∂L/∂b = Σₙ dₙ: the shapes leave no other choice",
        points=3,
    ),
    Exercise(
        "flatten",
        "layers",
        "Write a layer that puts all entries of a sample into one row, and its backward pass.",
        "x: (N, ...), y, d: (N, features), ∂L/∂x: the shape of x",
        ("y", "∂L/∂x"),
        "class Flatten:\n"
        "    def forward(self, x):\n"
        "        self.shape = x.shape\n"
        "        return x.reshape(len(x), -1)\n"
        "\n"
        "    def backward(self, d):\n"
        "        return d.reshape(self.shape)\n",
        _flatten_inputs,
        layer(lambda x: x.reshape(len(x), -1)),
        (
            Mistake("x.reshape(len(x), -1)", "x.ravel()", "the batch axis stays: a row a sample"),
            Mistake("d.reshape(self.shape)", "d", "the gradient has the shape of x, not of y"),
            Mistake(
                "d.reshape(self.shape)",
                'd.reshape(self.shape, order="F")',
                "reshape back in the order in which forward read: C order",
            ),
            Mistake(
                "x.reshape(len(x), -1)",
                'x.reshape(len(x), -1, order="F")',
                "the entries are in C order, the last axis fastest",
            ),
        ),
        "forward keeps x.shape, backward reshapes to it; no number changes",
    ),
    Exercise(
        "dropout",
        "layers",
        "Write dropout (inverted) for training: an entry stays where the random number u, given "
        "with x, is at least rate, and is then divided by 1 - rate; others become 0.",
        "y = x / (1 - rate) where u ≥ rate, else 0\nx, u, y, d, ∂L/∂x: (N, K), rate: a number",
        ("y", "∂L/∂x"),
        "class Dropout:\n"
        "    def forward(self, x, u, rate):\n"
        "        self.factor = (u >= rate) / (1 - rate)\n"
        "        return x * self.factor\n"
        "\n"
        "    def backward(self, d):\n"
        "        return d * self.factor\n",
        _dropout_inputs,
        layer(_dropped),
        (
            Mistake(
                " / (1 - rate)",
                " * 1.0",
                "what stays is divided by 1 - rate, so that the mean is as without dropout",
            ),
            Mistake(" / (1 - rate)", " / rate", "what stays is divided by 1 - rate, not by rate"),
            Mistake(
                "u >= rate", "u < rate", "rate is the share that is dropped: stay where u ≥ rate"
            ),
            Mistake(
                "d * self.factor", "d", "what was dropped has no gradient: the mask is missing"
            ),
            Mistake(
                "d * self.factor", "d * (self.factor > 0)", "backward divides by 1 - rate, too"
            ),
        ),
        "y = x · m / (1 - rate), m the mask: linear in x, backward multiplies by the same factor",
        points=2,
    ),
    Exercise(
        "embedding",
        "layers",
        "Write the backward pass of an embedding, y = W[ids]: from d = ∂L/∂y to ∂L/∂W. An id may "
        "occur several times.",
        "ids: (N,) int, W, ∂L/∂W: (words, K), d: (N, K)",
        ("∂L/∂W",),
        "def embedding_backward(ids, W, d):\n"
        "    gradient = np.zeros_like(W)\n"
        "    np.add.at(gradient, ids, d)\n"
        "    return gradient\n",
        _embedding_inputs,
        lambda i: backward(lambda W: W[i["ids"]], "W")({"W": i["W"], "d": i["d"]}),
        (
            Mistake(
                "np.add.at(gradient, ids, d)",
                "gradient[ids] += d",
                "an id that occurs twice gets both rows: gradient[ids] += d keeps one of them, "
                "np.add.at adds all",
            ),
        ),
        "row w of ∂L/∂W is the sum of the rows of d whose id is w",
        points=2,
    ),
)
"""Exercises on layers."""
