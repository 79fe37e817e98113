"""What a run is told whose loss or parameters have become NaN or infinite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from chainrule.errors import DataError
from chainrule.optim.minimizer import Minimizer
from chainrule.train.checks import explain_nonfinite
from chainrule.train.fit.nonfinite import NotFinite, nonfinite_sample, singularity_of_step
from chainrule.train.inputs.samples import Rows, Samples
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective

__all__ = ["explained"]


def explained(
    error: NotFinite,
    model: Model,
    objective: Objective,
    samples: Samples,
    rows: Mapping[int, Rows],
    full: int,
    epoch: int,
    losses: Sequence[float],
) -> DataError:
    """Return the error of a step that is not finite, with the evidence in its batch.

    `rows` are those of the steps that are known, `full` the number of samples of a full batch,
    `losses` those of the epochs before.
    """
    if changed := nonfinite_sample(samples, rows, error.step, model.dtype):
        return DataError(
            f"fit: {changed}, at step {error.step} of epoch {epoch}; the data passed the "
            "checks before the first step, so they have been changed since: train on a copy, "
            "or correct what writes to them"
        )
    has_no_rate = isinstance(objective.optimizer, Minimizer)
    evidence = explain_nonfinite(
        error.loss,
        step=error.step,
        epoch=epoch,
        learning_rate=None if has_no_rate else error.learning_rate,
        parameters=error.parameters,
        losses=[*losses, *error.losses],
        singularity=singularity_of_step(
            model.stack, objective, samples, rows, error.step, epoch, full
        ),
    )
    return DataError(f"fit: {evidence} {_what_is_left(model)}")


def _what_is_left(model: Model) -> str:
    """Say which parameters the network has: of large ones, an update is not undone."""
    parameters = model.stack.parameters()
    if all(np.isfinite(each.array).all() for each in parameters.values()):
        return "The network has the parameters of the last step that was finite."
    return (
        "The network has the parameters of that update, which is not undone where they are large; "
        "load those that were saved before."
    )
