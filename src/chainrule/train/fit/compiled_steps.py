"""The compiled train steps for some samples: many steps in one native call, or one at a time."""

from __future__ import annotations

from typing import Any

from chainrule.compiler.driver import ArrayFunction, load_program
from chainrule.data.stored_rows import StoredRows
from chainrule.nn.batch_share import in_batch
from chainrule.train.fit.step_inputs import StepInputs
from chainrule.train.fit.step_runner import StepRunner
from chainrule.train.fit.train_state import TrainState
from chainrule.train.fit.train_step import compile_step, compile_steps
from chainrule.train.inputs.samples import Samples
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective

__all__ = ["CompiledSteps"]

_MAX_STEPS, _MAX_ROWS = 2**14, 2**17
"""Capacity of the step inputs, in steps of all samples or in batch rows."""


class CompiledSteps:
    """Programs of the train step, compiled on first use and cached in the model.

    `runner` runs steps natively; None if there is no native code, or the samples are not arrays in
    memory. One call of it may cover `epochs_per_call` epochs: more than one if they are short.
    """

    def __init__(
        self, model: Model, objective: Objective, state: TrainState, samples: Samples, size: int
    ) -> None:
        self._stack, self._cache = model.stack, model.programs
        self._objective, self._state, self._samples = objective, state, samples
        self._size = size
        is_full_batch = size == len(samples)
        epochs = _MAX_STEPS if is_full_batch else _MAX_ROWS // len(samples)
        self.epochs_per_call = max(1, epochs)
        self._batch = None if is_full_batch else size
        self._types = samples.types(len(samples))
        self._capacity = -(-len(samples) // size) * self.epochs_per_call
        self._key = ("steps", self._batch, self._capacity, *state.key, *self._types.values())
        self.refresh()
        # Compile single steps now: shape errors are raised before anything has changed.
        self._single_sizes = set[int]() if self.runner else {size, len(samples) % size} - {0}
        for count in self._single_sizes:
            self.single_step(count)

    def load(self) -> None:
        """Load the code of all steps, for which the first call would wait otherwise."""
        if self.runner is not None:
            self.runner.program.load()
        for count in self._single_sizes:
            load_program(self.single_step(count))

    def refresh(self) -> None:
        """Compile the steps anew if what the user's functions read has changed."""
        self.runner = self._compile_runner()
        if self._state.is_in_place and (self.runner is None or self.runner.may_fail):
            self._state.leave_place()

    def single_step(self, count: int) -> ArrayFunction:
        """Return the step for a batch of `count` samples."""
        types = self._samples.types(count)
        # As for arrays in memory, for the same bits.
        natively = isinstance(self._samples.X, StoredRows)

        def build() -> tuple[ArrayFunction, Any]:
            with in_batch(count, self._size, len(self._samples)):
                return compile_step(
                    self._stack, self._objective, self._state.tree, types, natively,
                    (count, self._size, len(self._samples)),
                )  # fmt: skip

        return self._cache.get(("step", self._size, *self._state.key, *types.values()), build)

    def _compile_runner(self) -> StepRunner | None:
        state, size = self._state, self._batch
        if not self._samples.are_contiguous:
            return None

        def build() -> tuple[StepRunner | None, Any]:
            shared, guards = compile_steps(
                self._stack, self._objective, state.tree, self._types, size, self._capacity
            )
            if shared is None:
                return None, guards
            program = shared.program
            names = (["rows"] if size else []) + ["rate", "count", "epoch", "step"]
            inputs = program.is_read[: len(program.is_read) - len(shared.constants)]
            used = zip(names, inputs[-len(names) :], strict=True)
            read = {name for name, is_read in used if is_read}
            step_inputs = StepInputs(
                self.epochs_per_call, len(self._samples), self._size, self._stack.dtype, read
            )
            runner = StepRunner(program, len(state.values), step_inputs, shared.constants)
            return runner, guards

        return self._cache.get(self._key, build)
