"""What was compiled for a network's training, for those who want to see and measure it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule import tree
from chainrule.compiler.loop_ir.loops import Buffer
from chainrule.errors import ArgumentError
from chainrule.train.fit.step_runner import StepRunner
from chainrule.train.fit.train_step import initial_state
from chainrule.train.network import Network, model_of

if TYPE_CHECKING:
    from chainrule.compiler.native_program import NativeProgram

__all__ = ["TrainingProgram", "training_program"]

Array = NDArray[Any]

_FILLED_BYTES = 64 * 2**20
"""Of samples that are made up to measure with, so many bytes are filled and used, and no more."""


@dataclass(frozen=True)
class TrainingProgram:
    """The program that makes the steps of training.

    Parameters
    ----------
    program : NativeProgram
        From state, samples and step_inputs to state and what each step reports.
    state : tuple of Array
        The arrays that training changes, as they are now; the first outputs of the program.
    names : tuple of str
        What they are: ``params.dense.weight``, ``slots.dense.weight.mean`` (what the optimiser
        remembers) or ``non_trainable.batch_norm.mean`` (what training changes otherwise).
    batch : int
        Samples a step.
    capacity : int
        Steps that it can make in one call.
    dtype : numpy.dtype
        Kind of number of the network.
    """

    program: NativeProgram
    state: tuple[Array, ...]
    names: tuple[str, ...]
    batch: int
    capacity: int
    dtype: np.dtype[Any]

    def inputs(self) -> list[Array]:
        """Return inputs to measure with: the state as it is, made-up samples, a rate of zero."""
        given = self.program.loops.inputs[len(self.state) :]
        row = max(each.dtype.itemsize * each.size // each.shape[0] for each in given if each.shape)
        filled = max(1, _FILLED_BYTES // row)
        total = next(each.shape[0] for each in given if each.name == "samples.X")
        return [*self.state, *(_made_up(each, min(filled, total)) for each in given)]


def _made_up(buffer: Buffer, filled: int) -> Array:
    """Make numbers that every program can work with."""
    draw, made = np.random.default_rng(0), np.zeros(buffer.shape, buffer.dtype)
    if buffer.name == "step_inputs.rows":
        made[:] = draw.integers(filled, size=made.shape)
    elif buffer.name == "step_inputs.count":
        made[:] = 1
    elif buffer.name.startswith("samples") and made.dtype.kind == "f":
        made[:filled] = draw.random(made[:filled].shape)
    else:
        made[:filled] = 0  # zeros that nobody has written all lie in one place
    return made


def training_program(net: Network) -> TrainingProgram:
    """Return the program that a network was last trained by."""
    model = model_of(net)
    objective = model.objective("program")
    if (found := model.programs.latest("steps")) is None:
        raise ArgumentError(
            "program: nothing is compiled before sizes are known; call net.fit first, for one epoch"
        )
    (_, size, capacity, *_), runner = found
    if not isinstance(runner, StepRunner):
        raise ArgumentError(
            "program: there is no native code, because NumPy makes the steps of this network; the "
            "warning that fit gave says why, unless the environment has CHAINRULE_BACKEND=numpy"
        )
    state = initial_state(model.stack, objective.optimizer, model.slots)
    values, _ = tree.flatten(state)
    inputs = runner.program.loops.inputs
    total = next(each.shape[0] for each in inputs if each.name == "samples.X")
    names = [each.name.removeprefix("state.") for each in inputs]
    return TrainingProgram(
        runner.program,
        tuple(values),
        tuple(names[: len(values)]),
        size or total,
        capacity,
        model.dtype,
    )
