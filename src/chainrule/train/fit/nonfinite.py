"""A train step whose loss or update is NaN or infinite: the exception, and where it arises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.autodiff.singularity import Singularity, find_singularity
from chainrule.graph.array_type import type_of
from chainrule.graph.node import Node, variable
from chainrule.nn.batch_share import in_batch
from chainrule.nn.random_stream import RandomStream
from chainrule.train.inputs.samples import Rows, Samples
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.loss_and_metrics import compute_loss_and_metrics
from chainrule.train.model.objective import Objective

__all__ = ["NotFinite", "nonfinite_sample", "singularity_of_step"]

Array = NDArray[Any]


class NotFinite(Exception):  # noqa: N818 (caught within the room: no error that users see)
    """A loss or a parameter is NaN or infinite.

    Step `step` of its epoch, from 0, had this `loss`, or NaN where only its update is not finite,
    after those in `losses`, oldest first. `parameters` are those that gave the loss, or that the
    update led to.
    """

    def __init__(
        self,
        loss: float,
        losses: list[float],
        step: int,
        learning_rate: float,
        parameters: dict[str, Array],
    ) -> None:
        super().__init__(loss)
        self.loss, self.losses, self.step = loss, losses, step
        self.learning_rate, self.parameters = learning_rate, parameters


def nonfinite_sample(
    samples: Samples, rows: Mapping[int, Rows], step: int, dtype: np.dtype[Any]
) -> str:
    """Return which value of a step's batch is not finite in the network's dtype, or "".

    `rows` are those of each step that is known. The batch of the step before may have spoilt the
    parameters.
    """
    arrays = {"X": samples.X, "y": samples.y, "sample_weight": samples.weight}
    for number in (step, step - 1):
        for name, array in arrays.items():
            if array is None or array.dtype.kind != "f" or number not in rows:
                continue
            indices = np.arange(len(array))[rows[number]]
            with np.errstate(over="ignore"):
                finite = np.isfinite(array[rows[number]].astype(dtype))
            if not finite.all():
                row, *rest = np.unravel_index(int(finite.argmin()), finite.shape)
                place = (int(indices[row]), *map(int, rest))
                return f"{name}[{', '.join(map(str, place))}] is {array[place]}"
    return ""


def singularity_of_step(
    stack: LayerStack,
    objective: Objective,
    samples: Samples,
    rows: Mapping[int, Rows],
    step: int,
    epoch: int,
    full: int,
) -> Singularity | None:
    """Repeat a step by NumPy with the live parameters, to find where it ceases to be finite.

    `rows` are those of each step that is known, `full` the number of samples of a full batch.

    The row of what is found is that of the sample, None if it is not of a single one.

    A step that only shows what the update of the one before has spoilt has no singularity itself.
    """
    for number in (step, step - 1):
        if number in rows:
            found = _singularity(stack, objective, samples, rows[number], number, epoch, full)
            if found is not None:
                indices = np.arange(len(samples))[rows[number]]
                has_sample = found.row is not None and found.rows == len(indices)
                return replace(found, row=int(indices[found.row]) if has_sample else None)
    return None


def _singularity(
    stack: LayerStack,
    objective: Objective,
    samples: Samples,
    rows: Rows,
    step: int,
    epoch: int,
    full: int,
) -> Singularity | None:
    arrays = dict(zip(("X", "y", "weight"), samples.take(rows), strict=False))
    count = len(arrays["X"])
    # As nodes, which tell what a layer of the user's computes of the inputs alone.
    given = {name: variable(type_of(each), each, name) for name, each in arrays.items()}
    batch = {"weight": None} | given
    nodes = {
        name: variable(type_of(each.array), each.array.copy(), name)
        for name, each in stack.parameters(trainable=True).items()
    }
    others = {name: each.array for name, each in stack.parameters(trainable=False).items()}
    random = RandomStream(stack.seed, epoch, step)
    fraction = in_batch(count, full, len(samples))
    with np.errstate(all="ignore"), stack.with_parameters(nodes | others), fraction:
        loss, penalty, *_ = compute_loss_and_metrics(stack, objective, batch, random)
        total = loss + penalty
    return find_singularity(total, list(nodes.values())) if isinstance(total, Node) else None
