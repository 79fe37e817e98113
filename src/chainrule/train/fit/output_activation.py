"""Check of the output activation against the loss: logits, or one activation, which is fused."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import warn
from chainrule.nn.layers.activation_layers import Activation
from chainrule.nn.layers.dense import Dense
from chainrule.train.model.model import Model, applies
from chainrule.train.model.objective import Objective

__all__ = ["warn_of_output_activation"]

_SAMPLES = 16
"""Samples whose outputs are tested for probabilities."""

_BOUNDED = ("softmax", "sigmoid", "relu", "softplus", "tanh", "hard_sigmoid")
"""Activations whose range is not that of logits, all real numbers."""


def warn_of_output_activation(model: Model, objective: Objective, X: NDArray[np.generic]) -> None:
    """Warn if a loss that takes logits would get something else.

    `Model.objective` fuses the final activation that the loss contains; this finds another
    activation, a softmax that a layer of the user's own computes, and a softmax of a softmax.
    """
    for message in (_repeated_softmax(model), _bounded_logits(model, objective, X)):
        if message:
            warn(f"fit: {message}")


def _repeated_softmax(model: Model) -> str:
    for first, second in pairwise(model.layers):
        is_activation = isinstance(second, Activation)
        if is_activation and applies(first, "softmax") and applies(second, "softmax"):
            return (
                f"layers {first.name!r} and {second.name!r} apply a softmax twice, which makes all "
                "classes nearly alike; keep one of them"
            )
    return ""


def _bounded_logits(model: Model, objective: Objective, X: NDArray[np.generic]) -> str:
    contained = objective.loss.contains
    if not contained or objective.fused is not None:
        return ""
    other = next((name for name in _BOUNDED if model.ends_in(name)), "")
    if other:
        evidence = f"ends in a {other}"
    elif contained == "softmax" and _are_probabilities(model, X):
        evidence = "gives rows that add up to 1, as after a softmax"
    else:
        return ""
    fix = f'give the last layer activation="{contained}", or none'
    if other == contained:
        fix = f"let layer {model.output_layer.name!r} override pre_activation instead of forward"
    return (
        f"the network {evidence}, but {objective.loss.name} takes logits and applies a "
        f"{contained} to them, here on top; {fix}"
    )


def _are_probabilities(model: Model, X: NDArray[np.generic]) -> bool:
    """Whether each output row sums to 1, as a softmax in a layer of the user's own would give."""
    if isinstance(model.layers[-1], Dense) and model.layers[-1].activation in (None, "linear"):
        return False
    outputs = model.stack(X[:_SAMPLES])
    if outputs.shape[-1] < 2:
        return False
    return bool((outputs >= 0).all() and np.allclose(outputs.sum(axis=-1), 1, atol=1e-4))
