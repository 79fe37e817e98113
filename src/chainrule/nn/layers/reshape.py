"""Layers that only rearrange numbers; the batch axis stays where it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.arguments.checks import checked_count
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.layer import Layer, Shape

__all__ = ["Flatten", "Permute", "Reshape"]


class Flatten(Layer):
    """Put all numbers of a sample into one row.

    Parameters
    ----------
    name : str or None
        Its name; None numbers it by kind.

    Examples
    --------
    >>> Flatten()(np.zeros((5, 8, 8, 3))).shape
    (5, 192)
    """

    def forward(self, x: Any) -> Any:
        """Return `x` in the shape (batch, numbers of a sample)."""
        return x.reshape(x.shape[0], math.prod(x.shape[1:]))


class Reshape(Layer):
    """Give each sample another shape.

    Parameters
    ----------
    shape : sequence of int
        The new shape without the batch; one -1 stands for what remains.
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        For a shape with other numbers than lengths and at most one -1.

    Examples
    --------
    >>> Reshape((8, -1))(np.zeros((5, 64))).shape
    (5, 8, 8)
    """

    def __init__(self, shape: Sequence[int], name: str | None = None) -> None:
        if not np.iterable(shape):
            raise ArgumentError(
                f"Reshape: shape must be a tuple of whole numbers, got {shape!r}; for one axis "
                "write (n,)"
            )
        given = tuple(shape)
        if given.count(-1) > 1:
            raise ArgumentError(f"Reshape: only one length may be -1, got shape={shape!r}")
        self.shape = tuple(n if n == -1 else checked_count("Reshape", "shape", n) for n in given)
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check that the numbers of a sample fill the new shape."""
        count = math.prod(n for n in input_shape if n is not None)
        known = math.prod(n for n in self.shape if n != -1)
        if count % known if -1 in self.shape else count != known:
            raise ShapeError(
                f"{self._title()}: a sample of shape {input_shape[1:]} has {count} numbers, which "
                f"do not fill shape {self.shape}; choose lengths whose product is {count}"
            )

    def forward(self, x: Any) -> Any:
        """Return `x` in the shape (batch, *shape)."""
        known = math.prod(n for n in self.shape if n != -1)
        rest = math.prod(x.shape[1:]) // known
        return x.reshape(x.shape[0], *(rest if n == -1 else n for n in self.shape))


class Permute(Layer):
    """Exchange the axes of each sample.

    Parameters
    ----------
    axes : sequence of int
        For each axis of the result the axis it comes from, counted from 1, as the batch is axis 0.
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        Unless the axes are 1, 2, ... in some order.

    Examples
    --------
    >>> Permute((3, 1, 2))(np.zeros((5, 8, 9, 3))).shape
    (5, 3, 8, 9)
    """

    def __init__(self, axes: Sequence[int], name: str | None = None) -> None:
        self.axes = tuple(axes)
        if sorted(self.axes) != list(range(1, len(self.axes) + 1)):
            raise ArgumentError(
                f"Permute: axes must be the numbers 1 to {len(self.axes)} in some order (0 is the "
                f"batch and stays), got {axes!r}"
            )
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check that a sample has as many axes."""
        if len(input_shape) - 1 != len(self.axes):
            raise ShapeError(
                f"{self._title()}: axes={self.axes} needs samples with {len(self.axes)} axes, but "
                f"they have shape {input_shape[1:]}"
            )

    def forward(self, x: Any) -> Any:
        """Return `x` with its axes in the new order."""
        return np.transpose(x, (0, *self.axes))
