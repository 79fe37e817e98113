"""Checkpoints that a call of ``fit`` writes, and when."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from chainrule.errors import warn
from chainrule.optim.config import describe_briefly
from chainrule.storage import locked_folder
from chainrule.train.callbacks import Callback, Checkpoint, check_monitor
from chainrule.train.files.attribute_values import encoded, storing
from chainrule.train.files.network_state import state_of
from chainrule.train.files.run_folder import RunFolder
from chainrule.train.fit.callback_state import CallbackStates
from chainrule.train.fit.resumption import Position, Resumption
from chainrule.train.fit.run_code import code_of
from chainrule.train.fit.run_settings import CODE, RunSettings
from chainrule.train.fit.termination import (
    hold_signals,
    release_signals,
)
from chainrule.train.model.model import Model
from chainrule.train.model.step_counter import StepCounter

__all__ = ["RunCheckpoints"]

_LONGEST = 600.0
"""Seconds between checkpoints, where no interval is given."""

_SHARE = 100
"""How many times as long as a checkpoint takes there is none after it, where none is given."""


class RunCheckpoints:
    """The checkpoints of a call of ``fit``, which holds the lock of their folder.

    A position that can be saved is one after a step and before the end of its epoch, or after the
    callbacks at that end. Elsewhere signals wait, and `is_consistent` is false.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        callbacks: Sequence[Callback],
        entries: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        self.folder = RunFolder(checkpoint.folder, checkpoint.keep)
        self.monitor = None if checkpoint.best is None else checkpoint
        self.resumed: Resumption | None = None
        self.is_consistent, self.is_stopped = False, False
        self._checkpoint, self._callbacks = checkpoint, CallbackStates(callbacks)
        self._entries = entries
        self._loop: Position | None = None
        self._start, self._settings = (0, 0), RunSettings({})
        self._best: list[Any] | None = None
        self._latest_steps = -1
        self._next = 0.0

    @contextmanager
    def opened(self) -> Generator[None]:
        """Hold the lock of the folder."""
        with locked_folder(self.folder.path):
            self.folder.clear()
            yield

    def take_up(self, net: Any, model: Model, settings: RunSettings) -> StepCounter | None:
        """Restore the newest checkpoint, if there is one; return its counter within an epoch."""
        settings.values[CODE] |= self._callbacks.code
        self.resumed = resumed = Resumption.found(self.folder, settings)
        if resumed is None:
            self._start, self._settings = (model.counter.epoch, model.counter.steps), settings
            return None
        resumed.check_position(model.counter, self.folder)
        self._start, self._settings = resumed.start, RunSettings(resumed.run["settings"])
        self.is_stopped, self._best = resumed.is_stopped, resumed.run["best"]
        return resumed.restore(net, model)

    def begin(self, loop: Position) -> None:
        """Take up callbacks and metrics of the checkpoint; without one, write the first."""
        self._loop = loop
        if self.resumed is None:
            self.save(loop)
        else:
            self.resumed.begin(loop, self._callbacks)
            self._latest_steps = loop.counter.steps
            self._schedule(0.0, loop.counter)
        self.is_consistent = True

    def hold(self) -> None:
        """Begin a change after which the position can be saved again."""
        self.is_consistent = False
        hold_signals()

    before_steps = hold

    def _release(self) -> None:
        """End it; a signal that has come meanwhile is raised here."""
        self.is_consistent = True
        release_signals()

    def close(self) -> None:
        """Let signals come as usual, whatever has ended the training."""
        self._loop, self.is_consistent = None, False
        release_signals()

    def after_steps(self) -> None:
        """Write a checkpoint after some steps if it is due, unless an epoch is to be ended."""
        loop = self._loop
        assert loop is not None, "there are steps between begin and close"
        if loop.counter.step or loop.runs_epochs:
            self._save_if_due(loop)
            self._release()

    def steps_left(self) -> int | None:
        """Return after how many steps the next checkpoint is due; None if that is not counted."""
        loop, interval = self._loop, self._checkpoint.interval
        assert loop is not None, "there are steps between begin and close"
        counter = loop.counter
        if interval is None or interval.unit == "seconds":
            return None
        if interval.unit == "steps":
            return int(self._next) - counter.steps
        epochs = int(self._next) - counter.epoch
        return max(epochs * counter.steps_per_epoch - counter.step, 1)

    def _save_if_due(self, loop: Position) -> None:
        interval, counter = self._checkpoint.interval, loop.counter
        unit = "seconds" if interval is None else interval.unit
        reached = {"seconds": time.monotonic(), "steps": counter.steps, "epochs": counter.epoch}
        if reached[unit] >= self._next and not (unit == "epochs" and counter.step):
            self.save(loop)

    def save(self, loop: Position) -> None:
        """Write a checkpoint of the present position, unless it is written."""
        if loop.counter.steps == self._latest_steps and not self.is_stopped:
            return
        start = time.monotonic()
        description, tensors = self._contents(loop)
        self.folder.write(loop.counter.steps, description, tensors)
        self._latest_steps = loop.counter.steps
        self._schedule(time.monotonic() - start, loop.counter)

    def save_on_interrupt(self, loop: Position) -> None:
        """Write a checkpoint because of a signal, which is raised whether that succeeds or not."""
        if not self.is_consistent:
            return
        try:
            self.save(loop)
        except OSError as error:
            warn(f"fit: no checkpoint of the interrupted training could be written: {error}")

    def end_epoch(self, loop: Position, logs: Mapping[str, float], is_stopped: bool) -> None:
        """Keep the best epoch, and write a checkpoint if it is due."""
        self.is_stopped = is_stopped
        if (best := self._checkpoint.best) is not None:
            check_monitor(self._checkpoint, logs)
            value = float(logs[best])
            if self._is_best(value):
                self._best = [value, loop.counter.epoch - 1]
                self.folder.write_best(*self._contents(loop))
        self._save_if_due(loop)
        self._release()

    def _is_best(self, value: float) -> bool:
        if not math.isfinite(value):
            return False
        if self._best is None:
            return True
        return value > self._best[0] if self._checkpoint.is_maximized else value < self._best[0]

    def _contents(self, loop: Position) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return description and tensors of the present position."""
        unfinished = loop.unfinished()
        state = state_of(loop.model, loop.history, "fit")
        tensors: dict[str, Any] = {}
        store = storing(tensors, "run")
        run = {
            "start": list(self._start),
            "settings": self._settings.values,
            "optimizer": describe_briefly(state.optimizer),
            "code": code_of(state.description, state.tensors, loop.model) | self._callbacks.code,
            "unfinished": encoded(unfinished, store),
            "seconds": loop.seconds if unfinished else 0.0,
            "callbacks": self._callbacks.describe(store),
            "best": self._best,
            "is_stopped": self.is_stopped,
        }
        return state.description | self._entries() | {"run": run}, state.tensors | tensors

    def _schedule(self, seconds: float, counter: StepCounter) -> None:
        """Set when the next checkpoint is due, after one that took some seconds."""
        interval, now = self._checkpoint.interval, time.monotonic()
        if interval is None:
            self._next = now + min(_SHARE * seconds, _LONGEST)
        elif interval.unit == "seconds":
            self._next = now + interval.length
        else:
            done = counter.steps if interval.unit == "steps" else counter.epoch
            self._next = (done // int(interval.length) + 1) * int(interval.length)
