"""The simple recurrent (Elman) layer."""

from __future__ import annotations

from typing import Any

from chainrule.arguments.checks import checked_count, checked_flag, checked_l2
from chainrule.nn.activations.activation import ActivationFunction, resolve_activation
from chainrule.nn.freezing import freeze_unless
from chainrule.nn.initializers.initializer import Initializer, checked_initializer
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.recurrence import (
    checked_features,
    checked_options,
    project_input,
    run_recurrence,
)

__all__ = ["RNN"]


class RNN(Layer):
    """Simple recurrent layer over (batch, time, features): h' = f(x W + h U + b), h₀ = 0.

    Another h₀, (batch, units), is given in the call, ``rnn(x, initial_state=h)``, as in `LSTM`.

    Parameters
    ----------
    units : int > 0
        Size of the hidden state h.
    activation : str, callable or None
        f; None for linear.
    return_sequences : bool
        Return the hidden state h of every step, (batch, time, units), instead of the last one.
    go_backwards : bool
        Process the sequence from the last step to the first; the outputs are in that order too.
    mask_value : float or None
        Steps whose features all equal it are padding, as in `LSTM`.
    use_bias : bool
        Whether to add the bias b.
    initializer, recurrent_initializer : str or callable
        Initialisers of W and U; "auto" chooses by the activation. b starts at 0.
    l2 : float >= 0
        λ of the L2 penalty λ/2·(‖W‖² + ‖U‖²) that is added to the loss.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves its weights alone. See `Layer`.

    Attributes
    ----------
    input_weight : Parameter, (features, units)
        W.
    recurrent_weight : Parameter, (units, units)
        U.
    bias : Parameter, (units,)
        b; None if `use_bias` is False.

    Raises
    ------
    ArgumentError
        For an argument out of range, or one that has another name here.

    References
    ----------
    Elman (1990), "Finding structure in time"; for U, Le, Jaitly & Hinton (2015), "A simple way to
    initialize recurrent networks of rectified linear units", section 2.

    Examples
    --------
    A running sum:

    >>> import numpy as np
    >>> layer = RNN(1, activation=None, return_sequences=True, initializer="ones",
    ...             recurrent_initializer="ones")
    >>> layer(np.array([[[1.0], [2.0], [3.0]]]))[0, :, 0]
    array([1., 3., 6.])
    """

    def __init__(
        self,
        units: int,
        activation: str | ActivationFunction | None = "tanh",
        return_sequences: bool = False,
        go_backwards: bool = False,
        mask_value: float | None = None,
        use_bias: bool = True,
        initializer: str | Initializer = "auto",
        recurrent_initializer: str | Initializer = "orthogonal",
        l2: float = 0.0,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        self.units = checked_count("RNN", "units", units)
        self.activation = activation
        self.activation_function = resolve_activation(activation)
        self.options = checked_options("RNN", return_sequences, go_backwards, mask_value)
        self.use_bias = checked_flag("RNN", "use_bias", use_bias)
        self.initializer = checked_initializer(initializer)
        self.recurrent_initializer = checked_initializer(recurrent_initializer)
        self.l2 = checked_l2("RNN", l2)
        self.name = name
        freeze_unless(self, trainable)
        self.bias = None

    def build(self, input_shape: Shape) -> None:
        """Create W, U and b."""
        features, units = checked_features(self._title(), input_shape), self.units
        self.input_weight = self.parameter("input_weight", (features, units), self.initializer)
        self.recurrent_weight = self.parameter(
            "recurrent_weight", (units, units), self.recurrent_initializer
        )
        if self.use_bias:
            self.bias = self.parameter("bias", (units,))

    def forward(self, x: Any, *, mask: Any = None, initial_state: Any = None) -> Any:
        """Return the last hidden state, (batch, units), or that of every step."""
        input_projection = project_input(x, self.input_weight, self.bias)

        def step(states: tuple[Any, ...], projection: Any) -> tuple[Any, ...]:
            (h,) = states
            return (self.activation_function(projection + h @ self.recurrent_weight),)

        return run_recurrence(
            x, input_projection, step, (self.units,), self.options, mask, initial_state
        )

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Return the mask of the output, None for the last step."""
        return self.options.mask_of_output(x, mask)

    def mask_values(self) -> list[tuple[Layer, float]]:
        """Return the layer with its `mask_value`, if it has one."""
        return [] if self.options.mask_value is None else [(self, self.options.mask_value)]
