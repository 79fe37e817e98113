"""What a network does besides learning: predict, and say how well."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.array_type import ArrayType, type_of
from chainrule.train.batch import Samples, Tally, batches
from chainrule.train.plan import Plan, Stack
from chainrule.train.programs import Programs
from chainrule.train.step import compile_evaluation, compile_prediction

__all__ = ["USUAL_SIZE", "evaluate", "predict"]

Array = NDArray[Any]

USUAL_SIZE = 1024
"""Samples computed at once: enough to keep the processor busy, few enough for its caches."""


def evaluate(
    stack: Stack, plan: Plan, programs: Programs, samples: Samples, size: int = USUAL_SIZE
) -> dict[str, float]:
    """Return loss and metrics of samples.

    Parameters
    ----------
    stack : Stack
        The network, built.
    plan : Plan
        Its loss and metrics.
    programs : Programs
        Where compiled programs are kept.
    samples : Samples
        At least one.
    size : int
        How many are computed at once.

    Returns
    -------
    dict of str to float
        ``loss`` and each metric.
    """
    tally, params = Tally(plan), _live(stack)
    with np.errstate(all="ignore"):
        for rows in batches(len(samples), size):
            batch = samples.take(rows)
            types = samples.types(len(batch[0]))
            program = programs.get(
                ("evaluate", *types.values()), lambda t=types: compile_evaluation(stack, plan, t)
            )
            tally.add(len(batch[0]), program([*params, *batch]), batch[1])
    return tally.results()


def predict(stack: Stack, programs: Programs, X: Array, size: int) -> Array:
    """Return the outputs of the network for inputs, computed `size` rows at once.

    Parameters
    ----------
    stack : Stack
        The network, built.
    programs : Programs
        Where compiled programs are kept.
    X : array, (n, ...)
        At least one row.
    size : int
        Rows computed at once.

    Returns
    -------
    array, (n, ...)
        An array of its own.
    """
    params = _live(stack)
    parts: list[Array] = []
    with np.errstate(all="ignore"):
        for rows in batches(len(X), size):
            part = X[rows]
            kind: ArrayType = type_of(part)
            part = part if part.dtype.isnative else part.astype(kind.dtype)
            program = programs.get(("predict", kind), lambda k=kind: compile_prediction(stack, k))
            parts += program([*params, part])
    # A program may hand its input back; what users get is theirs to write to.
    return np.concatenate(parts) if len(parts) > 1 else np.array(parts[0])


def _live(stack: Stack) -> list[Array]:
    return [each.value for each in stack.parameters().values()]
