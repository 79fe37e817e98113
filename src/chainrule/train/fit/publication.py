"""Publication of the train state: as a whole, or what a callback reads of it after a step."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.nn.parameter import Parameter, defer, note_replacement, restore
from chainrule.train.fit.step_runner import REPORT_SECONDS
from chainrule.train.fit.termination import run_to_its_end
from chainrule.train.fit.train_state import TrainState
from chainrule.train.model.model import Model
from chainrule.train.model.step_counter import StepCounter

__all__ = ["Publication"]

Array = NDArray[Any]


class Publication:
    """Publishes the state of the last finished step to the model that other code reads.

    Parameters, slots and counters are written together, in one write of the model's sequence lock.
    While a callback runs after a step, nothing is written but what it reads: `deferred` takes the
    arrays away from the parameters, and a read fetches that of one parameter. Other threads go on
    reading what was published before; where a callback or they read more than single parameters,
    such as a prediction, all is published.
    """

    def __init__(self, model: Model, state: TrainState, counter: StepCounter, one: bool) -> None:
        """Begin with a state that is that of the model; `one` says that it has slots as a whole."""
        self._model, self._state, self._counter, self._has_one_slot = model, state, counter, one
        self._first_step, self._lock = counter.steps, model.parameter_lock
        self._published = self._progress
        self._next = time.perf_counter() + REPORT_SECONDS
        self._thread, self._is_changed = 0, False
        # By name: the arrays taken away, and copies of the values that a read has replaced.
        self._taken: dict[str, Array] = {}
        self._replaced: dict[str, Array] = {}

    @property
    def _progress(self) -> tuple[int, int]:
        return self._counter.epoch, self._counter.steps

    def publish(self) -> None:
        """Publish parameters, slots and counters, unless they are."""
        if self._published == self._progress:
            return
        with self._lock.writing():  # which publishes what has been deferred
            if self._published != self._progress:
                self._state.write_back()
                self._publish_slots()

    @contextmanager
    def updating(self) -> Generator[None]:
        """Let the block update in place what other threads read, who wait; publish what it did."""
        if not self._state.is_in_place:
            yield
            return
        self._lock.give_way()
        with self._lock.writing():
            try:
                yield
            finally:
                run_to_its_end(self._settle)

    def _settle(self) -> None:
        self._counter.steps = self._first_step + self._state.settle()
        if self._published != self._progress:
            self._state.write_back()
            self._publish_slots()

    def publish_at_intervals(self) -> None:
        """Publish a finished epoch, at intervals that keep the cost below one percent."""
        start = time.perf_counter()
        if start >= self._next:
            self.publish()
            end = time.perf_counter()
            self._next = end + max(REPORT_SECONDS, 100 * (end - start))

    def read_back(self) -> bool:
        """Take what a callback has written into the live parameters; return whether it has."""
        is_changed, self._is_changed = self._is_changed, False
        if self._published == self._progress:
            is_changed |= self._lock.read(self._state.read_back)
        return is_changed

    @contextmanager
    def deferred(self) -> Generator[None]:
        """Publish what the block reads, and nothing else; take what it writes."""
        if self._published == self._progress:
            yield
            return
        self._thread = threading.get_ident()
        try:
            self._defer()
            yield
        finally:
            run_to_its_end(self._end_deferring)

    def _defer(self) -> None:
        self._lock.defer(self._complete)
        for name, parameter in self._state.live_parameters.items():
            self._taken[name] = parameter.array
            defer(parameter, partial(self._fetch, name))
            # An array that is held elsewhere, or a view of it, may be read without a fetch.
            if _references(self._taken, name) > _UNSHARED:
                self._fetch(name, parameter)
        note_replacement()

    def _fetch(self, name: str, parameter: Parameter) -> Array:
        """Return the live array of a parameter; in the thread that trains, with its new values."""
        with self._lock.lock:
            array = self._taken.get(name)
            if array is None:  # another thread has published all
                return parameter.array
            if threading.get_ident() == self._thread:
                self._replaced[name] = array.copy()
                np.copyto(array, self._state.value_of(parameter))
                restore(parameter, array)
            return array

    def _complete(self) -> None:
        """Publish all, before a read or write of several parameters."""
        if threading.get_ident() != self._thread and not self._replaced:
            return  # what was published before is as of one moment, too
        for name, parameter in self._state.live_parameters.items():
            if name in self._replaced:
                self._is_changed |= self._state.take_up(name)
            else:
                np.copyto(self._taken[name], self._state.value_of(parameter))
        self._replaced.clear()
        self._publish_slots()
        self._give_back()

    def _end_deferring(self) -> None:
        """Take what was written into the arrays that were read, and what was published before."""
        with self._lock.lock:
            for name in list(self._replaced):
                self._is_changed |= self._state.take_up(name)
                # Without the copy first: a second call, after an interrupt, would take it up.
                published = self._replaced.pop(name)
                np.copyto(self._state.live_parameters[name].array, published)
            self._give_back()

    def _give_back(self) -> None:
        """Give the parameters their arrays back."""
        for name, array in self._taken.items():
            restore(self._state.live_parameters[name], array)
        self._taken.clear()
        self._lock.end_deferring()

    def _publish_slots(self) -> None:
        """Publish counters and optimiser slots; those of frozen parameters stay, for later."""
        model, steps = self._model, self._counter.steps
        slots = self._state.published_slots()
        model.counter = self._counter.copy()
        if self._has_one_slot:  # of all trained parameters together
            model.optimizer_slots = slots
        else:
            frozen = model.optimizer_slots.keys() - slots.keys()
            model.updates = {name: model.updates.get(name, self._first_step) for name in frozen} | {
                name: steps - missed for name, missed in self._state.missed_steps.items()
            }
            model.optimizer_slots = model.optimizer_slots | slots
        self._published = self._progress


def _references(arrays: dict[str, Array], name: str) -> int:
    """Return the reference count of an array of a dictionary."""
    return sys.getrefcount(arrays[name])


_UNSHARED = _references({"": np.empty(1)}, "")
"""The count of an array that only the dictionary refers to."""
