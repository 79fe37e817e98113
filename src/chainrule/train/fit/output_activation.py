"""Whether a network ends as its loss expects: in logits, or in one activation, which is fused."""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ChainruleWarning
from chainrule.nn.layers.activation_layers import Activation
from chainrule.nn.layers.dense import Dense
from chainrule.train.model.model import Model, applies
from chainrule.train.model.objective import Objective

__all__ = ["warn_of_ending"]

_LOOKED_AT = 16  # samples
_HOLDING_BACK = ("softmax", "sigmoid", "relu", "softplus", "tanh", "hard_sigmoid")
"""Activations that keep their results from being any number, as logits are."""


def warn_of_ending(
    model: Model, objective: Objective, X: NDArray[np.generic], stacklevel: int
) -> None:
    """Warn if a loss that takes logits will get something else.

    A final softmax or sigmoid of ours is recognised by `Model.objective` and fused with its loss;
    this finds one that is not recognised or not that of the loss, and a softmax upon a softmax.
    """
    for message in (_doubled(model), _held_back(model, objective, X)):
        if message:
            warnings.warn(f"fit: {message}", ChainruleWarning, stacklevel=stacklevel)


def _doubled(model: Model) -> str:
    for first, second in pairwise(model.layers):
        alone = isinstance(second, Activation)
        if alone and applies(first, "softmax") and applies(second, "softmax"):
            return (
                f"layers {first.name!r} and {second.name!r} apply a softmax twice, which makes all "
                "classes nearly alike; keep one of them"
            )
    return ""


def _held_back(model: Model, objective: Objective, X: NDArray[np.generic]) -> str:
    wanted = objective.loss.contains
    if not wanted or objective.fused is not None:
        return ""
    other = next((name for name in _HOLDING_BACK if model.ends_in(name)), "")
    if other:
        told = f"ends in a {other}"
    elif wanted == "softmax" and _are_probabilities(model, X):
        told = "gives rows that add up to 1, as after a softmax"
    else:
        return ""
    return (
        f"the network {told}, but {objective.loss.name} takes logits and applies a {wanted} to "
        f'them, here on top; give the last layer activation="{wanted}", or none'
    )


def _are_probabilities(model: Model, X: NDArray[np.generic]) -> bool:
    """Look at what a network gives whose last layer may do anything: one of the user's own."""
    if isinstance(model.layers[-1], Dense) and model.layers[-1].activation in (None, "linear"):
        return False
    outputs = model.stack(X[:_LOOKED_AT])
    if outputs.shape[-1] < 2:
        return False
    return bool((outputs >= 0).all() and np.allclose(outputs.sum(axis=-1), 1, atol=1e-4))
