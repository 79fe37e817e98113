"""Layer wrappers: Bidirectional and TimeDistributed."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.arguments.checks import shown
from chainrule.arguments.lookup import look_up
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.freezing import freeze_unless
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.normalization import BatchNorm

if TYPE_CHECKING:
    from chainrule.nn.layers.lstm_gru import GRU, LSTM
    from chainrule.nn.layers.rnn import RNN

__all__ = ["Bidirectional", "TimeDistributed"]


# Functions with names, as a layer is pickled with its own.
def _concatenation(one: Any, other: Any) -> Any:
    return np.concatenate((one, other), axis=-1)


def _mean(one: Any, other: Any) -> Any:
    return (one + other) / 2


_MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "concat": _concatenation,
    "sum": operator.add,
    "mul": operator.mul,
    "ave": _mean,
}


class Bidirectional(Layer):
    """Process a sequence in both directions and merge the two outputs.

    The outputs of the backward layer are put back into the order of time before they are merged.
    Padded steps are skipped in both directions, see `Masking`. Initial states are given as those of
    the forward layer, then those of the backward one: ``(h, h)``, for `LSTM` ``(h, c, h, c)``.

    Parameters
    ----------
    layer : RNN, LSTM or GRU
        The forward layer; the backward one is created from the same arguments.
    merge : {"concat", "sum", "mul", "ave"}
        How outputs are merged: concatenated, (…, 2 units), the forward one first; or added,
        multiplied, averaged.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves the weights of all its layers alone. See `Layer`.

    Attributes
    ----------
    forward_layer, backward_layer : RNN, LSTM or GRU
        The two layers; they do not share parameters.

    Raises
    ------
    ArgumentError
        If `layer` is not recurrent, or for an unknown merge.

    References
    ----------
    Schuster & Paliwal (1997), "Bidirectional recurrent neural networks".

    Examples
    --------
    >>> from chainrule.nn import GRU, LSTM
    >>> Bidirectional(LSTM(3))(np.zeros((2, 5, 4))).shape
    (2, 6)
    >>> Bidirectional(GRU(3, return_sequences=True), merge="sum")(np.zeros((2, 5, 4))).shape
    (2, 5, 3)
    """

    def __init__(
        self,
        layer: RNN | LSTM | GRU,
        merge: str = "concat",
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        from chainrule.nn.layers.lstm_gru import GRU, LSTM  # rarely used, unlike the other wrapper
        from chainrule.nn.layers.rnn import RNN

        if not isinstance(layer, RNN | LSTM | GRU):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError(
                f"Bidirectional: layer must be an RNN, LSTM or GRU, which can process a "
                f"sequence backwards; got {shown(layer)}"
            )
        arguments: dict[str, Any] = {**layer._arguments.arguments, "name": None}
        arguments["trainable"] = layer.trainable
        arguments["go_backwards"] = not layer.options.go_backwards
        self.forward_layer = layer
        self.backward_layer = type(layer)(**arguments)
        self.merge = merge
        self.merge_outputs = look_up("merge", merge, _MERGES)
        self.name = name
        freeze_unless(self, trainable)

    def forward(self, x: Any, *, mask: Any = None, initial_state: Any = None) -> Any:
        """Return the merged last states, or those of every step in the forward layer's order."""
        first, second = _halves(self._title(), initial_state)
        forward = self.forward_layer(x, mask=mask, initial_state=first)
        backward = self.backward_layer(x, mask=mask, initial_state=second)
        if self.forward_layer.options.return_sequences:
            backward = backward[:, ::-1]
        return self.merge_outputs(forward, backward)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Return the mask of the output, None for the last step."""
        return self.forward_layer.compute_mask(x, mask)

    def mask_values(self) -> list[tuple[Layer, float]]:
        """Return the forward layer with its `mask_value`, if it has one."""
        return self.forward_layer.mask_values()


def _halves(title: str, states: Any) -> tuple[Any, Any]:
    """Split the initial states of the two layers."""
    if states is None:
        return None, None
    if not isinstance(states, tuple | list) or len(states) % 2:
        raise ArgumentError(
            f"{title}: initial_state must be a tuple with the states of the forward layer, then "
            "those of the backward one, such as (h, h), or (h, c, h, c) of nn.LSTM"
        )
    middle = len(states) // 2
    return states[:middle], states[middle:]


class TimeDistributed(Layer):
    """Apply a layer to every time step of (batch, time, ...), with shared parameters.

    Parameters
    ----------
    layer : Layer
        Called once, on all steps as one batch (batch · time, ...).
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves the weights of all its layers alone. See `Layer`.

    Raises
    ------
    ArgumentError
        If `layer` is not a layer.

    Examples
    --------
    >>> from chainrule.nn.layers.dense import Dense
    >>> TimeDistributed(Dense(3))(np.zeros((2, 5, 4))).shape
    (2, 5, 3)
    """

    def __init__(self, layer: Layer, name: str | None = None, trainable: bool = True) -> None:
        if not isinstance(layer, Layer):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError(f"TimeDistributed: layer must be a layer, got {shown(layer)}")
        self.layer = layer
        self.name = name
        freeze_unless(self, trainable)

    def build(self, input_shape: Shape) -> None:
        """Check that there is a time axis."""
        if len(input_shape) < 3:
            shape = ", ".join(map(str, ("batch", *input_shape[1:])))
            raise ShapeError(
                f"{self._title()}: its input has shape ({shape}), but it needs (batch, time, ...); "
                "without a time axis use the layer itself"
            )

    def forward(self, x: Any, mask: Any = None) -> Any:
        """Return the output of the layer at each step, (batch, time, ...)."""
        if mask is None or not isinstance(self.layer, BatchNorm):
            return _at_each_step(self.layer, x)
        # Its statistics are those of the real steps; other layers take each step for a sample.
        is_real = mask.reshape((x.shape[0] * x.shape[1],))
        return _at_each_step(lambda steps: self.layer(steps, mask=is_real), x)

    def pre_activation(self, x: Any) -> Any:
        """Return the scores of the layer at each step, (batch, time, ...)."""
        return _at_each_step(self.layer.scores, x)


def _at_each_step(layer: Callable[[Any], Any], x: Any) -> Any:
    """Apply a layer to the steps of all samples as one batch."""
    batch, time = x.shape[:2]
    y = layer(np.reshape(x, (batch * time, *x.shape[2:])))
    return np.reshape(y, (batch, time, *y.shape[1:]))
