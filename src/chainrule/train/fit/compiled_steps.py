"""The programs that make the steps of training on some samples."""

from __future__ import annotations

from chainrule.compiler.driver import ArrayFunction
from chainrule.train.fit.step_inputs import StepInputs
from chainrule.train.fit.step_runner import StepRunner
from chainrule.train.fit.train_state import TrainState
from chainrule.train.fit.train_step import compile_step, compile_steps
from chainrule.train.inputs.samples import Samples
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.objective import Objective
from chainrule.train.model.program_cache import ProgramCache

__all__ = ["CompiledSteps"]

_MOST_STEPS, _MOST_ROWS = 2**14, 2**17
"""How much is laid out beforehand for short epochs that are made many at once."""


class CompiledSteps:
    """What makes the steps: many of full batches in one native call, or one of any size.

    Parameters
    ----------
    stack : LayerStack
        The network, built.
    objective : Objective
        What it is trained for.
    state : TrainState
        What the steps change.
    samples : Samples
        What to learn from.
    size : int
        Samples a step.
    programs : ProgramCache
        Where compiled programs are kept.

    Attributes
    ----------
    runner : StepRunner or None
        The native program for full batches, if there can be one.
    block : int
        For how many epochs it has room.

    Raises
    ------
    ShapeError
        Where layers, loss and targets misfit.
    """

    def __init__(
        self,
        stack: LayerStack,
        objective: Objective,
        state: TrainState,
        samples: Samples,
        size: int,
        programs: ProgramCache,
    ) -> None:
        self._stack, self._plan, self._state = stack, objective, state
        self._samples, self._programs = samples, programs
        steps, rest = divmod(len(samples), size)
        is_whole = steps == 1 and not rest
        # Short epochs are made many at once, unless each ends with an odd batch.
        short = _MOST_STEPS // steps if is_whole else _MOST_ROWS // len(samples)
        self.block = 1 if rest else max(1, short)
        self.runner = self._native(None if is_whole else size, steps)
        for count in {0 if self.runner else size, rest} - {0}:
            self.single(count)

    def single(self, count: int) -> ArrayFunction:
        """Return the step for a batch of `count` samples."""
        types = self._samples.types(count)
        natively = self.runner is not None and self.runner.is_shared
        return self._programs.get(
            ("step", *self._state.trained, *types.values()),
            lambda: compile_step(self._stack, self._plan, self._state.tree, types, natively),
        )

    def _native(self, size: int | None, steps: int) -> StepRunner | None:
        samples, state, capacity = self._samples, self._state, steps * self.block
        if not samples.are_plain:
            return None
        types = samples.types(len(samples))
        key = ("steps", size, capacity, *state.trained, *types.values())

        def make() -> StepRunner | None:
            program = compile_steps(self._stack, self._plan, state.tree, types, size, capacity)
            if program is None:
                return None
            names = (["rows"] if size else []) + ["rate", "count", "epoch", "step"]
            used = zip(names, program.is_read[-len(names) :], strict=True)
            read = {name for name, is_read in used if is_read}
            step_inputs = StepInputs(self.block, steps, size, self._stack.dtype, read)
            return StepRunner(program, len(state.values), step_inputs)

        return self._programs.get(key, make)
