"""From the outputs of a network to probabilities and classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError
from chainrule.nn.activation import ACTIVATIONS
from chainrule.train.model import Model

__all__ = ["chosen_classes", "probabilities"]

Array = NDArray[Any]


def probabilities(model: Model, outputs: Array, function: str) -> Array:
    """Turn outputs into probabilities.

    Parameters
    ----------
    model : Model
        The network they come from.
    outputs : array, float, (n, ...)
        What it predicts.
    function : str
        What messages call the operation.

    Returns
    -------
    array, float in [0, 1], (n, ...)
        As they are, if the network ends in a softmax or sigmoid; otherwise through the one that its
        loss contains.

    Raises
    ------
    ArgumentError
        If neither is there.
    """
    if model.ends_in("softmax") or model.ends_in("sigmoid"):
        return outputs
    contained = model.aim[0].contains if model.aim else ""
    if not contained:
        raise ArgumentError(
            f"{function}: the outputs of this network are no probabilities: it ends in no softmax "
            "or sigmoid, and its loss is no cross-entropy; net.predict gives them as they are"
        )
    with np.errstate(all="ignore"):
        return ACTIVATIONS[contained](outputs)


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
        codes = (probabilities(model, outputs, "predict_class") > 0.5).astype(np.int64)
        codes = codes[..., 0] if single and codes.ndim > 1 else codes
    else:
        codes = np.argmax(outputs, axis=-1)
    return codes if model.classes is None else np.array(model.classes)[codes]
