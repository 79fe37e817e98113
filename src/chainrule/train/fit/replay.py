"""A run repeated up to a step, from the nearest checkpoint before it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

from chainrule.arguments.checks import checked_count
from chainrule.errors import ArgumentError
from chainrule.train.callbacks import Callback, Checkpoint, resolve_callbacks
from chainrule.train.files.run_folder import RunFolder, SavedRun
from chainrule.train.fit.callback_state import CallbackStates
from chainrule.train.fit.fit import fit
from chainrule.train.fit.fit_arguments import FitArguments
from chainrule.train.fit.resumption import Position, Resumption
from chainrule.train.fit.run_settings import RunSettings
from chainrule.train.inputs.samples import Rows, Samples, batches, shuffled_orders
from chainrule.train.model.model import Model
from chainrule.train.model.step_counter import StepCounter

__all__ = ["Replay", "ReplayedStep"]

_OBSERVERS = (
    "CSVLog",
    "EarlyStopping",
    "LayerHistograms",
    "ParameterPath",
    "Progress",
    "RecordedCommand",
    "TensorBoard",
)
"""Callbacks that change nothing before the training ends."""


@dataclass(frozen=True)
class ReplayedStep:
    """A step of a run: the network before it, and the rows of its batch."""

    model: Model
    samples: Samples
    rows: Rows
    full: int  # samples of a full batch
    number: int  # of the step, since `compile`
    epoch: int
    step: int  # of the epoch

    @property
    def batch(self) -> Samples:
        """The samples of the step."""
        return Samples(*self.samples.take(self.rows))


class _Reached(Exception):  # noqa: N818 (caught in this module)
    """The step has been reached."""


class Replay:
    """A run in a folder, which a copy of its network repeats up to the steps that are asked for."""

    def __init__(
        self, net: Any, model: Model, folder: Any, X: Any, y: Any, arguments: Mapping[str, Any]
    ) -> None:
        self._folder = RunFolder(Checkpoint(folder).folder)
        newest = self._folder.newest()
        if newest is None:
            raise ArgumentError(
                f"debug: there is no checkpoint in {folder}; a run is kept by "
                "net.fit(X, y, checkpoint=folder)"
            )
        self._net, self._model, self._data, self._newest = net, model, (X, y), newest
        self._arguments, self._is_known = arguments, False
        self.first, self.last = newest.run["start"][1], newest.state.steps - 1

    def to(self, step: Any) -> ReplayedStep:
        """Return a step of the run, counted from 0 since ``compile``."""
        number = checked_count("debug", "step", step, 0)
        if not self.first <= number <= self.last:
            raise ArgumentError(
                f"debug: step is {number}; the run in {self._folder.path} has the steps "
                f"{self.first} to {self.last}"
            )
        if self._newest.run["settings"].get("the number of samples") is None:
            raise ArgumentError(
                f"debug: the run in {self._folder.path} was trained on an iterable of batches, and "
                "debug repeats runs on arrays; train with net.fit(X, y, checkpoint=folder)"
            )
        size, shuffle = (self._newest.run["settings"][name] for name in ("batch_size", "shuffle"))
        arguments = FitArguments(
            epochs=2**31, batch_size=size, shuffle=shuffle, verbose=0, **self._arguments
        )
        callbacks = resolve_callbacks(self._arguments["callbacks"])
        listener = _Listener(self._folder, number, self._newest, callbacks, self._is_known)
        with suppress(_Reached):
            fit(self._net, self._model, *self._data, arguments, listener)
        self._is_known = True
        samples, counter = listener.samples, self._model.counter
        assert samples is not None, "fit has prepared them"
        epoch, position = counter.epoch, number - listener.start_of_epoch
        orders = shuffled_orders(len(samples), size, self._model.seed, epoch, 1)
        order = orders[0] if shuffle and orders else None
        rows = list(batches(len(samples), size, order))[position]
        return ReplayedStep(self._model, samples, rows, size, number, epoch, position)


class _Listener:
    """Lets a call of ``fit`` go on from a checkpoint and ends it before a step."""

    def __init__(
        self,
        folder: RunFolder,
        step: int,
        newest: SavedRun,
        callbacks: list[Callback],
        is_known: bool,
    ) -> None:
        self._folder, self._step, self._newest = folder, step, newest
        self._is_known = is_known  # whether the network is that of the run
        self._callbacks, self._states = callbacks, CallbackStates(callbacks)
        self._loop: Position | None = None
        self.resumed: Resumption | None = None
        self.monitor = None
        self.samples: Samples | None = None
        self.start_of_epoch = 0

    def opened(self) -> AbstractContextManager[None]:
        """Hold nothing: nothing is written."""
        return nullcontext()

    def take_up(self, net: Any, model: Model, settings: RunSettings) -> StepCounter | None:
        """Restore the nearest checkpoint before the step."""
        assert isinstance(settings.samples, Samples), "of a run on arrays"
        self.samples, run = settings.samples, self._newest.run
        values = dict(settings.values)
        if values["validation data"] is None:
            values["validation data"] = run["settings"]["validation data"]
        last = {name: run.get(name) for name in ("optimizer", "code")}
        last["layers"] = self._newest.description["layers"]
        for name, value in last.items():  # the network may be the trained one, or one replayed
            if self._is_known or values[name] == value:
                values[name] = run["settings"].get(name)
        self.resumed = Resumption.found(self._folder, RunSettings(values), self._step)
        assert self.resumed is not None, "the first checkpoint is kept"
        self._check_complete(settings)
        return self.resumed.restore(net, model)

    def _check_complete(self, settings: RunSettings) -> None:
        """Refuse to repeat the end of an epoch without what may have changed the training there."""
        assert self.resumed is not None
        state = self.resumed.saved.state
        samples, size = settings.values["the number of samples"], settings.values["batch_size"]
        steps = -(-samples // size)
        position = state.description["training"]["counter"]
        done = (position[3] - position[1]) % steps
        if self._step < state.steps + steps - done:
            return
        titles = [title for title, *_ in self.resumed.run["callbacks"]]
        known = [each for each in titles if each not in _OBSERVERS]
        if known and not self._callbacks:
            raise ArgumentError(
                f"debug: at the end of each epoch the run called {', '.join(known)}, which may "
                "have changed the training; give the callbacks of that call of fit, by callbacks="
            )
        had = self.resumed.run["settings"]["validation data"] is not None
        adapts = "reduce_on_plateau" in self.resumed.run["optimizer"]
        if had and adapts and settings.values["validation data"] is None:
            raise ArgumentError(
                "debug: the learning rate of the run depended on its validation data; give them, "
                "by validation_data= or validation_split="
            )

    def begin(self, loop: Position) -> None:
        """Restore metrics and callbacks."""
        assert self.resumed is not None, "it has been taken up"
        self.resumed.begin(loop, self._states)
        self._loop = loop

    def hold(self) -> None:
        """Do nothing."""

    def before_steps(self) -> None:
        """End the training before the step."""
        counter = self._counter
        if counter.steps == self._step:
            self.start_of_epoch = counter.steps - counter.step
            raise _Reached

    @property
    def _counter(self) -> StepCounter:
        assert self._loop is not None, "there are steps after begin"
        return self._loop.counter

    def steps_left(self) -> int | None:
        """Return how many steps lead to the step."""
        return self._step - self._counter.steps

    def after_steps(self) -> None:
        """Do nothing."""

    def end_epoch(self, loop: Position, logs: Mapping[str, float], is_stopped: bool) -> None:
        """Do nothing."""

    def save(self, loop: Position) -> None:
        """Do nothing."""

    def save_on_interrupt(self, loop: Position) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
