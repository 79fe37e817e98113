"""Layers, activations, losses and initialisers. Start with ``layer``."""

from chainrule.nn.activation import ACTIVATIONS
from chainrule.nn.dense import Dense
from chainrule.nn.elementwise import Activation, Rescale
from chainrule.nn.initializer import INITIALIZERS
from chainrule.nn.layer import Layer
from chainrule.nn.loss import LOSSES, Loss
from chainrule.nn.noise import Dropout, GaussianNoise
from chainrule.nn.parameter import Parameter
from chainrule.nn.random import Stream
from chainrule.nn.recurrent import RNN
from chainrule.nn.recurrent_gated import GRU, LSTM
from chainrule.nn.recurrent_wrapper import Bidirectional, TimeDistributed
from chainrule.nn.shape import Flatten, Permute, Reshape
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
    "Bidirectional",
    "Dense",
    "Dropout",
    "Flatten",
    "GaussianNoise",
    "Layer",
    "Loss",
    "Parameter",
    "Permute",
    "Rescale",
    "Reshape",
    "Stream",
    "TimeDistributed",
    "from_config",
]
