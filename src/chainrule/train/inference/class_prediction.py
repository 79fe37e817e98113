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
    """Return the activation that makes probabilities of the network's outputs.

    Parameters
    ----------
    model : Model
        The network.
    function : str
        What messages call the operation.

    Returns
    -------
    {"", "softmax", "sigmoid"}
        "" if the network ends in one of them; otherwise the one that its loss contains.

    Raises
    ------
    ArgumentError
        If neither is there.
    """
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
    """Choose a class for each sample.

    Parameters
    ----------
    model : Model
        The network; its class names are used where it has them.
    outputs : array, float, (n, ...)
        What it predicts: with several outputs the largest wins; a single one, and those of a
        binary cross-entropy, each say yes above a probability of one half.

    Returns
    -------
    array, int64 or text, (n,)
        The classes; (n, outputs) where each output says yes or no.

    Raises
    ------
    ArgumentError
        If a single output is no probability.
    """
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
