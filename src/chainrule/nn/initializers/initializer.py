"""Registry of initialisers, and the default one for each activation.

The functions are in ``distributions``; their parameters are set by ``partial(normal, stddev=0.1)``.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from chainrule.arguments.lookup import look_up
from chainrule.nn.initializers.distributions import (
    Initializer,
    constant,
    fans,
    generator_at,
    normal,
    ones,
    orthogonal,
    scaled_normal,
    scaled_uniform,
    uniform,
    zeros,
)

__all__ = [
    "INITIALIZERS",
    "Initializer",
    "by_activation",
    "checked_initializer",
    "constant",
    "fans",
    "generator_at",
    "normal",
    "ones",
    "orthogonal",
    "resolve_initializer",
    "scaled_normal",
    "scaled_uniform",
    "uniform",
    "zeros",
]

_RELU_FAMILY = {"relu", "leaky_relu", "elu", "gelu", "silu", "mish"}

INITIALIZERS: dict[str, Initializer] = {
    "zeros": zeros,
    "ones": ones,
    "constant": constant,
    "normal": normal,
    "uniform": uniform,
    "orthogonal": orthogonal,
    "glorot_normal": partial(scaled_normal, gain=1.0, mode="average"),
    "glorot_uniform": partial(scaled_uniform, gain=1.0, mode="average"),
    "he_normal": partial(scaled_normal, gain=2.0, mode="in"),
    "he_uniform": partial(scaled_uniform, gain=2.0, mode="in"),
    "lecun_normal": partial(scaled_normal, gain=1.0, mode="in"),
    "lecun_uniform": partial(scaled_uniform, gain=1.0, mode="in"),
}
"""The initialisers by name."""


def resolve_initializer(initializer: str | Initializer) -> Initializer:
    """Return the initialiser of a name; a function is returned unchanged.

    Examples
    --------
    >>> resolve_initializer("ones") is ones
    True
    """
    if callable(initializer) and not isinstance(initializer, type):
        return initializer
    return look_up("initializer", initializer, INITIALIZERS)


def checked_initializer(initializer: str | Initializer) -> str | Initializer:
    """Return the argument unchanged if it is "auto" or an initialiser; else raise ArgumentError.

    Examples
    --------
    >>> checked_initializer("auto")
    'auto'
    """
    if not isinstance(initializer, str) or initializer != "auto":
        resolve_initializer(initializer)
    return initializer


def by_activation(activation: Any) -> str:
    """Return the default initialiser of weights before an activation, given by name or function.

    He normal for the ReLU family, Glorot uniform otherwise.

    Examples
    --------
    >>> by_activation("relu"), by_activation("tanh"), by_activation(None)
    ('he_normal', 'glorot_uniform', 'glorot_uniform')
    """
    name = activation if isinstance(activation, str) else getattr(activation, "__name__", "")
    return "he_normal" if name in _RELU_FAMILY else "glorot_uniform"
