"""The fully connected (dense, linear) layer."""

from __future__ import annotations

from typing import Any

from chainrule.arguments.checks import checked_count, checked_flag, checked_l2
from chainrule.errors import ShapeError
from chainrule.nn.activations.activation import ActivationFunction, resolve_activation
from chainrule.nn.freezing import freeze_unless
from chainrule.nn.initializers.initializer import Initializer, checked_initializer
from chainrule.nn.layer import Layer, Shape

__all__ = ["Dense"]


class Dense(Layer):
    """Fully connected layer: y = f(x W + b) over the last axis.

    Parameters
    ----------
    units : int > 0
        Number of output features.
    activation : str, callable or None
        Activation f of the output; None for linear.
    use_bias : bool
        Whether to add the bias b.
    initializer : str or callable
        Initialiser of W; "auto" takes He normal for the ReLU family, Glorot uniform otherwise.
        b starts at 0.
    l2 : float >= 0
        λ of the L2 penalty λ/2·‖W‖² that is added to the loss.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves its weights alone. See `Layer`.

    Attributes
    ----------
    weight : Parameter, (features, units)
        W.
    bias : Parameter, (units,)
        b; None if `use_bias` is False.

    Raises
    ------
    ArgumentError
        For an argument out of range, or one that has another name here.

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
        trainable: bool = True,
    ) -> None:
        self.units = checked_count("Dense", "units", units)
        self.activation = activation
        self.activate = resolve_activation(activation)
        self.use_bias = checked_flag("Dense", "use_bias", use_bias)
        self.initializer = checked_initializer(initializer)
        self.l2 = checked_l2("Dense", l2)
        self.name = name
        freeze_unless(self, trainable)
        self.bias = None

    def build(self, input_shape: Shape) -> None:
        """Create W and b for the number of features, the length of the last axis."""
        if len(input_shape) < 2:
            raise ShapeError(
                f"{self._title()}: its input has shape (batch,), but it needs features on the "
                "last axis; pass x[:, None] for one feature, x[None] for one sample"
            )
        self.weight = self.parameter("weight", (input_shape[-1], self.units), self.initializer)
        if self.use_bias:
            self.bias = self.parameter("bias", (self.units,))

    def forward(self, x: Any) -> Any:
        """Return f(x W + b), (batch, ..., units)."""
        return self.activate(self.pre_activation(x))

    def pre_activation(self, x: Any) -> Any:
        """Return x W + b, (batch, ..., units)."""
        scores = x @ self.weight
        return scores if self.bias is None else scores + self.bias
