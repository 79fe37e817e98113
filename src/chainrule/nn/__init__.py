"""Layers, activations, losses and initialisers. Start with ``layer``."""

from typing import TYPE_CHECKING, NoReturn

from chainrule.nn.activation import ACTIVATIONS
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
from chainrule.nn.initializer import INITIALIZERS
from chainrule.nn.layer import Layer
from chainrule.nn.loss import LOSSES, Loss
from chainrule.nn.noise import Dropout, GaussianNoise
from chainrule.nn.normalization import BatchNorm, LayerNorm
from chainrule.nn.parameter import Parameter
from chainrule.nn.pooling import AvgPool1D, AvgPool2D, MaxPool1D, MaxPool2D
from chainrule.nn.random import Stream
from chainrule.nn.recurrent import RNN
from chainrule.nn.recurrent_gated import GRU, LSTM
from chainrule.nn.recurrent_wrapper import Bidirectional, TimeDistributed
from chainrule.nn.shape import Flatten, Permute, Reshape
from chainrule.nn.spelling import explain_unknown_layer
from chainrule.nn.transposed import ConvTranspose2D
from chainrule.nn.vocabulary import LAYERS, from_config

__all__ = [
    "ACTIVATIONS",
    "GRU",
    "INITIALIZERS",
    "LAYERS",
    "LOSSES",
    "LSTM",
    "RNN",
    "Activation",
    "AvgPool1D",
    "AvgPool2D",
    "BatchNorm",
    "Bidirectional",
    "Concatenate",
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "ConvTranspose2D",
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
    "Layer",
    "LayerNorm",
    "Loss",
    "MaxPool1D",
    "MaxPool2D",
    "MultiHeadAttention",
    "Parameter",
    "Permute",
    "PositionEmbedding",
    "RandomFlip",
    "RandomRotation",
    "RandomShift",
    "RandomZoom",
    "Rescale",
    "Reshape",
    "Residual",
    "Stream",
    "TimeDistributed",
    "from_config",
]


if not TYPE_CHECKING:  # so that type checkers go on refusing names that are not there

    def __getattr__(name: str) -> NoReturn:
        """Say how what other libraries have is named here."""
        raise AttributeError(explain_unknown_layer(name, __all__))
