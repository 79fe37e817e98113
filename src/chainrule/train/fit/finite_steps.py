"""Finite steps: a state that is updated in place counts them, and ends at the last one.

Of a large state there is no copy to go back to. So each step decides before it updates anything::

    new          = update(state)
    is_finite    = is_finite and isfinite(loss) and isfinite(new)
    state        = where(is_finite, new, state)
    finite_steps = finite_steps + is_finite

From the first step on that is not finite, nothing changes until the call ends. The number of steps
is part of the state, so it tells what has been done whatever interrupts the call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.graph.node import Node, ancestors
from chainrule.graph.rewrite import rebuilt
from chainrule.train.fit.row_updates import PlannedUpdate

__all__ = ["IN_PLACE_BYTES", "beginning", "guarded", "is_large", "large_arrays_themselves"]

IN_PLACE_BYTES = 2**20
"""Size from which on an array is updated in place; of smaller ones each call writes a copy."""

_CHECKED_BYTES = 2**20
"""Size of a new array that is not looked at, which would take another pass over it.

The loss, the other parameters of its layer and the loss after it tell.
"""


def is_large(array: Any) -> bool:
    """Whether an array of a state is updated in place."""
    return array.nbytes >= IN_PLACE_BYTES


def large_arrays_themselves() -> Callable[[Any], Any]:
    """Return a function from arrays to themselves if they are large, and else to copies.

    One that native code cannot write, or that shares memory with one before, is copied, too.
    """
    held: list[Any] = []

    def own(array: Any) -> Any:
        is_own = is_large(array) and array.flags.carray
        if not is_own or any(np.may_share_memory(array, each) for each in held):
            return np.array(array, order="C")
        held.append(array)
        return array

    return own


def beginning(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state before the first step of a call."""
    return {**state, "is_finite": np.array(True)} if "finite_steps" in state else {**state}


def guarded(
    state: Mapping[str, Any],
    plans: Mapping[str, PlannedUpdate],
    old: Any,
    new: Any,
    results: list[Any],
) -> tuple[Any, dict[str, Any], list[Any]]:
    """Return the new values, or the old ones if the step is not finite; progress, and results.

    Both are pairs: by name, parameters with their slots; and non-trainable state. The loss of a
    step that only its update shows not to be finite is NaN, as is that of each step after it in the
    call.
    """
    if "is_finite" not in state:
        return new, {name: x for name, x in state.items() if name == "finite_steps"}, results
    loss, *others = results
    is_finite = state["is_finite"] & np.isfinite(loss) & _are_in_range(state["params"], plans)
    leaves, structure = tree.flatten(old)
    changes = zip(leaves, tree.flatten_like(structure, new), strict=True)
    small = (after for before, after in changes if after is not before and not _is_unchecked(after))
    for after in small:
        is_finite = is_finite & ((after * 0).sum() == 0)  # a NaN of any other is one of the sum

    def kept(before: Any, after: Any) -> Any:
        return (
            before if after is before else np.where(is_finite, after.astype(before.dtype), before)
        )

    def update(plan: PlannedUpdate, before: Any, after: Any) -> Any:
        if not _is_unchecked(after[0]):
            return tree.map_leaves(kept, before, after)
        same = {each.serial: each for each in tree.flatten(before)[0]}
        known = same | _computed_later(plan.gradient)
        new_slots = tree.map_leaves(lambda each: _computed_from(each, known), after[1])
        slots = tree.map_leaves(kept, before[1], new_slots)
        pairs = zip(tree.flatten(after[1])[0], tree.flatten(slots)[0], strict=True)
        param = _computed_from(after[0], known | {old.serial: new for old, new in pairs})
        return kept(before[0], param), slots

    updates = {name: update(plan, old[0][name], new[0][name]) for name, plan in plans.items()}
    progress = {
        "finite_steps": state["finite_steps"] + is_finite.astype(np.int64),
        "is_finite": is_finite,
    }
    loss = np.where(is_finite | ~np.isfinite(loss), loss, np.nan)
    others_kept = tree.map_leaves(kept, old[1], new[1])
    return (updates, others_kept), progress, [loss, *others]


def _is_unchecked(array: Any) -> bool:
    return array.size * array.dtype.itemsize >= _CHECKED_BYTES


def _computed_later(gradient: Node) -> dict[int, Node]:
    """Return the large nodes that a gradient comes from, made anew: after what decides on its use.

    So an update may be in the epilogue of the product that the gradient is.
    """
    made: dict[int, Node] = {}
    for node in ancestors([gradient], lambda each: each.shape != gradient.shape):
        if node.primitive is not None:
            inputs = tuple(made.get(each.serial, each) for each in node.inputs)
            made[node.serial] = Node(node.primitive, inputs, node.params, node.type, name=node.name)
            made[node.serial].layer = node.layer
    return {gradient.serial: made.get(gradient.serial, gradient)}


def _computed_from(result: Node, replaced: Mapping[int, Node]) -> Node:
    """Return a value as computed from others in place of some, by serial number.

    A parameter is computed from the slots that are kept, equal to the new ones where it is used: so
    no array of new slots is needed beside those in place.
    """
    known = dict(replaced)
    for node in ancestors([result], lambda each: each.serial in replaced):
        known[node.serial] = rebuilt(node, tuple(known[each.serial] for each in node.inputs))
    return known[result.serial]


def _are_in_range(params: Mapping[str, Any], plans: Mapping[str, PlannedUpdate]) -> Any:
    """Whether all lookups are in range; one that is not raises after the call."""
    are_in_range: Any = np.array(True)
    for name, plan in plans.items():
        rows = len(params[name]) if plan.lookups else 0
        for index in plan.lookups:
            are_in_range = are_in_range & ((index >= -rows) & (index < rows)).all()
    return are_in_range
