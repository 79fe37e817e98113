"""Layers, activations, losses and initialisers. Start with ``layer``."""

from typing import TYPE_CHECKING

from chainrule.arguments.aliases import LAYER_ALIASES
from chainrule.arguments.rooms import open_room
from chainrule.nn.layers import CLASSES

if TYPE_CHECKING:
    from chainrule.nn.activations.activation import ACTIVATIONS
    from chainrule.nn.initializers.initializer import INITIALIZERS
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
    from chainrule.nn.losses.loss import LOSSES, Loss
    from chainrule.nn.parameter import Parameter
    from chainrule.nn.random_stream import RandomStream
    from chainrule.nn.registry import LAYERS, from_config


__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "GRU",
    "INITIALIZERS",
    "LAYERS",
    "LOSSES",
    "LSTM",
    "ODE",
    "RNN",
    "SELU",
    "Activation",
    "Add",
    "AvgPool1D",
    "AvgPool2D",
    "BatchNorm",
    "Bidirectional",
    "Concatenate",
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "ConvTranspose2D",
    "Cropping1D",
    "Cropping2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Embedding",
    "Flatten",
    "GaussianNoise",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "HardSigmoid",
    "Identity",
    "Lambda",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "LogSoftmax",
    "Loss",
    "Masking",
    "MaxPool1D",
    "MaxPool2D",
    "Mish",
    "MultiHeadAttention",
    "Normalization",
    "PReLU",
    "Parameter",
    "Permute",
    "PositionEmbedding",
    "RandomFlip",
    "RandomRotation",
    "RandomShift",
    "RandomStream",
    "RandomZoom",
    "ReLU",
    "RepeatVector",
    "Rescale",
    "Reshape",
    "Residual",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
    "TimeDistributed",
    "UpSampling2D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "from_config",
]


_LATE = {
    "activations.activation": "ACTIVATIONS",
    "initializers.initializer": "INITIALIZERS",
    "layer": "Layer",
    "losses.loss": "LOSSES Loss",
    "parameter": "Parameter",
    "random_stream": "RandomStream",
    "registry": "LAYERS from_config",
    **{f"layers.{module}": names for module, names in CLASSES.items()},
}
"""Modules imported when one of their names is first used."""

if not TYPE_CHECKING:  # type checkers must still reject unknown names
    __getattr__, __dir__ = open_room(__name__, "nn", __all__, LAYER_ALIASES, _LATE)
