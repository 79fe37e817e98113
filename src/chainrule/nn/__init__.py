"""Layers, activations, losses and initialisers. Start with ``layer``."""

from chainrule.nn.dense import Dense
from chainrule.nn.elementwise import Activation
from chainrule.nn.layer import Layer
from chainrule.nn.loss import Loss
from chainrule.nn.parameter import Parameter

__all__ = ["Activation", "Dense", "Layer", "Loss", "Parameter"]
