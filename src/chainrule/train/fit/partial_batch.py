"""Epochs that end in a partial batch: its step is one of two branches in a loop of steps.

::

    for each step:   state = step(state, rows)                if step < len(samples) // size
                     state = step(state, rows[:remainder])    otherwise

Each branch updates the state in place, and is compiled for its number of samples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.autodiff.control_flow.cond import cond
from chainrule.nn.batch_share import in_batch

__all__ = ["step_of_epoch"]


def step_of_epoch(
    step: Callable[..., Any], state: Any, samples: dict[str, Any], step_input: dict[str, Any]
) -> Any:
    """Make a step on the rows of its batch, of which the last of an epoch may have fewer.

    What the last one returns for each sample is padded to the shapes of the others.
    """
    (size,), total = step_input["rows"].shape, len(samples["X"])
    full, remainder = divmod(total, size)
    shapes: list[tuple[int, ...]] = []

    def on_batch(state: Any, count: int) -> Any:
        rows = step_input["rows"][:count]
        batch = {name: None if all is None else all[rows] for name, all in samples.items()}
        with in_batch(count, size, total):
            return step(state, batch, step_input)

    def on_full(state: Any) -> Any:
        new, results = on_batch(state, size)
        shapes[:] = [np.shape(each) for each in results]
        return new, results

    def on_partial(state: Any) -> Any:
        new, results = on_batch(state, remainder)
        return new, [_padded(*each) for each in zip(results, shapes, strict=True)]

    return cond(step_input["step"] < full, on_full, on_partial, state)


def _padded(result: Any, shape: tuple[int, ...]) -> Any:
    """Extend a result with one row a sample by zeros; another one is of that shape already."""
    if np.shape(result) == shape:
        return result
    rest = np.zeros((shape[0] - len(result), *shape[1:]), result.dtype)
    return np.concatenate([result, rest])
