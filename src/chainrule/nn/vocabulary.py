"""The closed vocabulary of saved networks: which layer a kind stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from chainrule.errors import ArgumentError, FormatError
from chainrule.nn.attention import MultiHeadAttention
from chainrule.nn.augmentation import RandomFlip, RandomRotation, RandomShift, RandomZoom
from chainrule.nn.composite import Concatenate, Residual
from chainrule.nn.convolution import Conv1D, Conv2D, Conv3D
from chainrule.nn.dense import Dense
from chainrule.nn.depthwise import DepthwiseConv2D
from chainrule.nn.elementwise import Activation, Rescale
from chainrule.nn.embedding import Embedding, PositionEmbedding
from chainrule.nn.global_pooling import (
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
)
from chainrule.nn.layer import Layer
from chainrule.nn.noise import Dropout, GaussianNoise
from chainrule.nn.normalization import BatchNorm, LayerNorm
from chainrule.nn.pooling import AvgPool1D, AvgPool2D, MaxPool1D, MaxPool2D
from chainrule.nn.recurrent import RNN
from chainrule.nn.recurrent_gated import GRU, LSTM
from chainrule.nn.recurrent_wrapper import Bidirectional, TimeDistributed
from chainrule.nn.shape import Flatten, Permute, Reshape
from chainrule.nn.spelling import kind_of
from chainrule.nn.transposed import ConvTranspose2D

__all__ = ["LAYERS", "from_config"]

_CLASSES: tuple[type[Layer], ...] = (
    Activation, AvgPool1D, AvgPool2D, BatchNorm, Bidirectional, Concatenate, Conv1D, Conv2D, Conv3D,
    ConvTranspose2D, Dense, DepthwiseConv2D, Dropout, Embedding, Flatten, GaussianNoise,
    GlobalAvgPool1D, GlobalAvgPool2D, GlobalMaxPool1D, GlobalMaxPool2D, GRU, LayerNorm, LSTM,
    MaxPool1D, MaxPool2D, MultiHeadAttention, Permute, PositionEmbedding, RandomFlip,
    RandomRotation, RandomShift, RandomZoom, Rescale, Reshape, Residual, RNN, TimeDistributed,
)  # fmt: skip

LAYERS: dict[str, type[Layer]] = {kind_of(each.__name__): each for each in _CLASSES}
"""The layers of the library by kind."""


def from_config(
    kind: str, config: Mapping[str, Any], custom: Mapping[str, Callable[..., Any]] | None = None
) -> Layer:
    """Make a layer from what `Layer.config` wrote down; nothing is ever imported for it.

    Parameters
    ----------
    kind : str
        What layers of its class are called.
    config : mapping
        Its arguments, as JSON values.
    custom : mapping or None
        The user's own classes of layers and functions by name.

    Returns
    -------
    Layer
        A new layer.

    Raises
    ------
    FormatError
        For a kind or function that is neither ours nor in `custom`, or arguments that no such layer
        takes.

    Examples
    --------
    >>> layer = Dense(3, activation="relu", name="first")
    >>> from_config(layer.kind, layer.config())
    Dense(units=3, activation='relu', use_bias=True, initializer='auto', l2=0.0, name='first')
    """
    own = dict(custom or {})
    classes = LAYERS | {kind_of(name): each for name, each in own.items()}
    made = classes.get(kind)
    if made is None:
        raise FormatError(
            f"the file has a layer of kind {kind!r}, which is not one of ours; give its class, as "
            f"in custom={{{kind!r}: TheClass}}"
        )
    arguments = {key: _argument(each, own) for key, each in config.items()}
    try:
        layer = made(**arguments)
    except ArgumentError as error:
        raise FormatError(f"the file describes a layer that cannot be made: {error}") from error
    if not isinstance(layer, Layer):
        raise FormatError(f"custom[{kind!r}] makes {type(layer).__name__}, not a layer")
    return layer


def _argument(value: Any, custom: Mapping[str, Callable[..., Any]]) -> Any:
    if isinstance(value, list):
        return [_argument(each, custom) for each in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    entry = cast(dict[str, Any], value)
    if set(entry) == {"layer", "config"}:
        return from_config(entry["layer"], entry["config"], custom)
    if set(entry) == {"function"}:
        return _function(entry["function"], custom)
    return {key: _argument(each, custom) for key, each in entry.items()}


def _function(name: str, custom: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    if name not in custom:
        raise FormatError(
            f"the file needs the function {name!r}, which is not one of ours; give it, as in "
            f"custom={{{name!r}: {name}}}"
        )
    return custom[name]
