"""Runs the steps of an epoch and rolls back to the last finite step when one diverges."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.optim.minimizer import Minimizer
from chainrule.train.fit.compiled_steps import CompiledSteps
from chainrule.train.fit.nonfinite import NotFinite
from chainrule.train.fit.pauses import Pauses
from chainrule.train.fit.publication import Publication
from chainrule.train.fit.step_inputs import Orders, StepInputs
from chainrule.train.fit.step_runner import REPORT_SECONDS
from chainrule.train.fit.termination import raise_if_terminated, run_to_its_end, signals_held
from chainrule.train.fit.train_state import TrainState, check_trainable
from chainrule.train.inputs.samples import Samples, batches, taken
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective
from chainrule.train.model.running_metrics import RunningMetrics
from chainrule.train.model.step_counter import StepCounter

if TYPE_CHECKING:
    from chainrule.train.fit.search_state import SearchState

__all__ = ["Trainer"]

Array = NDArray[Any]
Report = Callable[[int, RunningMetrics], None]
"""Takes the steps of the epoch so far, and their metrics."""

Results = dict[str, Array | list[float]]
"""Loss, metrics and learning rates, one value an epoch."""


def _unlimited() -> None:
    return None


def _single() -> int:
    return 1


class Trainer:
    """Train state of a network between steps, and the compiled steps that update it.

    A step reads the state and writes another, so an interrupted step leaves that of the one before.
    `write_back` publishes it, parameters, slots and counters together: when training ends, before
    callbacks run, and now and then after an epoch, for other threads.
    Shape errors of layers, loss and targets are raised here, before anything has changed.
    """

    def __init__(
        self,
        model: Model,
        objective: Objective,
        samples: Samples,
        size: int,
        counter: StepCounter | None = None,
        pauses: Pauses | None = None,
    ) -> None:
        """Begin an epoch, or go on where a counter is, within one; see `Pauses`."""
        self.objective = objective
        self.counter = model.counter.begin(-(-len(samples) // size)) if counter is None else counter
        self._pauses, self._resumed = pauses, None
        # Called after each step, with the metrics of its epoch; None lets several be one call.
        self.after_step: Callable[[RunningMetrics], None] | None = None
        self._present: tuple[RunningMetrics, int, Callable[[Results], None] | None] | None = None
        self._model, self._samples, self._size = model, samples, size
        self._dtype = model.dtype
        self._rate: Array = np.array(math.nan)
        self._begin()

    def _begin(self) -> None:
        """Start from the parameters and optimiser slots of the model."""
        model, optimizer = self._model, self.objective.optimizer
        is_search = isinstance(optimizer, Minimizer)
        missed = {} if is_search else model.missed_steps()
        self._state = self._model.parameter_lock.read(
            lambda: TrainState(
                model.stack, optimizer, model.optimizer_slots, missed, in_place=not is_search
            )
        )
        self._search: SearchState | None = None
        if is_search:
            from chainrule.train.fit.search_state import SearchState

            self._search = SearchState(model, self._state, optimizer, len(self._samples))
        self._publication = Publication(model, self._state, self.counter, self._search is not None)
        self._steps = CompiledSteps(model, self.objective, self._state, self._samples, self._size)

    def finish_compiling(self) -> None:
        """Wait for machine code that is still generated in the background."""
        self._steps.load()

    @property
    def epochs_per_call(self) -> int:
        """Largest number of epochs that `run_epochs` takes; 0 if it cannot be used."""
        epochs = self._steps.epochs_per_call
        return epochs if self._steps.runner and epochs > 1 else 0

    @property
    def end(self) -> str:
        """How a full-batch method has ended, and why; "" as long as it goes on."""
        return "" if self._search is None else self._search.end

    @property
    def nonfinite_parameter(self) -> str:
        """Name of the first parameter that is not finite, or ""."""
        if self._state.is_finite:
            return ""
        state = self._state.tree
        named: dict[str, Array] = state["params"] | state["non_trainable"]
        return next((name for name, each in named.items() if not np.isfinite(each).all()), "")

    def run_epoch(self, order: NDArray[np.intp] | None, report: Report) -> dict[str, float]:
        """Run one epoch; return its metrics."""
        running = RunningMetrics(self.objective)
        if self._resumed is not None:
            running.resume(self._resumed)
            self._resumed = None
        self._present = running, self.counter.steps, None
        self._steps.refresh()
        # No warnings of overflow: a loss that is not finite raises, with the evidence.
        with np.errstate(all="ignore"):
            self._evaluate(running)
            done = self._run_natively(1, None if order is None else [order], running, report)
            self._run_stepwise(order, done, running, report)
        self._check_updates(running)
        self._present = None
        self._publication.publish_at_intervals()
        return running.results() | self._rates

    def run_epochs(self, epochs: int, orders: Orders, record: Callable[[Results], None]) -> None:
        """Run several epochs without reports between them.

        `record` is called with the metrics, of shape (epochs,), also of those finished before an
        exception; perhaps repeatedly.
        """
        running, first = RunningMetrics(self.objective), self.counter.steps
        self._present = running, first, record
        steps = self.counter.steps_per_epoch
        self._steps.refresh()
        self._evaluate(running)
        try:
            self._run_natively(epochs, orders, running, lambda step, running: None)
            self._check_updates(running)
        except NotFinite as error:
            error.losses = error.losses[(self.counter.steps - first) // steps * steps :]
            raise
        finally:
            # Those of the last call may have been interrupted before their metrics were added.
            done = min(self.counter.steps - first, running.steps) // steps
            run_to_its_end(lambda: record(self._results_of(running, done, steps)))
        self._present = None
        self._publication.publish_at_intervals()

    def _results_of(self, running: RunningMetrics, epochs: int, steps: int) -> Results:
        # Repeating one value, a list is built faster than an array.
        rates = {name: [rate] * epochs for name, rate in self._rates.items()}
        return running.means_of_parts(epochs, steps) | rates

    @property
    def _rates(self) -> dict[str, float]:
        """The learning rate of the last step, which full-batch methods have not."""
        return {"learning_rate": float(self._rate)} if self._search is None else {}

    def _evaluate(self, running: RunningMetrics) -> None:
        """Let a full-batch method evaluate the parameters where it begins."""
        search, state = self._search, self._state
        if search is None or search.is_evaluated:
            return
        search.begin()
        if (runner := self._steps.runner) is not None:
            runner.step_inputs.fill(1, None, self.counter.steps, 0, self.objective.optimizer)
            values, columns = runner.run_steps(state, self._samples.arrays(), 0, 1)
            loss = float(columns[0][0])
        else:
            outputs = self._run_step(0, self._samples.take(slice(None)))
            values, loss = outputs[: len(state.values)], float(outputs[len(state.values)])
        state.previous, state.values, state.steps_since_previous = state.values, values, 0
        if not (math.isfinite(loss) and state.is_finite):
            raise self._not_finite(loss, 0, running)
        search.is_evaluated = True

    def _run_natively(
        self, epochs: int, orders: Orders, running: RunningMetrics, report: Report
    ) -> int:
        """Run steps in native calls; return how many of the epoch are done."""
        runner = self._steps.runner
        if runner is None:
            return self.counter.step
        step_inputs, done = runner.step_inputs, self.counter.step
        before = self.counter.steps - done
        step_inputs.fill(epochs, orders, before, self.counter.epoch, self.objective.optimizer)
        end = epochs * step_inputs.steps
        self._rate = step_inputs.rate[end - 1]
        pauses = self._pauses
        left = _unlimited if pauses is None else pauses.steps_left
        if self.after_step is not None:
            left = _single
        calls = runner.run(self._state, self._samples.arrays(), end, done, left)
        while done < end:
            if pauses is not None:
                pauses.before_steps()
            with self._uninterrupted():
                with self._publication.updating():
                    call = next(calls, None)
                if call is None:
                    break
                done += self._take_call(*call, done, running)
            if self.after_step is not None:
                self.after_step(running)
            report(done, running)
            if pauses is not None:
                pauses.after_steps()
            if self.end:
                break
            raise_if_terminated()
        return done

    def _uninterrupted(self) -> AbstractContextManager[None]:
        """Let Ctrl-C wait for the metrics of steps in place, which are not undone."""
        is_held = self._state.is_in_place and self._pauses is None
        return signals_held() if is_held else nullcontext()

    def _take_call(
        self, values: list[Array], columns: list[Array], done: int, running: RunningMetrics
    ) -> int:
        """Take the state and metrics of a native call, if they are finite; return its steps."""
        count = len(columns[0]) if self._search is None else self._search.steps_in(values)
        columns = [each[:count] for each in columns]
        if self._state.is_in_place:
            self._check_finite(columns, done, running)
        elif not np.isfinite(columns[0]).all():
            raise self._replay(columns, done, running)
        else:
            self._advance(values, count)
            # Checked before the next call, which overwrites the previous values.
            if not self._state.is_finite:
                self.counter.steps -= self._state.roll_back()
                raise self._replay(columns, done, running)
        self._add_steps(columns, done, count, running)
        return count

    def _advance(self, values: list[Array], steps: int) -> None:
        """Replace the state by what some steps have written."""
        state, counter = self._state, self.counter
        # Without a call between these lines, an interrupt cannot come between them.
        state.previous, state.values, state.steps_since_previous = state.values, values, steps
        counter.steps += steps

    def _check_finite(self, columns: list[Array], done: int, running: RunningMetrics) -> None:
        """Raise if a step in place was not finite; the state is that of the last one before it."""
        losses, steps = columns[0], self.counter.steps_per_epoch
        is_finite = np.isfinite(losses)
        if is_finite.all():
            return
        count = int(np.argmin(is_finite))
        self._add_steps(columns, done, count, running)
        raise self._not_finite(float(losses[count]), (done + count) % steps, running)

    def _check_updates(self, running: RunningMetrics) -> None:
        """Raise if the last step in place has made a parameter infinite: no loss shows it yet."""
        runner = self._steps.runner
        if not self._state.is_in_place or runner is None:
            return
        if not self._state.is_finite_without(runner.updated_by_rows):
            raise self._not_finite(math.nan, self.counter.steps_per_epoch - 1, running)

    def _replay(self, columns: list[Array], done: int, running: RunningMetrics) -> NotFinite:
        """Repeat the steps of a native call up to the first non-finite one; return the error."""
        runner = self._steps.runner
        assert runner is not None, "it has run these steps before"
        losses, is_finite = columns[0], np.isfinite(columns[0])
        limit = len(losses) if is_finite.all() else int(np.argmin(is_finite))
        count, steps = 0, self.counter.steps_per_epoch
        while count < limit and self._state.is_finite:
            step, data = done + count, self._samples.arrays()
            self._advance(runner.run_steps(self._state, data, step, step + 1)[0], 1)
            count += 1
        self._add_steps(columns, done, count, running)
        if self._state.is_finite:
            return self._not_finite(float(losses[count]), (done + count) % steps, running)
        return self._not_finite(math.nan, (done + count - 1) % steps, running)

    def _add_steps(
        self, columns: list[Array], done: int, count: int, running: RunningMetrics
    ) -> None:
        """Add the metrics of the finite steps of a native call."""
        runner = self._steps.runner
        assert runner is not None, "it has run these steps"
        inputs, end = runner.step_inputs, done + count
        y = self._targets(inputs, done, end) if self.objective.gathers else self._samples.y[:0]
        running.add_steps(inputs.sizes(done, end), [each[:count] for each in columns], y)

    def _run_stepwise(
        self, order: NDArray[np.intp] | None, done: int, running: RunningMetrics, report: Report
    ) -> None:
        """Run the remaining steps of the epoch, one call each."""
        if done * self._size >= len(self._samples):
            return
        state, samples, width = self._state, self._samples, len(self._state.values)
        reported = time.perf_counter()
        remaining = batches(len(samples), self._size, order, done)
        for step, batch in enumerate(taken(samples, remaining), start=done):
            if (pauses := self._pauses) is not None:
                pauses.before_steps()
            outputs = self._run_step(step, batch)
            if not math.isfinite(outputs[width]):
                raise self._not_finite(float(outputs[width]), step, running)
            # A native call writes into the state's arrays, so outputs may not alias others.
            values = state.copied(outputs[:width]) if self._steps.runner else outputs[:width]
            self._advance(values, 1)
            running.add(len(batch[0]), outputs[width:], batch[1])
            if self.after_step is not None:
                self.after_step(running)
            if pauses is not None:
                pauses.after_steps()
            if time.perf_counter() - reported > REPORT_SECONDS:
                report(step + 1, running)
                reported = time.perf_counter()
        if not self._state.is_finite:
            raise self._not_finite(math.nan, -(-len(samples) // self._size) - 1, running)

    def _run_step(self, step: int, batch: Sequence[Array]) -> list[Any]:
        """Run one step of the epoch; return the new values, and its results."""
        run = self._steps.single_step(len(batch[0]))
        step_input = *self._rate_and_count(step), np.array(self.counter.epoch), np.array(step)
        return run([*self._state.values, *batch, *step_input])

    def resume(self, unfinished: dict[str, Any] | None) -> None:
        """Take up the live parameters, and the metrics of an epoch that is not finished."""
        self.read_back()
        self._resumed = unfinished

    def unfinished(self) -> dict[str, Any] | None:
        """Record the finished epochs, and return the metrics of one that is not; None without."""
        if self._present is None:
            return self._resumed
        running, first, record = self._present
        if record is not None:
            done = (self.counter.steps - first) // (steps := self.counter.steps_per_epoch)
            record(self._results_of(running, done, steps))
            running = running.after(done * steps)
        return running.state() if self.counter.step else None

    def write_back(self) -> None:
        """Publish the state of the last finished step: parameters, slots and counters."""
        self._publication.publish()

    def read_back(self) -> bool:
        """Take what a callback has written into the live parameters; return whether it has.

        If it has frozen some, or unfrozen them, training continues with the others.
        """
        if self._state.trained == tuple(self._model.stack.parameters(trainable=True)):
            if (is_changed := self._publication.read_back()) and self._search is not None:
                self._search.is_evaluated = False
            return is_changed
        self.write_back()
        check_trainable(self._model.stack)
        self._begin()
        return True

    def deferred(self) -> AbstractContextManager[None]:
        """Publish what the block reads of the parameters, where that is after a step."""
        return self._publication.deferred()

    def _targets(self, step_inputs: StepInputs, first: int, end: int) -> Array:
        """Return the targets of some steps of an epoch."""
        rows = step_inputs.rows
        if rows is None:
            return np.concatenate([self._samples.y] * (end - first))
        count = int(np.sum(np.broadcast_to(step_inputs.sizes(first, end), end - first)))
        return self._samples.y[rows[first:end].ravel()[:count]]

    def _rate_and_count(self, step: int) -> tuple[Array, Array]:
        """Return learning rate and number, since `compile`, of the next step."""
        optimizer, count = self.objective.optimizer, self.counter.steps
        if step == 0 or optimizer.has_schedule or math.isnan(self._rate):
            rate = optimizer.rate(count, self.counter.epoch)
            self._rate = np.array(rate, self._dtype)
        return self._rate, np.array(count + 1, self._dtype)

    def _not_finite(self, loss: float, step: int, running: RunningMetrics) -> NotFinite:
        """Return the error, after rolling back an update that only this loss reveals."""
        parameters: dict[str, Array] = self._state.tree["params"]
        if self._state.steps_since_previous and not self._state.is_finite:
            self.counter.steps -= self._state.roll_back()
        return NotFinite(loss, running.latest_losses(), step, float(self._rate), parameters)
