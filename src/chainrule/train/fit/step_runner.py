"""Many steps in one native call, with a look at their course about ten times a second."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.train.fit.step_inputs import StepInputs
from chainrule.train.fit.train_state import TrainState

if TYPE_CHECKING:
    from chainrule.compiler.native_program import NativeProgram

__all__ = ["PAUSE", "StepRunner"]

PAUSE = 0.1
"""Seconds between two looks at the course of an epoch."""

_TRIAL = 512
"""So many times shorter is a call on more threads than the last one: where other processes still
hold the cores, each step may wait for them as long as a hundred others take."""

_FIRST = 1
"""Steps of the first call, whose pace is not known yet: a single one may take long."""

Array = NDArray[Any]


class StepRunner:
    """A native program for steps, and how fast it has been.

    Parameters
    ----------
    program : NativeProgram
        From state, samples and step_inputs to state and columns of numbers.
    width : int
        Number of arrays of the state.
    step_inputs : StepInputs
        What it takes besides state and samples.

    Attributes
    ----------
    step_inputs : StepInputs
        To be laid out before `run`.
    is_shared : bool
        Whether the program is large enough to be shared among threads.
    """

    def __init__(self, program: NativeProgram, width: int, step_inputs: StepInputs) -> None:
        self.program = program
        self.is_shared, self.step_inputs = program.is_shared, step_inputs
        self._width = width
        self._pace, self._threads = _FIRST, 0

    def run(
        self, state: TrainState, samples: Sequence[Array], count: int
    ) -> Iterator[tuple[list[Array], list[Array]]]:
        """Make `count` steps; after each call yield the new values and what its steps reported."""
        done = 0
        while done < count:
            steps = min(self._length(), count - done)
            began = time.perf_counter()
            values, columns = self.make(state, samples, done, done + steps)
            wanted = steps * PAUSE / max(time.perf_counter() - began, 1e-9)
            if steps == self._pace or wanted < self._pace:
                self._pace = int(np.clip(wanted, 1, 8 * self._pace))
            done += steps
            yield values, columns

    def _length(self) -> int:
        """How many steps the next call should make."""
        threads = self.program.threads_now
        if 0 < self._threads < threads:
            self._pace = max(1, self._pace // _TRIAL)
        self._threads = threads
        return self._pace

    def make(
        self, state: TrainState, samples: Sequence[Array], first: int, end: int
    ) -> tuple[list[Array], list[Array]]:
        """Make the steps from `first` to before `end`; return new values, and columns of numbers.

        The state stays as it is; the values are written into its spare buffers.
        """
        inputs = [*state.values, *samples, *self.step_inputs.columns]
        outputs = self.program(inputs, (first, end), state.spare_buffers())
        return outputs[: self._width], [each[first:end] for each in outputs[self._width :]]
