"""Layers that disturb what they see while a network is trained, and do nothing afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from chainrule.arguments.checks import checked_count, checked_number
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.layer import Layer
from chainrule.nn.random_stream import RandomStream

__all__ = ["Dropout", "GaussianNoise"]


class Dropout(Layer):
    """Set a random part of the numbers to 0 while training, and enlarge the rest to make up for it.

    Parameters
    ----------
    rate : float in [0, 1)
        The share that is dropped. What stays is divided by 1 - rate, so that nothing need be
        changed when the network is used.
    noise_shape : sequence of (int or None), or None
        Shape of what is drawn, None for the length of the input there and 1 where all are kept or
        dropped together: (None, 1, 1, None) drops whole channels of pictures. None draws for each.
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        For a rate outside its range, or a shape that is none.

    References
    ----------
    Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks from overfitting",
    section 10 (inverted); for whole channels Tompson et al. (2015), "Efficient object localization
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
        self.rate = checked_number("Dropout", "rate", rate)
        if not 0 <= self.rate < 1:
            raise ArgumentError(f"Dropout: rate must be in [0, 1), got {rate!r}")
        self.noise_shape = None if noise_shape is None else _checked_shape(noise_shape)
        self.name = name

    def forward(self, x: Any) -> Any:
        """Return the input."""
        return x

    def train_forward(self, x: Any, random: RandomStream) -> Any:
        """Drop and enlarge."""
        if self.rate == 0:
            return x
        kept = random.uniform(self._drawn_shape(x.shape), x.dtype) >= self.rate
        return np.where(kept, x / (1 - self.rate), 0)

    def _drawn_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        given = self.noise_shape
        if given is None:
            return shape
        is_fit = len(given) == len(shape) and all(
            n in (None, 1, length) for n, length in zip(given, shape, strict=True)
        )
        if not is_fit:
            raise ShapeError(
                f"{self._title()}: noise_shape={given} does not stretch over an input of shape "
                f"{shape}; write None, 1 or its length for each axis"
            )
        return tuple(length if n is None else n for n, length in zip(given, shape, strict=True))


def _checked_shape(shape: Any) -> tuple[int | None, ...]:
    if not isinstance(shape, tuple | list):
        raise ArgumentError(f"Dropout: noise_shape must be a tuple, one for each axis, got {shape}")
    given = tuple(cast(Sequence[Any], shape))
    return tuple(n if n is None else checked_count("Dropout", "noise_shape", n) for n in given)


class GaussianNoise(Layer):
    """Add normal noise while training.

    Parameters
    ----------
    stddev : float >= 0
        Its standard deviation.
    name : str or None
        Its name; None numbers it by kind.

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
        self.stddev = checked_number("GaussianNoise", "stddev", stddev)
        if self.stddev < 0:
            raise ArgumentError(f"GaussianNoise: stddev must be at least 0, got {stddev!r}")
        self.name = name

    def forward(self, x: Any) -> Any:
        """Return the input."""
        return x

    def train_forward(self, x: Any, random: RandomStream) -> Any:
        """Add noise."""
        return x + self.stddev * random.normal(x.shape, x.dtype)
