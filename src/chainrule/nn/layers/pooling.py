"""Max and average pooling over sliding windows, for each channel separately."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from chainrule.arguments.checks import bad_argument
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
    """Pooling windows over `dimensions` spatial axes."""

    keeps_steps = False

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
        widths = resolve_padding(kind, padding, count)
        if not isinstance(widths, str) and any(
            max(pair) >= size for pair, size in zip(widths, sizes, strict=True)
        ):
            rule = f"less than pool_size, {pool_size}: a window of padding alone has no value"
            raise bad_argument(kind, "padding", padding, rule)
        self.geometry = WindowGeometry(
            sizes,
            sizes if strides is None else per_axis(kind, "strides", strides, count),
            (1,) * count,
            widths,
        )
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check the number of axes."""
        check_axes(self._title(), input_shape, self.dimensions)

    def windows(self, x: Any, fill: float) -> Any:
        """Return all windows, (batch, *positions, channels, *window)."""
        check_axes(self._title(), x.shape, self.dimensions)
        self.geometry.check(self._title(), "window", x.shape[1:-1])
        return self.geometry.unfold(x, fill)


class _MaxPooling(_Pooling):
    """Maximum over each window."""

    def forward(self, x: Any) -> Any:
        """Return the maximum of each window."""
        return first_maximum(self.windows(x, -math.inf), len(self.geometry.sizes))


class _AvgPooling(_Pooling):
    """Mean over each window."""

    def forward(self, x: Any) -> Any:
        """Return the mean of each window; padding does not count."""
        windows = self.windows(x, 0.0)
        total = np.sum(windows, axis=_last(len(self.geometry.sizes)))
        return total / self._counts(x.shape[1:-1]).astype(total.dtype)

    def _counts(self, lengths: Sequence[int]) -> Any:
        """Number of entries of each window that are not padding."""
        ones = self.geometry.unfold(np.ones((1, *lengths, 1)))
        return np.sum(ones, axis=_last(len(lengths)))


def first_maximum(windows: Any, count: int) -> Any:
    """Return the maximum over the last `count` axes; its gradient goes to the first maximum.

    Examples
    --------
    >>> first_maximum(np.array([[1.0, 3.0, 3.0]]), 1)
    array([3.])
    """
    axes = _last(count)
    maximum = np.max(windows, axis=axes)

    def backward(ct: Any) -> list[Any]:
        sizes = windows.shape[-count:]
        indices: Any = np.arange(math.prod(sizes)).reshape(sizes).astype(windows.dtype)
        is_less = windows < np.expand_dims(maximum, axes)
        # Compared so, NaN counts as largest, as it does in np.max.
        first = np.min(np.where(is_less, math.prod(sizes), indices), axis=axes, keepdims=True)
        return [np.where(indices == first, np.expand_dims(ct, axes), 0)]

    return with_backward(maximum, [windows], backward, is_regular=True)


def _last(count: int) -> tuple[int, ...]:
    return tuple(range(-count, 0))


class MaxPool1D(_MaxPooling):
    """Take the maximum over windows of (batch, steps, channels), channel by channel.

    Parameters
    ----------
    pool_size : int
        Length of the window, in steps.
    strides : int or None
        Steps between adjacent windows; None for `pool_size`.
    padding : "valid", "same", int, or ((before, after),)
        Padding at both ends, with -inf: it is never the maximum.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For an argument out of range, or one that has another name here.

    Examples
    --------
    >>> MaxPool1D(2)(np.array([[[1.0], [4.0], [3.0], [2.0]]])).ravel()
    array([4., 3.])
    """

    dimensions = 1


class MaxPool2D(_MaxPooling):
    """Take the maximum over windows of (batch, height, width, channels), channel by channel.

    Parameters
    ----------
    pool_size : int or (int, int)
        Height and width of the window.
    strides : int, (int, int) or None
        Pixels between adjacent windows; None for `pool_size`.
    padding : "valid", "same", int, or two of (int or pair of int)
        Padding at the borders, with -inf: it is never the maximum.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For an argument out of range, or one that has another name here.

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
    """Take the mean over windows of (batch, steps, channels), channel by channel.

    Parameters
    ----------
    pool_size : int
        Length of the window, in steps.
    strides : int or None
        Steps between adjacent windows; None for `pool_size`.
    padding : "valid", "same", int, or ((before, after),)
        Padding at both ends; it is left out of the mean.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For an argument out of range, or one that has another name here.

    Examples
    --------
    >>> AvgPool1D(2, padding="same")(np.array([[[1.0], [4.0], [3.0]]])).ravel()
    array([2.5, 3. ])
    """

    dimensions = 1


class AvgPool2D(_AvgPooling):
    """Take the mean over windows of (batch, height, width, channels), channel by channel.

    Parameters
    ----------
    pool_size : int or (int, int)
        Height and width of the window.
    strides : int, (int, int) or None
        Pixels between adjacent windows; None for `pool_size`.
    padding : "valid", "same", int, or two of (int or pair of int)
        Padding at the borders; it is left out of the mean.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For an argument out of range, or one that has another name here.

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
