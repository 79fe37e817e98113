"""Runs native train steps in chunks of about a tenth of a second.

A call copies the arrays that it does not update in place, which takes a time of its own, whatever
its number of steps. It is not counted as time of the steps, and does not become most of a chunk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.graph import Graph
from chainrule.locks import cached_property
from chainrule.train.fit.row_updates import updated_by_rows
from chainrule.train.fit.step_inputs import StepInputs
from chainrule.train.fit.train_state import TrainState

if TYPE_CHECKING:
    from chainrule.compiler.native_program import NativeProgram

__all__ = ["REPORT_SECONDS", "StepRunner"]

REPORT_SECONDS = 0.1
"""Target duration of a native call: progress is reported and Ctrl-C handled between calls."""

_COPIED_BYTES_PER_SECOND = 4e9
"""By which a call copies its state; a machine has more, if it does nothing else."""

_MAX_COPY_SHARE, _MAX_SECONDS = 0.1, 1.0
"""Share of the copy in a call; and the duration of a call that this may ask for."""

_FIRST_CHUNK = 1
"""Steps of the first call, before the time of a step is known: it may be long."""

_CHUNK_DIVISOR = 512
"""Divisor of the chunk when a call gets more threads than the last one: while other processes
hold the cores, a step may wait for them as long as a hundred others take."""

Array = NDArray[Any]


class StepRunner:
    """A native program of train steps, and how many of them to run in one call.

    The program maps state, samples and step inputs to the next state, whose arrays are the first
    `width` outputs, and columns with the results of each step.
    """

    def __init__(
        self,
        program: NativeProgram,
        width: int,
        step_inputs: StepInputs,
        constants: Sequence[Array] = (),
    ) -> None:
        self.program, self._constants = program, constants
        self.is_multithreaded, self.step_inputs = program.is_multithreaded, step_inputs
        self._width = width
        self._chunk, self._threads = _FIRST_CHUNK, 0

    def run(
        self,
        state: TrainState,
        samples: Sequence[Array],
        count: int,
        first: int = 0,
        steps_left: Callable[[], int | None] = lambda: None,
    ) -> Iterator[tuple[list[Array], list[Array]]]:
        """Run steps up to `count`; after each call yield the new values and result columns.

        A call makes at most `steps_left()` steps, unless that is None.
        """
        done = first
        while done < count:
            steps = min(self._next_chunk(), count - done)
            if (left := steps_left()) is not None:
                steps = max(1, min(steps, left))
            start = time.perf_counter()
            values, columns = self.run_steps(state, samples, done, done + steps)
            target = _target_steps(steps, time.perf_counter() - start, state.copied_bytes)
            if steps == self._chunk or target < self._chunk:
                self._chunk = int(np.clip(target, 1, 8 * self._chunk))
            done += steps
            yield values, columns

    @cached_property
    def may_fail(self) -> bool:
        """Whether a step may end halfway: a routine fails, or a signal ends a loop."""
        graph = self.program.graph
        return bool(self.program.code.executable.routines) or _has_open_loop(graph)

    @cached_property
    def updated_by_rows(self) -> frozenset[int]:
        """The arrays of the state that steps update by rows, whose gradients they look at."""
        return updated_by_rows(self.program.graph, self._width)

    def _next_chunk(self) -> int:
        """Return the number of steps of the next call."""
        threads = self.program.threads_now
        if 0 < self._threads < threads:
            self._chunk = max(1, self._chunk // _CHUNK_DIVISOR)
        self._threads = threads
        return self._chunk

    def run_steps(
        self, state: TrainState, samples: Sequence[Array], first: int, end: int
    ) -> tuple[list[Array], list[Array]]:
        """Run steps `first` to before `end` in one call; return new values and result columns.

        The values are written into the spare buffers of the state, which stays as it is but for the
        arrays that are updated in place.
        """
        inputs = [*state.values, *samples, *self.step_inputs.columns, *self._constants]
        outputs = self.program(inputs, (first, end), state.spare_buffers())
        return outputs[: self._width], [each[first:end] for each in outputs[self._width :]]


def _has_open_loop(graph: Graph) -> bool:
    """Whether a graph has a loop that ends by a condition, which a signal may end before."""
    return any(
        (each.primitive is not None and each.primitive.name == "while_loop")
        or any(isinstance(x, Graph) and _has_open_loop(x) for x in each.params.values())
        for each in graph.equations
    )


def _target_steps(steps: int, seconds: float, size: int) -> float:
    """Return how many steps the next call is to make, after one on a state of `size` bytes."""
    copy = size / _COPIED_BYTES_PER_SECOND
    own = max(seconds - copy, seconds * _MAX_COPY_SHARE, 1e-9)
    target = min(max(REPORT_SECONDS, copy / _MAX_COPY_SHARE), max(REPORT_SECONDS, _MAX_SECONDS))
    return steps * target / own
