"""Pooling: the largest or the average of what stands in a window, for each channel by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.window_geometry import (
    Padding,
    WindowGeometry,
    check_axes,
    per_axis,
    resolve_padding,
)
from chainrule.ops.primitives.custom_derivative import with_backward

__all__ = ["AvgPool1D", "AvgPool2D", "MaxPool1D", "MaxPool2D", "first_maximum"]

PerAxis = int | tuple[int, ...] | list[int]


class _Pooling(Layer):
    """What all pooling has in common: a window, and axes for it to slide over."""

    dimensions: ClassVar[int]

    def __init__(
        self,
        pool_size: PerAxis = 2,
        strides: PerAxis | None = None,
        padding: Padding = "valid",
        name: str | None = None,
    ) -> None:
        kind, count = type(self).__name__, self.dimensions
        sizes = per_axis(kind, "pool_size", pool_size, count)
        self.sliding = WindowGeometry(
            sizes,
            sizes if strides is None else per_axis(kind, "strides", strides, count),
            (1,) * count,
            resolve_padding(kind, padding, count),
        )
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check that there are axes to slide over."""
        check_axes(self._title(), input_shape, self.dimensions)

    def windows(self, x: Any, fill: float) -> Any:
        """Show what stands in the window at each of its places."""
        check_axes(self._title(), x.shape, self.dimensions)
        self.sliding.check(self._title(), "window", x.shape[1:-1])
        return self.sliding.over(x, fill)


class _MaxPooling(_Pooling):
    """The largest in each window."""

    def forward(self, x: Any) -> Any:
        """Compute the largest entry of each window."""
        return first_maximum(self.windows(x, -math.inf), len(self.sliding.sizes))


class _AvgPooling(_Pooling):
    """The mean of each window."""

    def forward(self, x: Any) -> Any:
        """Compute the mean of the entries of each window that are no margin."""
        seen = self.windows(x, 0.0)
        total = np.sum(seen, axis=_last(len(self.sliding.sizes)))
        return total / self._counts(x.shape[1:-1]).astype(total.dtype)

    def _counts(self, lengths: Sequence[int]) -> Any:
        """How many entries of each window are no margin."""
        ones = self.sliding.over(np.ones((1, *lengths, 1)))
        return np.sum(ones, axis=_last(len(lengths)))


def first_maximum(seen: Any, count: int) -> Any:
    """Compute the maximum along the last axes; where several are largest, the first one counts.

    Examples
    --------
    >>> first_maximum(np.array([[1.0, 3.0, 3.0]]), 1)
    array([3.])
    """
    axes = _last(count)
    largest = np.max(seen, axis=axes)

    def backward(ct: Any) -> list[Any]:
        sizes = seen.shape[-count:]
        numbers: Any = np.arange(math.prod(sizes)).reshape(sizes).astype(seen.dtype)
        is_less = seen < np.expand_dims(largest, axes)
        # Compared so, NaN counts as largest, as it does in np.max.
        first = np.min(np.where(is_less, math.prod(sizes), numbers), axis=axes, keepdims=True)
        return [np.where(numbers == first, np.expand_dims(ct, axes), 0)]

    return with_backward(largest, [seen], backward)


def _last(count: int) -> tuple[int, ...]:
    return tuple(range(-count, 0))


class MaxPool1D(_MaxPooling):
    """Take the largest of the steps in a window.

    Parameters
    ----------
    pool_size : int
        Steps of the window.
    strides : int or None
        Steps from one place to the next; None for as many as the window has.
    padding : "valid", "same", int, or ((before, after),)
        What the window may reach over at both ends; what is outside never counts.
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        For an argument outside its range, or one that is named otherwise here.

    Examples
    --------
    >>> MaxPool1D(2)(np.array([[[1.0], [4.0], [3.0], [2.0]]])).ravel()
    array([4., 3.])
    """

    dimensions = 1


class MaxPool2D(_MaxPooling):
    """Take the largest of the pixels in a window.

    Parameters
    ----------
    pool_size : int or (int, int)
        Height and width of the window.
    strides : int, (int, int) or None
        Pixels from one place to the next; None for as many as the window has.
    padding : "valid", "same", int, or two of (int or pair of int)
        What the window may reach over at the borders; what is outside never counts.
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        For an argument outside its range, or one that is named otherwise here.

    References
    ----------
    Ranzato et al. (2007), "Unsupervised learning of invariant feature hierarchies", section 3.

    Examples
    --------
    >>> MaxPool2D(2)(np.arange(16.0).reshape(1, 4, 4, 1)).reshape(2, 2)
    array([[ 5.,  7.],
           [13., 15.]])
    """

    dimensions = 2


class AvgPool1D(_AvgPooling):
    """Take the mean of the steps in a window.

    Parameters
    ----------
    pool_size : int
        Steps of the window.
    strides : int or None
        Steps from one place to the next; None for as many as the window has.
    padding : "valid", "same", int, or ((before, after),)
        What the window may reach over at both ends; what is outside does not count.
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        For an argument outside its range, or one that is named otherwise here.

    Examples
    --------
    >>> AvgPool1D(2, padding="same")(np.array([[[1.0], [4.0], [3.0]]])).ravel()
    array([2.5, 3. ])
    """

    dimensions = 1


class AvgPool2D(_AvgPooling):
    """Take the mean of the pixels in a window.

    Parameters
    ----------
    pool_size : int or (int, int)
        Height and width of the window.
    strides : int, (int, int) or None
        Pixels from one place to the next; None for as many as the window has.
    padding : "valid", "same", int, or two of (int or pair of int)
        What the window may reach over at the borders; what is outside does not count.
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        For an argument outside its range, or one that is named otherwise here.

    References
    ----------
    LeCun et al. (1998), "Gradient-based learning applied to document recognition", section II.

    Examples
    --------
    >>> AvgPool2D(2)(np.arange(16.0).reshape(1, 4, 4, 1)).reshape(2, 2)
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """

    dimensions = 2
