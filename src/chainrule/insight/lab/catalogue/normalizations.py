"""The backward passes of batch normalisation and layer normalisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.insight.lab.exercise import Exercise, Inputs, Mistake
from chainrule.insight.lab.oracles import backward
from chainrule.insight.lab.random_inputs import odd_eighths

__all__ = ["NORMALIZATIONS"]

_EPSILON = 1e-3


def _inputs(rng: np.random.Generator, size: int) -> Inputs:
    shape = size + 1, size + 1
    return {
        "x": odd_eighths(rng, *shape),
        "gamma": odd_eighths(rng, shape[1]),
        "beta": odd_eighths(rng, shape[1]),
        "d": odd_eighths(rng, *shape),
    }


def _normalized(axis: int) -> Callable[..., Any]:
    def forward(x: Any, gamma: Any, beta: Any) -> Any:
        centred = x - x.mean(axis=axis, keepdims=True)
        variance = np.mean(centred * centred, axis=axis, keepdims=True)
        return gamma * centred / np.sqrt(variance + _EPSILON) + beta

    return forward


def _solution(name: str, axis: int) -> str:
    return f"""\
def {name}_backward(x, gamma, beta, d):
    centred = x - x.mean(axis={axis}, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis={axis}, keepdims=True) + 1e-3)
    u = centred / deviation
    g = d * gamma
    g = g - g.mean(axis={axis}, keepdims=True) - u * (g * u).mean(axis={axis}, keepdims=True)
    return g / deviation, (d * u).sum(axis=0), d.sum(axis=0)
"""


def _exercise(name: str, axis: int, over: str, wrong: str) -> Exercise:
    keep = f"axis={axis}, keepdims=True"
    return Exercise(
        name,
        "layers",
        f"Write the backward pass of {name.replace('_', ' ')} in training: from d = ∂L/∂y to the "
        f"gradients. Mean μ and variance v are those {over}, and depend on x.",
        "u = (x - μ) / √(v + 0.001), y = γ u + β, v the mean of (x - μ)²\n"
        "x, d: (N, K), gamma (γ), beta (β): (K,)",
        ("∂L/∂x", "∂L/∂γ", "∂L/∂β"),
        _solution(name, axis),
        _inputs,
        backward(_normalized(axis), "x", "gamma", "beta"),
        (
            Mistake(
                f" - g.mean({keep}) - u * (g * u).mean({keep})",
                "",
                "μ and v depend on x, too: their two terms are missing",
            ),
            Mistake(
                f" - u * (g * u).mean({keep})",
                "",
                "the variance depends on x, too: the term u · mean(g u) is missing",
            ),
            Mistake(
                f" - g.mean({keep})", "", "the mean depends on x, too: the term mean(g) is missing"
            ),
            Mistake("g / deviation", "g", "the factor 1/√(v + ε) is missing"),
            Mistake("g = d * gamma", "g = d", "the factor γ is missing"),
            Mistake(
                "(d * u).sum(axis=0)", "(d * x).sum(axis=0)", "∂L/∂γ takes the normalised u, not x"
            ),
            Mistake("(d * u).sum(axis=0)", "(d * u).mean(axis=0)", "a sum over the batch, no mean"),
            Mistake(f"(axis={axis}", f"(axis={1 if axis == 0 else 0}", wrong),
        ),
        "with g = d γ: ∂L/∂x = (g - mean(g) - u mean(g u)) / √(v + ε), means as in forward",
        points=5,
    )


NORMALIZATIONS = (
    _exercise("batch_norm", 0, "of each column over the batch (axis 0)",
              "the means run over the batch, axis 0, not over the columns"),
    _exercise("layer_norm", -1, "of each row over the columns (axis -1)",
              "the means run over the columns of a row, axis -1"),
)  # fmt: skip
"""Exercises on normalisation."""
