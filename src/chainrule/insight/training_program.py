"""The program that training last ran, with inputs to measure it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule import tree
from chainrule.errors import ArgumentError
from chainrule.graph.node import Node
from chainrule.optim.scipy_minimizer import SciPyMinimizer
from chainrule.train.fit.step_runner import StepRunner
from chainrule.train.fit.train_step import initial_state
from chainrule.train.network import Network, model_of

if TYPE_CHECKING:
    from chainrule.compiler.native_program import NativeProgram

__all__ = ["TrainingProgram", "training_program"]

Array = NDArray[Any]

FILLED_BYTES = 64 * 2**20
"""What synthetic samples fill at most, beyond any cache."""


@dataclass(frozen=True)
class TrainingProgram:
    """The compiled training steps of a network."""

    # From state, samples and step inputs to the next state and the results of each step.
    program: NativeProgram
    # The current training state; the first outputs of the program.
    state: tuple[Array, ...]
    # Its names: params.dense.weight, slots.dense.weight.mean (optimiser state) or
    # non_trainable.batch_norm.mean (other state).
    names: tuple[str, ...]
    # Samples a step, and the largest number of steps in a call.
    batch: int
    capacity: int
    # Samples of an epoch.
    samples: int
    dtype: np.dtype[Any]

    def inputs(self, filled_bytes: int = FILLED_BYTES) -> list[Array]:
        """Return inputs to measure with: the current state, synthetic samples, a rate of zero.

        The samples fill at most so many bytes; the steps use only those rows.
        """
        others = self.program.graph.inputs[len(self.state) :]
        row = max(each.dtype.itemsize * math.prod(each.shape[1:]) for each in others if each.shape)
        filled = max(1, filled_bytes // row)
        total = next(each.shape[0] for each in others if each.name == "samples.X")
        return [*self.state, *(_synthetic(each, min(filled, total)) for each in others)]


def _synthetic(node: Node, filled: int) -> Array:
    """Return values of an input that are valid for every program."""
    generator, values = np.random.default_rng(0), np.zeros(node.shape, node.dtype.type)
    if node.name == "step_inputs.rows":
        values[:] = generator.integers(filled, size=values.shape)
    elif node.name == "step_inputs.count":
        values[:] = 1
    elif node.name.startswith("samples") and values.dtype.kind == "f":
        values[:filled] = generator.random(values[:filled].shape)
    else:
        values[:filled] = 0  # pages never written would all map to one page of zeros
    return values


def training_program(net: Network) -> TrainingProgram:
    """Return the training program of a network that fit ran last."""
    model = model_of(net)
    objective = model.objective("program")
    if isinstance(objective.optimizer, SciPyMinimizer):
        raise ArgumentError(
            "program: the iterations of SciPyMinimizer run in SciPy; net.program shows the steps "
            "of other optimisers, such as 'lbfgs'"
        )
    if (latest := model.programs.latest("steps")) is None:
        raise ArgumentError(
            "program: nothing is compiled before sizes are known; call net.fit first, for one epoch"
        )
    (_, size, capacity, *_), runner = latest
    if not isinstance(runner, StepRunner):
        raise ArgumentError(
            "program: there is no native code, because NumPy runs the steps of this network; the "
            "warning of fit says why, unless CHAINRULE_BACKEND=numpy is set in the environment"
        )
    inputs = runner.program.graph.inputs
    state = initial_state(
        model.stack,
        objective.optimizer,
        model.optimizer_slots,
        model.missed_steps(),
        in_place=any(each.name == "state.finite_steps" for each in inputs),
    )
    values, _ = tree.flatten(state)
    total = next(each.shape[0] for each in inputs if each.name == "samples.X")
    names = [each.name.removeprefix("state.") for each in inputs]
    return TrainingProgram(
        runner.program,
        tuple(values),
        tuple(names[: len(values)]),
        size or total,
        capacity,
        total,
        model.dtype,
    )
