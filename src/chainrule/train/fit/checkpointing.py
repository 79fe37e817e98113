"""The argument ``checkpoint`` of ``fit``, of networks and machines; most calls have none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from chainrule.train.callbacks import Callback, resolve_checkpoint
from chainrule.train.inference.validation_stream import ValidationStream
from chainrule.train.inputs.batch_stream import BatchStream
from chainrule.train.inputs.samples import Samples
from chainrule.train.model.model import Model
from chainrule.train.model.step_counter import StepCounter

if TYPE_CHECKING:
    from chainrule.train.fit.resumption import Checkpoints

__all__ = ["checkpoints_of", "opened", "taken_up"]


def checkpoints_of(
    argument: Any,
    callbacks: Sequence[Callback],
    entries: Callable[[], dict[str, Any]] = dict,
) -> tuple[Checkpoints | None, list[Callback]]:
    """Return the checkpoints of a call of ``fit``, if it has some, and the callbacks besides.

    `entries` returns what the description of a checkpoint has besides that of a network.
    """
    checkpoint, others = resolve_checkpoint(argument, list(callbacks))
    if checkpoint is None:
        return None, others
    from chainrule.train.fit.run_checkpoints import RunCheckpoints

    return RunCheckpoints(checkpoint, others, entries), others


def opened(checkpoints: Checkpoints | None) -> AbstractContextManager[None]:
    """Hold the lock of the folder of checkpoints, if there are some."""
    return nullcontext() if checkpoints is None else checkpoints.opened()


def taken_up(
    checkpoints: Checkpoints | None,
    net: Any,
    model: Model,
    samples: Samples | BatchStream,
    validation: Samples | ValidationStream | None,
    size: int,
    shuffle: bool,
    **others: Any,
) -> StepCounter | None:
    """Restore a checkpoint of the run, if there is one; return its counter within an epoch.

    `others` are further settings that the run must have in common with this call.
    """
    if checkpoints is None:
        return None
    from chainrule.train.fit.run_settings import settings_of

    settings = settings_of(model, samples, validation, size, shuffle, others)
    return checkpoints.take_up(net, model, settings)
