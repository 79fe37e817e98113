"""Flatten, Reshape and Permute: change the shape of each sample, not of the batch."""

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
    """Flatten each sample to one axis, (batch, features).

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Examples
    --------
    >>> Flatten()(np.zeros((5, 8, 8, 3))).shape
    (5, 192)
    """

    keeps_steps = False

    def forward(self, x: Any) -> Any:
        """Return `x` reshaped to (batch, elements of a sample)."""
        return x.reshape(x.shape[0], math.prod(x.shape[1:]))


class Reshape(Layer):
    """Reshape each sample, (batch, *shape).

    Parameters
    ----------
    shape : sequence of int
        The new shape without the batch; one length may be -1, which is inferred.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        Unless `shape` holds integers of at least 1 and at most one -1.

    Examples
    --------
    >>> Reshape((8, -1))(np.zeros((5, 64))).shape
    (5, 8, 8)
    """

    def __init__(self, shape: Sequence[int], name: str | None = None) -> None:
        if not np.iterable(shape):
            raise ArgumentError(
                f"Reshape: shape must be a tuple of integers, got {shape!r}; for one axis "
                "write (n,)"
            )
        lengths = tuple(shape)
        if lengths.count(-1) > 1:
            raise ArgumentError(f"Reshape: only one length may be -1, got shape={shape!r}")
        self.shape = tuple(n if n == -1 else checked_count("Reshape", "shape", n) for n in lengths)
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check that the new shape has as many elements as a sample."""
        count = math.prod(n for n in input_shape if n is not None)
        known = math.prod(n for n in self.shape if n != -1)
        if count % known if -1 in self.shape else count != known:
            raise ShapeError(
                f"{self._title()}: a sample of shape {input_shape[1:]} has {count} elements, which "
                f"do not fill shape {self.shape}; choose lengths whose product is {count}"
            )

    def forward(self, x: Any) -> Any:
        """Return `x` reshaped to (batch, *shape)."""
        known = math.prod(n for n in self.shape if n != -1)
        rest = math.prod(x.shape[1:]) // known
        return x.reshape(x.shape[0], *(rest if n == -1 else n for n in self.shape))


class Permute(Layer):
    """Permute the axes of each sample.

    Parameters
    ----------
    axes : sequence of int
        The input axis of each output axis, a permutation of 1, 2, ... (0 is the batch).
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        If `axes` is not such a permutation.

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
        self.keeps_steps = self.axes[:1] == (1,)
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check the number of axes of a sample."""
        if len(input_shape) - 1 != len(self.axes):
            raise ShapeError(
                f"{self._title()}: axes={self.axes} needs samples with {len(self.axes)} axes, but "
                f"they have shape {input_shape[1:]}"
            )

    def forward(self, x: Any) -> Any:
        """Return `x` with its axes permuted."""
        return np.transpose(x, (0, *self.axes))
