"""Layers that act on each element by itself, without parameters."""

from __future__ import annotations

from typing import Any

from chainrule.arguments.checks import checked_number
from chainrule.nn.activations.activation import ActivationFunction, resolve_activation
from chainrule.nn.layer import Layer

__all__ = ["Activation", "Rescale"]


class Activation(Layer):
    """An activation as a layer of its own.

    Parameters
    ----------
    activation : str or callable
        A name of the table, or any function in plain NumPy.
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        For a name that is not in the table.

    Examples
    --------
    >>> import numpy as np
    >>> Activation("relu")(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """

    def __init__(self, activation: str | ActivationFunction, name: str | None = None) -> None:
        self.activation = activation
        self.activate = resolve_activation(activation)
        self.name = name

    def forward(self, x: Any) -> Any:
        """Apply the activation."""
        return self.activate(x)


class Rescale(Layer):
    """Compute scale · x + offset, as for pixels from 0 to 255.

    Parameters
    ----------
    scale : float
        The factor, such as 1/255.
    offset : float
        What is added after that.
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        For anything but finite numbers.

    Examples
    --------
    >>> import numpy as np
    >>> Rescale(1 / 256, offset=-0.5)(np.array([[0, 64, 192]], np.uint8))
    array([[-0.5 , -0.25,  0.25]], dtype=float32)
    """

    def __init__(self, scale: float, offset: float = 0.0, name: str | None = None) -> None:
        self.scale = checked_number("Rescale", "scale", scale)
        self.offset = checked_number("Rescale", "offset", offset)
        self.name = name

    def forward(self, x: Any) -> Any:
        """Scale and shift; whole numbers become floats of the network's kind."""
        if x.dtype.kind != "f":
            x = x.astype(self.dtype)
        return x * self.scale + self.offset
