"""The programs that make the steps of training on some samples."""

from __future__ import annotations

from chainrule.train.fit.step_inputs import Clocks
from chainrule.train.fit.step_runner import Course
from chainrule.train.fit.train_state import State
from chainrule.train.fit.train_step import compile_step, compile_steps
from chainrule.train.inputs.samples import Samples
from chainrule.train.model.layer_stack import Stack
from chainrule.train.model.objective import Plan
from chainrule.train.model.program_cache import Program, Programs

__all__ = ["StepPrograms"]

_MOST_STEPS, _MOST_ROWS = 2**14, 2**17
"""How much is laid out beforehand for short epochs that are made many at once."""


class StepPrograms:
    """What makes the steps: many of full batches in one native call, or one of any size.

    Parameters
    ----------
    stack : Stack
        The network, built.
    plan : Plan
        What it is trained for.
    state : State
        What the steps change.
    samples : Samples
        What to learn from.
    size : int
        Samples a step.
    programs : Programs
        Where compiled programs are kept.

    Attributes
    ----------
    course : Course or None
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
        stack: Stack,
        plan: Plan,
        state: State,
        samples: Samples,
        size: int,
        programs: Programs,
    ) -> None:
        self._stack, self._plan, self._state = stack, plan, state
        self._samples, self._programs = samples, programs
        steps, rest = divmod(len(samples), size)
        is_whole = steps == 1 and not rest
        # Short epochs are made many at once, unless each ends with an odd batch.
        short = _MOST_STEPS // steps if is_whole else _MOST_ROWS // len(samples)
        self.block = 1 if rest else max(1, short)
        self.course = self._native(None if is_whole else size, steps)
        for count in {0 if self.course else size, rest} - {0}:
            self.single(count)

    def single(self, count: int) -> Program:
        """Return the step for a batch of `count` samples."""
        types = self._samples.types(count)
        natively = self.course is not None and self.course.is_shared
        return self._programs.get(
            ("step", *self._state.trained, *types.values()),
            lambda: compile_step(self._stack, self._plan, self._state.tree, types, natively),
        )

    def _native(self, size: int | None, steps: int) -> Course | None:
        samples, state, capacity = self._samples, self._state, steps * self.block
        if not samples.are_plain:
            return None
        types = samples.types(len(samples))
        key = ("steps", size, capacity, *state.trained, *types.values())

        def make() -> Course | None:
            program = compile_steps(self._stack, self._plan, state.tree, types, size, capacity)
            if program is None:
                return None
            names = (["rows"] if size else []) + ["rate", "count", "epoch", "step"]
            used = zip(names, program.is_read[-len(names) :], strict=True)
            read = {name for name, is_read in used if is_read}
            clocks = Clocks(self.block, steps, size, self._stack.dtype, read)
            return Course(program, len(state.values), clocks)

        return self._programs.get(key, make)
