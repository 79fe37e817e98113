"""Layouts of Keras: its kernels, biases and statistics for each kind of layer."""

from __future__ import annotations

from typing import cast

import numpy as np

from chainrule.interop.weights.attention import KERAS_ATTENTION
from chainrule.interop.weights.layout import Array, Arrays, Layout, layout_of, renamed
from chainrule.interop.weights.recurrent import KERAS_GRU, KERAS_RNN, in_both_directions
from chainrule.nn.layer import Layer
from chainrule.nn.layers.activation_classes import PReLU
from chainrule.nn.layers.attention import MultiHeadAttention
from chainrule.nn.layers.convolution import Conv1D, Conv2D, Conv3D
from chainrule.nn.layers.dense import Dense
from chainrule.nn.layers.depthwise_convolution import DepthwiseConv2D
from chainrule.nn.layers.embedding import Embedding, PositionEmbedding
from chainrule.nn.layers.feature_normalization import Normalization
from chainrule.nn.layers.lstm_gru import GRU, LSTM
from chainrule.nn.layers.normalization import BatchNorm, LayerNorm
from chainrule.nn.layers.rnn import RNN
from chainrule.nn.layers.transposed_convolution import ConvTranspose2D
from chainrule.nn.layers.wrappers import Bidirectional

__all__ = ["KERAS_LAYOUTS", "keras_layout"]

_KERNEL = {"weight": "kernel", "bias": "bias"}
_NORM = {"gain": "gamma", "bias": "beta"}
_NORM_DEFAULTS = {"gamma": 1.0, "beta": 0.0}


def _write_depthwise(layer: Layer, arrays: Arrays) -> dict[str, Array]:
    written_arrays = {_KERNEL[name]: each for name, each in arrays.items()}
    multiplier = cast(DepthwiseConv2D, layer).depth_multiplier
    kernel = arrays["weight"]
    written_arrays["kernel"] = kernel.reshape(*kernel.shape[:2], -1, multiplier)
    return written_arrays


def _read_depthwise(arrays: Arrays) -> dict[str, Array]:
    kernel = arrays["kernel"]
    read = {"weight": kernel.reshape(*kernel.shape[:2], 1, -1)}
    return read | ({"bias": arrays["bias"]} if "bias" in arrays else {})


def _write_statistics(layer: Layer, arrays: Arrays) -> dict[str, Array]:
    return {"mean": arrays["mean"], "variance": arrays["stddev"] ** 2}


def _read_statistics(arrays: Arrays) -> dict[str, Array]:
    return {"mean": arrays["mean"], "stddev": np.sqrt(arrays["variance"])}


def _write_slopes(layer: Layer, arrays: Arrays) -> dict[str, Array]:
    ones = (1,) * (len(layer.input_shape or (None, None)) - 2)  # shared_axes of Keras: all of space
    return {"alpha": arrays["slopes"].reshape(*ones, -1)}


def _read_slopes(arrays: Arrays) -> dict[str, Array]:
    return {"slopes": arrays["alpha"].reshape(-1)}


_DENSE = renamed(_KERNEL)
KERAS_LAYOUTS: dict[type[Layer], Layout] = {
    Dense: _DENSE,
    Conv1D: _DENSE,
    Conv2D: _DENSE,
    Conv3D: _DENSE,
    ConvTranspose2D: renamed(_KERNEL, (0, 1, 3, 2)),
    DepthwiseConv2D: Layout(_write_depthwise, _read_depthwise, {}),
    BatchNorm: renamed(
        _NORM | {"mean": "moving_mean", "variance": "moving_variance"}, None, _NORM_DEFAULTS
    ),
    LayerNorm: renamed(_NORM, None, _NORM_DEFAULTS),
    Normalization: Layout(_write_statistics, _read_statistics, {}),
    Embedding: renamed({"weight": "embeddings"}),
    PositionEmbedding: renamed({"weight": "position_embeddings"}),
    PReLU: Layout(_write_slopes, _read_slopes, {}),
    RNN: KERAS_RNN,
    LSTM: KERAS_RNN,
    GRU: KERAS_GRU,
    MultiHeadAttention: KERAS_ATTENTION,
}


def keras_layout(layer: Layer) -> Layout:
    """Return how Keras lays out the arrays of a layer."""
    if isinstance(layer, Bidirectional):
        inner = layout_of(layer.forward_layer, KERAS_LAYOUTS)
        return in_both_directions(inner, "forward/{}", "backward/{}")
    return layout_of(layer, KERAS_LAYOUTS)
