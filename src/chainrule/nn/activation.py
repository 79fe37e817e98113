"""Activations: functions of each unit, as plain NumPy.

All are stable for arguments of any size, hand NaN through, and keep float32 as float32. Where a
function has a corner its derivative there is 0 or the slope of the left side (relu'(0) = 0).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.nn.spelling import unknown_name
from chainrule.ops import special
from chainrule.ops.selection import stop_gradient

__all__ = [
    "ACTIVATIONS", "elu", "gelu", "hard_sigmoid", "leaky_relu", "linear", "log_softmax", "mish",
    "relu", "resolve_activation", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign",
    "tanh",
]  # fmt: skip

ActivationFunction = Callable[[Any], Any]

SELU_SCALE = 1.0507009873554804934193349852946
"""Klambauer et al. (2017), "Self-normalizing neural networks", equation 14."""
SELU_ALPHA = 1.6732632423543772848170429916717


def linear(x: Any) -> Any:
    return x


def sigmoid(x: Any) -> Any:
    return special.sigmoid(x)


def tanh(x: Any) -> Any:
    return np.tanh(x)


def relu(x: Any) -> Any:
    return np.maximum(x, 0)


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    return np.where(x > 0, x, slope * x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def selu(x: Any) -> Any:
    return SELU_SCALE * elu(x, SELU_ALPHA)


def gelu(x: Any) -> Any:
    return 0.5 * x * (1 + special.erf(x / math.sqrt(2)))


def silu(x: Any) -> Any:
    return x * special.sigmoid(x)


def softplus(x: Any) -> Any:
    return np.logaddexp(x, 0)


def softsign(x: Any) -> Any:
    return x / (1 + np.abs(x))


def softmax(x: Any) -> Any:
    powers = np.exp(x - stop_gradient(np.max(x, axis=-1, keepdims=True)))
    return powers / np.sum(powers, axis=-1, keepdims=True)


def log_softmax(x: Any) -> Any:
    shifted = x - stop_gradient(np.max(x, axis=-1, keepdims=True))
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


def hard_sigmoid(x: Any) -> Any:
    return np.clip(x / 6 + 0.5, 0, 1)


def mish(x: Any) -> Any:
    return x * np.tanh(softplus(x))


ACTIVATIONS: dict[str, ActivationFunction] = {
    function.__name__: function
    for function in (
        linear, sigmoid, tanh, relu, leaky_relu, elu, selu, gelu, silu, softplus, softsign,
        softmax, log_softmax, hard_sigmoid, mish,
    )
}  # fmt: skip


def resolve_activation(activation: str | ActivationFunction | None) -> ActivationFunction:
    """Return the function that a name, a function or None (no activation) stands for.

    Raises
    ------
    ArgumentError
        For a name that is not in the table; the message gives close ones.

    Examples
    --------
    >>> resolve_activation("relu")(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    if activation is None:
        return linear
    if callable(activation):
        return activation
    if activation not in ACTIVATIONS:
        raise unknown_name("activation", activation, ACTIVATIONS)
    return ACTIVATIONS[activation]
