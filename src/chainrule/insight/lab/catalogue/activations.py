"""The derivatives of the activations, of x or of the output y, and softmax as a product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.autodiff.derivative import vjp
from chainrule.insight.lab.exercise import Exercise, Inputs, Mistake, Outputs
from chainrule.insight.lab.oracles import backward
from chainrule.insight.lab.random_inputs import odd_eighths
from chainrule.nn.activations import activation

__all__ = ["ACTIVATIONS"]

Function = Callable[[Any], Any]

_FUNCTIONS = activation.ACTIVATIONS


def _numbers(rng: np.random.Generator, size: int) -> Any:
    """Draw different odd eighths, for greater sizes from a greater range."""
    return (2 * rng.permutation(16)[:size] - 15) / 8 * (1 if size < 3 else 3)


def _derivative(f: Function) -> Function:
    def derivative(x: Any) -> Any:
        value, pullback = vjp(f, x)
        return pullback(np.ones_like(value))[0]

    return derivative


def _of_input(
    name: str, formula: str, solution: str, *mistakes: Mistake, before: str = ""
) -> Exercise:
    f = _FUNCTIONS[name]
    derivative = _derivative(f)

    def expected(inputs: Inputs) -> Outputs:
        return (derivative(inputs["x"]),)

    return Exercise(
        name,
        "activations",
        f"Write the derivative of {name}, entry by entry. No input lies on a kink.",
        f"f(x) = {formula}\nx: (n,), f'(x): (n,)",
        ("f'(x)",),
        f"def {name}(x):\n{before}    return {solution}\n",
        lambda rng, size: {"x": _numbers(rng, size)},
        expected,
        mistakes,
        f"f(x) = {formula}: differentiate by the chain, product and quotient rules; at a single "
        "number compare with (f(x + h) - f(x - h)) / 2h",
        suspects=(
            (lambda i: (f(i["x"]),), "this is f(x) itself, not its derivative"),
            (lambda i: (derivative(f(i["x"])),), "f' is evaluated at y = f(x) instead of x"),
        ),
    )


def _of_output(name: str, formula: str, solution: str, *mistakes: Mistake) -> Exercise:
    f = _FUNCTIONS[name]
    derivative = _derivative(f)

    def inputs(rng: np.random.Generator, size: int) -> Inputs:
        x = _numbers(rng, size)
        return {"y": f(x), "_x": x}

    def expected(inputs: Inputs) -> Outputs:
        return (derivative(inputs["_x"]),)

    return Exercise(
        f"{name}_from_output",
        "activations",
        f"Write the derivative of {name} in terms of its output y = {name}(x), which a backward "
        "pass has at hand: x is not given.",
        f"y = {formula}\ny: (n,), dy/dx: (n,)",
        ("dy/dx",),
        f"def {name}_from_output(y):\n    return {solution}\n",
        inputs,
        expected,
        mistakes,
        f"y = {formula}: write dy/dx, and replace what is y in it",
        suspects=(
            (lambda i: (derivative(i["y"]),), "y is taken for x: y is already the output"),
            (lambda i: (i["y"],), "this is y itself, not the derivative"),
        ),
    )


def _rows(rng: np.random.Generator, size: int) -> Inputs:
    shape = (max(1, size - 1), size)
    return {"x": odd_eighths(rng, *shape), "d": odd_eighths(rng, *shape)}


_SIGMOID = "1 / (1 + np.exp(-x))"

ACTIVATIONS = (
    _of_input(
        "linear", "x", "np.ones_like(x)", Mistake("np.ones_like(x)", "1.0", "one for each entry")
    ),
    _of_input(
        "tanh",
        "tanh x",
        "1 - np.tanh(x) ** 2",
        Mistake(" ** 2", "", "the square is missing: tanh² x"),
        Mistake("1 - ", "1 + ", "a sign: 1 - tanh² x, not 1 + tanh² x"),
        Mistake("np.tanh(x) ** 2", "x ** 2", "use the output, y = tanh x, in 1 - y²: not x"),
    ),
    _of_output(
        "tanh",
        "tanh x",
        "1 - y**2",
        Mistake("y**2", "y", "the square is missing: y²"),
        Mistake("1 - ", "1 + ", "a sign: 1 - y², not 1 + y²"),
    ),
    _of_input(
        "sigmoid",
        "σ(x) = 1 / (1 + exp(-x))",
        f"({_SIGMOID}) * (1 - {_SIGMOID})",
        Mistake(f"({_SIGMOID}) * (1 - {_SIGMOID})", "x * (1 - x)", "σ (1 - σ), not x (1 - x)"),
        Mistake(f" * (1 - {_SIGMOID})", "", "the factor 1 - σ(x) is missing"),
        Mistake("(1 - ", "(1 + ", "a sign: 1 - σ, not 1 + σ"),
    ),
    _of_output(
        "sigmoid",
        "1 / (1 + exp(-x))",
        "y * (1 - y)",
        Mistake("y * ", "", "the factor y is missing"),
        Mistake("(1 - y)", "(1 + y)", "a sign: 1 - y, not 1 + y"),
    ),
    _of_input(
        "relu",
        "max(x, 0)",
        "np.where(x > 0, 1.0, 0.0)",
        Mistake("x > 0", "x < 0", "the two sides are exchanged: 1 where x > 0"),
        Mistake("1.0, 0.0", "1.0, -1.0", "to the left of 0 the derivative is 0, not -1"),
        Mistake("x > 0, 1.0", "x > 0, x", "where x > 0, f(x) = x, and its derivative is 1"),
    ),
    _of_output(
        "relu",
        "max(x, 0)",
        "np.where(y > 0, 1.0, 0.0)",
        Mistake("y > 0", "y >= 0", "y is never negative: where it is 0, the derivative is 0"),
        Mistake("1.0, 0.0", "y, 0.0", "where y > 0, y = x, and its derivative is 1"),
    ),
    _of_input(
        "leaky_relu",
        "x where x > 0, else 0.01 x",
        "np.where(x > 0, 1.0, 0.01)",
        Mistake("0.01", "0.0", "to the left of 0 the derivative is 0.01, not 0"),
        Mistake("0.01", "0.01 * x", "the derivative of 0.01 x is 0.01"),
        Mistake("x > 0", "x < 0", "the two sides are exchanged: 1 where x > 0"),
    ),
    _of_input(
        "elu",
        "x where x > 0, else exp(x) - 1",
        "np.where(x > 0, 1.0, np.exp(x))",
        Mistake("np.exp(x)", "np.exp(x) - 1", "the derivative of the constant -1 is 0"),
        Mistake("np.exp(x)", "0.0", "to the left of 0 the derivative is exp(x), not 0"),
    ),
    _of_output(
        "elu",
        "x where x > 0, else exp(x) - 1",
        "np.where(y > 0, 1.0, y + 1)",
        Mistake("y + 1", "y", "exp(x) is y + 1, not y"),
        Mistake("y + 1", "np.exp(y)", "exp(x) is y + 1, not exp(y)"),
    ),
    _of_input(
        "selu",
        "λ x where x > 0, else λ α (exp(x) - 1);\nλ = 1.0507009873554805, α = 1.6732632423543772",
        "1.0507009873554805 * np.where(x > 0, 1.0, 1.6732632423543772 * np.exp(x))",
        Mistake("1.0507009873554805 * ", "", "the factor λ is missing"),
        Mistake("1.6732632423543772 * ", "", "the factor α is missing to the left of 0"),
    ),
    _of_input(
        "softplus",
        "ln(1 + exp(x))",
        _SIGMOID,
        Mistake(
            _SIGMOID,
            "1 / (1 + np.exp(x))",
            "the inner derivative, exp(x), is missing: exp(x) / (1 + exp(x)) = σ(x), this is σ(-x)",
        ),
    ),
    _of_input(
        "softsign",
        "x / (1 + |x|)",
        "1 / (1 + np.abs(x)) ** 2",
        Mistake(" ** 2", "", "quotient rule: the denominator is squared"),
        Mistake("np.abs(x)", "x", "|x|, not x, in the denominator"),
    ),
    _of_input(
        "silu",
        "x σ(x), σ(x) = 1 / (1 + exp(-x))",
        "s + x * s * (1 - s)",
        Mistake(" + x * s * (1 - s)", "", "product rule: the term x σ'(x) is missing"),
        Mistake("s + x", "x", "product rule: the term σ(x) is missing"),
        Mistake("s + x *", "s +", "product rule: the factor x of σ'(x) is missing"),
        before=f"    s = {_SIGMOID}\n",
    ),
    _of_input(
        "gelu",
        "x Φ(x), Φ(x) = (1 + erf(x / √2)) / 2, the normal distribution function\n"
        "Φ'(x) = exp(-x² / 2) / √(2 π); NumPy has no erf: math.erf takes one number",
        "share + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)",
        Mistake("share + x", "share + 0", "product rule: the term x Φ'(x) is missing"),
        Mistake("share + x", "share + 1", "product rule: the factor x of Φ'(x) is missing"),
        Mistake("share + x", "x", "product rule: the term Φ(x) is missing"),
        before="    import math\n\n"
        "    share = np.array([(1 + math.erf(each / math.sqrt(2))) / 2 for each in x])\n",
    ),
    _of_input(
        "hard_sigmoid",
        "0 where x ≤ -3, 1 where x ≥ 3, else x/6 + 1/2",
        "np.where(np.abs(x) < 3, 1 / 6, 0.0)",
        Mistake(
            "np.where(np.abs(x) < 3, 1 / 6, 0.0)",
            "np.full_like(x, 1 / 6)",
            "where f is constant, its derivative is 0",
        ),
        Mistake("1 / 6, 0.0", "1 / 6, 1.0", "where f is the constant 1, its derivative is 0"),
    ),
    _of_input(
        "mish",
        "x tanh(s), s = softplus(x) = ln(1 + exp(x))",
        "t + x * (1 - t**2) / (1 + np.exp(-x))",
        Mistake(
            " / (1 + np.exp(-x))", "", "chain rule: the derivative of softplus, σ(x), is missing"
        ),
        Mistake(
            " + x * (1 - t**2) / (1 + np.exp(-x))",
            "",
            "product rule: the term x (tanh s)' is missing",
        ),
        before="    t = np.tanh(np.log1p(np.exp(x)))\n",
    ),
    Exercise(
        "softmax",
        "activations",
        "Write the backward pass of softmax along the last axis: from x and d = ∂L/∂p to ∂L/∂x, "
        "the product of d with the Jacobian of softmax, for each row.",
        "pᵢ = exp(xᵢ) / Σⱼ exp(xⱼ)\n∂pᵢ/∂xⱼ = pᵢ (δᵢⱼ - pⱼ)\nx, d, ∂L/∂x: (N, K)",
        ("∂L/∂x",),
        "def softmax_backward(x, d):\n"
        "    e = np.exp(x - x.max(axis=-1, keepdims=True))\n"
        "    p = e / e.sum(axis=-1, keepdims=True)\n"
        "    return p * (d - (d * p).sum(axis=-1, keepdims=True))\n",
        _rows,
        backward(_FUNCTIONS["softmax"], "x"),
        (
            Mistake(
                " - (d * p).sum(axis=-1, keepdims=True)",
                " * (1 - p)",
                "only the diagonal of the Jacobian, p (1 - p), is used: each pᵢ depends on "
                "every xⱼ",
            ),
            Mistake(
                "(d * p).sum(axis=-1, keepdims=True)",
                "d.sum(axis=-1, keepdims=True)",
                "the sum is Σⱼ dⱼ pⱼ: its factor p is missing",
            ),
            Mistake(
                "(d * p).sum(axis=-1",
                "(d * p).sum(axis=0",
                "the sum runs over the classes of a row (axis -1), not over the rows",
            ),
            Mistake(
                "e.sum(axis=-1, keepdims=True)",
                "e.sum()",
                "softmax normalises each row: sum over axis -1",
            ),
            Mistake(
                "(d * p).sum(axis=-1, keepdims=True)",
                "(d * p).sum()",
                "the sum runs over the classes of a row, not over all entries",
            ),
        ),
        "with p the probabilities of a row: ∂L/∂xᵢ = pᵢ (dᵢ - Σⱼ dⱼ pⱼ)",
        points=3,
    ),
    Exercise(
        "log_softmax",
        "activations",
        "Write the backward pass of log-softmax along the last axis: from x and "
        "d = ∂L/∂y to ∂L/∂x.",
        "yᵢ = xᵢ - ln Σⱼ exp(xⱼ)\nx, d, ∂L/∂x: (N, K)",
        ("∂L/∂x",),
        "def log_softmax_backward(x, d):\n"
        "    e = np.exp(x - x.max(axis=-1, keepdims=True))\n"
        "    p = e / e.sum(axis=-1, keepdims=True)\n"
        "    return d - p * d.sum(axis=-1, keepdims=True)\n",
        _rows,
        backward(_FUNCTIONS["log_softmax"], "x"),
        (
            Mistake(
                "p * d.sum(axis=-1, keepdims=True)",
                "p * d",
                "the sum of d over the row is missing: Σⱼ dⱼ",
            ),
            Mistake("p * d.sum(axis=-1, keepdims=True)", "p", "the factor Σⱼ dⱼ is missing"),
            Mistake("d.sum(axis=-1", "d.sum(axis=0", "sum over the classes of a row (axis -1)"),
        ),
        "∂yᵢ/∂xⱼ = δᵢⱼ - pⱼ: multiply by dᵢ and sum over i",
        points=2,
    ),
)
"""Exercises on activations."""
