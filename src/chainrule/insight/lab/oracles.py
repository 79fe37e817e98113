"""Oracles: expected outputs from the library's own derivative of a forward computation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.autodiff.derivative import vjp
from chainrule.insight.lab.exercise import Inputs, Outputs

__all__ = ["backward", "gradients", "layer"]


def gradients(f: Callable[..., Any], *names: str) -> Callable[[Inputs], Outputs]:
    """Return the oracle of the gradients of a number f(*inputs) by the inputs of these names."""

    def oracle(inputs: Inputs) -> Outputs:
        value, pullback = vjp(_by(f, inputs, names), *(inputs[name] for name in names))
        return tuple(pullback(np.ones_like(value)))

    return oracle


def backward(f: Callable[..., Any], *names: str) -> Callable[[Inputs], Outputs]:
    """Return the oracle of dᵀ ∂f/∂name, with d the last of the inputs and f of the others."""

    def oracle(inputs: Inputs) -> Outputs:
        given = {name: x for name, x in inputs.items() if name != "d"}
        _, pullback = vjp(_by(f, given, names), *(inputs[name] for name in names))
        return tuple(pullback(inputs["d"]))

    return oracle


def layer(f: Callable[..., Any]) -> Callable[[Inputs], Outputs]:
    """Return the oracle of a class: the value of f, and dᵀ ∂f/∂x, with x the first input."""

    def oracle(inputs: Inputs) -> Outputs:
        given = {name: x for name, x in inputs.items() if name != "d"}
        value, pullback = vjp(_by(f, given, ("x",)), inputs["x"])
        return np.asarray(value), *pullback(inputs["d"])

    return oracle


def _by(f: Callable[..., Any], inputs: Inputs, names: tuple[str, ...]) -> Callable[..., Any]:
    """Return f as a function of the inputs of some names, the others as they are."""
    return lambda *values: f(*(inputs | dict(zip(names, values, strict=True))).values())
