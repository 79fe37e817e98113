"""Many steps in one native call, with a look at their course about ten times a second."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from chainrule.compiler.program import NativeProgram

__all__ = ["PAUSE", "Clocks", "Course"]

PAUSE = 0.1
"""Seconds between two looks at the course of an epoch."""

_FIRST = 64
"""Steps of the first call, whose pace is not known yet."""

Array = NDArray[Any]


@dataclass(frozen=True)
class Clocks:
    """Where each of many steps stands; the columns may go on beyond the last step.

    Parameters
    ----------
    steps : int
        How many steps there are.
    rows : array, int, (capacity, size), or None
        The samples that each takes; None where each takes all of them.
    rate, count : array, float, (capacity,)
        Its learning rate, and its number since the network was compiled, from 1.
    epoch, step : array, int, (capacity,)
        Its epoch, and its number therein, from 0.
    """

    steps: int
    rows: Array | None
    rate: Array
    count: Array
    epoch: Array
    step: Array

    def __len__(self) -> int:
        return self.steps

    @property
    def columns(self) -> list[Array]:
        """The columns, in the order that the program takes them in."""
        rows = [] if self.rows is None else [self.rows]
        return [*rows, self.rate, self.count, self.epoch, self.step]


class Course:
    """A native program for steps, and how fast it has been.

    Parameters
    ----------
    program : NativeProgram
        From state, samples and clocks to state and columns of numbers.
    width : int
        Number of arrays of the state.

    Attributes
    ----------
    is_shared : bool
        Whether the program is large enough to be shared among threads.
    """

    def __init__(self, program: NativeProgram, width: int) -> None:
        self._program = program
        self.is_shared = program.is_shared
        self._width = width
        self._pace = _FIRST

    def run(
        self, state: Sequence[Array], samples: Sequence[Array], clocks: Clocks
    ) -> Iterator[tuple[list[Array], list[Array]]]:
        """Make all steps; after each call yield the state and what its steps reported.

        Parameters
        ----------
        state, samples : sequence of array
            As the program takes them; they are not changed.
        clocks : Clocks
            One row a step.

        Yields
        ------
        state : list of array
            After a finished step.
        columns : list of array, (steps of this call, ...)
            Loss, penalty and so on.
        """
        done = 0
        while done < len(clocks):
            steps = min(self._pace, len(clocks) - done)
            began = time.perf_counter()
            state, columns = self.make(state, samples, clocks, done, done + steps)
            wanted = steps * PAUSE / max(time.perf_counter() - began, 1e-9)
            if steps == self._pace or wanted < steps:
                self._pace = int(np.clip(wanted, 1, 8 * self._pace))
            done += steps
            yield state, columns

    def make(
        self,
        state: Sequence[Array],
        samples: Sequence[Array],
        clocks: Clocks,
        first: int,
        end: int,
    ) -> tuple[list[Array], list[Array]]:
        """Make the steps from `first` to before `end`; return the state and columns of numbers."""
        outputs = self._program([*state, *samples, *clocks.columns], (first, end))
        return outputs[: self._width], [each[first:end] for each in outputs[self._width :]]
