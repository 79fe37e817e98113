"""The loop of training: steps make epochs, and whatever happens leaves a finished step behind."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import tree
from chainrule.optim.schedule import Schedule
from chainrule.train.batch import Samples, Tally, batches
from chainrule.train.clocks import Clocks, Orders
from chainrule.train.course import PAUSE, Course
from chainrule.train.not_finite import NotFinite
from chainrule.train.plan import Plan, Stack
from chainrule.train.programs import Programs
from chainrule.train.step import Program, compile_step, compile_steps, initial_state

__all__ = ["Clock", "Training"]

_MOST_STEPS, _MOST_ROWS = 2**14, 2**17
"""How much is laid out beforehand for short epochs that are made many at once."""

Array = NDArray[Any]
Tick = Callable[[int, Tally], None]


class Clock:
    """How long a network has been trained since it was compiled.

    Attributes
    ----------
    epoch : int
        Epochs finished.
    count : int
        Steps finished.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self.count = 0


class Training:
    """A network in training: its state between steps, apart from the parameters people see.

    A step takes the state as one flat list of arrays and returns another, so an interrupted step
    leaves the state of the one before. The live parameters get the numbers of a finished step about
    ten times a second, at the end of an epoch and, by `write_back`, whenever training ends.

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
        self.plan = plan
        self._stack = stack
        self.clock = clock
        self._samples, self._size = samples, size
        self._rate: Array = np.array(math.nan)
        state = initial_state(stack, plan.optimizer, slots)
        self._values, self._structure = tree.flatten(state)
        self._before = self._values
        parameters = stack.parameters(trainable=True) | stack.parameters(trainable=False)
        self._live: list[Array] = [each.value for each in parameters.values()]
        # The leaves are params, slots, memory; the live arrays are the first and the last of them.
        self._trained, end = tuple(state["params"]), len(self._values)
        self._places = [*range(len(self._trained)), *range(end - len(state["memory"]), end)]
        self._programs = programs
        steps, rest = divmod(len(samples), size)
        self._is_whole = steps == 1 and not rest
        # Short epochs are made many at once, unless each ends with an odd batch.
        short = _MOST_STEPS // steps if self._is_whole else _MOST_ROWS // len(samples)
        self._block = 1 if rest else max(1, short)
        self._course = self._native_course()
        for count in {0 if self._course else size, rest} - {0}:
            self._program(count)

    @property
    def epochs_at_once(self) -> int:
        """How many epochs `run_epochs` can make; 0 where they must be run one by one."""
        return self._block if self._course and self._block > 1 else 0

    @property
    def slots(self) -> dict[str, Any]:
        """What the optimiser remembers now."""
        return self._state["slots"]

    @property
    def _state(self) -> dict[str, Any]:
        return tree.unflatten(self._structure, self._values)

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
        self._finish(1, tally)
        return tally.results() | {"learning_rate": float(self._rate)}

    def run_epochs(self, epochs: int, orders: Orders) -> dict[str, Array]:
        """Go through the samples several times in one go.

        Parameters
        ----------
        epochs : int
            How many; `epochs_at_once` at most.
        orders : sequence of array, int, (n,), or None
            The order of the samples in each epoch; None where they keep their own.

        Returns
        -------
        dict of str to array, (epochs,)
            Loss, metrics and the learning rate of each epoch.

        Raises
        ------
        NotFinite
            The state is then that of the last finite step.
        """
        tally, steps = Tally(self.plan), len(self._samples) // self._size
        try:
            self._run_natively(epochs, orders, tally, lambda step, tally: None)
            self._finish(epochs, tally)
        except NotFinite as found:
            done = min(tally.steps // steps, epochs - 1)
            self.clock.epoch += done
            found.finished = self._results_of(tally, done, steps)
            found.losses = found.losses[done * steps :]
            raise
        return self._results_of(tally, epochs, steps)

    def _results_of(self, tally: Tally, epochs: int, steps: int) -> dict[str, Array]:
        rates = {"learning_rate": np.full(epochs, float(self._rate))}
        return tally.means_of_parts(epochs, steps) | rates

    def _finish(self, epochs: int, tally: Tally) -> None:
        if not _are_finite(self._values):
            raise self._not_finite(math.nan, -(-len(self._samples) // self._size) - 1, tally)
        self.clock.epoch += epochs
        self.write_back()

    def _run_natively(self, epochs: int, orders: Orders, tally: Tally, tick: Tick) -> int:
        """Make the steps of full batches in as few calls as a look now and then allows."""
        course = self._course
        if course is None:
            return 0
        samples, size = self._samples, self._size
        clocks, data = course.clocks, samples.arrays()
        clocks.lay(epochs, orders, self.clock.count, self.clock.epoch, self.plan.optimizer)
        count, done = epochs * clocks.steps, 0
        self._rate = clocks.rate[count - 1]
        for values, columns in course.run(self._values, data, count):
            losses = columns[0]
            if not np.isfinite(losses).all():
                first = int(np.argmin(np.isfinite(losses)))
                self._repeat(course, data, done, done + first)
                tally.add_steps(size, [each[:first] for each in columns], samples.y[:0])
                step = (done + first) % clocks.steps
                raise self._not_finite(float(losses[first]), step, tally)
            # No call stands between these lines, so an interrupt cannot come between them.
            self._before, self._values = self._values, values
            self.clock.count += len(losses)
            done += len(losses)
            tally.add_steps(size, columns, self._targets(clocks.rows, done - len(losses), done))
            self.write_back()
            tick(done, tally)
        return done

    def _repeat(self, course: Course, data: list[Array], first: int, end: int) -> None:
        """Make steps again up to a finite state, and remember the one before the last of them."""
        for start, stop in ((first, end - 1), (max(first, end - 1), end)):
            if start < stop:
                self._before = self._values
                self._values, _ = course.make(self._values, data, start, stop)
                self.clock.count += stop - start

    def _run_stepwise(
        self, order: NDArray[np.intp] | None, done: int, tally: Tally, tick: Tick
    ) -> None:
        """Make the steps that are left, one call each."""
        width, clock, samples = len(self._values), self.clock, self._samples
        epoch = np.array(clock.epoch)
        looked = time.perf_counter()
        left = batches(len(samples), self._size, order, done)
        for step, rows in enumerate(left, start=done):
            batch = samples.take(rows)
            count, run = len(batch[0]), self._program(len(batch[0]))
            outputs = run([*self._values, *batch, *self._times(step), epoch, np.array(step)])
            if not math.isfinite(outputs[width]):
                raise self._not_finite(float(outputs[width]), step, tally)
            # No call stands between these lines, so an interrupt cannot come between them.
            self._before, self._values = self._values, outputs[:width]
            clock.count += 1
            tally.add(count, outputs[width:], batch[1])
            if time.perf_counter() - looked > PAUSE:
                self.write_back()
                tick(step + 1, tally)
                looked = time.perf_counter()

    def write_back(self) -> None:
        """Give the live parameters the numbers of the last finished step."""
        for live, place in zip(self._live, self._places, strict=True):
            np.copyto(live, self._values[place])

    def read_back(self) -> None:
        """Go on from what stands in the live parameters, where a callback may have written."""
        self._values = list(self._values)
        for live, place in zip(self._live, self._places, strict=True):
            self._values[place] = live.copy()

    def _program(self, count: int) -> Program:
        """Return the step for a batch of `count` samples."""
        types = self._samples.types(count)
        natively = self._course is not None and self._course.is_shared
        return self._programs.get(
            ("step", *self._trained, *types.values()),
            lambda: compile_step(self._stack, self.plan, self._state, types, natively),
        )

    def _native_course(self) -> Course | None:
        """Return the native program for full batches, if there can be one."""
        samples, size = self._samples, None if self._is_whole else self._size
        steps = len(samples) // self._size
        capacity = steps * self._block
        if not samples.are_plain:
            return None
        types = samples.types(len(samples))
        key = ("steps", size, capacity, *self._trained, *types.values())

        def make() -> Course | None:
            program = compile_steps(self._stack, self.plan, self._state, types, size, capacity)
            if program is None:
                return None
            names = (["rows"] if size else []) + ["rate", "count", "epoch", "step"]
            used = zip(names, program.is_read[-len(names) :], strict=True)
            read = {name for name, is_read in used if is_read}
            clocks = Clocks(self._block, steps, size, self._stack.dtype, read)
            return Course(program, len(self._values), clocks)

        return self._programs.get(key, make)

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
            self._rate = np.array(rate, self._stack.dtype)
        return self._rate, np.array(count + 1, self._stack.dtype)

    def _not_finite(self, loss: float, step: int, tally: Tally) -> NotFinite:
        """Go back to a finite state: the loss may be the first to tell of an infinite update."""
        parameters: dict[str, Array] = self._state["params"]
        if not _are_finite(self._values) and self._before is not self._values:
            self._values = self._before
            self.clock.count -= 1
        return NotFinite(loss, tally.latest_losses(), step, float(self._rate), parameters)


def _are_finite(arrays: list[Array]) -> bool:
    return all(np.isfinite(each).all() for each in arrays)
