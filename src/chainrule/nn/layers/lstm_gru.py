"""Recurrent layers with gates, which decide how much of a state each step keeps."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.arguments.checks import checked_count, checked_flag, checked_l2
from chainrule.nn.activations.activation import ActivationFunction, resolve_activation
from chainrule.nn.initializers.initializer import Initializer, checked_initializer
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.recurrence import RecurrentOptions, checked_series, run_recurrence

__all__ = ["GRU", "LSTM"]


class LSTM(Layer):
    """Long short-term memory: a state c that gates protect, and a state h that others see.

    With a = x W + h U + b in four parts a₁ … a₄, the gates i, f, o = σ(a₁), σ(a₂), σ(a₄) and the
    candidate g = φ(a₃)::

        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ φ(c')

    c and h start as zeros.

    Parameters
    ----------
    units : int > 0
        How many numbers each state has.
    activation : str, callable or None
        φ; None for none.
    recurrent_activation : str, callable or None
        σ, for the gates.
    return_sequences : bool
        Return h after every step, (batch, time, units), instead of the last one.
    go_backwards : bool
        Read from the last step to the first; states come in the order in which they were made.
    mask_value : float or None
        A step whose features all equal it is skipped: the states stay, and what is returned for the
        step is `mask_value` again, so that a next layer with the same one skips it too. This is how
        series of several lengths lie in one array, filled up at either end. None skips nothing.
    use_bias : bool
        Whether to add b.
    initializer, recurrent_initializer : str or callable
        How W and U are drawn; "auto" goes by the activation. b starts at 0, that of the forget gate
        at 1, so that a new layer remembers.
    l2 : float >= 0
        λ of the penalty λ/2·(‖W‖² + ‖U‖²) that is added to the loss.
    name : str or None
        Its name; None numbers it by kind.

    Attributes
    ----------
    input_weight : Parameter, (features, 4 units)
        W; its columns in four parts: input gate, forget gate, candidate, output gate.
    recurrent_weight : Parameter, (units, 4 units)
        U, likewise.
    bias : Parameter, (4 units,)
        b, likewise; None without.

    Raises
    ------
    ArgumentError
        For an argument outside its range, or one that is named otherwise here.

    References
    ----------
    Hochreiter & Schmidhuber (1997), "Long short-term memory"; Gers, Schmidhuber & Cummins (2000),
    "Learning to forget", equations 1 to 8; Jozefowicz, Zaremba & Sutskever (2015), "An empirical
    exploration of recurrent network architectures", section 2.3 (the bias of 1).

    Examples
    --------
    >>> layer = LSTM(3)
    >>> layer(np.zeros((2, 5, 4))).shape
    (2, 3)
    >>> layer.input_weight.shape, layer.recurrent_weight.shape
    ((4, 12), (3, 12))
    >>> layer.bias[:]
    array([0., 0., 0., 1., 1., 1., 0., 0., 0., 0., 0., 0.])
    """

    def __init__(
        self,
        units: int,
        activation: str | ActivationFunction | None = "tanh",
        recurrent_activation: str | ActivationFunction | None = "sigmoid",
        return_sequences: bool = False,
        go_backwards: bool = False,
        mask_value: float | None = None,
        use_bias: bool = True,
        initializer: str | Initializer = "auto",
        recurrent_initializer: str | Initializer = "orthogonal",
        l2: float = 0.0,
        name: str | None = None,
    ) -> None:
        self.units = checked_count("LSTM", "units", units)
        self.activation = activation
        self.activation_function = resolve_activation(activation)
        self.gate = resolve_activation(recurrent_activation)
        self.reading = RecurrentOptions.checked("LSTM", return_sequences, go_backwards, mask_value)
        self.use_bias = checked_flag("LSTM", "use_bias", use_bias)
        self.initializer = checked_initializer(initializer)
        self.recurrent_initializer = checked_initializer(recurrent_initializer)
        self.l2 = checked_l2("LSTM", l2)
        self.name = name
        self.bias = None

    def build(self, input_shape: Shape) -> None:
        """Make W, U and b."""
        features, width = checked_series(self._title(), input_shape), 4 * self.units
        self.input_weight = self.parameter("input_weight", (features, width), self.initializer)
        self.recurrent_weight = self.parameter(
            "recurrent_weight", (self.units, width), self.recurrent_initializer
        )
        if self.use_bias:
            self.bias = self.parameter("bias", (width,), _forget_bias)

    def forward(self, x: Any) -> Any:
        """Return the last h, or all of them."""
        brought = np.swapaxes(x, 0, 1) @ self.input_weight
        brought = brought if self.bias is None else brought + self.bias

        def step(states: tuple[Any, ...], brought: Any) -> tuple[Any, ...]:
            h, c = states
            parts = np.split(brought + h @ self.recurrent_weight, 4, axis=1)
            admitted, kept, shown = (self.gate(parts[k]) for k in (0, 1, 3))
            c = kept * c + admitted * self.activation_function(parts[2])
            return shown * self.activation_function(c), c

        states = (self.units, self.units)
        return run_recurrence(x, brought, step, states, self.reading)


class GRU(Layer):
    """Gated recurrent unit: one state h, which an update gate keeps or lets go.

    With a = x W + b and v = h U in three parts each, the gates z = σ(a₁ + v₁) and r = σ(a₂ + v₂)
    and the candidate g = φ(a₃ + r ⊙ (v₃ + d))::

        h' = z ⊙ h + (1 - z) ⊙ g

    h starts as zeros. The reset gate r acts after the product with U, the variant that Keras calls
    ``reset_after=True`` and that cuDNN and PyTorch have; d is a bias of its own for v₃. The sums of
    their other biases for input and state are b here.

    Parameters
    ----------
    units : int > 0
        How many numbers the state has.
    activation : str, callable or None
        φ; None for none.
    recurrent_activation : str, callable or None
        σ, for the gates.
    return_sequences : bool
        Return h after every step, (batch, time, units), instead of the last one.
    go_backwards : bool
        Read from the last step to the first; states come in the order in which they were made.
    mask_value : float or None
        A step whose features all equal it is skipped, as in `LSTM`.
    use_bias : bool
        Whether to add b and d.
    initializer, recurrent_initializer : str or callable
        How W and U are drawn; "auto" goes by the activation. b and d start at 0.
    l2 : float >= 0
        λ of the penalty λ/2·(‖W‖² + ‖U‖²) that is added to the loss.
    name : str or None
        Its name; None numbers it by kind.

    Attributes
    ----------
    input_weight : Parameter, (features, 3 units)
        W; its columns in three parts: update gate, reset gate, candidate.
    recurrent_weight : Parameter, (units, 3 units)
        U, likewise.
    bias : Parameter, (3 units,)
        b, likewise; None without.
    recurrent_bias : Parameter, (units,)
        d; None without.

    Raises
    ------
    ArgumentError
        For an argument outside its range, or one that is named otherwise here.

    References
    ----------
    Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder for statistical
    machine translation", equations 5 to 8, with the reset gate moved.

    Examples
    --------
    >>> layer = GRU(3, return_sequences=True)
    >>> layer(np.zeros((2, 5, 4))).shape
    (2, 5, 3)
    >>> layer.input_weight.shape, layer.recurrent_weight.shape
    ((4, 9), (3, 9))
    """

    def __init__(
        self,
        units: int,
        activation: str | ActivationFunction | None = "tanh",
        recurrent_activation: str | ActivationFunction | None = "sigmoid",
        return_sequences: bool = False,
        go_backwards: bool = False,
        mask_value: float | None = None,
        use_bias: bool = True,
        initializer: str | Initializer = "auto",
        recurrent_initializer: str | Initializer = "orthogonal",
        l2: float = 0.0,
        name: str | None = None,
    ) -> None:
        self.units = checked_count("GRU", "units", units)
        self.activation = activation
        self.activation_function = resolve_activation(activation)
        self.gate = resolve_activation(recurrent_activation)
        self.reading = RecurrentOptions.checked("GRU", return_sequences, go_backwards, mask_value)
        self.use_bias = checked_flag("GRU", "use_bias", use_bias)
        self.initializer = checked_initializer(initializer)
        self.recurrent_initializer = checked_initializer(recurrent_initializer)
        self.l2 = checked_l2("GRU", l2)
        self.name = name
        self.bias = self.recurrent_bias = None

    def build(self, input_shape: Shape) -> None:
        """Make W, U, b and d."""
        features, width = checked_series(self._title(), input_shape), 3 * self.units
        self.input_weight = self.parameter("input_weight", (features, width), self.initializer)
        self.recurrent_weight = self.parameter(
            "recurrent_weight", (self.units, width), self.recurrent_initializer
        )
        if self.use_bias:
            self.bias = self.parameter("bias", (width,))
            self.recurrent_bias = self.parameter("recurrent_bias", (self.units,))

    def forward(self, x: Any) -> Any:
        """Return the last h, or all of them."""
        brought = np.swapaxes(x, 0, 1) @ self.input_weight
        brought = brought if self.bias is None else brought + self.bias

        def step(states: tuple[Any, ...], brought: Any) -> tuple[Any, ...]:
            (h,) = states
            given = np.split(brought, 3, axis=1)
            own = np.split(h @ self.recurrent_weight, 3, axis=1)
            update, reset = (self.gate(given[k] + own[k]) for k in (0, 1))
            inner = own[2] if self.recurrent_bias is None else own[2] + self.recurrent_bias
            candidate = self.activation_function(given[2] + reset * inner)
            return (candidate + update * (h - candidate),)

        return run_recurrence(x, brought, step, (self.units,), self.reading)


def _forget_bias(shape: Any, generator: Any, dtype: Any) -> Any:
    """Zeros, but ones for the forget gate, the second quarter."""
    return np.repeat(np.array([0, 1, 0, 0], dtype), shape[0] // 4)
