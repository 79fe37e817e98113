"""Layers around a layer: a series read from both sides, a layer used at every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.arguments.lookup import look_up
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.lstm_gru import GRU, LSTM
from chainrule.nn.layers.rnn import RNN

__all__ = ["Bidirectional", "TimeDistributed"]

_MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "concat": lambda one, other: np.concatenate((one, other), axis=-1),
    "sum": lambda one, other: one + other,
    "mul": lambda one, other: one * other,
    "ave": lambda one, other: (one + other) / 2,
}


class Bidirectional(Layer):
    """Two recurrent layers, one reading the series forwards and one backwards.

    What they return is put together step by step in time. With the layer's `mask_value`, each skips
    what is filled up, so the series is reversed in its real part alone.

    Parameters
    ----------
    layer : RNN, LSTM or GRU
        The one that reads forwards; another one is made from the same arguments.
    merge : {"concat", "sum", "mul", "ave"}
        Side by side, (…, 2 units), the forward one first; or added, multiplied, averaged.
    name : str or None
        Its name; None numbers it by kind.

    Attributes
    ----------
    forward_layer, backward_layer : RNN, LSTM or GRU
        The two, with parameters of their own.

    Raises
    ------
    ArgumentError
        For another layer, or another way to put together.

    References
    ----------
    Schuster & Paliwal (1997), "Bidirectional recurrent neural networks".

    Examples
    --------
    >>> Bidirectional(LSTM(3))(np.zeros((2, 5, 4))).shape
    (2, 6)
    >>> Bidirectional(GRU(3, return_sequences=True), merge="sum")(np.zeros((2, 5, 4))).shape
    (2, 5, 3)
    """

    def __init__(
        self, layer: RNN | LSTM | GRU, merge: str = "concat", name: str | None = None
    ) -> None:
        if not isinstance(layer, RNN | LSTM | GRU):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError(
                f"Bidirectional: layer must be an RNN, LSTM or GRU, which can read a series "
                f"backwards; got {layer!r}"
            )
        arguments: dict[str, Any] = {**layer._arguments.arguments, "name": None}
        arguments["go_backwards"] = not layer.reading.go_backwards
        self.forward_layer = layer
        self.backward_layer = type(layer)(**arguments)
        self.merge = merge
        self.put_together = look_up("merge", merge, _MERGES)
        self.name = name

    def forward(self, x: Any) -> Any:
        """Return the last states of both, or all of them in the order of the first layer."""
        ahead, back = self.forward_layer(x), self.backward_layer(x)
        if self.forward_layer.reading.return_sequences:
            back = back[:, ::-1]
        return self.put_together(ahead, back)


class TimeDistributed(Layer):
    """A layer that is used at every step of a series alike.

    Parameters
    ----------
    layer : Layer
        It sees the steps of all samples as so many samples, (batch · time, ...).
    name : str or None
        Its name; None numbers it by kind.

    Raises
    ------
    ArgumentError
        If `layer` is no layer.

    Examples
    --------
    >>> from chainrule.nn.layers.dense import Dense
    >>> TimeDistributed(Dense(3))(np.zeros((2, 5, 4))).shape
    (2, 5, 3)
    """

    def __init__(self, layer: Layer, name: str | None = None) -> None:
        if not isinstance(layer, Layer):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError(f"TimeDistributed: layer must be a layer, got {layer!r}")
        self.layer = layer
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Check that there are steps."""
        if len(input_shape) < 3:
            shape = ", ".join(map(str, ("batch", *input_shape[1:])))
            raise ShapeError(
                f"{self._title()}: its input has shape ({shape}), but it needs (batch, time, ...); "
                "without a time axis use the layer itself"
            )

    def forward(self, x: Any) -> Any:
        """Return what the layer makes of each step, (batch, time, ...)."""
        batch, time = x.shape[:2]
        y = self.layer(np.reshape(x, (batch * time, *x.shape[2:])))
        return np.reshape(y, (batch, time, *y.shape[1:]))
