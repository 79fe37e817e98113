"""Flatten, Reshape, Permute and RepeatVector: change the shape of each sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from chainrule.arguments.checks import as_position, bad_argument, checked_count, shown
from chainrule.errors import ArgumentError, ShapeError, counted
from chainrule.nn.layer import Layer, Shape

__all__ = ["Flatten", "Permute", "RepeatVector", "Reshape"]


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
        if not isinstance(shape, tuple | list | range | np.ndarray):
            rule = "a tuple of integers; for one axis write (n,)"
            raise bad_argument("Reshape", "shape", shape, rule)
        lengths = [as_position(n) for n in cast(Any, shape)]
        if lengths.count(-1) > 1:
            raise ArgumentError(f"Reshape: only one length may be -1, got shape={shown(shape)}")
        self.shape = tuple(
            -1 if length == -1 else checked_count("Reshape", "shape", n)
            for length, n in zip(lengths, cast(Any, shape), strict=True)
        )
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check that the new shape has as many elements as a sample."""
        count = math.prod(n for n in input_shape if n is not None)
        known = math.prod(n for n in self.shape if n != -1)
        if count % known if -1 in self.shape else count != known:
            raise ShapeError(
                f"{self._title()}: a sample of shape {input_shape[1:]} has "
                f"{counted(count, 'element')}, which do not fill shape {self.shape}; choose "
                f"lengths whose product is {count}"
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
        entries = axes if isinstance(axes, tuple | list | range | np.ndarray) else ()
        positions = [as_position(each) for each in entries]
        self.axes = tuple(each for each in positions if each is not None)
        if sorted(self.axes) != list(range(1, len(positions) + 1)) or not self.axes:
            count = f"1 to {len(positions)}" if positions else "1, 2, ..."
            rule = f"a tuple of the numbers {count} in some order (0 is the batch and stays)"
            raise bad_argument("Permute", "axes", axes, rule)
        self.keeps_steps = self.axes[:1] == (1,)
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check the number of axes of a sample."""
        if len(input_shape) - 1 != len(self.axes):
            raise ShapeError(
                f"{self._title()}: axes={self.axes} needs samples with "
                f"{counted(len(self.axes), 'axis')}, but they have shape {input_shape[1:]}"
            )

    def forward(self, x: Any) -> Any:
        """Return `x` with its axes permuted."""
        return np.transpose(x, (0, *self.axes))


class RepeatVector(Layer):
    """Repeat the features of each sample as steps: (batch, features) to (batch, n, features).

    Parameters
    ----------
    n : int > 0
        Number of steps.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        If `n` is not a positive integer.

    Examples
    --------
    >>> RepeatVector(3)(np.array([[1.0, 2.0]]))
    array([[[1., 2.],
            [1., 2.],
            [1., 2.]]])
    """

    def __init__(self, n: int, name: str | None = None) -> None:
        self.n = checked_count("RepeatVector", "n", n)
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check that a sample is a vector."""
        if len(input_shape) != 2:
            shape = ", ".join(map(str, ("batch", *input_shape[1:])))
            raise ShapeError(
                f"{self._title()}: its input has shape ({shape}), but it needs (batch, features); "
                "put nn.Flatten, or a layer that returns one vector a sample, before it"
            )

    def forward(self, x: Any) -> Any:
        """Return `x` at each step, (batch, n, features)."""
        return np.broadcast_to(x[:, None], (x.shape[0], self.n, x.shape[1]))
