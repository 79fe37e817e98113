"""Global pooling: one value for each channel, over all spatial positions."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.pooling import first_maximum
from chainrule.nn.layers.window_geometry import check_axes
from chainrule.nn.mask import mean_of_real_steps

__all__ = ["GlobalAvgPool1D", "GlobalAvgPool2D", "GlobalMaxPool1D", "GlobalMaxPool2D"]


class _GlobalPooling(Layer):
    """Pooling over all of `dimensions` spatial axes; of masked steps, over the real ones."""

    dimensions: ClassVar[int]

    def build(self, input_shape: Shape) -> None:
        """Check the number of axes."""
        check_axes(self._title(), input_shape, self.dimensions)


class _GlobalMaxPooling(_GlobalPooling):
    """Maximum over all positions."""

    def forward(self, x: Any, mask: Any = None) -> Any:
        """Return the maximum of each channel, (batch, channels); 0 without a real step."""
        check_axes(self._title(), x.shape, self.dimensions)
        if mask is not None:
            lowest = np.where(np.any(mask, axis=1, keepdims=True), -math.inf, 0.0)
            lowest = lowest.reshape(x.shape[0], *(1,) * (x.ndim - 1)).astype(x.dtype)
            x = np.where(mask.reshape((*mask.shape, *(1,) * (x.ndim - 2))), x, lowest)
        return first_maximum(np.moveaxis(x, -1, 1), self.dimensions)


class _GlobalAvgPooling(_GlobalPooling):
    """Mean over all positions."""

    def forward(self, x: Any, mask: Any = None) -> Any:
        """Return the mean of each channel, (batch, channels); 0 without a real step."""
        check_axes(self._title(), x.shape, self.dimensions)
        axes = tuple(range(1, self.dimensions + 1))
        if mask is None:
            return np.mean(x, axis=axes)
        return mean_of_real_steps(x, mask, axes).reshape(x.shape[0], x.shape[-1])


class GlobalMaxPool1D(_GlobalMaxPooling):
    """Take the maximum over all steps; the gradient goes to the first maximum.

    Padded steps are left out, see `Masking`; without a real step, the result is 0.

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Examples
    --------
    >>> GlobalMaxPool1D()(np.array([[[1.0], [4.0], [2.0]]]))
    array([[4.]])
    """

    dimensions = 1


class GlobalMaxPool2D(_GlobalMaxPooling):
    """Take the maximum over all pixels; the gradient goes to the first maximum.

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Examples
    --------
    >>> GlobalMaxPool2D()(np.arange(16.0).reshape(1, 4, 4, 1))
    array([[15.]])
    """

    dimensions = 2


class GlobalAvgPool1D(_GlobalAvgPooling):
    """Take the mean over all steps, channel by channel.

    Padded steps are left out, see `Masking`; without a real step, the result is 0.

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Examples
    --------
    >>> GlobalAvgPool1D()(np.array([[[1.0], [4.0], [1.0]]]))
    array([[2.]])
    """

    dimensions = 1


class GlobalAvgPool2D(_GlobalAvgPooling):
    """Take the mean over all pixels, channel by channel.

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    References
    ----------
    Lin, Chen & Yan (2014), "Network in network", section 3.2.

    Examples
    --------
    >>> GlobalAvgPool2D()(np.arange(16.0).reshape(1, 4, 4, 1))
    array([[7.5]])
    """

    dimensions = 2
