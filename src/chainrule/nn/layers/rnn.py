"""The simple recurrent layer, in which the output of a step goes into the next one."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.arguments.checks import checked_count, checked_flag, checked_l2
from chainrule.nn.activations.activation import ActivationFunction, resolve_activation
from chainrule.nn.initializers.initializer import Initializer, checked_initializer
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.recurrence import RecurrentOptions, checked_series, run_recurrence

__all__ = ["RNN"]


class RNN(Layer):
    """A layer with a state that each step of a series renews: h' = f(x W + h U + b).

    h starts as zeros. Where the states are all that is wanted of the series, only the last one is
    returned.

    Parameters
    ----------
    units : int > 0
        How many numbers the state has.
    activation : str, callable or None
        f; None for none.
    return_sequences : bool
        Return the state after every step, (batch, time, units), instead of the last one.
    go_backwards : bool
        Read from the last step to the first; states come in the order in which they were made.
    mask_value : float or None
        A step whose features all equal it is skipped: the state stays, and what is returned for the
        step is `mask_value` again, so that a next layer with the same one skips it too. This is how
        series of several lengths lie in one array, filled up at either end. None skips nothing.
    use_bias : bool
        Whether to add b.
    initializer, recurrent_initializer : str or callable
        How W and U are drawn; "auto" goes by the activation. b starts at 0.
    l2 : float >= 0
        λ of the penalty λ/2·(‖W‖² + ‖U‖²) that is added to the loss.
    name : str or None
        Its name; None numbers it by kind.

    Attributes
    ----------
    input_weight : Parameter, (features, units)
        W.
    recurrent_weight : Parameter, (units, units)
        U.
    bias : Parameter, (units,)
        b; None without.

    Raises
    ------
    ArgumentError
        For an argument outside its range, or one that is named otherwise here.

    References
    ----------
    Elman (1990), "Finding structure in time"; for U, Le, Jaitly & Hinton (2015), "A simple way to
    initialize recurrent networks of rectified linear units", section 2.

    Examples
    --------
    A running sum:

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
    ) -> None:
        self.units = checked_count("RNN", "units", units)
        self.activation = activation
        self.activation_function = resolve_activation(activation)
        self.reading = RecurrentOptions.checked("RNN", return_sequences, go_backwards, mask_value)
        self.use_bias = checked_flag("RNN", "use_bias", use_bias)
        self.initializer = checked_initializer(initializer)
        self.recurrent_initializer = checked_initializer(recurrent_initializer)
        self.l2 = checked_l2("RNN", l2)
        self.name = name
        self.bias = None

    def build(self, input_shape: Shape) -> None:
        """Make W, U and b."""
        features, units = checked_series(self._title(), input_shape), self.units
        self.input_weight = self.parameter("input_weight", (features, units), self.initializer)
        self.recurrent_weight = self.parameter(
            "recurrent_weight", (units, units), self.recurrent_initializer
        )
        if self.use_bias:
            self.bias = self.parameter("bias", (units,))

    def forward(self, x: Any) -> Any:
        """Return the last state, or all of them."""
        brought = np.swapaxes(x, 0, 1) @ self.input_weight
        brought = brought if self.bias is None else brought + self.bias

        def step(states: tuple[Any, ...], brought: Any) -> tuple[Any, ...]:
            (h,) = states
            return (self.activation_function(brought + h @ self.recurrent_weight),)

        return run_recurrence(x, brought, step, (self.units,), self.reading)
