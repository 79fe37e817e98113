"""From the outputs of a network to probabilities and classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError
from chainrule.nn.activations.activation import ACTIVATIONS
from chainrule.train.model.model import Model

__all__ = ["chosen_classes", "missing_activation"]

Array = NDArray[Any]


def missing_activation(model: Model, function: str) -> str:
    """Return the activation that makes probabilities of the network's outputs."""
    if model.ends_in("softmax") or model.ends_in("sigmoid"):
        return ""
    contained = model.aim[0].contains if model.aim else ""
    if not contained:
        raise ArgumentError(
            f"{function}: the outputs of this network are no probabilities: it ends in no softmax "
            "or sigmoid, and its loss is no cross-entropy; net.predict gives them as they are"
        )
    return contained


def chosen_classes(model: Model, outputs: Array) -> Array:
    """Choose a class for each sample."""
    single = outputs.ndim < 2 or outputs.shape[-1] == 1
    each_alone = model.aim is not None and model.aim[0].name == "binary_cross_entropy"
    if single or each_alone:
        activation = missing_activation(model, "predict_class")
        with np.errstate(all="ignore"):
            shares = ACTIVATIONS[activation or "linear"](outputs)
        codes = (shares > 0.5).astype(np.int64)
        codes = codes[..., 0] if single and codes.ndim > 1 else codes
    else:
        codes = np.argmax(outputs, axis=-1)
    return codes if model.classes is None else np.array(model.classes)[codes]
