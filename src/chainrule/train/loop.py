"""The loop of training: steps make epochs, and whatever happens leaves a finished step behind."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import tree
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.optim.schedule import Schedule
from chainrule.train.batch import Samples, Tally, batches
from chainrule.train.step import Plan, Program, Stack, compile_step, initial_state

__all__ = ["Clock", "NotFinite", "Programs", "Training"]

_PAUSE = 0.1
"""Seconds between two looks at the course of an epoch."""

_LARGEST_CACHE = 64

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


class Programs:
    """Compiled programs by what they are for; the oldest goes when there are too many."""

    def __init__(self) -> None:
        self._programs: dict[Any, Program] = {}

    def get(self, key: Any, make: Callable[[], Program]) -> Program:
        """Return the program for `key`, made on first use.

        Parameters
        ----------
        key : hashable
            Its purpose, and the types of what it takes.
        make : callable
            Compiles it.

        Returns
        -------
        callable
            The program.
        """
        if key not in self._programs:
            if len(self._programs) >= _LARGEST_CACHE:
                del self._programs[next(iter(self._programs))]
            self._programs[key] = make()
        return self._programs[key]

    def clear(self) -> None:
        """Forget all: the network has changed."""
        self._programs.clear()


class NotFinite(Exception):  # noqa: N818 (caught within the room: no error that users see)
    """A loss or a parameter is not finite any more.

    Parameters
    ----------
    loss : float
        The loss of the step; NaN where only its update is not finite.
    losses : list of float
        Those before it, oldest first.
    step : int
        Its number in the epoch, from 0.
    learning_rate : float
        Its rate.
    parameters : dict of str to array
        The parameters that gave this loss, or that the update led to.
    """

    def __init__(
        self,
        loss: float,
        losses: list[float],
        step: int,
        learning_rate: float,
        parameters: dict[str, Array],
    ) -> None:
        super().__init__(loss)
        self.loss, self.losses, self.step = loss, losses, step
        self.learning_rate, self.parameters = learning_rate, parameters


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
        self._types = tree.map_leaves(type_of, state)
        self._values, self._structure = tree.flatten(state)
        self._before = self._values
        parameters = stack.parameters(trainable=True) | stack.parameters(trainable=False)
        self._live: list[Array] = [each.value for each in parameters.values()]
        # The leaves are params, slots, memory; the live arrays are the first and the last of them.
        trained, end = len(state["params"]), len(self._values)
        self._places = [*range(trained), *range(end - len(state["memory"]), end)]
        # A full batch and the rest at the end have a program each.
        counts = {size, len(samples) % size} - {0}
        self._steps = {count: self._compiled(samples.types(count), programs) for count in counts}

    @property
    def slots(self) -> dict[str, Any]:
        """What the optimiser remembers now."""
        return tree.unflatten(self._structure, self._values)["slots"]

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
        samples, programs, tally = self._samples, self._steps, Tally(self.plan)
        width, clock = len(self._values), self.clock
        epoch = np.array(clock.epoch)
        looked = time.perf_counter()
        step = 0
        # Overflow and the like are ours to report, with evidence, once a loss is not finite.
        with np.errstate(all="ignore"):
            for step, rows in enumerate(batches(len(samples), self._size, order)):
                batch = samples.take(rows)
                count, run = len(batch[0]), programs[len(batch[0])]
                outputs = run([*self._values, *batch, *self._times(step), epoch, np.array(step)])
                if not math.isfinite(outputs[width]):
                    raise self._not_finite(float(outputs[width]), step, tally)
                # No call stands between these lines, so an interrupt cannot come between them.
                self._before, self._values = self._values, outputs[:width]
                clock.count += 1
                tally.add(count, outputs[width:], batch[1])
                if time.perf_counter() - looked > _PAUSE:
                    self.write_back()
                    tick(step + 1, tally)
                    looked = time.perf_counter()
        if not _are_finite(self._values):
            raise self._not_finite(math.nan, step, tally)
        clock.epoch += 1
        self.write_back()
        return tally.results() | {"learning_rate": float(self._rate)}

    def write_back(self) -> None:
        """Give the live parameters the numbers of the last finished step."""
        for live, place in zip(self._live, self._places, strict=True):
            np.copyto(live, self._values[place])

    def read_back(self) -> None:
        """Go on from what stands in the live parameters, where a callback may have written."""
        self._values = list(self._values)
        for live, place in zip(self._live, self._places, strict=True):
            self._values[place] = live.copy()

    def _compiled(self, types: dict[str, ArrayType | None], programs: Programs) -> Program:
        key = ("step", *self._types["params"], *types.values())
        return programs.get(key, lambda: compile_step(self._stack, self.plan, self._types, types))

    def _times(self, step: int) -> tuple[Array, Array]:
        """Return the learning rate of the next step, and its number in all."""
        optimizer, count = self.plan.optimizer, self.clock.count
        if step == 0 or isinstance(optimizer.learning_rate, Schedule):
            rate = optimizer.rate(count, self.clock.epoch)
            self._rate = np.array(rate, self._stack.dtype)
        return self._rate, np.array(count + 1, self._stack.dtype)

    def _not_finite(self, loss: float, step: int, tally: Tally) -> NotFinite:
        """Go back to a finite state: the loss may be the first to tell of an infinite update."""
        parameters: dict[str, Array] = tree.unflatten(self._structure, self._values)["params"]
        if not _are_finite(self._values) and self._before is not self._values:
            self._values = self._before
            self.clock.count -= 1
        return NotFinite(loss, tally.latest_losses(), step, float(self._rate), parameters)


def _are_finite(arrays: list[Array]) -> bool:
    return all(np.isfinite(each).all() for each in arrays)
