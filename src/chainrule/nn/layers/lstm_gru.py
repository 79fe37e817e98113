"""Gated recurrent layers: LSTM and GRU."""

from __future__ import annotations

from typing import Any

import numpy as np

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

__all__ = ["GRU", "LSTM"]


class LSTM(Layer):
    """Long short-term memory over (batch, time, features).

    With a = x W + h U + b split into four parts a₁ … a₄, the input, forget and output gates
    i, f, o = σ(a₁), σ(a₂), σ(a₄) and the candidate g = φ(a₃)::

        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ φ(c')

    The cell state c and the hidden state h start at zero, or where they are given: within a layer
    of one's own, ``self.lstm(x, initial_state=(h, c))``, each (batch, units). There the state may
    be what other layers have computed, such as the features of an image, and is trained with them.

    Parameters
    ----------
    units : int > 0
        Size of the cell state and of the hidden state.
    activation : str, callable or None
        φ; None for linear.
    recurrent_activation : str, callable or None
        σ of the gates; None for linear.
    return_sequences : bool
        Return the hidden state h of every step, (batch, time, units), instead of the last one.
    go_backwards : bool
        Process the sequence from the last step to the first; the outputs are in that order too.
    mask_value : float or None
        Steps whose features all equal it are padding, so that sequences of different lengths share
        an array, padded at either end. At such a step the states are carried over, and the output
        is `mask_value`, or 0 if another layer names it. In a network the value is that of the
        network's input, and its mask travels through all layers up to the loss, see `Masking`: no
        other layer need name it, nor may it name another. Called by itself, the layer compares its
        own input, or takes ``layer(x, mask=mask)``. None masks nothing.
    use_bias : bool
        Whether to add the bias b.
    initializer, recurrent_initializer : str or callable
        Initialisers of W and U; "auto" chooses by the activation. b starts at 0, except for the
        forget gate, where it starts at 1.
    l2 : float >= 0
        λ of the L2 penalty λ/2·(‖W‖² + ‖U‖²) that is added to the loss.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves its weights alone. See `Layer`.

    Attributes
    ----------
    input_weight : Parameter, (features, 4 units)
        W, columns in the order input gate, forget gate, candidate, output gate.
    recurrent_weight : Parameter, (units, 4 units)
        U, in the same order.
    bias : Parameter, (4 units,)
        b, in the same order; None if `use_bias` is False.

    Raises
    ------
    ArgumentError
        For an argument out of range, or one that has another name here.

    References
    ----------
    Hochreiter & Schmidhuber (1997), "Long short-term memory"; Gers, Schmidhuber & Cummins (2000),
    "Learning to forget", equations 1 to 8; Jozefowicz, Zaremba & Sutskever (2015), "An empirical
    exploration of recurrent network architectures", section 2.3 (forget bias of 1).

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
        trainable: bool = True,
    ) -> None:
        self.units = checked_count("LSTM", "units", units)
        self.activation = activation
        self.activation_function = resolve_activation(activation)
        self.gate_activation = resolve_activation(recurrent_activation)
        self.options = checked_options("LSTM", return_sequences, go_backwards, mask_value)
        self.use_bias = checked_flag("LSTM", "use_bias", use_bias)
        self.initializer = checked_initializer(initializer)
        self.recurrent_initializer = checked_initializer(recurrent_initializer)
        self.l2 = checked_l2("LSTM", l2)
        self.name = name
        freeze_unless(self, trainable)
        self.bias = None

    def build(self, input_shape: Shape) -> None:
        """Create W, U and b."""
        features, width = checked_features(self._title(), input_shape), 4 * self.units
        self.input_weight = self.parameter("input_weight", (features, width), self.initializer)
        self.recurrent_weight = self.parameter(
            "recurrent_weight", (self.units, width), self.recurrent_initializer
        )
        if self.use_bias:
            self.bias = self.parameter("bias", (width,), _forget_bias)

    def forward(self, x: Any, *, mask: Any = None, initial_state: Any = None) -> Any:
        """Return the last h, (batch, units), or that of every step, from `initial_state`."""
        input_projection = project_input(x, self.input_weight, self.bias)

        def step(states: tuple[Any, ...], projection: Any) -> tuple[Any, ...]:
            h, c = states
            parts = np.split(projection + h @ self.recurrent_weight, 4, axis=1)
            input_gate = self.gate_activation(parts[0])
            forget_gate = self.gate_activation(parts[1])
            output_gate = self.gate_activation(parts[3])
            candidate = self.activation_function(parts[2])
            c = forget_gate * c + input_gate * candidate
            return output_gate * self.activation_function(c), c

        sizes = (self.units, self.units)
        return run_recurrence(x, input_projection, step, sizes, self.options, mask, initial_state)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Return the mask of the output, None for the last step."""
        return self.options.mask_of_output(x, mask)

    def mask_values(self) -> list[tuple[Layer, float]]:
        """Return the layer with its `mask_value`, if it has one."""
        return [] if self.options.mask_value is None else [(self, self.options.mask_value)]


class GRU(Layer):
    """Gated recurrent unit over (batch, time, features).

    With a = x W + b and v = h U split into three parts each, the update gate z = σ(a₁ + v₁), the
    reset gate r = σ(a₂ + v₂) and the candidate g = φ(a₃ + r ⊙ (v₃ + d))::

        h' = z ⊙ h + (1 - z) ⊙ g

    The hidden state h starts at zero, or at that of a call ``gru(x, initial_state=h)``, as in
    `LSTM`. The reset gate is applied after the product with U, as in
    Keras (``reset_after=True``), cuDNN and PyTorch; d is the recurrent bias of the candidate. Where
    those libraries have two biases for a gate, b is their sum.

    Parameters
    ----------
    units : int > 0
        Size of the hidden state.
    activation : str, callable or None
        φ; None for linear.
    recurrent_activation : str, callable or None
        σ of the gates; None for linear.
    return_sequences : bool
        Return the hidden state h of every step, (batch, time, units), instead of the last one.
    go_backwards : bool
        Process the sequence from the last step to the first; the outputs are in that order too.
    mask_value : float or None
        Steps whose features all equal it are padding, as in `LSTM`.
    use_bias : bool
        Whether to add b and d.
    initializer, recurrent_initializer : str or callable
        Initialisers of W and U; "auto" chooses by the activation. b and d start at 0.
    l2 : float >= 0
        λ of the L2 penalty λ/2·(‖W‖² + ‖U‖²) that is added to the loss.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves its weights alone. See `Layer`.

    Attributes
    ----------
    input_weight : Parameter, (features, 3 units)
        W, columns in the order update gate, reset gate, candidate.
    recurrent_weight : Parameter, (units, 3 units)
        U, in the same order.
    bias : Parameter, (3 units,)
        b, in the same order; None if `use_bias` is False.
    recurrent_bias : Parameter, (units,)
        d; None if `use_bias` is False.

    Raises
    ------
    ArgumentError
        For an argument out of range, or one that has another name here.

    References
    ----------
    Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder for statistical
    machine translation", equations 5 to 8, with the reset gate after the product.

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
        trainable: bool = True,
    ) -> None:
        self.units = checked_count("GRU", "units", units)
        self.activation = activation
        self.activation_function = resolve_activation(activation)
        self.gate_activation = resolve_activation(recurrent_activation)
        self.options = checked_options("GRU", return_sequences, go_backwards, mask_value)
        self.use_bias = checked_flag("GRU", "use_bias", use_bias)
        self.initializer = checked_initializer(initializer)
        self.recurrent_initializer = checked_initializer(recurrent_initializer)
        self.l2 = checked_l2("GRU", l2)
        self.name = name
        freeze_unless(self, trainable)
        self.bias = self.recurrent_bias = None

    def build(self, input_shape: Shape) -> None:
        """Create W, U, b and d."""
        features, width = checked_features(self._title(), input_shape), 3 * self.units
        self.input_weight = self.parameter("input_weight", (features, width), self.initializer)
        self.recurrent_weight = self.parameter(
            "recurrent_weight", (self.units, width), self.recurrent_initializer
        )
        if self.use_bias:
            self.bias = self.parameter("bias", (width,))
            self.recurrent_bias = self.parameter("recurrent_bias", (self.units,))

    def forward(self, x: Any, *, mask: Any = None, initial_state: Any = None) -> Any:
        """Return the last h, (batch, units), or that of every step, from `initial_state`."""
        input_projection = project_input(x, self.input_weight, self.bias)

        def step(states: tuple[Any, ...], projection: Any) -> tuple[Any, ...]:
            (h,) = states
            a = np.split(projection, 3, axis=1)
            v = np.split(h @ self.recurrent_weight, 3, axis=1)
            update_gate = self.gate_activation(a[0] + v[0])
            reset_gate = self.gate_activation(a[1] + v[1])
            if self.recurrent_bias is not None:
                v[2] = v[2] + self.recurrent_bias
            candidate = self.activation_function(a[2] + reset_gate * v[2])
            # z h + (1 - z) g, with one product.
            return (candidate + update_gate * (h - candidate),)

        return run_recurrence(
            x, input_projection, step, (self.units,), self.options, mask, initial_state
        )

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Return the mask of the output, None for the last step."""
        return self.options.mask_of_output(x, mask)

    def mask_values(self) -> list[tuple[Layer, float]]:
        """Return the layer with its `mask_value`, if it has one."""
        return [] if self.options.mask_value is None else [(self, self.options.mask_value)]


def _forget_bias(shape: Any, generator: Any, dtype: Any) -> Any:
    """Bias of 1 for the forget gate, the second quarter of the columns; 0 elsewhere."""
    return np.repeat(np.array([0, 1, 0, 0], dtype), shape[0] // 4)
