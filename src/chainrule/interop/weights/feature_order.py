"""The order of features that were flattened: channels last here, channels first in PyTorch.

::

    ours    i = (h · W + w) · C + c
    theirs  j = (c · H + h) · W + w

A dense or recurrent layer that reads flattened images has its rows in that order, and one whose
output is reshaped to an image its columns, with whatever has one number a feature in between.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.interop.weights.layout import Array
from chainrule.nn.layer import Layer
from chainrule.nn.layers.activation_classes import PReLU
from chainrule.nn.layers.attention import MultiHeadAttention
from chainrule.nn.layers.composite import Add, Concatenate, Residual
from chainrule.nn.layers.convolution import Conv1D, Conv2D, Conv3D
from chainrule.nn.layers.dense import Dense
from chainrule.nn.layers.depthwise_convolution import DepthwiseConv2D
from chainrule.nn.layers.embedding import Embedding
from chainrule.nn.layers.lstm_gru import GRU, LSTM
from chainrule.nn.layers.normalization import BatchNorm, LayerNorm
from chainrule.nn.layers.pooling import AvgPool1D, AvgPool2D, MaxPool1D, MaxPool2D
from chainrule.nn.layers.reshape import Flatten, Reshape
from chainrule.nn.layers.rnn import RNN
from chainrule.nn.layers.spatial import (
    Cropping1D,
    Cropping2D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)
from chainrule.nn.layers.transposed_convolution import ConvTranspose2D
from chainrule.nn.layers.wrappers import Bidirectional, TimeDistributed
from chainrule.train.network import Network, model_of

__all__ = ["feature_orders"]

_SPATIAL = (
    AvgPool1D, AvgPool2D, Conv1D, Conv2D, Conv3D, ConvTranspose2D, Cropping1D, Cropping2D,
    DepthwiseConv2D, MaxPool1D, MaxPool2D, UpSampling2D, ZeroPadding1D, ZeroPadding2D,
)  # fmt: skip
"""Layers that PyTorch has for channels first."""

_RECURRENT = (RNN, LSTM, GRU, Bidirectional)
_MIXING = (Dense, *_RECURRENT, Embedding, MultiHeadAttention)
"""Layers after which features have no order of space."""

_EACH_FEATURE = (BatchNorm, LayerNorm, PReLU)
"""Layers with parameters of one number a feature."""

_COMPOSITE = (Residual, Concatenate, Add)


@dataclass
class _Walk:
    """What is known of the features between two layers."""

    flatten: str | None
    orders: dict[str, list[tuple[int, Array]]] = field(default_factory=dict[str, Any])
    is_spatial: bool | None = None  # whether PyTorch has channels first; None if unknown
    order: Array | None = None  # of flattened features
    producers: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    def permute(self, name: str, axis: int, order: Array) -> None:
        self.orders.setdefault(name, []).append((axis, order))


def feature_orders(
    function: str, net: Network, flatten: str | None
) -> dict[str, list[tuple[int, Array]]]:
    """Return the parameters whose features PyTorch has in another order, and that order."""
    model = model_of(net)
    shapes = [model.input_shape, *model.output_shapes]
    walk = _Walk(flatten, is_spatial=None)
    chain = list(zip(model.names, net.layers, strict=True))
    for index, (name, layer) in enumerate(chain):
        after = [each for _, each in chain[index + 1 :]]
        _step(function, walk, name, layer, shapes[index], shapes[index + 1], after)
    return walk.orders


def _step(
    function: str,
    walk: _Walk,
    name: str,
    layer: Layer,
    before: Any,
    shape: Any,
    after: Sequence[Layer],
) -> None:
    """Follow the features through a layer."""
    while isinstance(layer, TimeDistributed):
        name, layer = f"{name}.layer", layer.layer
        before, shape = before[1:], shape[1:]
    if isinstance(layer, _COMPOSITE) and walk.order is not None:
        raise ArgumentError(
            f"{function}: layer {name!r} takes flattened images, whose order in PyTorch cannot be "
            "followed through its branches; flatten after it, or put a Dense layer before it"
        )
    if isinstance(layer, _SPATIAL):
        walk.is_spatial, walk.producers = True, []
    elif isinstance(layer, Flatten | Reshape) and len(shape) == 2:
        walk.order = _order_of(function, walk, name, before)
    elif isinstance(layer, Reshape) and len(before) == 2 and _is_image(shape, after):
        _permute_producers(walk, _channels_first(shape[1:]))
    elif isinstance(layer, _MIXING):
        _permute_rows(walk, name, layer)
        walk.is_spatial = False
    elif isinstance(layer, _EACH_FEATURE) and len(before) == 2:
        for each in vars(layer)["_parameters"]:
            if walk.order is not None:
                walk.permute(f"{name}.{each}", 0, walk.order)
            walk.producers.append((f"{name}.{each}", 0))


def _permute_rows(walk: _Walk, name: str, layer: Layer) -> None:
    """Let the rows of a layer be in the order of its flattened input; begin with its columns."""
    rows = ["weight"] if isinstance(layer, Dense) else ["input_weight"]
    if isinstance(layer, Bidirectional):
        rows = ["forward_layer.input_weight", "backward_layer.input_weight"]
    if walk.order is not None:
        for each in rows:
            walk.permute(f"{name}.{each}", 0, walk.order)
    walk.order, walk.producers = None, []
    if isinstance(layer, Dense):
        walk.producers = [(f"{name}.weight", 1)]
        if layer.use_bias:
            walk.producers.append((f"{name}.bias", 0))


def _permute_producers(walk: _Walk, order: Array) -> None:
    for name, axis in walk.producers:
        walk.permute(name, axis, order)
    walk.producers, walk.is_spatial = [], True


def _is_image(shape: Any, after: Sequence[Layer]) -> bool:
    """Whether features are reshaped to what PyTorch has with channels first."""
    kinds = (*_SPATIAL, *_MIXING)
    first = next((each for each in after if isinstance(each, kinds)), None)
    return len(shape) > 2 and isinstance(first, _SPATIAL)


def _order_of(function: str, walk: _Walk, name: str, before: Any) -> Array | None:
    """Return the order of flattened features in PyTorch; None if it is ours."""
    sizes = before[1:]
    if len(sizes) < 2 or sizes[-1] == 1 or math.prod(sizes[:-1]) == 1:
        return walk.order if len(sizes) < 2 else None
    is_first = walk.is_spatial if walk.flatten is None else walk.flatten == "channels_first"
    if is_first is None:
        raise ArgumentError(
            f"{function}: layer {name!r} flattens inputs of shape {('batch', *sizes)}, and whether "
            'the model of PyTorch has their channels first is not known; give flatten="'
            'channels_first" or flatten="channels_last"'
        )
    return _channels_first(sizes) if is_first else None


def _channels_first(sizes: Any) -> Array:
    """Return our index of each feature in the order of channels first.

    Examples
    --------
    >>> _channels_first((2, 3))  # two steps of three channels
    array([0, 3, 1, 4, 2, 5])
    """
    return np.moveaxis(np.arange(math.prod(sizes)).reshape(sizes), -1, 0).ravel()
