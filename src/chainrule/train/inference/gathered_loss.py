"""Losses of a user's own that give one number: evaluated once, on the predictions of all samples.

Such a number, as a root of a mean or a correlation, is no mean over batches. Whether a loss gives
one is read off its trace, as the shape of its result. If it also depends on what layers saved in
their forward pass, all samples are one batch. Losses of this library have one value a sample, and
are added up batch by batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.runtime.contiguous import native_byte_order
from chainrule.errors import ArgumentError, ShapeError, counted
from chainrule.nn.losses.loss import Loss
from chainrule.train.inference.compile_inference import LossKind, trace_loss_kind
from chainrule.train.inputs.samples import Samples
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.objective import Objective
from chainrule.train.model.program_cache import ProgramCache

__all__ = ["kind_of_loss", "loss_of_all"]

Array = NDArray[Any]


def kind_of_loss(
    stack: LayerStack,
    objective: Objective,
    programs: ProgramCache,
    samples: Samples,
    function: str = "evaluate",
) -> LossKind:
    """Return what the loss gives for samples; refuse weights of samples if it is one number."""
    loss = objective.loss
    if loss.is_built_in:
        return "of samples"
    # For a single sample, one number and one for each may have the same shape.
    types = samples.types(max(len(samples), 2))
    kind: LossKind = programs.get(
        ("loss kind", *types.values()), lambda: trace_loss_kind(stack, objective, types)
    )
    if kind != "of samples" and samples.weight is not None:
        raise ShapeError(
            f"{function}: the loss {loss.name} returns one value for all samples, so that they "
            "cannot be weighted; return one value for each sample, of shape (batch,)"
        )
    return kind


def loss_of_all(loss: Loss, y: Array, parts: Sequence[Array]) -> float:
    """Return a loss that gives one number, of all targets and the predictions of each batch."""
    scores: Array = np.concatenate(parts) if len(parts) > 1 else parts[0]
    value = np.asarray(loss(_as_given_in_training(y, loss, scores), scores))
    if value.shape != () or value.dtype.kind not in "fiub":
        raise ArgumentError(
            f"evaluate: the loss {loss.name} gave {value.dtype}{list(value.shape)} for "
            f"{counted(len(scores), 'sample')}, but one number in training; it must give one "
            "number in both"
        )
    return float(value)


def _as_given_in_training(y: Array, loss: Loss, scores: Array) -> Array:
    """Return targets of the dtype that training passes, or a wider one of them or the scores."""
    y = native_byte_order(np.asarray(y))
    is_class_index = (loss.takes_labels and y.ndim < scores.ndim) or not loss.checks
    if is_class_index and y.dtype.kind in "iub":
        return y
    return y.astype(np.result_type(y, scores) if y.dtype.kind == "f" else scores.dtype, copy=False)
