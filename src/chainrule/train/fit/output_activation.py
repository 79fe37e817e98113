"""Check of the output activation against the loss: logits, or one activation, which is fused."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError, warn
from chainrule.nn.layers.activation_layers import Activation
from chainrule.nn.layers.dense import Dense
from chainrule.train.model.model import Model, applies
from chainrule.train.model.objective import Objective

__all__ = ["warn_of_output_activation"]

_SAMPLES = 16
"""Samples whose outputs are tested for probabilities."""

_BOUNDED = ("softmax", "sigmoid", "relu", "softplus", "tanh", "hard_sigmoid")
"""Activations whose range is not that of logits, all real numbers."""


_POSITIVE = {"poisson": "softplus", "kl_divergence": "softmax"}
"""Losses that take the logarithm of the outputs, with an activation for them."""


def warn_of_output_activation(model: Model, objective: Objective, X: NDArray[np.generic]) -> None:
    """Warn if a loss that takes logits would get something else.

    `Model.objective` fuses the final activation that the loss contains; this finds another
    activation, a softmax that a layer of the user's own computes, and a softmax of a softmax.
    Raises ArgumentError for negative outputs of which the loss takes the logarithm.
    """
    _refuse_negative_rates(model, objective, X)
    for message in (_repeated_softmax(model), _bounded_logits(model, objective, X)):
        if message:
            warn(f"fit: {message}")


def _refuse_negative_rates(model: Model, objective: Objective, X: NDArray[np.generic]) -> None:
    """Refuse negative outputs of a loss that takes their logarithm, as the first step would."""
    activation = _POSITIVE.get(objective.loss.name)
    if activation is None or not objective.loss.is_built_in:
        return
    outputs = model.stack(X[:_SAMPLES])
    if (lowest := float(outputs.min())) < 0:
        raise ArgumentError(
            f"fit: {objective.loss.name} takes the logarithm of the outputs, which are down to "
            f'{lowest:.3g} here; give the last layer activation="{activation}", whose values are '
            "positive"
        )
    sums = outputs.sum(axis=-1)
    if activation == "softmax" and not np.allclose(sums, 1, atol=1e-3):
        warn(
            f"fit: {objective.loss.name} takes rows of probabilities, but here an output adds up "
            f'to {float(sums.flat[0]):.3g}; give the last layer activation="softmax"'
        )


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
