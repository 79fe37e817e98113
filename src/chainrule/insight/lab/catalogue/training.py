"""A two-layer network by hand, update steps of optimisers, and a numerical gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.autodiff.derivative import grad
from chainrule.insight.lab.exercise import Exercise, Inputs, Mistake, Outputs
from chainrule.insight.lab.oracles import gradients
from chainrule.insight.lab.random_inputs import odd_eighths, one_hot
from chainrule.nn.activations.bounded import sigmoid
from chainrule.nn.losses.classification import cross_entropy
from chainrule.optim.adam import Adam
from chainrule.optim.sgd import SGD

__all__ = ["TRAINING"]


def _network(rng: np.random.Generator, size: int, outputs: int) -> Inputs:
    width, units = max(1, size - 1), size
    return {
        "x": odd_eighths(rng, size, width),
        "y": np.abs(odd_eighths(rng, size, outputs)) / 2,
        "W1": odd_eighths(rng, width, units),
        "b1": odd_eighths(rng, units),
        "W2": odd_eighths(rng, units, outputs),
        "b2": odd_eighths(rng, outputs),
    }


def _labelled(rng: np.random.Generator, size: int) -> Inputs:
    return _network(rng, size, size + 1) | {"y": one_hot(rng, size, size + 1)}


def _two_sigmoids(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    return np.sum((sigmoid(sigmoid(x @ W1 + b1) @ W2 + b2) - y) ** 2) / 2


def _classifier(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    return np.mean(cross_entropy(y, np.tanh(x @ W1 + b1) @ W2 + b2))


_GRADIENTS = ("∂L/∂W1", "∂L/∂b1", "∂L/∂W2", "∂L/∂b2")
_PARAMETERS = ("W1", "b1", "W2", "b2")
_RETURNED = "    return x.T @ d1, d1.sum(axis=0), a.T @ d2, d2.sum(axis=0)\n"

_SIGMOIDS = f"""\
def two_layers_backward(x, y, W1, b1, W2, b2):
    a = 1 / (1 + np.exp(-(x @ W1 + b1)))
    p = 1 / (1 + np.exp(-(a @ W2 + b2)))
    d2 = (p - y) * p * (1 - p)
    d1 = d2 @ W2.T * a * (1 - a)
{_RETURNED}"""

_SOFTMAX = f"""\
def two_layer_classifier_backward(x, y, W1, b1, W2, b2):
    a = np.tanh(x @ W1 + b1)
    z = a @ W2 + b2
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    d2 = (p - y) / len(x)
    d1 = d2 @ W2.T * (1 - a**2)
{_RETURNED}"""


def _step(rng: np.random.Generator, size: int, *slots: str) -> Inputs:
    drawn = {name: odd_eighths(rng, size) for name in ("w", "g", *slots)}
    return drawn | {"rate": 0.5 if size % 2 else 0.25}


def _momentum(i: Inputs) -> Outputs:
    w, slots = SGD(momentum=0.5).update_parameter(
        i["w"], i["g"], {"velocity": i["v"]}, i["rate"], 1
    )
    return w, slots["velocity"]


def _adam_inputs(rng: np.random.Generator, size: int) -> Inputs:
    inputs = _step(rng, size, "m", "v")
    return inputs | {"v": np.abs(inputs["v"]), "t": int(rng.integers(1, 5))}


def _adam(i: Inputs) -> Outputs:
    slots = {"mean": i["m"], "square": i["v"]}
    w, slots = Adam().update_parameter(i["w"], i["g"], slots, i["rate"], i["t"])
    return w, slots["mean"], slots["square"]


def _product_of_all_entries(x: Any) -> Any:
    """Return the product of all entries."""
    return np.prod(x)


def _sum_of_cubes(x: Any) -> Any:
    """Return the sum of the cubes."""
    return np.sum(x**3)


def _sum_of_sines(x: Any) -> Any:
    """Return the sum of the sines."""
    return np.sum(np.sin(x))


_FUNCTIONS: tuple[Callable[[Any], Any], ...] = (
    _sum_of_cubes,
    _sum_of_sines,
    _product_of_all_entries,
)


def _points(rng: np.random.Generator, size: int) -> Inputs:
    shape = (size,) if size < 3 else (2, size - 1)
    f = _FUNCTIONS[int(rng.integers(len(_FUNCTIONS)))]
    return {"f": f, "x": odd_eighths(rng, *shape), "h": 1e-4}


_NUMERICAL = """\
def numerical_gradient(f, x, h):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient
"""

TRAINING = (
    Exercise(
        "two_layers",
        "networks",
        "Write the backward pass of a network of two sigmoid layers with the squared error, by "
        "hand: all four gradients.",
        "a = σ(x W1 + b1), p = σ(a W2 + b2), L = 1/2 Σ (p - y)²\n"
        "x: (N, J), W1: (J, K), b1: (K,), W2: (K, M), b2: (M,), y: (N, M)",
        _GRADIENTS,
        _SIGMOIDS,
        lambda rng, size: _network(rng, size, max(1, size - 1)),
        gradients(_two_sigmoids, *_PARAMETERS),
        (
            Mistake(
                "(p - y) * p * (1 - p)",
                "(p - y)",
                "the derivative of the last activation, p (1 - p), is missing",
            ),
            Mistake(
                "d2 @ W2.T * a * (1 - a)",
                "d2 @ W2.T",
                "the derivative of the first activation, a (1 - a), is missing",
            ),
            Mistake("(p - y)", "(y - p)", "the sign is wrong: p - y, not y - p"),
            Mistake("(p - y)", "2 * (p - y)", "a factor 2 too many: L has 1/2 before the sum"),
            Mistake("(p - y)", "(p - y) / len(x)", "the loss is a sum over the batch, no mean"),
            Mistake("d2 @ W2.T", "(p - y) @ W2.T", "δ¹ is made of δ², with its p (1 - p)"),
            Mistake("d1.sum(axis=0), a", "d1.sum(axis=1), a", "∂L/∂b: sum over the rows, axis 0"),
        ),
        "δ² = (p - y) p (1 - p), δ¹ = δ² W2ᵀ a (1 - a); ∂L/∂W = inputᵀ δ, ∂L/∂b = Σ δ",
        points=5,
    ),
    Exercise(
        "two_layer_classifier",
        "networks",
        "Write the backward pass of a tanh layer followed by softmax and cross-entropy, by hand: "
        "all four gradients.",
        "a = tanh(x W1 + b1), p = softmax(a W2 + b2), L = -1/N Σ y ln p, y one-hot rows\n"
        "x: (N, J), W1: (J, K), b1: (K,), W2: (K, M), b2: (M,), y: (N, M)",
        _GRADIENTS,
        _SOFTMAX,
        _labelled,
        gradients(_classifier, *_PARAMETERS),
        (
            Mistake("(p - y) / len(x)", "(p - y)", "a factor 1/N is missing: the loss is a mean"),
            Mistake(" * (1 - a**2)", "", "the derivative of tanh, 1 - a², is missing"),
            Mistake("a**2", "a", "the square is missing: 1 - a²"),
            Mistake("(p - y)", "(y - p)", "the sign is wrong: p - y, not y - p"),
            Mistake("(1 - a**2)", "a * (1 - a)", "a (1 - a) is that of the sigmoid; tanh: 1 - a²"),
            Mistake(
                "(p - y)", "(p - y) * p * (1 - p)", "p - y has the derivative of softmax in it"
            ),
        ),
        "δ² = (p - y) / N, δ¹ = δ² W2ᵀ (1 - a²); ∂L/∂W = inputᵀ δ, ∂L/∂b = Σ δ",
        points=5,
    ),
    Exercise(
        "sgd",
        "training",
        "Write a step of gradient descent: the new weights.",
        "w' = w - rate · g\nw, g: (n,), rate: a number",
        ("w'",),
        "def sgd(w, g, rate):\n    return w - rate * g\n",
        _step,
        lambda i: (SGD().update_parameter(i["w"], i["g"], {}, i["rate"], 1)[0],),
        (
            Mistake("w - ", "w + ", "the sign is wrong: a step goes against the gradient"),
            Mistake("rate * ", "", "the learning rate is missing"),
            Mistake("w - rate", "-rate", "the step is to be added to w"),
        ),
        "w' = w - rate · g",
    ),
    Exercise(
        "momentum",
        "training",
        "Write a step of gradient descent with momentum 1/2: the new weights and velocity.",
        "v' = 1/2 v - rate · g, w' = w + v'\nw, g, v: (n,), rate: a number",
        ("w'", "v'"),
        "def momentum(w, g, v, rate):\n    v = 0.5 * v - rate * g\n    return w + v, v\n",
        lambda rng, size: _step(rng, size, "v"),
        _momentum,
        (
            Mistake(
                "    v = 0.5 * v - rate * g\n    return w + v, v",
                "    return w + v, 0.5 * v - rate * g",
                "w moves by the new velocity, not by the old one",
            ),
            Mistake("0.5 * v", "0 * v", "the old velocity is missing"),
            Mistake("0.5 * v", "v", "the factor 1/2 of the old velocity is missing"),
            Mistake("v - rate", "v + rate", "the sign is wrong: -rate · g"),
            Mistake("w + v", "w - v", "the sign is in v' already: w + v'"),
        ),
        "first v', then w' = w + v'",
    ),
    Exercise(
        "adam",
        "training",
        "Write step t of Adam, t = 1, 2, ...: the new weights and both moments.",
        "m' = 0.9 m + 0.1 g, v' = 0.999 v + 0.001 g²\n"
        "m̂ = m' / (1 - 0.9ᵗ), v̂ = v' / (1 - 0.999ᵗ), w' = w - rate · m̂ / (√v̂ + 1e-8)\n"
        "w, g, m, v: (n,), rate, t: numbers",
        ("w'", "m'", "v'"),
        "def adam(w, g, m, v, rate, t):\n"
        "    m = 0.9 * m + 0.1 * g\n"
        "    v = 0.999 * v + 0.001 * g**2\n"
        "    mhat = m / (1 - 0.9**t)\n"
        "    vhat = v / (1 - 0.999**t)\n"
        "    return w - rate * mhat / (np.sqrt(vhat) + 1e-8), m, v\n",
        _adam_inputs,
        _adam,
        (
            Mistake(
                "    mhat = m / (1 - 0.9**t)\n    vhat = v / (1 - 0.999**t)\n",
                "    mhat, vhat = m, v\n",
                "both bias corrections, 1 - 0.9ᵗ and 1 - 0.999ᵗ, are missing",
            ),
            Mistake("m / (1 - 0.9**t)", "m", "the bias correction of m, 1 - 0.9ᵗ, is missing"),
            Mistake("v / (1 - 0.999**t)", "v", "the bias correction of v, 1 - 0.999ᵗ, is missing"),
            Mistake("g**2", "g", "v is the mean of the squares, g²"),
            Mistake("np.sqrt(vhat)", "vhat", "the root of v̂ is missing"),
            Mistake("w - rate", "w + rate", "the sign is wrong: against the gradient"),
            Mistake("m, v\n", "mhat, vhat\n", "m' and v' are kept without bias correction"),
            Mistake("1 - 0.9**t", "1 - 0.9 * t", "0.9 to the power t, not times t"),
        ),
        "four lines: m', v', both corrections; then w'",
        points=3,
    ),
    Exercise(
        "numerical_gradient",
        "training",
        "Write the gradient of a function f from arrays to a number by central differences with "
        "step h, entry by entry. x may have any shape.",
        "∂f/∂xᵢ ≈ (f(x + h eᵢ) - f(x - h eᵢ)) / 2h\nx, result: the same shape, h: a number",
        ("∂f/∂x",),
        _NUMERICAL,
        _points,
        lambda i: (grad(i["f"])(i["x"]),),
        (
            Mistake(
                "f(x - step)) / (2 * h)",
                "f(x)) / h",
                "this is the forward difference, whose error is of order h; the central one has "
                "h²: (f(x + h) - f(x - h)) / 2h",
            ),
            Mistake("(2 * h)", "h", "the distance is 2 h: divide by it"),
            Mistake("step[index] = h", "step[:] = h", "change one entry at a time"),
            Mistake("f(x + step) - f(x - step)", "f(x - step) - f(x + step)", "the sign is wrong"),
        ),
        "for each index: a copy of x with h added there, one with h subtracted",
        points=2,
    ),
)
"""Exercises on networks and training."""
