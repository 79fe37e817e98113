"""Checkpoints of a call of ``fit``: when they are written, and how a run goes on from one."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from chainrule.errors import ArgumentError, warn
from chainrule.optim.config import describe_briefly
from chainrule.storage import locked_folder
from chainrule.train.callbacks import Callback, check_monitor
from chainrule.train.checkpoint import Checkpoint
from chainrule.train.files.attribute_values import decoded, encoded
from chainrule.train.files.network_state import restore_state, state_of
from chainrule.train.files.run_folder import RunFolder, SavedRun
from chainrule.train.files.training_progress import storing
from chainrule.train.fit.callback_state import CallbackStates
from chainrule.train.fit.run_settings import check_settings, settings_of
from chainrule.train.fit.termination import (
    hold_signals,
    interrupts_when_released,
    release_signals,
)
from chainrule.train.history import History
from chainrule.train.inputs.samples import Samples
from chainrule.train.model.model import Model
from chainrule.train.model.step_counter import StepCounter

__all__ = ["Position", "RunCheckpoints"]

_LONGEST = 600.0
"""Seconds between checkpoints, where no interval is given."""

_SHARE = 100
"""How many times as long as a checkpoint takes there is none after it, where none is given."""


class Position(Protocol):
    """Where a training is, as the epoch loop knows it."""

    history: History
    runs_epochs: bool

    @property
    def model(self) -> Model:
        """The model that is trained."""
        ...

    @property
    def counter(self) -> StepCounter:
        """Epochs and steps done."""
        ...

    @property
    def seconds(self) -> float:
        """How long the present epoch has taken."""
        ...

    def unfinished(self) -> dict[str, Any] | None:
        """Publish the position, and return the metrics of an epoch that is not finished."""
        ...

    def take_up(self, unfinished: dict[str, Any] | None, seconds: float) -> None:
        """Go on from the live parameters, and within an epoch that is not finished."""
        ...


class RunCheckpoints:
    """The checkpoints of a call of ``fit``, which holds the lock of their folder.

    A position that can be saved is one after a step and before the end of its epoch, or after the
    callbacks at that end. Between them `hold` is in force: signals wait, and `is_consistent` is
    false. `release` ends it.
    """

    def __init__(self, checkpoint: Checkpoint, callbacks: Sequence[Callback]) -> None:
        self.folder = RunFolder(checkpoint.folder, checkpoint.keep)
        self.checkpoint, self.best = checkpoint, checkpoint.best
        self.is_consistent = False
        self.start = 0, 0
        self.is_stopped, self.is_resumed = False, False
        self._loop: Position | None = None
        self._callbacks = CallbackStates(callbacks)
        self._saved: SavedRun | None = None
        self._settings: dict[str, Any] = {}
        self._best: list[Any] | None = None
        self._latest_steps = -1
        self._next = 0.0

    @contextmanager
    def opened(self) -> Generator[None]:
        """Hold the lock of the folder."""
        with locked_folder(self.folder.path), interrupts_when_released():
            self.folder.clear()
            yield

    # --------------------------------------------------------------------------- going on

    def take_up(
        self,
        net: Any,
        model: Model,
        samples: Samples,
        validation: Samples | None,
        size: int,
        shuffle: bool,
    ) -> StepCounter | None:
        """Restore the newest checkpoint, if there is one; return its counter within an epoch."""
        settings = settings_of(model, samples, validation, size, shuffle)
        self._saved, self._settings = self.folder.newest(), settings
        position = model.counter.epoch, model.counter.steps
        if (saved := self._saved) is None:
            self.start = position
            return None
        check_settings(saved, settings)
        self.start = tuple(saved.run["start"])
        self._check_position(position, saved)
        net.history = restore_state(model, saved.state, "fit")
        self.is_stopped, self._best = saved.run["is_stopped"], saved.run["best"]
        self._settings, self.is_resumed = saved.run["settings"], True
        return model.counter.copy() if model.counter.step else None

    def _check_position(self, position: tuple[int, int], saved: SavedRun) -> None:
        """Refuse a run that began elsewhere than this call of ``fit`` does."""
        here = saved.state.epoch, saved.state.steps
        if position != self.start and (position != here or saved.run["is_stopped"]):
            raise ArgumentError(
                f"fit: the run in {self.folder.path} began after {self.start[0]} epochs of "
                f"training, and this call of fit begins after {position[0]}; give each call of fit "
                "a folder of its own"
            )

    def begin(self, loop: Position) -> None:
        """Take up callbacks and metrics of the checkpoint; without one, write the first."""
        self._loop = loop
        if (saved := self._saved) is None:
            self.save(loop)
            self.is_consistent = True
            return
        run, unread = saved.run, {name for name in saved.tensors if name.startswith("run:")}
        model = loop.model
        # A callback may have changed them when fit began, as it did the first time.
        restore_state(model, saved.state, "fit")
        loop.take_up(decoded(run["unfinished"], saved.tensors, unread), run["seconds"])
        self._callbacks.restore(run["callbacks"], saved.tensors, unread)
        self._latest_steps, self._saved = saved.state.steps, None
        self._schedule(0.0, loop.counter)
        self.is_consistent = True

    # ---------------------------------------------------------------------------- saving

    def hold(self) -> None:
        """Begin a change after which the position can be saved again."""
        self.is_consistent = False
        hold_signals()

    def release(self) -> None:
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
            self.save_if_due(loop)
            self.release()

    def steps_left(self) -> int | None:
        """Return after how many steps the next checkpoint is due; None if that is not counted."""
        loop = self._loop
        assert loop is not None, "there are steps between begin and close"
        counter = loop.counter
        if (interval := self.checkpoint.interval) is None or interval.unit == "seconds":
            return None
        if interval.unit == "steps":
            return int(self._next) - counter.steps
        epochs = int(self._next) - counter.epoch
        return max(epochs * counter.steps_per_epoch - counter.step, 1)

    def save_if_due(self, loop: Position) -> None:
        """Write a checkpoint if the interval since the last one is over."""
        interval, counter = self.checkpoint.interval, loop.counter
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
        """Keep the best epoch, and write a checkpoint if it is due or a callback has stopped."""
        self.is_stopped = is_stopped
        if self.best is not None:
            check_monitor(self.checkpoint, logs)
            value = float(logs[self.best])
            if self._is_best(value):
                self._best = [value, loop.counter.epoch - 1]
                self.folder.write_best(*self._contents(loop))
        self.save_if_due(loop)
        self.release()

    def _is_best(self, value: float) -> bool:
        if not math.isfinite(value):
            return False
        if self._best is None:
            return True
        return value > self._best[0] if self.checkpoint.is_maximized else value < self._best[0]

    def _contents(self, loop: Position) -> tuple[dict[str, Any], dict[str, Any]]:
        unfinished = loop.unfinished()
        state = state_of(loop.model, loop.history, "fit")
        tensors: dict[str, Any] = {}
        store = storing(tensors, "run")
        run = {
            "start": list(self.start),
            "settings": self._settings,
            "unfinished": encoded(unfinished, store),
            "seconds": loop.seconds if unfinished else 0.0,
            "callbacks": self._callbacks.describe(store),
            "best": self._best,
            "is_stopped": self.is_stopped,
            "optimizer": describe_briefly(state.optimizer),
        }
        return state.description | {"run": run}, state.tensors | tensors

    def _schedule(self, seconds: float, counter: StepCounter) -> None:
        """Set when the next checkpoint is due, after one that took some seconds."""
        interval, now = self.checkpoint.interval, time.monotonic()
        if interval is None:
            self._next = now + min(_SHARE * seconds, _LONGEST)
        elif interval.unit == "seconds":
            self._next = now + interval.length
        else:
            done = counter.steps if interval.unit == "steps" else counter.epoch
            self._next = (done // int(interval.length) + 1) * int(interval.length)
