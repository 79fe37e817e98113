"""The gradients of the losses by the predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.insight.lab.exercise import Exercise, Inputs, Mistake
from chainrule.insight.lab.oracles import gradients
from chainrule.insight.lab.random_inputs import odd_eighths, one_hot, probabilities
from chainrule.nn.losses import loss as losses

__all__ = ["LOSSES"]

_Draw = Callable[[np.random.Generator, int], Inputs]


def _numbers(rng: np.random.Generator, size: int) -> Inputs:
    shape = (size, max(1, size - 1))
    return {"y": rng.integers(-2, 3, shape).astype(float), "p": odd_eighths(rng, *shape)}


def _counts(rng: np.random.Generator, size: int) -> Inputs:
    inputs = _numbers(rng, size)
    return {"y": np.abs(inputs["y"]), "p": np.abs(inputs["p"])}


def _bits(rng: np.random.Generator, size: int) -> Inputs:
    inputs = _numbers(rng, size)
    return {"y": np.abs(inputs["y"]) % 2, "p": inputs["p"]}


def _classes(rng: np.random.Generator, size: int) -> Inputs:
    classes = size + 1
    return {"y": one_hot(rng, size, classes), "p": probabilities(rng, size, classes)}


def _logits(rng: np.random.Generator, size: int) -> Inputs:
    classes = size + 1
    return {"y": one_hot(rng, size, classes), "z": odd_eighths(rng, size, classes)}


def _directions(rng: np.random.Generator, size: int) -> Inputs:
    shape = (size, size + 1)
    return {"y": odd_eighths(rng, *shape), "p": odd_eighths(rng, *shape)}


def _loss(
    name: str,
    formula: str,
    body: str,
    *mistakes: Mistake,
    draw: _Draw = _numbers,
    by: str = "p",
    of_probabilities: bool = False,
    title: str = "",
    points: int = 1,
) -> Exercise:
    record = losses.LOSSES[name].of_probabilities() if of_probabilities else losses.LOSSES[name]

    def total(y: Any, p: Any) -> Any:
        per_sample = record.per_sample(y, p)
        return np.sum(per_sample) if record.reduction == "sum" else np.mean(per_sample)

    title = title or name
    reduction = "sum" if record.reduction == "sum" else "mean"
    shapes = f"y, {by}, ∂L/∂{by}: (N, K)"
    return Exercise(
        title,
        "losses",
        f"Write the gradient of the loss {name} by the {'logits' if by == 'z' else 'predictions'} "
        f"{by}; y are the targets. The loss is the {reduction} over the batch.",
        f"{formula}\n{shapes}",
        (f"∂L/∂{by}",),
        f"def {title}_gradient(y, {by}):\n    " + "\n    ".join(body.splitlines()) + "\n",
        draw,
        gradients(total, by),
        mistakes,
        f"{formula}: differentiate one term, then mind the factor of the {reduction}",
        points,
    )


_N = Mistake(" / len(p)", "", "a factor 1/N is missing: the loss is the mean over the batch")
_SIZE = Mistake(" / p.size", "", "a factor 1/(N K) is missing: the mean over all entries")
_ROWS = Mistake("p.size", "len(p)", "divide by all N K entries, not by N alone")
_SIGN = Mistake("(p - y)", "(y - p)", "the sign is wrong: p - y, not y - p")

LOSSES = (
    _loss(
        "mse",
        "L = 1/(N K) Σ (p - y)²",
        "return 2 * (p - y) / p.size",
        Mistake("2 * ", "", "a factor 2 is missing: (u²)' = 2 u u'"),
        _SIGN,
        _SIZE,
        _ROWS,
    ),
    _loss(
        "sse",
        "L = Σ (p - y)²",
        "return 2 * (p - y)",
        Mistake("2 * ", "", "a factor 2 is missing: (u²)' = 2 u u'"),
        _SIGN,
        Mistake("(p - y)", "(p - y) / len(p)", "it is a sum, not a mean: no factor 1/N"),
    ),
    _loss(
        "mae",
        "L = 1/(N K) Σ |p - y|",
        "return np.sign(p - y) / p.size",
        Mistake("(p - y)", "(y - p)", "the sign is wrong: p - y, not y - p"),
        _SIZE,
        _ROWS,
        Mistake("np.sign(p - y)", "(p - y)", "the derivative of |u| is sign u, not u"),
        Mistake("np.sign(p - y)", "np.abs(p - y)", "the derivative of |u| is sign u, not |u|"),
    ),
    _loss(
        "huber",
        "e = p - y; L = 1/(N K) Σ (e²/2 where |e| ≤ 1, else |e| - 1/2)",
        "return np.clip(p - y, -1, 1) / p.size",
        _SIZE,
        _ROWS,
        Mistake("np.clip(p - y, -1, 1)", "(p - y)", "where |e| > 1 the derivative is sign e"),
        Mistake("np.clip(p - y", "np.clip(y - p", "the sign is wrong: e = p - y"),
    ),
    _loss(
        "log_cosh",
        "L = 1/(N K) Σ ln cosh(p - y)",
        "return np.tanh(p - y) / p.size",
        _SIZE,
        _ROWS,
        Mistake("np.tanh(p - y)", "1 / np.cosh(p - y)", "chain rule: the factor sinh is missing"),
        Mistake("np.tanh(p - y)", "-np.tanh(p - y)", "(cosh u)' = +sinh u: the sign is wrong"),
    ),
    _loss(
        "quantile",
        "e = y - p, q = 1/2; L = 1/(N K) Σ max(q e, (q - 1) e)",
        "q = 0.5\nreturn np.where(y >= p, -q, 1 - q) / p.size",
        _SIZE,
        _ROWS,
        Mistake(
            "-q, 1 - q", "q, q - 1", "∂e/∂p = -1: the sign is wrong, or the two sides are exchanged"
        ),
    ),
    _loss(
        "poisson",
        "L = 1/(N K) Σ p - y ln(p + 1e-7), y counts, p > 0",
        "return (1 - y / (p + 1e-7)) / p.size",
        _SIZE,
        _ROWS,
        Mistake("1 - y", "1 + y", "a sign: the term is -y ln p"),
        Mistake("1 - y", "-y", "the derivative of the term p, 1, is missing"),
        draw=_counts,
    ),
    _loss(
        "hinge",
        "s = 1 where y > 0, else -1; L = 1/(N K) Σ max(0, 1 - s p)",
        "s = np.where(y > 0, 1.0, -1.0)\nreturn np.where(s * p < 1, -s, 0.0) / p.size",
        _SIZE,
        _ROWS,
        Mistake("-s, 0.0", "s, 0.0", "the inner derivative is -s: the sign is wrong"),
        Mistake("np.where(y > 0, 1.0, -1.0)", "y", "the labels 0 and 1 become the signs -1 and 1"),
        Mistake("np.where(s * p < 1, -s, 0.0)", "-s", "where the margin s p ≥ 1, it is 0"),
        draw=_bits,
        points=2,
    ),
    _loss(
        "kl_divergence",
        "L = 1/N Σᵢ Σₖ y ln(y / p)",
        "return -y / p / len(p)",
        _N,
        Mistake("len(p)", "p.size", "the sum over classes is no mean: divide by N alone"),
        Mistake("-y", "y", "the sign is wrong: ln(y / p) = ln y - ln p"),
        draw=_classes,
    ),
    _loss(
        "cosine",
        "L = 1/N Σᵢ 1 - yᵢ·pᵢ / (‖yᵢ‖ ‖pᵢ‖)",
        "norm = np.linalg.norm(p, axis=-1, keepdims=True)\n"
        "u = y / np.linalg.norm(y, axis=-1, keepdims=True)\n"
        "v = p / norm\n"
        "return -(u - v * (u * v).sum(axis=-1, keepdims=True)) / norm / len(p)",
        _N,
        Mistake("return -(", "return (", "the sign is wrong: the loss is 1 minus the cosine"),
        Mistake(
            "(u - v * (u * v).sum(axis=-1, keepdims=True))",
            "u",
            "quotient rule: ‖p‖ depends on p, too",
        ),
        Mistake(" / norm / len", " / len", "the factor 1/‖p‖ is missing"),
        draw=_directions,
        points=3,
    ),
    _loss(
        "cross_entropy",
        "L = -1/N Σᵢ Σₖ y ln p, p probabilities, y one-hot rows",
        "return -y / p / len(p)",
        _N,
        Mistake("-y", "y", "the sign is wrong: L = -Σ y ln p"),
        Mistake("-y / p", "p - y", "p - y is the gradient by the logits; this one is by p"),
        Mistake("len(p)", "p.size", "the sum over classes is no mean: divide by N alone"),
        draw=_classes,
        of_probabilities=True,
    ),
    _loss(
        "binary_cross_entropy",
        "p = σ(z); L = -1/(N K) Σ y ln p + (1 - y) ln(1 - p)",
        "return (1 / (1 + np.exp(-z)) - y) / z.size",
        Mistake(" / z.size", "", "a factor 1/(N K) is missing: the mean over all entries"),
        Mistake("z.size", "len(z)", "divide by all N K entries, not by N alone"),
        Mistake("1 / (1 + np.exp(-z))", "z", "p is σ(z), not z"),
        Mistake(
            "(1 / (1 + np.exp(-z)) - y)",
            "(y - 1 / (1 + np.exp(-z)))",
            "the sign is wrong: p - y, not y - p",
        ),
        draw=lambda rng, size: dict(zip(("y", "z"), _bits(rng, size).values(), strict=True)),
        by="z",
        points=2,
    ),
    _loss(
        "cross_entropy",
        "pᵢₖ = exp(zᵢₖ) / Σⱼ exp(zᵢⱼ); L = -1/N Σᵢ Σₖ y ln p, y one-hot rows",
        "e = np.exp(z - z.max(axis=-1, keepdims=True))\n"
        "p = e / e.sum(axis=-1, keepdims=True)\n"
        "return (p - y) / len(z)",
        Mistake(" / len(z)", "", "a factor 1/N is missing: the loss is the mean over the batch"),
        Mistake("len(z)", "z.size", "the sum over classes is no mean: divide by N alone"),
        _SIGN,
        Mistake("p - y", "-y / p", "this is the gradient by p; the one by z is simpler"),
        Mistake("p = e / e.sum(axis=-1, keepdims=True)", "p = z", "p is softmax(z), not z"),
        Mistake("p - y", "(p - y) * p * (1 - p)", "softmax is differentiated twice: p - y is all"),
        Mistake("e.sum(axis=-1, keepdims=True)", "e.sum()", "softmax normalises each row"),
        draw=_logits,
        by="z",
        title="softmax_cross_entropy",
        points=3,
    ),
)
"""Exercises on losses."""
