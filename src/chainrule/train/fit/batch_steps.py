"""The compiled train steps for batches that are arrays of their own, not rows of samples.

Small batches of one type are joined, and one native call makes the steps on all of them; a large
batch is read where it is. Both are the program that `fit` runs on rows of arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.driver import ArrayFunction, load_program
from chainrule.compiler.shared_programs import SharedProgram
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.nn.batch_share import in_batch
from chainrule.train.fit.train_state import TrainState
from chainrule.train.fit.train_step import compile_step, compile_steps
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective

__all__ = ["BatchSteps", "StepProgram"]

Array = NDArray[Any]

_LARGE, _JOINED, _MOST_JOINED = 2**20, 2**22, 256
"""Bytes of a batch that is not joined with others, and of those that are; and their number."""

_SINGLE = 16
"""Capacity of a program that makes one step a call."""


class StepProgram:
    """Up to `capacity` steps on batches of one type, as one call."""

    def __init__(
        self,
        capacity: int,
        size: int,
        dtype: np.dtype[Any],
        shared: SharedProgram | None,
        function: ArrayFunction | None,
    ) -> None:
        self.capacity, self.size = capacity, size
        self._shared, self._function = shared, function
        length = capacity if capacity > 1 else _SINGLE
        rows = np.arange(capacity * size, dtype=np.int64).reshape(capacity, size)
        self._rows = [rows] if capacity > 1 else []
        self._rate, self._count = np.zeros(length, dtype), np.zeros(length, dtype)
        self._epoch, self._step = np.zeros(length, np.int64), np.zeros(length, np.int64)

    def fill(self, rates: Sequence[float], count: int, epoch: int, step: int) -> None:
        """Write learning rates and counters of the next steps, after `count` since ``compile``."""
        steps = len(rates)
        self._rate[:steps], self._epoch[:steps] = rates, epoch
        self._count[:steps] = np.arange(count + 1, count + 1 + steps)
        self._step[:steps] = np.arange(step, step + steps)

    def run(
        self, state: TrainState, arrays: Sequence[Array], first: int, end: int
    ) -> tuple[list[Array], list[Array]]:
        """Make steps `first` to before `end`; return new values, and a column of each result."""
        width, columns = len(state.values), [self._rate, self._count, self._epoch, self._step]
        if self._shared is None:
            assert self._function is not None, "there is either"
            inputs = [*state.values, *arrays, *(np.array(each[first]) for each in columns)]
            outputs = self._function(inputs)
            values, results = state.copied(outputs[:width]), outputs[width:]
            return values, [np.asarray(each)[np.newaxis] for each in results]
        inputs = [*state.values, *arrays, *self._rows, *columns, *self._shared.constants]
        outputs = self._shared.program(inputs, (first, end), state.spare_buffers())
        return outputs[:width], [each[first:end] for each in outputs[width:]]

    def load(self) -> None:
        """Wait for the machine code."""
        if self._shared is not None:
            self._shared.program.load()
        elif self._function is not None:
            load_program(self._function)


class BatchSteps:
    """Programs by the type of a batch, compiled on first use and cached in the model."""

    def __init__(self, model: Model, objective: Objective, state: TrainState) -> None:
        self._stack, self._cache, self._dtype = model.stack, model.programs, model.dtype
        self._objective, self._state = objective, state
        self._known: dict[Any, StepProgram] = {}

    def refresh(self) -> None:
        """Compile the steps anew if what the user's functions read has changed."""
        self._known.clear()

    def program(self, batch: Sequence[Array], full: int) -> StepProgram:
        """Return the steps on batches of one type, of which a full one has `full` samples."""
        size = len(batch[0])
        share = full if size < full else 0
        short = share, *((each.dtype, each.shape) for each in batch)
        program = self._known.get(short)
        if program is None:
            types: dict[str, ArrayType | None] = dict.fromkeys(("X", "y", "weight"))
            types |= dict(zip(types, map(type_of, batch), strict=False))
            key = ("batch steps", share, *self._state.key, *types.values())
            program = self._cache.get(key, lambda: self._compiled(types, size, full))
            if len(self._known) >= _SINGLE:
                self._known.clear()
            self._known[short] = program
        return program

    def _compiled(self, types: dict[str, Any], size: int, full: int) -> tuple[StepProgram, Any]:
        stack, objective, tree = self._stack, self._objective, self._state.tree
        if size >= full:
            count = _joined(types)
            capacity = count if count > 1 else _SINGLE
            of_all = {
                name: each and each.with_shape((count * size, *each.shape[1:]))
                for name, each in types.items()
            }
            shared, guards = compile_steps(
                stack, objective, tree, of_all, size if count > 1 else None, capacity
            )
            if shared is not None:
                return StepProgram(count, size, self._dtype, shared, None), guards
        with in_batch(size, full, size + full):
            function, guards = compile_step(
                stack, objective, tree, types, True, (size, full, size + full)
            )
        return StepProgram(1, size, self._dtype, None, function), guards


def _joined(types: dict[str, Any]) -> int:
    """Return how many batches of some types are joined, 1 if they are large."""
    size = sum(each.dtype.itemsize * int(np.prod(each.shape)) for each in types.values() if each)
    return 1 if size >= _LARGE else max(2, min(_MOST_JOINED, _JOINED // max(size, 1)))
