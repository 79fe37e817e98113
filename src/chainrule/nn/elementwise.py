"""Layers that act on each element by itself, without parameters."""

from __future__ import annotations

from typing import Any

from chainrule.nn.activation import ActivationFunction, resolve_activation
from chainrule.nn.layer import Layer

__all__ = ["Activation"]


class Activation(Layer):
    """An activation as a layer of its own.

    Parameters
    ----------
    activation : str or callable
        A name of the table, or any function in plain NumPy.
    name : str or None
        Its name; None numbers it by kind.

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

    def pre_activation(self, x: Any) -> Any:
        """Return the input: what a loss that is fused with the activation takes."""
        return x

    def forward(self, x: Any) -> Any:
        """Apply the activation."""
        return self.activate(x)
