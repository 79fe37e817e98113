"""Registry of layers: deserialisation of a layer from its kind and config."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from chainrule.arguments.aliases import LAYER_ARGUMENT_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, FormatError
from chainrule.nn.config import snake_case
from chainrule.nn.layer import Layer
from chainrule.nn.layers.activation_classes import (
    ELU,
    GELU,
    SELU,
    HardSigmoid,
    LeakyReLU,
    LogSoftmax,
    Mish,
    PReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from chainrule.nn.layers.activation_layers import Activation, Rescale
from chainrule.nn.layers.attention import MultiHeadAttention
from chainrule.nn.layers.augmentation import RandomFlip, RandomRotation, RandomShift, RandomZoom
from chainrule.nn.layers.composite import Add, Concatenate, Residual
from chainrule.nn.layers.convolution import Conv1D, Conv2D, Conv3D
from chainrule.nn.layers.dense import Dense
from chainrule.nn.layers.depthwise_convolution import DepthwiseConv2D
from chainrule.nn.layers.dropout import Dropout, GaussianNoise
from chainrule.nn.layers.embedding import Embedding, PositionEmbedding
from chainrule.nn.layers.feature_normalization import Normalization
from chainrule.nn.layers.function_layers import Identity, Lambda
from chainrule.nn.layers.global_pooling import (
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
)
from chainrule.nn.layers.lstm_gru import GRU, LSTM
from chainrule.nn.layers.masking import Masking
from chainrule.nn.layers.normalization import BatchNorm, LayerNorm
from chainrule.nn.layers.ode import ODE
from chainrule.nn.layers.pooling import AvgPool1D, AvgPool2D, MaxPool1D, MaxPool2D
from chainrule.nn.layers.reshape import Flatten, Permute, RepeatVector, Reshape
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
from chainrule.nn.sublayers import with_sublayers

__all__ = ["LAYERS", "from_config", "is_of_library"]

_CLASSES: tuple[type[Layer], ...] = (
    Activation, Add, AvgPool1D, AvgPool2D, BatchNorm, Bidirectional, Concatenate, Conv1D,
    Conv2D, Conv3D, ConvTranspose2D, Cropping1D, Cropping2D, Dense, DepthwiseConv2D, Dropout,
    ELU, Embedding, Flatten, GaussianNoise, GELU, GlobalAvgPool1D, GlobalAvgPool2D,
    GlobalMaxPool1D, GlobalMaxPool2D, GRU, HardSigmoid, Identity, Lambda, LayerNorm, LeakyReLU,
    LogSoftmax, LSTM, Masking, MaxPool1D, MaxPool2D, Mish, MultiHeadAttention, Normalization,
    ODE, Permute, PositionEmbedding, PReLU, RandomFlip, RandomRotation, RandomShift, RandomZoom,
    ReLU, RepeatVector, Rescale, Reshape, Residual, RNN, SELU, Sigmoid, SiLU, Softmax, Softplus,
    Softsign, Tanh, TimeDistributed, UpSampling2D, ZeroPadding1D, ZeroPadding2D,
)  # fmt: skip

LAYERS: dict[str, type[Layer]] = {snake_case(each.__name__): each for each in _CLASSES}
"""The layer classes of the library, by kind."""


def is_of_library(layer: Layer) -> bool:
    """Whether a layer and all layers within it are of classes of the library."""
    return all(type(each) is LAYERS.get(each.kind) for each in with_sublayers([layer]))


_LONGEST_NAME = 45
"""Characters of an unknown name that a message repeats, twice."""


@answers_foreign_names(LAYER_ARGUMENT_ALIASES)
def from_config(
    kind: str, config: Mapping[str, Any], custom: Mapping[str, Callable[..., Any]] | None = None
) -> Layer:
    """Create a layer from its kind and its `Layer.config`; no module is imported for it.

    Parameters
    ----------
    kind : str
        The kind of its class, such as ``max_pool2d``.
    config : mapping
        Its constructor arguments, as JSON values.
    custom : mapping or None
        Custom layer classes and functions by name.

    Returns
    -------
    Layer
        A new layer, not built.

    Raises
    ------
    FormatError
        For a kind or function that is neither in the library nor in `custom`, or arguments that the
        layer does not take.

    Examples
    --------
    >>> layer = Dense(3, activation="relu", name="first")
    >>> from_config(layer.kind, layer.config())
    Dense(units=3, activation='relu', use_bias=True, initializer='auto', l2=0.0, name='first')
    """
    functions, given = dict(custom or {}), cast(Any, kind)
    # A class comes before a function of that name in lower case, such as Sin before np.sin.
    by_kind = sorted(functions.items(), key=lambda item: isinstance(item[1], type))
    classes = LAYERS | {snake_case(name): each for name, each in by_kind}
    layer_class = classes.get(kind) if isinstance(given, str) else None
    if layer_class is None and not (isinstance(given, str) and len(kind) <= _LONGEST_NAME):
        raise FormatError("the file has a layer of a kind that is no name")
    if layer_class is None:
        raise FormatError(
            f"the file has a layer of kind {kind!r}, which is not in the library; pass its class, "
            f"as in custom={{{kind!r}: TheClass}}"
        )
    arguments = {key: _argument(each, functions) for key, each in config.items()}
    try:
        layer = layer_class(**arguments)
    except ArgumentError as error:
        raise FormatError(
            f"the file describes a layer that cannot be created: {error!s:.100}"
        ) from error
    if not isinstance(layer, Layer):
        raise FormatError(f"custom[{kind!r}] returns {type(layer).__name__}, not a layer")
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


def _function(name: Any, custom: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        raise FormatError("the file needs a function that has no name")
    if name not in custom:
        raise FormatError(
            f"the file needs the function {name!r}, which is not in the library; pass it, as in "
            f"custom={{{name!r}: {name}}}"
        )
    return custom[name]
