"""One step of training as one function of arrays, traced once for each shape of batch.

::

    state, batch, step_input -> state', numbers

    state    {"params": ..., "slots": ..., "non_trainable": ...}   all that training changes
    batch    X, y, weight                                   what it sees in this step
    step_input    rate, count, epoch, step                       where it stands
    numbers  loss, penalty, metrics                         what it reports

The function is plain NumPy; what runs for each batch is the program compiled from its graph, which
takes one flat list of arrays and returns another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import tree
from chainrule.autodiff.derivative import value_and_grad
from chainrule.autodiff.scan import scan
from chainrule.compiler.driver import ArrayFunction, compile_graph, compile_native
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.errors import ShapeError
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.evaluate import prepare
from chainrule.graph.trace import trace_call
from chainrule.nn.random_stream import RandomStream
from chainrule.optim.clipping import clip
from chainrule.optim.optimizer import Optimizer
from chainrule.train.checks.loss_dependence import check_dependence
from chainrule.train.model.layer_stack import LayerStack, substituted
from chainrule.train.model.loss_and_metrics import measure
from chainrule.train.model.objective import Objective

if TYPE_CHECKING:
    from chainrule.compiler.native_program import NativeProgram

__all__ = ["compile_step", "compile_steps", "initial_state"]


def initial_state(stack: LayerStack, optimizer: Optimizer, slots: dict[str, Any]) -> dict[str, Any]:
    """Return the tree of all arrays that training changes."""
    trained = stack.parameters(trainable=True)
    return {
        "params": {name: each.value.copy() for name, each in trained.items()},
        "slots": {
            name: slots[name] if name in slots else optimizer.slots(each.value)
            for name, each in trained.items()
        },
        "non_trainable": {
            n: each.value.copy() for n, each in stack.parameters(trainable=False).items()
        },
    }


def compile_step(
    stack: LayerStack,
    objective: Objective,
    state: dict[str, Any],
    batch: dict[str, ArrayType | None],
    natively: bool = False,
) -> ArrayFunction:
    """Prepare the step of training for one shape of batch.

    It is for what `compile_steps` cannot do, such as the odd batch at the end of an epoch.
    """
    step_input = _step_input_types(stack, ())
    types = tree.map_leaves(type_of, state)
    graph = trace_call(_step(stack, objective), (types, batch, step_input)).graph
    return compile_graph(graph, is_awaited=False) if natively else prepare(simplify(graph))


def compile_steps(
    stack: LayerStack,
    objective: Objective,
    state: dict[str, Any],
    samples: dict[str, ArrayType | None],
    size: int | None,
    capacity: int,
) -> NativeProgram | None:
    """Compile many steps as one loop, which takes its batches from the samples itself."""
    step = _step(stack, objective)

    def steps(state: dict[str, Any], samples: dict[str, Any], step_inputs: dict[str, Any]) -> Any:
        def one(state: Any, step_input: dict[str, Any]) -> Any:
            if size is None:
                return step(state, samples, step_input)
            rows = step_input["rows"]
            batch = {name: None if all is None else all[rows] for name, all in samples.items()}
            return step(state, batch, step_input)

        return scan(one, state, step_inputs)

    rows = {} if size is None else {"rows": ArrayType(np.dtype("int64"), (capacity, size))}
    step_inputs = rows | _step_input_types(stack, (capacity,))
    types = tree.map_leaves(type_of, state)
    graph = trace_call(steps, (types, samples, step_inputs)).graph
    return compile_native(graph, is_awaited=False)


def _step_input_types(stack: LayerStack, shape: tuple[int, ...]) -> dict[str, ArrayType]:
    counter, real = ArrayType(np.dtype("int64"), shape), ArrayType(stack.dtype, shape)
    return {"rate": real, "count": real, "epoch": counter, "step": counter}


def _step(stack: LayerStack, objective: Objective) -> Callable[..., Any]:
    """The step of training, in plain NumPy."""

    def step(state: dict[str, Any], batch: dict[str, Any], step_input: dict[str, Any]) -> Any:
        random = RandomStream(stack.seed, step_input["epoch"], step_input["step"])

        def total(params: dict[str, Any]) -> Any:
            with substituted(stack, params | state["non_trainable"]):
                loss, penalty, *others = measure(stack, objective, batch, random)
                check_dependence(objective.loss.name, loss, params.values())
                non_trainable = {
                    n: each.value for n, each in stack.parameters(trainable=False).items()
                }
            return loss + penalty, ([loss, penalty, *others], non_trainable)

        (_, (numbers, non_trainable)), slopes = value_and_grad(total, has_aux=True)(state["params"])
        slopes = clip(slopes, objective.optimizer)
        rate, count = step_input["rate"], step_input["count"]
        moved = {
            name: objective.optimizer.update(each, slopes[name], state["slots"][name], rate, count)
            for name, each in state["params"].items()
        }
        new = {
            "params": {name: param for name, (param, _) in moved.items()},
            "slots": {name: slots for name, (_, slots) in moved.items()},
            "non_trainable": non_trainable,
        }
        return _alike(state, new), numbers

    return step


def _alike(state: Any, new: Any) -> Any:
    """Give the new state nesting and kinds of the old one, so that it can take its place."""
    leaves, structure = tree.flatten(state)
    found = tree.flatten_like(structure, new, "the new state")
    names = tree.paths(state)
    pairs = zip(leaves, found, names, strict=True)
    return tree.unflatten(structure, [_as_before(old, each, name) for old, each, name in pairs])


def _as_before(old: Any, new: Any, name: str) -> Any:
    new = new if hasattr(new, "shape") else np.asarray(new)
    if new.shape != old.shape:
        raise ShapeError(
            f"fit: {name} had shape {old.shape} before a step and has {new.shape} after it; a step "
            "must keep the shapes of parameters, slots and layer state"
        )
    return new if new.dtype == old.dtype else new.astype(old.dtype)
