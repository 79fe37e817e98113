"""The loop of training: steps make epochs, and whatever happens leaves a finished step behind."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.optim.schedules.schedule import Schedule
from chainrule.train.fit.compiled_steps import StepPrograms
from chainrule.train.fit.nonfinite import NotFinite
from chainrule.train.fit.step_inputs import Orders
from chainrule.train.fit.step_runner import PAUSE
from chainrule.train.fit.train_state import State
from chainrule.train.inputs.samples import Samples, batches
from chainrule.train.model.layer_stack import Stack
from chainrule.train.model.objective import Plan
from chainrule.train.model.program_cache import Programs
from chainrule.train.model.running_metrics import Tally
from chainrule.train.model.step_counter import Clock

__all__ = ["Training"]

Array = NDArray[Any]
Tick = Callable[[int, Tally], None]


class Training:
    """A network in training: its state between steps, and the steps that change it.

    A step reads the state and writes another, so an interrupted one leaves that of the step before.
    The live parameters get the numbers of a finished step by `write_back`, whenever training ends
    and before anybody is told of it.

    Parameters
    ----------
    stack : Stack
        The network, built.
    plan : Plan
        What it is trained for.
    samples : Samples
        What to learn from.
    size : int
        Samples a step.
    slots : dict
        What the optimiser remembers from earlier, by name of the parameter.
    clock : Clock
        Counts epochs and steps.
    programs : Programs
        Where compiled steps are kept.

    Raises
    ------
    ShapeError
        Where layers, loss and targets misfit; nothing has been changed then.
    """

    def __init__(
        self,
        stack: Stack,
        plan: Plan,
        samples: Samples,
        size: int,
        slots: dict[str, Any],
        clock: Clock,
        programs: Programs,
    ) -> None:
        self.plan, self.clock = plan, clock
        self._samples, self._size = samples, size
        self._dtype = stack.dtype
        self._rate: Array = np.array(math.nan)
        self._state = State(stack, plan.optimizer, slots)
        self._programs = StepPrograms(stack, plan, self._state, samples, size, programs)

    @property
    def epochs_at_once(self) -> int:
        """How many epochs `run_epochs` can make; 0 where they must be run one by one."""
        block = self._programs.block
        return block if self._programs.course and block > 1 else 0

    @property
    def slots(self) -> dict[str, Any]:
        """What the optimiser remembers now."""
        return self._state.tree["slots"]

    def run_epoch(self, order: NDArray[np.intp] | None, tick: Tick) -> dict[str, float]:
        """Go once through the samples.

        Parameters
        ----------
        order : array, int, (n,), or None
            The order of the samples; None for their own.
        tick : callable
            Called with the number of steps done and their `Tally` about ten times a second.

        Returns
        -------
        dict of str to float
            Loss and metrics of the epoch, and the learning rate of its last step.

        Raises
        ------
        NotFinite
            The state is then that of the last finite step.
        """
        tally = Tally(self.plan)
        # Overflow and the like are ours to report, with evidence, once a loss is not finite.
        with np.errstate(all="ignore"):
            done = self._run_natively(1, None if order is None else [order], tally, tick)
            self._run_stepwise(order, done, tally, tick)
        self.clock.epoch += 1
        return tally.results() | {"learning_rate": float(self._rate)}

    def run_epochs(self, epochs: int, orders: Orders) -> dict[str, Array | list[float]]:
        """Go through the samples several times in one go.

        Parameters
        ----------
        epochs : int
            How many; `epochs_at_once` at most.
        orders : sequence of array, int, (n,), or None
            The order of the samples in each epoch; None where they keep their own.

        Returns
        -------
        dict of str to array, (epochs,), or list of float
            Loss, metrics and the learning rate of each epoch.

        Raises
        ------
        NotFinite
            The state is then that of the last finite step.
        """
        tally, steps, before = Tally(self.plan), len(self._samples) // self._size, self.clock.count
        try:
            self._run_natively(epochs, orders, tally, lambda step, tally: None)
        except NotFinite as found:
            done = (self.clock.count - before) // steps
            self.clock.epoch += done
            found.finished = self._results_of(tally, done, steps)
            found.losses = found.losses[done * steps :]
            raise
        self.clock.epoch += epochs
        return self._results_of(tally, epochs, steps)

    def _results_of(self, tally: Tally, epochs: int, steps: int) -> dict[str, Array | list[float]]:
        # One number many times over is a list sooner than an array.
        return tally.means_of_parts(epochs, steps) | {"learning_rate": [float(self._rate)] * epochs}

    def _run_natively(self, epochs: int, orders: Orders, tally: Tally, tick: Tick) -> int:
        """Make the steps of full batches in as few calls as a look now and then allows."""
        course = self._programs.course
        if course is None:
            return 0
        clocks, size, done = course.clocks, self._size, 0
        clocks.lay(epochs, orders, self.clock.count, self.clock.epoch, self.plan.optimizer)
        end = epochs * clocks.steps
        self._rate = clocks.rate[end - 1]
        for written, columns in course.run(self._state, self._samples.arrays(), end):
            count = len(columns[0])
            if not np.isfinite(columns[0]).all():
                raise self._failure(columns, done, tally)
            self._advance(written, count)
            # Looked at before the next call, which writes over what there is to go back to.
            if not self._state.is_finite:
                self.clock.count -= self._state.go_back()
                raise self._failure(columns, done, tally)
            done += count
            tally.add_steps(size, columns, self._targets(clocks.rows, done - count, done))
            tick(done, tally)
        return done

    def _advance(self, values: list[Array], steps: int) -> None:
        """Let the state be what some steps have written."""
        state, clock = self._state, self.clock
        # No call stands between these lines, so an interrupt cannot come between them.
        state.before, state.values, state.gap = state.values, values, steps
        clock.count += steps

    def _failure(self, columns: list[Array], done: int, tally: Tally) -> NotFinite:
        """Make the steps of a native call again, up to the first with what is not finite."""
        losses, is_finite = columns[0], np.isfinite(columns[0])
        made = self._repeat(done, len(losses) if is_finite.all() else int(np.argmin(is_finite)))
        tally.add_steps(self._size, [each[:made] for each in columns], self._samples.y[:0])
        steps = len(self._samples) // self._size
        if self._state.is_finite:
            return self._not_finite(float(losses[made]), (done + made) % steps, tally)
        return self._not_finite(math.nan, (done + made - 1) % steps, tally)

    def _repeat(self, done: int, count: int) -> int:
        """Make steps again, as long as what they leave is finite; return how many were made."""
        course, data = self._programs.course, self._samples.arrays()
        assert course is not None, "it has made these steps before"
        for made in range(count):
            values, _ = course.make(self._state, data, done + made, done + made + 1)
            self._advance(values, 1)
            if not self._state.is_finite:
                return made + 1
        return count

    def _run_stepwise(
        self, order: NDArray[np.intp] | None, done: int, tally: Tally, tick: Tick
    ) -> None:
        """Make the steps that are left, one call each."""
        state, samples, width = self._state, self._samples, len(self._state.values)
        epoch = np.array(self.clock.epoch)
        looked = time.perf_counter()
        left = batches(len(samples), self._size, order, done)
        for step, rows in enumerate(left, start=done):
            batch = samples.take(rows)
            count, run = len(batch[0]), self._programs.single(len(batch[0]))
            outputs = run([*state.values, *batch, *self._times(step), epoch, np.array(step)])
            if not math.isfinite(outputs[width]):
                raise self._not_finite(float(outputs[width]), step, tally)
            # Native calls to come will write where they find the state.
            values = state.copied(outputs[:width]) if self._programs.course else outputs[:width]
            self._advance(values, 1)
            tally.add(count, outputs[width:], batch[1])
            if time.perf_counter() - looked > PAUSE:
                tick(step + 1, tally)
                looked = time.perf_counter()
        if not self._state.is_finite:
            raise self._not_finite(math.nan, -(-len(samples) // self._size) - 1, tally)

    def write_back(self) -> None:
        """Give the live parameters the numbers of the last finished step."""
        self._state.write_back()

    def read_back(self) -> None:
        """Go on from what stands in the live parameters, where a callback may have written."""
        self._state.read_back()

    def _targets(self, rows: Array | None, first: int, end: int) -> Array:
        """Return the targets of some steps, where a metric needs them all; else none."""
        if not self.plan.gathers:
            return self._samples.y[:0]
        if rows is None:
            return np.concatenate([self._samples.y] * (end - first))
        return self._samples.y[rows[first:end].ravel()]

    def _times(self, step: int) -> tuple[Array, Array]:
        """Return the learning rate of the next step, and its number in all."""
        optimizer, count = self.plan.optimizer, self.clock.count
        if step == 0 or isinstance(optimizer.learning_rate, Schedule):
            rate = optimizer.rate(count, self.clock.epoch)
            self._rate = np.array(rate, self._dtype)
        return self._rate, np.array(count + 1, self._dtype)

    def _not_finite(self, loss: float, step: int, tally: Tally) -> NotFinite:
        """Go back to a finite state: the loss may be the first to tell of an infinite update."""
        parameters: dict[str, Array] = self._state.tree["params"]
        if self._state.gap and not self._state.is_finite:
            self.clock.count -= self._state.go_back()
        return NotFinite(loss, tally.latest_losses(), step, float(self._rate), parameters)
