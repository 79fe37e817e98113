"""Pictures changed at random while a network is trained, so that it does not learn them by heart.

Shifts, turns, sizes and flips are drawn anew for each picture in each epoch, as functions of seed,
epoch and step; they are part of the compiled epoch. Afterwards these layers do nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.arguments.checks import checked_number
from chainrule.errors import ArgumentError
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.interpolation import pixels_at, values_at
from chainrule.nn.layers.window_geometry import check_axes
from chainrule.nn.random_stream import RandomStream

__all__ = ["RandomFlip", "RandomRotation", "RandomShift", "RandomZoom"]


class _Augmentation(Layer):
    """What all of them have in common: pictures, and nothing to do outside of training."""

    fixed_axes = ()

    def build(self, input_shape: Shape) -> None:
        """Check that there are pictures."""
        check_axes(self._title(), input_shape, 2)

    def forward(self, x: Any) -> Any:
        """Return the input."""
        return x


class RandomShift(_Augmentation):
    """Move each picture by a random number of whole pixels while training.

    Parameters
    ----------
    pixels : int or (int, int)
        The most it is moved, up or down and to the left or right.
    fill : float
        What comes in at the borders.
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        For anything but whole numbers of at least 0.

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
        is_whole = all(
            isinstance(n, int | np.integer) and not isinstance(n, bool) and n >= 0 for n in pair
        )
        if len(pair) != 2 or not is_whole:
            raise ArgumentError(
                f"RandomShift: pixels must be a whole number of at least 0, or two of them, got "
                f"{pixels!r}" + _share_of_pixels(pixels)
            )
        self.pixels: tuple[int, int] = (int(pair[0]), int(pair[1]))
        self.fill = checked_number("RandomShift", "fill", fill)
        self.name = name

    def train_forward(self, x: Any, random: RandomStream) -> Any:
        """Move each picture."""
        drawn = random.uniform((2, x.shape[0]), self.dtype)
        moves = [
            # The product may be rounded up to 2 · most + 1.
            np.minimum(np.floor(each * (2 * most + 1)), 2 * most).astype(np.int64) - most
            for each, most in zip(drawn, self.pixels, strict=True)
        ]
        rows, columns = (
            np.arange(length) + move[:, None]
            for length, move in zip(x.shape[1:3], moves, strict=True)
        )
        return pixels_at(x, rows[:, :, None], columns[:, None, :], self.fill)


class RandomFlip(_Augmentation):
    """Mirror half of the pictures while training.

    Parameters
    ----------
    mode : {"horizontal", "vertical", "both"}
        Exchange left and right, top and bottom, or each of the two with a chance of one half.
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        For another mode.

    Examples
    --------
    >>> layer, x = RandomFlip("horizontal"), np.arange(3.0).reshape(1, 1, 3, 1)
    >>> [layer(x, random=RandomStream(seed=0, step=step)).ravel().tolist() for step in range(3)]
    [[2.0, 1.0, 0.0], [2.0, 1.0, 0.0], [0.0, 1.0, 2.0]]
    """

    def __init__(self, mode: str = "horizontal", name: str | None = None) -> None:
        if mode not in ("horizontal", "vertical", "both"):
            raise ArgumentError(
                f"RandomFlip: mode must be 'horizontal', 'vertical' or 'both', got {mode!r}"
            )
        self.mode = mode
        self.name = name

    def train_forward(self, x: Any, random: RandomStream) -> Any:
        """Mirror some of the pictures."""
        chance = random.uniform((2, x.shape[0], 1, 1, 1), self.dtype)
        if self.mode != "vertical":
            x = np.where(chance[0] < 0.5, x[:, :, ::-1], x)
        if self.mode != "horizontal":
            x = np.where(chance[1] < 0.5, x[:, ::-1], x)
        return x


class RandomRotation(_Augmentation):
    """Turn each picture about its middle by a random angle while training.

    Parameters
    ----------
    degrees : float in [0, 180]
        The most it is turned, to either side. (A part of a full turn, as Keras has it, is 360 times
        that number of degrees.)
    fill : float
        What comes in at the corners.
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        For an angle outside its range.

    Examples
    --------
    >>> layer, x = RandomRotation(10), np.ones((4, 8, 8, 1))
    >>> layer(x) is x, layer(x, random=RandomStream(seed=0)).shape
    (True, (4, 8, 8, 1))
    """

    def __init__(self, degrees: float, fill: float = 0.0, name: str | None = None) -> None:
        self.degrees = checked_number("RandomRotation", "degrees", degrees)
        if not 0 <= self.degrees <= 180:
            raise ArgumentError(f"RandomRotation: degrees must be in [0, 180], got {degrees!r}")
        self.fill = checked_number("RandomRotation", "fill", fill)
        self.name = name

    def train_forward(self, x: Any, random: RandomStream) -> Any:
        """Turn each picture."""
        chance = random.uniform((x.shape[0], 1, 1), self.dtype)
        angle = (2 * chance - 1) * math.radians(self.degrees)
        down, right = _from_the_middle(x.shape, chance.dtype)
        sine, cosine = np.sin(angle), np.cos(angle)
        rows, columns = down * cosine - right * sine, down * sine + right * cosine
        return values_at(x, rows + (x.shape[1] - 1) / 2, columns + (x.shape[2] - 1) / 2, self.fill)


class RandomZoom(_Augmentation):
    """Enlarge or reduce each picture about its middle by a random factor while training.

    Parameters
    ----------
    factor : float in [0, 1)
        The factor is drawn between 1 - factor and 1 + factor.
    fill : float
        What comes in at the borders of a picture that is made smaller.
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        For a factor outside its range.

    Examples
    --------
    >>> layer, x = RandomZoom(0.2), np.ones((4, 8, 8, 1))
    >>> layer(x) is x, layer(x, random=RandomStream(seed=0)).shape
    (True, (4, 8, 8, 1))
    """

    def __init__(self, factor: float, fill: float = 0.0, name: str | None = None) -> None:
        self.factor = checked_number("RandomZoom", "factor", factor)
        if not 0 <= self.factor < 1:
            raise ArgumentError(f"RandomZoom: factor must be in [0, 1), got {factor!r}")
        self.fill = checked_number("RandomZoom", "fill", fill)
        self.name = name

    def train_forward(self, x: Any, random: RandomStream) -> Any:
        """Change the size of each picture."""
        chance = random.uniform((x.shape[0], 1, 1), self.dtype)
        scale = 1 / (1 + (2 * chance - 1) * self.factor)
        down, right = _from_the_middle(x.shape, chance.dtype)
        rows, columns = down * scale + 0 * right, right * scale + 0 * down
        return values_at(x, rows + (x.shape[1] - 1) / 2, columns + (x.shape[2] - 1) / 2, self.fill)


def _from_the_middle(shape: tuple[int, ...], dtype: Any) -> tuple[Any, Any]:
    """How far each pixel is below and to the right of the middle, (1, height, 1), (1, 1, width)."""
    height, width = shape[1:3]
    down: Any = (np.arange(height) - (height - 1) / 2).astype(dtype)
    right: Any = (np.arange(width) - (width - 1) / 2).astype(dtype)
    return down[None, :, None], right[None, None, :]


def _share_of_pixels(pixels: Any) -> str:
    if isinstance(pixels, float) and 0 < pixels < 1:
        return f"; of 28 pixels, {pixels} are {round(28 * pixels)}"
    return ""
