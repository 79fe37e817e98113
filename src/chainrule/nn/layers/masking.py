"""Masking: which steps of sequences of different lengths are padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.mask import checked_mask, checked_mask_value, real_steps_only

__all__ = ["Masking"]


class Masking(Layer):
    """Mask the padded steps of sequences (batch, steps, ...): those that equal `mask_value`.

    In a network, the mask is computed from the network's input, and travels through all layers
    beside the values: recurrent layers skip padded steps, attention and pooling leave them out,
    batch norm does not count them, and where the outputs are one a step, neither do the loss and
    the metrics. So padding changes nothing, at whichever end it is. `mask_value` of a recurrent
    layer and ``mask_zero`` of `Embedding` do the same. A layer that gives up the steps without
    leaving padding out, such as `Flatten`, ends the mask, and says so.

    Called by itself, the layer compares its own input. Its output at padded steps is 0.

    Parameters
    ----------
    mask_value : float
        A step is padding if all its features equal it, as rounded to the dtype of the input. NaN
        equals nothing: replace it by ``np.nan_to_num(X, nan=-1.0)`` and mask -1.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        If `mask_value` is not a finite number.

    Examples
    --------
    >>> from chainrule.nn.layers.rnn import RNN
    >>> x = np.array([[[1.0], [2.0], [-1.0]]])
    >>> Masking(-1.0)(x).ravel(), Masking(-1.0).compute_mask(x)
    (array([1., 2., 0.]), array([[ True,  True, False]]))
    """

    def __init__(self, mask_value: float = 0.0, name: str | None = None) -> None:
        self.mask_value = checked_mask_value("Masking", mask_value)
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check that there are steps."""
        if len(input_shape) < 3:
            shape = ", ".join(map(str, ("batch", *input_shape[1:])))
            raise ShapeError(
                f"{self._title()}: its input has shape ({shape}), but it needs (batch, steps, "
                "features); for one feature pass x[..., None], for indices of words use "
                "nn.Embedding(..., mask_zero=True)"
            )

    def forward(self, x: Any, mask: Any = None) -> Any:
        """Return the input, with 0 at padded steps."""
        return real_steps_only(x, self.compute_mask(x, mask))

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Return the mask; without one, the steps that do not all equal `mask_value`."""
        if mask is not None:
            return checked_mask(self._title(), mask, x.shape[:2])
        return np.any(x != self.mask_value, axis=tuple(range(2, x.ndim)))

    def mask_values(self) -> list[tuple[Layer, float]]:
        """Return the layer with its `mask_value`."""
        return [(self, self.mask_value)]
