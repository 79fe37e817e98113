"""Registry of activation functions, which are plain NumPy on arrays and on nodes.

All reach their limits at ±inf, propagate NaN and preserve float32. The derivative at a kink is that
of the flat side, or the left derivative where neither side is flat. The functions are in
``rectifiers`` and ``bounded``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.arguments.lookup import look_up
from chainrule.errors import ArgumentError
from chainrule.nn.activations.bounded import (
    hard_sigmoid,
    linear,
    log_softmax,
    sigmoid,
    softmax,
    softsign,
    tanh,
)
from chainrule.nn.activations.rectifiers import (
    elu,
    gelu,
    leaky_relu,
    mish,
    relu,
    selu,
    silu,
    softplus,
)

__all__ = ["ACTIVATIONS", "ActivationFunction", "resolve_activation"]

ActivationFunction = Callable[[Any], Any]

ACTIVATIONS: dict[str, ActivationFunction] = {
    "linear": linear,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "selu": selu,
    "gelu": gelu,
    "silu": silu,
    "softplus": softplus,
    "softsign": softsign,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "hard_sigmoid": hard_sigmoid,
    "mish": mish,
}
"""The activation functions by name."""


def resolve_activation(activation: str | ActivationFunction | None) -> ActivationFunction:
    """Return the activation of a name; a function is returned unchanged, and `linear` for None.

    Examples
    --------
    >>> import numpy as np
    >>> resolve_activation("relu")(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    if activation is None:
        return linear
    if callable(activation):
        return activation
    if isinstance(activation, int):
        raise ArgumentError(
            f"activation: expected a name or a function, got an int, {activation}; a layer is "
            "given the number of its units alone, as nn.Dense(8), since that of its inputs is "
            f"inferred; there are {', '.join(sorted(ACTIVATIONS))}"
        )
    return look_up("activation", activation, ACTIVATIONS)
