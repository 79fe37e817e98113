"""Probabilities and classes of the outputs of a network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError
from chainrule.nn.activations.activation import ACTIVATIONS
from chainrule.train.model.model import Model

__all__ = ["predicted_classes", "probability_activation"]

Array = NDArray[Any]


def probability_activation(model: Model, function: str) -> str:
    """Return the activation that maps the outputs to probabilities; "" if they are that already."""
    if model.ends_in("softmax") or model.ends_in("sigmoid"):
        return ""
    contained = model.compile_arguments.loss.contains if model.compile_arguments else ""
    if not contained:
        raise ArgumentError(
            f"{function}: the outputs of this network are no probabilities: it ends in no softmax "
            "or sigmoid, and its loss is no cross-entropy; net.predict returns them as they are"
        )
    return contained


def predicted_classes(model: Model, outputs: Array) -> Array:
    """Return the most probable class of each sample; of independent outputs, whether p > 0.5."""
    arguments = model.compile_arguments
    is_single = outputs.ndim < 2 or outputs.shape[-1] == 1
    if is_single or (arguments is not None and arguments.loss.name == "binary_cross_entropy"):
        activation = probability_activation(model, "predict_class")
        with np.errstate(all="ignore"):
            probabilities = ACTIVATIONS[activation or "linear"](outputs)
        indices = (probabilities > 0.5).astype(np.int64)
        indices = indices[..., 0] if is_single and indices.ndim > 1 else indices
    else:
        indices = np.argmax(outputs, axis=-1)
    return indices if model.classes is None else np.array(model.classes)[indices]
