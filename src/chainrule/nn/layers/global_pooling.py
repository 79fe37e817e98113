"""Pooling over all places at once: one number for each channel."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.pooling import first_maximum
from chainrule.nn.layers.window_geometry import check_axes

__all__ = ["GlobalAvgPool1D", "GlobalAvgPool2D", "GlobalMaxPool1D", "GlobalMaxPool2D"]


class _GlobalPooling(Layer):
    """What pooling over all places has in common."""

    dimensions: ClassVar[int]

    def build(self, input_shape: Shape) -> None:
        """Check that there are places."""
        check_axes(self._title(), input_shape, self.dimensions)


class _GlobalMaxPooling(_GlobalPooling):
    """The largest of all places."""

    def forward(self, x: Any) -> Any:
        """Return the largest value of each channel, (batch, channels)."""
        check_axes(self._title(), x.shape, self.dimensions)
        return first_maximum(np.moveaxis(x, -1, 1), self.dimensions)


class _GlobalAvgPooling(_GlobalPooling):
    """The mean of all places."""

    def forward(self, x: Any) -> Any:
        """Return the mean of each channel, (batch, channels)."""
        check_axes(self._title(), x.shape, self.dimensions)
        return np.mean(x, axis=tuple(range(1, self.dimensions + 1)))


class GlobalMaxPool1D(_GlobalMaxPooling):
    """Take the largest of all steps, for each channel by itself; the first one wins a tie.

    Parameters
    ----------
    name : str or None
        Its name; None numbers it by kind.

    Examples
    --------
    >>> GlobalMaxPool1D()(np.array([[[1.0], [4.0], [2.0]]]))
    array([[4.]])
    """

    dimensions = 1


class GlobalMaxPool2D(_GlobalMaxPooling):
    """Take the largest of all pixels, for each channel by itself; the first one wins a tie.

    Parameters
    ----------
    name : str or None
        Its name; None numbers it by kind.

    Examples
    --------
    >>> GlobalMaxPool2D()(np.arange(16.0).reshape(1, 4, 4, 1))
    array([[15.]])
    """

    dimensions = 2


class GlobalAvgPool1D(_GlobalAvgPooling):
    """Take the mean of all steps, for each channel by itself.

    Parameters
    ----------
    name : str or None
        Its name; None numbers it by kind.

    Examples
    --------
    >>> GlobalAvgPool1D()(np.array([[[1.0], [4.0], [1.0]]]))
    array([[2.]])
    """

    dimensions = 1


class GlobalAvgPool2D(_GlobalAvgPooling):
    """Take the mean of all pixels, for each channel by itself.

    Parameters
    ----------
    name : str or None
        Its name; None numbers it by kind.

    References
    ----------
    Lin, Chen & Yan (2014), "Network in network", section 3.2.

    Examples
    --------
    >>> GlobalAvgPool2D()(np.arange(16.0).reshape(1, 4, 4, 1))
    array([[7.5]])
    """

    dimensions = 2
