"""Initialisers: constants, distributions scaled by fan-in and fan-out, orthogonal matrices.

Each is a function ``(shape, generator, dtype) -> array``. The generator is a NumPy generator over
Philox, a separate one for each parameter: an initial weight is a function of the seed and the
parameter's position in the network.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import ShapeError

__all__ = [
    "Initializer",
    "constant",
    "fans",
    "generator_at",
    "normal",
    "ones",
    "orthogonal",
    "scaled_normal",
    "scaled_uniform",
    "uniform",
    "zeros",
]

Array = np.ndarray[Any, Any]
Sizes = tuple[int, ...]
DType = np.dtype[Any]
Generator = np.random.Generator

Initializer = Callable[[Sizes, Generator, DType], Array]
"""From shape, generator and dtype to an array."""


def zeros(shape: Sizes, generator: Generator, dtype: DType) -> Array:
    """Fill with 0.

    Examples
    --------
    >>> zeros((2,), generator_at(0, ()), np.dtype("float32"))
    array([0., 0.], dtype=float32)
    """
    return np.zeros(shape, dtype)


def ones(shape: Sizes, generator: Generator, dtype: DType) -> Array:
    """Fill with 1.

    Examples
    --------
    >>> ones((2,), generator_at(0, ()), np.dtype("float32"))
    array([1., 1.], dtype=float32)
    """
    return np.ones(shape, dtype)


def constant(shape: Sizes, generator: Generator, dtype: DType, value: float = 0.0) -> Array:
    """Fill with one value.

    Examples
    --------
    >>> constant((2,), generator_at(0, ()), np.dtype("float32"), value=0.5)
    array([0.5, 0.5], dtype=float32)
    """
    return np.full(shape, value, dtype)


def normal(shape: Sizes, generator: Generator, dtype: DType, stddev: float = 0.05) -> Array:
    """Draw from the normal distribution with mean 0 and standard deviation `stddev`.

    Examples
    --------
    >>> normal((2, 3), generator_at(0, ()), np.dtype("float32")).shape
    (2, 3)
    """
    return generator.normal(0.0, stddev, shape).astype(dtype)


def uniform(shape: Sizes, generator: Generator, dtype: DType, limit: float = 0.05) -> Array:
    """Draw from the uniform distribution on [-limit, limit).

    Examples
    --------
    >>> bool(np.all(abs(uniform((100,), generator_at(0, ()), np.dtype("float64"))) <= 0.05))
    True
    """
    return generator.uniform(-limit, limit, shape).astype(dtype)


def scaled_normal(
    shape: Sizes, generator: Generator, dtype: DType, gain: float = 1.0, mode: str = "in"
) -> Array:
    """Draw from the normal distribution with mean 0 and variance gain / fan (variance scaling).

    The fan is fan-in for mode "in" and (fan-in + fan-out) / 2 for mode "average".

    References
    ----------
    He et al. (2015), "Delving deep into rectifiers", equation 10 (gain 2, "in"); LeCun et al.
    (1998), "Efficient backprop", equation 16 (gain 1, "in").

    Examples
    --------
    >>> draw = scaled_normal((400, 300), generator_at(0, ()), np.dtype("float64"), gain=2.0)
    >>> round(400 * float(draw.var()), 1)
    2.0
    """
    return normal(shape, generator, dtype, math.sqrt(_variance(shape, gain, mode)))


def scaled_uniform(
    shape: Sizes, generator: Generator, dtype: DType, gain: float = 1.0, mode: str = "in"
) -> Array:
    """Draw from the uniform distribution on [-a, a), a² = 3 gain / fan: variance gain / fan.

    References
    ----------
    Glorot & Bengio (2010), "Understanding the difficulty of training deep feedforward neural
    networks", equation 16 (gain 1, "average").

    Examples
    --------
    >>> draw = scaled_uniform((2, 4), generator_at(0, ()), np.dtype("float64"), mode="average")
    >>> bool(abs(draw).max() <= 1.0)
    True
    """
    return uniform(shape, generator, dtype, math.sqrt(3 * _variance(shape, gain, mode)))


def orthogonal(shape: Sizes, generator: Generator, dtype: DType) -> Array:
    """Draw a matrix with orthonormal columns (or rows, if there are fewer), Haar distributed.

    All axes but the last are flattened to rows. Raises ShapeError for fewer than two axes.

    References
    ----------
    Saxe, McClelland & Ganguli (2014), "Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks"; Mezzadri (2007), "How to generate random matrices from the
    classical compact groups", section 5.

    Examples
    --------
    >>> q = orthogonal((3, 2), generator_at(0, ()), np.dtype("float64"))
    >>> np.allclose(q.T @ q, np.eye(2))
    True
    """
    if len(shape) < 2:
        raise ShapeError(
            f"initializer 'orthogonal' needs at least two axes, got shape {shape}; use 'normal'"
        )
    rows, columns = math.prod(shape[:-1]), shape[-1]
    square = generator.normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(square)
    q = q * np.sign(np.diag(r))  # Mezzadri, section 5: else the distribution is not Haar
    return (q if rows >= columns else q.T).reshape(shape).astype(dtype)


def fans(shape: Sizes) -> tuple[int, int]:
    """Return fan-in and fan-out of a weight (..., in, out): field size · in, field size · out.

    Examples
    --------
    >>> fans((784, 100)), fans((3, 3, 16, 32))
    ((784, 100), (144, 288))
    """
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]


def generator_at(seed: int, position: tuple[int, ...]) -> Generator:
    """Return the generator of a position in a network, a function of seed and position alone.

    Examples
    --------
    >>> generator_at(0, (1, 0)).random() == generator_at(0, (1, 0)).random()
    True
    """
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=position)))


def _variance(shape: Sizes, gain: float, mode: str) -> float:
    fan_in, fan_out = fans(shape)
    fan = fan_in if mode == "in" else (fan_in + fan_out) / 2
    return gain / max(fan, 1)
