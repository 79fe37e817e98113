"""Image augmentation: random shift, flip, rotation and zoom of (batch, height, width, channels).

The transform of each image is drawn in each training step, from a stream that is a function of
seed, epoch and step, and is compiled with it. Pixels between the grid points are interpolated
bilinearly. In inference these layers are the identity.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.arguments.checks import (
    FRACTION,
    Range,
    bad_argument,
    checked_choice,
    checked_count,
    checked_number,
)
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.interpolation import gather_pixels, sample_bilinear
from chainrule.nn.layers.window_geometry import check_axes
from chainrule.nn.random_stream import RandomStream

__all__ = ["RandomFlip", "RandomRotation", "RandomShift", "RandomZoom"]

_HALF_TURN = Range("an angle in [0, 180]", lambda degrees: 0 <= degrees <= 180)


class _Augmentation(Layer):
    """A layer over images that is the identity in inference."""

    keeps_steps = False

    fixed_axes = ()

    def build(self, input_shape: Shape) -> None:
        """Check that the input has the axes of images."""
        check_axes(self._title(), input_shape, 2)

    def forward(self, x: Any) -> Any:
        """Return the input."""
        return x


class RandomShift(_Augmentation):
    """Translate each image by a random number of pixels while training.

    Parameters
    ----------
    pixels : int or (int, int)
        Largest shift in either direction, vertical and horizontal; all integers up to it are
        equally likely.
    fill : float
        Value of the pixels beyond the borders.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        Unless `pixels` is one integer of at least 0, or two.

    References
    ----------
    Simard, Steinkraus & Platt (2003), "Best practices for convolutional neural networks applied to
    visual document analysis", section 2.

    Examples
    --------
    >>> layer, x = RandomShift(2), np.ones((4, 8, 8, 1))
    >>> layer(x) is x, layer(x, random=RandomStream(seed=0)).sum() < x.sum()
    (True, np.True_)
    """

    def __init__(
        self, pixels: int | tuple[int, int], fill: float = 0.0, name: str | None = None
    ) -> None:
        pair: Any = tuple(pixels) if isinstance(pixels, tuple | list) else (pixels, pixels)
        if len(pair) != 2:
            raise bad_argument("RandomShift", "pixels", pixels, "an integer or two of them")
        note = ", or two of them" + _fraction_hint(pixels)
        down, right = (checked_count("RandomShift", "pixels", n, 0, note) for n in pair)
        self.pixels: tuple[int, int] = (down, right)
        self.fill = checked_number("RandomShift", "fill", fill)
        self.name = name

    def train_forward(self, x: Any, random: RandomStream) -> Any:
        """Translate each image."""
        uniform = random.uniform((2, x.shape[0]), self.dtype)
        shifts = [
            # The product may be rounded up to 2 · limit + 1.
            np.minimum(np.floor(each * (2 * limit + 1)), 2 * limit).astype(np.int64) - limit
            for each, limit in zip(uniform, self.pixels, strict=True)
        ]
        rows, columns = (
            np.arange(length) + shift[:, None]
            for length, shift in zip(x.shape[1:3], shifts, strict=True)
        )
        return gather_pixels(x, rows[:, :, None], columns[:, None, :], self.fill)


class RandomFlip(_Augmentation):
    """Flip each image with probability 1/2 while training.

    Parameters
    ----------
    mode : {"horizontal", "vertical", "both"}
        Flip left to right, top to bottom, or both, independently.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For an unknown mode.

    Examples
    --------
    >>> layer, x = RandomFlip("horizontal"), np.arange(3.0).reshape(1, 1, 3, 1)
    >>> [layer(x, random=RandomStream(seed=0, step=step)).ravel().tolist() for step in range(3)]
    [[2.0, 1.0, 0.0], [2.0, 1.0, 0.0], [0.0, 1.0, 2.0]]
    """

    def __init__(self, mode: str = "horizontal", name: str | None = None) -> None:
        self.mode = checked_choice("RandomFlip", "mode", mode, ("horizontal", "vertical", "both"))
        self.name = name

    def train_forward(self, x: Any, random: RandomStream) -> Any:
        """Flip some of the images."""
        uniform = random.uniform((2, x.shape[0], 1, 1, 1), self.dtype)
        if self.mode != "vertical":
            x = np.where(uniform[0] < 0.5, x[:, :, ::-1], x)
        if self.mode != "horizontal":
            x = np.where(uniform[1] < 0.5, x[:, ::-1], x)
        return x


class RandomRotation(_Augmentation):
    """Rotate each image about its centre by a random angle while training.

    Parameters
    ----------
    degrees : float in [0, 180]
        The angle is uniform in [-degrees, degrees). Keras's factor, a fraction of a full rotation,
        is degrees / 360.
    fill : float
        Value of the pixels beyond the borders.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For an angle out of range.

    Examples
    --------
    >>> layer, x = RandomRotation(10), np.ones((4, 8, 8, 1))
    >>> layer(x) is x, layer(x, random=RandomStream(seed=0)).shape
    (True, (4, 8, 8, 1))
    """

    def __init__(self, degrees: float, fill: float = 0.0, name: str | None = None) -> None:
        self.degrees = checked_number("RandomRotation", "degrees", degrees, _HALF_TURN)
        self.fill = checked_number("RandomRotation", "fill", fill)
        self.name = name

    def train_forward(self, x: Any, random: RandomStream) -> Any:
        """Rotate each image."""
        uniform = random.uniform((x.shape[0], 1, 1), self.dtype)
        angle = (2 * uniform - 1) * math.radians(self.degrees)
        down, right = _centred_coordinates(x.shape, uniform.dtype)
        sine, cosine = np.sin(angle), np.cos(angle)
        rows, columns = down * cosine - right * sine, down * sine + right * cosine
        return sample_bilinear(
            x, rows + (x.shape[1] - 1) / 2, columns + (x.shape[2] - 1) / 2, self.fill
        )


class RandomZoom(_Augmentation):
    """Zoom each image about its centre by a random factor while training.

    Parameters
    ----------
    factor : float in [0, 1)
        The magnification is uniform in [1 - factor, 1 + factor).
    fill : float
        Value of the pixels beyond the borders.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For a factor out of range.

    Examples
    --------
    >>> layer, x = RandomZoom(0.2), np.ones((4, 8, 8, 1))
    >>> layer(x) is x, layer(x, random=RandomStream(seed=0)).shape
    (True, (4, 8, 8, 1))
    """

    def __init__(self, factor: float, fill: float = 0.0, name: str | None = None) -> None:
        self.factor = checked_number("RandomZoom", "factor", factor, FRACTION)
        self.fill = checked_number("RandomZoom", "fill", fill)
        self.name = name

    def train_forward(self, x: Any, random: RandomStream) -> Any:
        """Zoom each image."""
        uniform = random.uniform((x.shape[0], 1, 1), self.dtype)
        scale = 1 / (1 + (2 * uniform - 1) * self.factor)
        down, right = _centred_coordinates(x.shape, uniform.dtype)
        rows, columns = down * scale + 0 * right, right * scale + 0 * down
        return sample_bilinear(
            x, rows + (x.shape[1] - 1) / 2, columns + (x.shape[2] - 1) / 2, self.fill
        )


def _centred_coordinates(shape: tuple[int, ...], dtype: Any) -> tuple[Any, Any]:
    """Row and column of each pixel relative to the centre, (1, height, 1) and (1, 1, width)."""
    height, width = shape[1:3]
    down: Any = (np.arange(height) - (height - 1) / 2).astype(dtype)
    right: Any = (np.arange(width) - (width - 1) / 2).astype(dtype)
    return down[None, :, None], right[None, None, :]


def _fraction_hint(pixels: Any) -> str:
    if isinstance(pixels, float) and 0 < pixels < 1:
        return f"; of 28 pixels, {pixels} are {round(28 * pixels)}"
    return ""
