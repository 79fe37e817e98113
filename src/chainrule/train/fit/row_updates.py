"""Row updates: of a table that a batch reads by rows, an optimiser updates these rows alone.

The gradient of a lookup ``W[x]`` is a scatter-add into zeros. Where each of its terms is one, the
rows that no lookup reads have the gradient zero, and the update of the others is::

    slot[x] = 0 … n - 1                  the last lookup of a row stands for all of that row
    first   = slot[x]
    g       = scatter_add(∂L/∂W[x], first)[first]
    W[x]    = update(W[x], g)            and so the optimiser's slots

Its cost is that of the n lookups, not of the rows of W. What ``slot`` holds elsewhere is not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, constant
from chainrule.ops.primitives.array_update import scatter
from chainrule.ops.primitives.broadcasting import uninitialized
from chainrule.ops.primitives.gather_scatter import gather, scatter_add
from chainrule.optim.optimizer import Slots

__all__ = ["PlannedUpdate", "planned_update", "updated_by_rows"]

_ROWS_PER_LOOKUP = 4
"""From how many rows of a table a lookup on it pays to update rows."""


@dataclass(frozen=True)
class PlannedUpdate:
    """The update of a parameter: of all of it, or of the rows that are looked up.

    Of rows, `index` has their numbers, (lookups,), and `gradient` is that of each, (lookups, ...).
    `lookups` are the indices of all lookups that the gradient comes from, whichever is updated.
    """

    gradient: Any
    index: Any = None
    lookups: tuple[Any, ...] = ()

    def taken(self, old: Any, slots: Slots) -> tuple[Any, Slots]:
        """Return what the rule updates, of a parameter and its slots."""
        if self.index is None:
            return old, slots
        rows = {
            name: gather(each, self.index) if each.shape == old.shape else each
            for name, each in slots.items()
        }
        return gather(old, self.index), rows

    def stored(self, old: Any, slots: Slots, new: Any, new_slots: Slots) -> tuple[Any, Slots]:
        """Return the parameter and its slots with what the rule has returned for `taken`."""
        if self.index is None:
            return new, new_slots

        def with_rows(whole: Any, rows: Any) -> Any:
            return scatter(whole, rows.astype(whole.dtype), self.index)

        return with_rows(old, new), {
            name: with_rows(slots[name], each) if slots[name].shape == old.shape else each
            for name, each in new_slots.items()
        }


def planned_update(
    title: str, is_exact: bool, is_sparse: bool, old: Any, gradient: Any
) -> PlannedUpdate:
    """Return the update of a parameter, of its rows alone if that is to be.

    Parameters
    ----------
    title : str
        Names the parameter in errors.
    is_exact : bool
        Whether the rule keeps what has the gradient zero, so that both updates are the same.
    is_sparse : bool
        Whether rows alone are updated, whatever the rule, see `Embedding`.
    old, gradient : node
        The parameter and its gradient.

    Raises
    ------
    ArgumentError
        If the parameter is sparse, but its gradient is not one of rows.
    """
    lookups = _lookups(gradient)
    if is_sparse and not lookups:
        raise ArgumentError(
            f"{title} is of a layer with sparse=True, so only the rows that a batch looks up are "
            "updated, but the gradient has other elements too: the weights are penalised, clipped, "
            "or used in another way; leave sparse out"
        )
    length = sum(each.inputs[1].size for each in lookups)
    is_cheaper = is_exact and _ROWS_PER_LOOKUP * length <= len(old)
    is_by_rows = lookups and (is_sparse or is_cheaper)
    if is_by_rows:
        return _rows(gradient, lookups)
    return PlannedUpdate(gradient, lookups=tuple(each.inputs[1] for each in lookups))


def updated_by_rows(steps: Graph, count: int) -> frozenset[int]:
    """Return which of the first results of a loop of steps it updates by rows."""
    numbers: list[int] = []
    for number, result in enumerate(steps.outputs[:count]):
        loop = result.inputs[0] if result.inputs else result
        body, index = loop.params.get("body"), result.params.get("index")
        if isinstance(body, Graph) and index is not None and _is_of_rows(body.outputs[index]):
            numbers.append(number)
    return frozenset(numbers)


def _is_of_rows(new: Node) -> bool:
    """Whether an array is an old one with other rows, in either branch where it is from a cond."""
    if new.primitive is scatter or not new.inputs:
        return new.primitive is scatter
    params, index = new.inputs[0].params, new.params.get("index")
    branches = [params[name] for name in ("if_true", "if_false") if name in params]
    is_result = index is not None and bool(branches)
    return is_result and all(_is_of_rows(each.outputs[index]) for each in branches)


def _lookups(gradient: Node) -> list[Node]:
    """Return the scatter-adds of rows whose sum a gradient is; none if it has other terms."""
    if gradient.primitive is scatter_add:
        is_of_rows = len(gradient.inputs) == 2 and gradient.inputs[1].size
        return [gradient] if is_of_rows else []
    if gradient.primitive is None or gradient.primitive.name != "add":
        return []
    terms = [_lookups(each) for each in gradient.inputs if each.shape == gradient.shape]
    return [*chain(*terms)] if len(terms) == 2 and all(terms) else []


def _rows(gradient: Node, lookups: list[Node]) -> PlannedUpdate:
    """Return the update by rows of a gradient, with the sums of all of it in the same order."""
    parts = [each.inputs[1].astype(np.int64).reshape(-1) for each in lookups]
    index = parts[0] if len(parts) == 1 else np.concatenate(parts)
    (length,) = index.shape
    unset = uninitialized(np.dtype(np.int64), gradient.shape[:1])
    slot = scatter(unset, constant(np.arange(length)), index)
    first = gather(slot, index)
    ends = np.cumsum([len(each) for each in parts])
    remaining = [first[end - len(each) : end] for end, each in zip(ends, parts, strict=True)]
    shape = length, *gradient.shape[1:]

    def compact(node: Node) -> Node:
        if node.primitive is not scatter_add:
            one, other = node.inputs
            return compact(one) + compact(other)
        numbers = remaining.pop(0)
        updates = node.inputs[0].reshape(len(numbers), *shape[1:])
        return scatter_add(updates, numbers, shape=shape)

    return PlannedUpdate(gather(compact(gradient), first), index, (index,))
