"""The train step as one function of arrays, traced and compiled for each shape of batch.

::

    state, batch, step_input -> state', results

    state       {"params": ..., "slots": ..., "missed": ..., "non_trainable": ...}, each by name of
                parameter; "missed" has the steps in which one that is trained was frozen;
                "finite_steps", a number, if the state is updated in place, see `finite_steps`
    batch       {"X": ..., "y": ..., "weight": ...}
    step_input  {"rate": ..., "count": ..., "epoch": ..., "step": ...}
    results     [loss, penalty, mean metrics ..., outputs if a metric gathers them]

The function is plain NumPy. The program compiled from its graph maps one flat list of arrays to
another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import tree
from chainrule.autodiff.control_flow.scan import scan
from chainrule.autodiff.derivative import value_and_grad
from chainrule.compiler.driver import ArrayFunction
from chainrule.errors import ShapeError
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.kept_trace import KeptTrace, trace_kept
from chainrule.nn.random_stream import RandomStream
from chainrule.optim.clipping import clip
from chainrule.optim.minimizer import Minimizer
from chainrule.optim.optimizer import Optimizer
from chainrule.train.fit.finite_steps import beginning, guarded, large_arrays_themselves
from chainrule.train.fit.penalized_loss import penalized_loss
from chainrule.train.fit.row_updates import planned_update
from chainrule.train.fit.shared_steps import shared_function, shared_program
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.objective import Objective

if TYPE_CHECKING:
    from chainrule.compiler.shared_programs import SharedProgram

__all__ = ["compile_step", "compile_steps", "initial_state"]


def initial_state(
    stack: LayerStack,
    optimizer: Optimizer,
    slots: dict[str, Any],
    missed: Mapping[str, int],
    in_place: bool = False,
) -> dict[str, Any]:
    """Return parameters, optimiser slots and non-trainable state: all that training changes.

    They are copies; with `in_place` large arrays are those of the network themselves.
    """
    own = large_arrays_themselves() if in_place else _copied

    def arrays(trainable: bool) -> dict[str, Any]:
        return {n: own(each.array) for n, each in stack.parameters(trainable=trainable).items()}

    params = arrays(True)
    return {
        "params": params,
        "slots": _initial_slots(optimizer, params, slots, own),
        "missed": {name: np.array(count, stack.dtype) for name, count in missed.items()},
        **({"finite_steps": np.zeros((), np.int64)} if in_place else {}),
        "non_trainable": arrays(False),
    }


def _copied(array: Any) -> Any:
    return np.array(array, order="C")


def _initial_slots(
    optimizer: Optimizer,
    params: dict[str, Any],
    slots: dict[str, Any],
    own: Callable[[Any], Any],
) -> dict[str, Any]:
    if isinstance(optimizer, Minimizer):
        from chainrule.train.fit.minimizers.iteration import minimizer_slots

        return tree.map_leaves(np.array, minimizer_slots(optimizer, params, slots))
    return {
        name: tree.map_leaves(own, slots[name]) if name in slots else optimizer.slots(each)
        for name, each in params.items()
    }


def compile_step(
    stack: LayerStack,
    objective: Objective,
    state: dict[str, Any],
    batch: dict[str, ArrayType | None],
    natively: bool = False,
    key: tuple[Any, ...] = (),
) -> tuple[ArrayFunction, Any]:
    """Compile one step for one shape of batch, such as the partial batch that ends an epoch."""
    step_input = _step_input_types(stack, ())
    types = tree.map_leaves(type_of, state)

    def trace() -> KeptTrace:
        return _trace(_step(stack, objective), (types, batch, step_input), stack, objective)

    whole = *key, _leaf_types(types), *batch.values()
    return shared_function(stack, objective, whole, trace, natively)


def compile_steps(
    stack: LayerStack,
    objective: Objective,
    state: dict[str, Any],
    samples: dict[str, ArrayType | None],
    size: int | None,
    capacity: int,
) -> tuple[SharedProgram | None, Any]:
    """Compile up to `capacity` steps as one loop that gathers its batches from the samples."""
    step = _step(stack, objective)

    def steps(state: dict[str, Any], samples: dict[str, Any], step_inputs: dict[str, Any]) -> Any:
        def train_step(state: Any, step_input: dict[str, Any]) -> Any:
            if size is None:
                return step(state, samples, step_input)
            if len(samples["X"]) % size:
                from chainrule.train.fit.partial_batch import step_of_epoch

                return step_of_epoch(step, state, samples, step_input)
            rows = step_input["rows"]
            batch = {name: None if all is None else all[rows] for name, all in samples.items()}
            return step(state, batch, step_input)

        first = beginning(state)
        last, columns = scan(train_step, first, step_inputs)
        return {name: last[name] for name in state}, columns

    rows = {} if size is None else {"rows": ArrayType(np.dtype("int64"), (capacity, size))}
    step_inputs = rows | _step_input_types(stack, (capacity,))
    types = tree.map_leaves(type_of, state)

    def trace() -> KeptTrace:
        return _trace(steps, (types, samples, step_inputs), stack, objective)

    key = size, capacity, _leaf_types(types), *samples.values()
    return shared_program(stack, objective, key, trace, len(tree.flatten(types)[0]))


def _leaf_types(types: Any) -> tuple[Any, ...]:
    return *tree.paths(types), *tree.flatten(types)[0]


def _trace(
    function: Callable[..., Any], args: tuple[Any, ...], stack: LayerStack, objective: Objective
) -> KeptTrace:
    roots = [*stack.layers, *objective.roots]
    return trace_kept("fit", function, args, roots=roots, arguments=stack.bound)


def _step_input_types(stack: LayerStack, shape: tuple[int, ...]) -> dict[str, ArrayType]:
    counter, real = ArrayType(np.dtype("int64"), shape), ArrayType(stack.dtype, shape)
    return {"rate": real, "count": real, "epoch": counter, "step": counter}


def _step(stack: LayerStack, objective: Objective) -> Callable[..., Any]:
    """Return the train step, or the iteration of a full-batch method, in plain NumPy."""
    if isinstance(objective.optimizer, Minimizer):
        from chainrule.train.fit.minimizers.iteration import iteration

        return _keeping_types(iteration(stack, objective))

    trained = stack.parameters(trainable=True)

    def step(state: dict[str, Any], batch: dict[str, Any], step_input: dict[str, Any]) -> Any:
        random = RandomStream(stack.seed, step_input["epoch"], step_input["step"])

        loss_of = penalized_loss(stack, objective, state["non_trainable"], batch, random)
        derivative = value_and_grad(loss_of, has_aux=True)
        (_, (results, non_trainable)), gradients = derivative(state["params"])
        gradients = clip(gradients, objective.optimizer)
        rate, count, slots = step_input["rate"], step_input["count"], state["slots"]
        counts = {name: count - each for name, each in state["missed"].items()}
        is_exact = objective.optimizer.keeps_at_zero_gradient
        plans = {
            name: planned_update(
                f"fit: {name}", is_exact, trained[name].sparse, param, gradients[name]
            )
            for name, param in state["params"].items()
        }
        before = {n: plans[n].taken(param, slots[n]) for n, param in state["params"].items()}

        def updated(name: str, param: Any, slots: Any) -> Any:
            own, gradient = counts.get(name, count), plans[name].gradient
            return objective.optimizer.update_parameter(param, gradient, slots, rate, own)

        after = {name: updated(name, *each) for name, each in before.items()}
        old = before, state["non_trainable"]
        (after, non_trainable), progress, results = guarded(
            state, plans, old, (after, non_trainable), results
        )
        updates = {
            name: plans[name].stored(param, slots[name], *after[name])
            for name, param in state["params"].items()
        }
        new = {
            "params": {name: param for name, (param, _) in updates.items()},
            "slots": {name: slots for name, (_, slots) in updates.items()},
            "missed": state["missed"],
            "non_trainable": non_trainable,
            **progress,
        }
        return new, results

    return _keeping_types(step)


def _keeping_types(step: Callable[..., Any]) -> Callable[..., Any]:
    """Let a step return a state of the structure and dtypes of the old one: a carry of a scan."""

    def keeping(state: dict[str, Any], batch: dict[str, Any], step_input: dict[str, Any]) -> Any:
        new, results = step(state, batch, step_input)
        return _like(state, new), results

    return keeping


def _like(state: Any, new: Any) -> Any:
    """Convert the new state to structure and dtypes of the old one."""
    leaves, structure = tree.flatten(state)
    new_leaves = tree.flatten_like(structure, new, "the new state")
    named = zip(leaves, new_leaves, tree.paths(state), strict=True)
    return tree.unflatten(structure, [_leaf_like(old, leaf, name) for old, leaf, name in named])


def _leaf_like(old: Any, new: Any, name: str) -> Any:
    new = new if hasattr(new, "shape") else np.asarray(new)
    if new.shape != old.shape:
        raise ShapeError(
            f"fit: {name} had shape {old.shape} before a step and has {new.shape} after it; a step "
            "must keep the shapes of parameters, slots and layer state"
        )
    return new if new.dtype == old.dtype else new.astype(old.dtype)
