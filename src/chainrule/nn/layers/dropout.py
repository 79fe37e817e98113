"""Dropout and Gaussian noise: regularisation while training, the identity in inference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from chainrule.arguments.checks import (
    FRACTION,
    NON_NEGATIVE,
    bad_argument,
    checked_count,
    checked_number,
)
from chainrule.errors import ShapeError
from chainrule.nn.layer import Layer
from chainrule.nn.random_stream import RandomStream

__all__ = ["Dropout", "GaussianNoise"]


class Dropout(Layer):
    """Inverted dropout: while training, set each element to 0 with probability `rate`.

    Retained elements are divided by 1 - rate, which keeps the mean; inference is the identity.

    Parameters
    ----------
    rate : float in [0, 1)
        Probability of dropping an element.
    noise_shape : sequence of (int or None), or None
        Shape of the dropout mask, which broadcasts to the input; None in it stands for the input's
        length. (None, 1, 1, None) drops whole channels of images (spatial dropout). None draws
        every element independently.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For a rate out of range, or a `noise_shape` that is not a shape.

    References
    ----------
    Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks from overfitting",
    section 10 (inverted); spatial dropout: Tompson et al. (2015), "Efficient object localization
    using convolutional networks", section 3.2.

    Examples
    --------
    >>> layer = Dropout(0.5)
    >>> layer(np.ones((2, 3)))
    array([[1., 1., 1.],
           [1., 1., 1.]])
    >>> bool(np.all(np.isin(layer(np.ones((2, 3)), random=RandomStream(seed=0)), [0.0, 2.0])))
    True
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        name: str | None = None,
    ) -> None:
        self.rate = checked_number("Dropout", "rate", rate, FRACTION)
        self.noise_shape = None if noise_shape is None else _checked_shape(noise_shape)
        self.name = name

    def forward(self, x: Any) -> Any:
        """Return the input."""
        return x

    def train_forward(self, x: Any, random: RandomStream) -> Any:
        """Apply a dropout mask and rescale."""
        if self.rate == 0:
            return x
        is_retained = random.uniform(self._mask_shape(x.shape), x.dtype) >= self.rate
        return np.where(is_retained, x / (1 - self.rate), 0)

    def _mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        noise = self.noise_shape
        if noise is None:
            return shape
        is_broadcastable = len(noise) == len(shape) and all(
            n in (None, 1, length) for n, length in zip(noise, shape, strict=True)
        )
        if not is_broadcastable:
            raise ShapeError(
                f"{self._title()}: noise_shape={noise} does not broadcast to an input of shape "
                f"{shape}; write None, 1 or its length for each axis"
            )
        return tuple(length if n is None else n for n, length in zip(noise, shape, strict=True))


def _checked_shape(shape: Any) -> tuple[int | None, ...]:
    if not isinstance(shape, tuple | list):
        raise bad_argument("Dropout", "noise_shape", shape, "a tuple, one for each axis")
    lengths = tuple(cast(Sequence[Any], shape))
    return tuple(n if n is None else checked_count("Dropout", "noise_shape", n) for n in lengths)


class GaussianNoise(Layer):
    """Add noise from N(0, stddev²) while training; the identity in inference.

    Parameters
    ----------
    stddev : float >= 0
        Standard deviation of the noise.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For a negative standard deviation.

    References
    ----------
    Bishop (1995), "Training with noise is equivalent to Tikhonov regularization".

    Examples
    --------
    >>> layer = GaussianNoise(0.1)
    >>> x = np.zeros((2, 3))
    >>> layer(x) is x, layer(x, random=RandomStream(seed=0)) is x
    (True, False)
    """

    def __init__(self, stddev: float, name: str | None = None) -> None:
        self.stddev = checked_number("GaussianNoise", "stddev", stddev, NON_NEGATIVE)
        self.name = name

    def forward(self, x: Any) -> Any:
        """Return the input."""
        return x

    def train_forward(self, x: Any, random: RandomStream) -> Any:
        """Add noise."""
        return x + self.stddev * random.normal(x.shape, x.dtype)
