"""Initialisers: how the numbers of a new parameter are drawn.

Each is a function ``(shape, generator, dtype) -> array``. The generator is NumPy's on the
counter-based bits of Philox, one of its own for each parameter, so that a weight depends on the seed
and its place in the network alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from chainrule.nn.spelling import unknown_name

__all__ = [
    "INITIALIZERS", "Initializer", "by_activation", "constant", "fans", "generator_at", "normal",
    "ones", "orthogonal", "resolve_initializer", "scaled_normal", "scaled_uniform", "uniform",
    "zeros",
]  # fmt: skip

Array = np.ndarray[Any, Any]
Initializer = Callable[[tuple[int, ...], np.random.Generator, np.dtype[Any]], Array]

_RELU_FAMILY = {"relu", "leaky_relu", "elu", "gelu", "silu", "mish"}


def generator_at(seed: int, place: tuple[int, ...]) -> np.random.Generator:
    """Return the generator of one place in a network, a function of seed and place alone."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=place)))


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Count what enters and what leaves one unit of a weight.

    Examples
    --------
    >>> fans((784, 100)), fans((3, 3, 16, 32))
    ((784, 100), (144, 288))
    """
    if len(shape) < 2:
        return (math.prod(shape), math.prod(shape))
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]


def zeros(shape: tuple[int, ...], generator: np.random.Generator, dtype: np.dtype[Any]) -> Array:
    return np.zeros(shape, dtype)


def ones(shape: tuple[int, ...], generator: np.random.Generator, dtype: np.dtype[Any]) -> Array:
    return np.ones(shape, dtype)


def constant(
    shape: tuple[int, ...],
    generator: np.random.Generator,
    dtype: np.dtype[Any],
    value: float = 0.0,
) -> Array:
    return np.full(shape, value, dtype)


def normal(
    shape: tuple[int, ...],
    generator: np.random.Generator,
    dtype: np.dtype[Any],
    stddev: float = 0.05,
) -> Array:
    return generator.normal(0.0, stddev, shape).astype(dtype)


def uniform(
    shape: tuple[int, ...],
    generator: np.random.Generator,
    dtype: np.dtype[Any],
    limit: float = 0.05,
) -> Array:
    return generator.uniform(-limit, limit, shape).astype(dtype)


def scaled_normal(
    shape: tuple[int, ...],
    generator: np.random.Generator,
    dtype: np.dtype[Any],
    gain: float,
    mode: str,
) -> Array:
    return normal(shape, generator, dtype, math.sqrt(_variance(shape, gain, mode)))


def scaled_uniform(
    shape: tuple[int, ...],
    generator: np.random.Generator,
    dtype: np.dtype[Any],
    gain: float,
    mode: str,
) -> Array:
    return uniform(shape, generator, dtype, math.sqrt(3 * _variance(shape, gain, mode)))


def orthogonal(
    shape: tuple[int, ...], generator: np.random.Generator, dtype: np.dtype[Any]
) -> Array:
    columns = shape[-1]
    rows = math.prod(shape[:-1])
    flat = generator.normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(flat)
    q = q * np.sign(np.diag(r))
    return (q if rows >= columns else q.T).reshape(shape).astype(dtype)


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


def by_activation(activation: Any) -> str:
    """Choose the initialiser of a weight that feeds an activation, given by name or function."""
    name = activation if isinstance(activation, str) else getattr(activation, "__name__", "")
    return "he_normal" if name in _RELU_FAMILY else "glorot_uniform"


def resolve_initializer(initializer: str | Initializer) -> Initializer:
    """Return the function that a name or a function stands for.

    Raises
    ------
    ArgumentError
        For a name that is not in the table; the message gives close ones.
    """
    if callable(initializer):
        return initializer
    if initializer not in INITIALIZERS:
        raise unknown_name("initializer", initializer, ("auto", *INITIALIZERS))
    return INITIALIZERS[initializer]


def _variance(shape: tuple[int, ...], gain: float, mode: str) -> float:
    fan_in, fan_out = fans(shape)
    size = fan_in if mode == "in" else (fan_in + fan_out) / 2
    return gain / max(size, 1)
