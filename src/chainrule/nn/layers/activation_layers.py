"""Elementwise layers without parameters: activation, affine rescaling."""

from __future__ import annotations

from typing import Any

from chainrule.arguments.checks import checked_number
from chainrule.nn.activations.activation import ActivationFunction, resolve_activation
from chainrule.nn.layer import Layer

__all__ = ["Activation", "Rescale"]


class Activation(Layer):
    """Apply an activation function: y = f(x).

    Parameters
    ----------
    activation : str or callable
        f: a name in ``nn.ACTIVATIONS``, or any function in plain NumPy.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For an unknown name.

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

    def pre_activation(self, x: Any) -> Any:
        """Return the input."""
        return x


class Rescale(Layer):
    """Rescale inputs: y = scale · x + offset, such as pixels from 0 to 255.

    Parameters
    ----------
    scale : float
        The factor, such as 1/255.
    offset : float
        The constant added to the product.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        If `scale` or `offset` is not a finite number.

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
        """Return scale · x + offset; integers are cast to the network's dtype."""
        if x.dtype.kind != "f":
            x = x.astype(self.dtype)
        return x * self.scale + self.offset
