"""Whether a network ends as its loss expects: in logits, or in the activation that is fused."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ChainruleWarning
from chainrule.train.model import Model
from chainrule.train.step import Plan

__all__ = ["warn_of_ending"]

_LOOKED_AT = 16  # samples


def warn_of_ending(model: Model, plan: Plan, X: NDArray[np.generic], stacklevel: int) -> None:
    """Warn if a loss that takes logits will get something else.

    Our own final softmax or sigmoid is recognised by `Model.plan` and fused with its loss; here is
    looked for one that is not recognised, or not the one of the loss.

    Parameters
    ----------
    model : Model
        The network, built.
    plan : Plan
        Its loss, and the layer whose activation is fused.
    X : array, (n, ...)
        Inputs; a few of them are computed.
    stacklevel : int
        How far up the user's line is.

    Warns
    -----
    ChainruleWarning
        With what was seen and the mend.
    """
    wanted = plan.loss.contains
    if not wanted or plan.fused is not None:
        return
    other = next((name for name in ("softmax", "sigmoid") if model.ends_in(name)), "")
    if other:
        told = f"ends in a {other}"
    elif wanted == "softmax" and _are_probabilities(model, X):
        told = "gives rows that add up to 1, as after a softmax"
    else:
        return
    warnings.warn(
        f"fit: the network {told}, but {plan.loss.name} takes logits and applies a {wanted} to "
        f'them, here on top; give the last layer activation="{wanted}", or none',
        ChainruleWarning,
        stacklevel=stacklevel,
    )


def _are_probabilities(model: Model, X: NDArray[np.generic]) -> bool:
    outputs = model.stack(X[:_LOOKED_AT])
    if outputs.shape[-1] < 2:
        return False
    return bool((outputs >= 0).all() and np.allclose(outputs.sum(axis=-1), 1, atol=1e-4))
