"""`LambdaCallback`: a callback of functions given by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.arguments.aliases import CALLBACK_ALIASES
from chainrule.arguments.checks import checked_function
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.train.callbacks.callback import Callback

__all__ = ["LambdaCallback"]

Function = Callable[..., Any]


@answers_foreign_names(CALLBACK_ALIASES)
class LambdaCallback(Callback):
    """A callback of functions; a single one for ``on_epoch_end`` needs none, and is given as it is.

    Parameters
    ----------
    on_fit_start : function (net), optional
        Run before the first step.
    on_epoch_start : function (net, epoch), optional
        Run before each epoch.
    on_step_end : function (net, step, logs), optional
        Run after each step.
    on_epoch_end : function (net, epoch, logs), optional
        Run after each epoch; True stops the training.
    on_fit_end : function (net), optional
        Run after the last epoch.

    Raises
    ------
    ArgumentError
        For what is no function.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> from chainrule import nn
    >>> net = cr.Network([nn.Dense(1)], seed=0)
    >>> net.compile(loss="mse")
    >>> epochs = []
    >>> callback = LambdaCallback(on_epoch_start=lambda net, epoch: epochs.append(epoch))
    >>> history = net.fit(np.eye(4), np.eye(4)[:, :1], epochs=2, callbacks=callback, verbose=0)
    >>> epochs
    [0, 1]
    """

    def __init__(
        self,
        *,
        on_fit_start: Function | None = None,
        on_epoch_start: Function | None = None,
        on_step_end: Function | None = None,
        on_epoch_end: Function | None = None,
        on_fit_end: Function | None = None,
    ) -> None:
        given = {
            "on_fit_start": on_fit_start, "on_epoch_start": on_epoch_start,
            "on_step_end": on_step_end, "on_epoch_end": on_epoch_end, "on_fit_end": on_fit_end,
        }  # fmt: skip
        for name, function in given.items():
            if function is not None:
                setattr(self, name, checked_function("LambdaCallback", name, function))
