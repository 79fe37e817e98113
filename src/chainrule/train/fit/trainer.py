"""The loop of training: steps make epochs, and whatever happens leaves a finished step behind."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.optim.schedules.schedule import Schedule
from chainrule.train.fit.compiled_steps import CompiledSteps
from chainrule.train.fit.nonfinite import NotFinite
from chainrule.train.fit.step_inputs import Orders
from chainrule.train.fit.step_runner import PAUSE
from chainrule.train.fit.train_state import TrainState
from chainrule.train.inputs.samples import Samples, batches
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.objective import Objective
from chainrule.train.model.program_cache import ProgramCache
from chainrule.train.model.running_metrics import RunningMetrics
from chainrule.train.model.step_counter import StepCounter

__all__ = ["Trainer"]

Array = NDArray[Any]
Tick = Callable[[int, RunningMetrics], None]


class Trainer:
    """A network in training: its state between steps, and the steps that change it.

    A step reads the state and writes another, so an interrupted one leaves that of the step before.
    The live parameters get the numbers of a finished step by `write_back`, whenever training ends
    and before anybody is told of it.

    Parameters
    ----------
    stack : LayerStack
        The network, built.
    objective : Objective
        What it is trained for.
    samples : Samples
        What to learn from.
    size : int
        Samples a step.
    slots : dict
        What the optimiser remembers from earlier, by name of the parameter.
    counter : StepCounter
        Counts epochs and steps.
    programs : ProgramCache
        Where compiled steps are kept.

    Raises
    ------
    ShapeError
        Where layers, loss and targets misfit; nothing has been changed then.
    """

    def __init__(
        self,
        stack: LayerStack,
        objective: Objective,
        samples: Samples,
        size: int,
        slots: dict[str, Any],
        counter: StepCounter,
        programs: ProgramCache,
    ) -> None:
        self.objective, self.counter = objective, counter
        self._samples, self._size = samples, size
        self._dtype = stack.dtype
        self._rate: Array = np.array(math.nan)
        self._state = TrainState(stack, objective.optimizer, slots)
        self._programs = CompiledSteps(stack, objective, self._state, samples, size, programs)

    @property
    def epochs_at_once(self) -> int:
        """How many epochs `run_epochs` can make; 0 where they must be run one by one."""
        block = self._programs.block
        return block if self._programs.runner and block > 1 else 0

    @property
    def slots(self) -> dict[str, Any]:
        """What the optimiser remembers now."""
        return self._state.tree["slots"]

    def run_epoch(self, order: NDArray[np.intp] | None, tick: Tick) -> dict[str, float]:
        """Go once through the samples."""
        running = RunningMetrics(self.objective)
        # Overflow and the like are ours to report, with evidence, once a loss is not finite.
        with np.errstate(all="ignore"):
            done = self._run_natively(1, None if order is None else [order], running, tick)
            self._run_stepwise(order, done, running, tick)
        self.counter.epoch += 1
        return running.results() | {"learning_rate": float(self._rate)}

    def run_epochs(self, epochs: int, orders: Orders) -> dict[str, Array | list[float]]:
        """Go through the samples several times in one go."""
        running, steps, before = (
            RunningMetrics(self.objective),
            len(self._samples) // self._size,
            self.counter.count,
        )
        try:
            self._run_natively(epochs, orders, running, lambda step, running: None)
        except NotFinite as found:
            done = (self.counter.count - before) // steps
            self.counter.epoch += done
            found.finished = self._results_of(running, done, steps)
            found.losses = found.losses[done * steps :]
            raise
        self.counter.epoch += epochs
        return self._results_of(running, epochs, steps)

    def _results_of(
        self, running: RunningMetrics, epochs: int, steps: int
    ) -> dict[str, Array | list[float]]:
        # One number many times over is a list sooner than an array.
        return running.means_of_parts(epochs, steps) | {
            "learning_rate": [float(self._rate)] * epochs
        }

    def _run_natively(
        self, epochs: int, orders: Orders, running: RunningMetrics, tick: Tick
    ) -> int:
        """Make the steps of full batches in as few calls as a look now and then allows."""
        runner = self._programs.runner
        if runner is None:
            return 0
        step_inputs, size, done = runner.step_inputs, self._size, 0
        step_inputs.fill(
            epochs, orders, self.counter.count, self.counter.epoch, self.objective.optimizer
        )
        end = epochs * step_inputs.steps
        self._rate = step_inputs.rate[end - 1]
        for written, columns in runner.run(self._state, self._samples.arrays(), end):
            count = len(columns[0])
            if not np.isfinite(columns[0]).all():
                raise self._failure(columns, done, running)
            self._advance(written, count)
            # Looked at before the next call, which writes over what there is to go back to.
            if not self._state.is_finite:
                self.counter.count -= self._state.go_back()
                raise self._failure(columns, done, running)
            done += count
            running.add_steps(size, columns, self._targets(step_inputs.rows, done - count, done))
            tick(done, running)
        return done

    def _advance(self, values: list[Array], steps: int) -> None:
        """Let the state be what some steps have written."""
        state, counter = self._state, self.counter
        # No call stands between these lines, so an interrupt cannot come between them.
        state.before, state.values, state.gap = state.values, values, steps
        counter.count += steps

    def _failure(self, columns: list[Array], done: int, running: RunningMetrics) -> NotFinite:
        """Make the steps of a native call again, up to the first with what is not finite."""
        losses, is_finite = columns[0], np.isfinite(columns[0])
        made = self._repeat(done, len(losses) if is_finite.all() else int(np.argmin(is_finite)))
        running.add_steps(self._size, [each[:made] for each in columns], self._samples.y[:0])
        steps = len(self._samples) // self._size
        if self._state.is_finite:
            return self._not_finite(float(losses[made]), (done + made) % steps, running)
        return self._not_finite(math.nan, (done + made - 1) % steps, running)

    def _repeat(self, done: int, count: int) -> int:
        """Make steps again, as long as what they leave is finite; return how many were made."""
        runner, data = self._programs.runner, self._samples.arrays()
        assert runner is not None, "it has made these steps before"
        for made in range(count):
            values, _ = runner.make(self._state, data, done + made, done + made + 1)
            self._advance(values, 1)
            if not self._state.is_finite:
                return made + 1
        return count

    def _run_stepwise(
        self, order: NDArray[np.intp] | None, done: int, running: RunningMetrics, tick: Tick
    ) -> None:
        """Make the steps that are left, one call each."""
        state, samples, width = self._state, self._samples, len(self._state.values)
        epoch = np.array(self.counter.epoch)
        looked = time.perf_counter()
        left = batches(len(samples), self._size, order, done)
        for step, rows in enumerate(left, start=done):
            batch = samples.take(rows)
            count, run = len(batch[0]), self._programs.single(len(batch[0]))
            outputs = run([*state.values, *batch, *self._times(step), epoch, np.array(step)])
            if not math.isfinite(outputs[width]):
                raise self._not_finite(float(outputs[width]), step, running)
            # Native calls to come will write where they find the state.
            values = state.copied(outputs[:width]) if self._programs.runner else outputs[:width]
            self._advance(values, 1)
            running.add(count, outputs[width:], batch[1])
            if time.perf_counter() - looked > PAUSE:
                tick(step + 1, running)
                looked = time.perf_counter()
        if not self._state.is_finite:
            raise self._not_finite(math.nan, -(-len(samples) // self._size) - 1, running)

    def write_back(self) -> None:
        """Give the live parameters the numbers of the last finished step."""
        self._state.write_back()

    def read_back(self) -> None:
        """Go on from what stands in the live parameters, where a callback may have written."""
        self._state.read_back()

    def _targets(self, rows: Array | None, first: int, end: int) -> Array:
        """Return the targets of some steps, where a metric needs them all; else none."""
        if not self.objective.gathers:
            return self._samples.y[:0]
        if rows is None:
            return np.concatenate([self._samples.y] * (end - first))
        return self._samples.y[rows[first:end].ravel()]

    def _times(self, step: int) -> tuple[Array, Array]:
        """Return the learning rate of the next step, and its number in all."""
        optimizer, count = self.objective.optimizer, self.counter.count
        if step == 0 or isinstance(optimizer.learning_rate, Schedule):
            rate = optimizer.rate(count, self.counter.epoch)
            self._rate = np.array(rate, self._dtype)
        return self._rate, np.array(count + 1, self._dtype)

    def _not_finite(self, loss: float, step: int, running: RunningMetrics) -> NotFinite:
        """Go back to a finite state: the loss may be the first to tell of an infinite update."""
        parameters: dict[str, Array] = self._state.tree["params"]
        if self._state.gap and not self._state.is_finite:
            self.counter.count -= self._state.go_back()
        return NotFinite(loss, running.latest_losses(), step, float(self._rate), parameters)
