"""The base class of callbacks, and one made of functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.arguments.aliases import CALLBACK_ATTRIBUTES, FIT_ALIASES
from chainrule.arguments.attributes import refuse_missing
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.pickling import independent_copies

__all__ = ["Callback"]


@independent_copies
@answers_foreign_names(FIT_ALIASES)
class Callback:
    """Base class of callbacks; a subclass overrides the methods it needs.

    During a call, the network's parameters are those of the last finished step; what a callback
    writes into them takes effect in the next one. Epochs are numbered from 0, continuously over
    repeated calls of ``fit``. An exception stops the training and propagates to the caller of
    ``fit``; the network keeps the parameters of the last finished step.

    Examples
    --------
    >>> import collections
    >>> class Halfway(Callback):
    ...     def on_epoch_end(self, net, epoch, logs):
    ...         return logs["loss"] < 0.5  # True stops the training

    What it remembers goes on with a run that is resumed from a checkpoint: attributes by
    themselves, what is no data by `state` and `restore`.

    >>> class Seen(Callback):
    ...     def __init__(self):
    ...         self.losses = collections.deque(maxlen=3)
    ...
    ...     def on_epoch_end(self, net, epoch, logs):
    ...         self.losses.append(logs["loss"])
    ...
    ...     def state(self):
    ...         return list(self.losses)
    ...
    ...     def restore(self, state):
    ...         self.losses.extend(state)
    """

    @property
    def title(self) -> str:
        """What messages call it: the name of its class."""
        return type(self).__name__

    def __getattr__(self, name: str) -> Any:
        """Answer the names of other libraries."""
        refuse_missing(self, "self", name, CALLBACK_ATTRIBUTES)

    def on_fit_start(self, net: Any) -> None:
        """Run before the first step.

        Parameters
        ----------
        net : Network
            The network to be trained.
        """

    def on_epoch_start(self, net: Any, epoch: int) -> None:
        """Run before each epoch.

        Parameters
        ----------
        net : Network
            The network in training.
        epoch : int
            Its number, from 0.
        """

    def on_step_end(self, net: Any, step: int, logs: Mapping[str, float]) -> None:
        """Run after each step.

        Steps are then native calls of their own; without this method some thousands are one call.
        Of the network, what the method reads is copied: ``net.params["dense.bias"]`` that bias,
        ``net.predict(X)`` all parameters, ``logs["loss"]`` nothing. An optimiser that is assigned
        takes effect in the next epoch.

        Parameters
        ----------
        net : Network
            The network in training.
        step : int
            Its number since `Network.compile`, from 0.
        logs : mapping of str to float
            Loss and metrics of the step's batch.
        """

    def on_epoch_end(self, net: Any, epoch: int, logs: Mapping[str, float]) -> bool | None:
        """Run after each epoch.

        Parameters
        ----------
        net : Network
            The network in training.
        epoch : int
            Its number, from 0.
        logs : mapping of str to float
            This epoch's row of the history: loss, metrics, val_loss, learning_rate, seconds.
            Numbers added to it are seen by the callbacks after this one, and recorded.

        Returns
        -------
        bool or None
            True to stop the training; other results are ignored.
        """

    def on_fit_end(self, net: Any) -> None:
        """Run after the last epoch, unless an exception stopped the training.

        Parameters
        ----------
        net : Network
            The trained network.
        """

    def state(self) -> Any:
        """Return what a checkpoint keeps of the callback, for `restore` in another process.

        Called for each checkpoint, between steps. Without this method, and where it returns None,
        attributes are kept that have changed since ``fit`` began, as far as they are data.

        Returns
        -------
        None, or numbers, texts and arrays, in lists, tuples, sets and dicts
            What the callback remembers.
        """

    def restore(self, state: Any) -> None:
        """Take up what `state` has returned: a run goes on from a checkpoint.

        Called after `on_fit_start`, before any step.

        Parameters
        ----------
        state : what `state` has returned
            A copy.
        """
