"""Weights of Keras and PyTorch as dictionaries of NumPy arrays, in and out."""

from chainrule.interop.weights.keras_weights import from_keras, to_keras
from chainrule.interop.weights.torch_weights import from_torch, to_torch

__all__ = ["from_keras", "from_torch", "to_keras", "to_torch"]
