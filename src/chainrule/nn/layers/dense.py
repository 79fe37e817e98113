"""The fully connected layer."""

from __future__ import annotations

from typing import Any

from chainrule.arguments.checks import checked_count, checked_flag, checked_l2
from chainrule.errors import ShapeError
from chainrule.nn.activations.activation import ActivationFunction, resolve_activation
from chainrule.nn.initializers.initializer import Initializer, checked_initializer
from chainrule.nn.layer import Layer, Shape

__all__ = ["Dense"]


class Dense(Layer):
    """Every unit sees every feature: f(x W + b).

    Parameters
    ----------
    units : int > 0
        How many outputs.
    activation : str, callable or None
        Applied to the result; None for none.
    use_bias : bool
        Whether to add b.
    initializer : str or callable
        How W is drawn; "auto" takes He's for the ReLU family and Glorot's otherwise. b starts at 0.
    l2 : float >= 0
        λ of the penalty λ/2·‖W‖² that is added to the loss.
    name : str or None
        Its name; None numbers it by kind.

    Attributes
    ----------
    weight : Parameter, (features, units)
        W.
    bias : Parameter, (units,)
        b; None without.

    Raises
    ------
    ArgumentError
        For an argument outside its range, or one that is named otherwise here.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Dense(2, initializer="ones")
    >>> layer(np.array([[1.0, 2.0, 3.0]]))
    array([[6., 6.]])
    >>> layer.weight.shape, layer.bias.shape
    ((3, 2), (2,))
    """

    def __init__(
        self,
        units: int,
        activation: str | ActivationFunction | None = None,
        use_bias: bool = True,
        initializer: str | Initializer = "auto",
        l2: float = 0.0,
        name: str | None = None,
    ) -> None:
        self.units = checked_count("Dense", "units", units)
        self.activation = activation
        self.activate = resolve_activation(activation)
        self.use_bias = checked_flag("Dense", "use_bias", use_bias)
        self.initializer = checked_initializer(initializer)
        self.l2 = checked_l2("Dense", l2)
        self.name = name
        self.bias = None

    def build(self, input_shape: Shape) -> None:
        """Make W and b for inputs with the features on the last axis."""
        if len(input_shape) < 2:
            raise ShapeError(
                f"{self._title()}: its input has shape (batch,), but it needs features on the "
                "last axis; pass x[:, None] for one feature"
            )
        self.weight = self.parameter("weight", (input_shape[-1], self.units), self.initializer)
        if self.use_bias:
            self.bias = self.parameter("bias", (self.units,))

    def forward(self, x: Any) -> Any:
        """Compute f(x W + b)."""
        scores = x @ self.weight
        return self.activate(scores if self.bias is None else scores + self.bias)
