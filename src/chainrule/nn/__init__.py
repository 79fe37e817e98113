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
from chainrule.nn.shape import Flatten, Permute, Reshape
from chainrule.nn.vocabulary import LAYERS, from_config

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "LAYERS",
    "LOSSES",
    "Activation",
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
    "from_config",
]
