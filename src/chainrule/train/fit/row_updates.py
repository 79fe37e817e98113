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

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.graph.node import Node, constant
from chainrule.ops.primitives.array_update import scatter
from chainrule.ops.primitives.broadcasting import uninitialized
from chainrule.ops.primitives.gather_scatter import gather, scatter_add
from chainrule.optim.optimizer import Slots

__all__ = ["update_parameter"]

_ROWS_PER_LOOKUP = 4
"""From how many rows of a table a lookup on it pays to update rows."""

Rule = Callable[[Any, Any, Slots], tuple[Any, Slots]]
"""Parameter, gradient and slots to the next parameter and slots."""


@dataclass(frozen=True)
class _Rows:
    """The rows that are looked up, (lookups,), and the gradient of each, (lookups, ...)."""

    index: Any
    gradient: Any


def update_parameter(
    rule: Rule,
    title: str,
    is_exact: bool,
    is_sparse: bool,
    old: Any,
    gradient: Any,
    slots: Slots,
) -> tuple[Any, Slots]:
    """Return a parameter and its slots after one update, of its rows alone if that is to be.

    Parameters
    ----------
    rule : callable
        The update of an array, its gradient and its slots.
    title : str
        Names the parameter in errors.
    is_exact : bool
        Whether the rule keeps what has the gradient zero, so that both updates are the same.
    is_sparse : bool
        Whether rows alone are updated, whatever the rule, see `Embedding`.
    old, gradient : node
        The parameter and its gradient.
    slots : dict of str to node
        The slots of the parameter.

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
    if lookups and (is_sparse or is_cheaper):
        return _updated(rule, old, _rows(gradient, lookups), slots)
    return rule(old, gradient, slots)


def _lookups(gradient: Node) -> list[Node]:
    """Return the scatter-adds of rows whose sum a gradient is; none if it has other terms."""
    if gradient.primitive is scatter_add:
        is_of_rows = len(gradient.inputs) == 2 and gradient.inputs[1].size
        return [gradient] if is_of_rows else []
    if gradient.primitive is None or gradient.primitive.name != "add":
        return []
    terms = [_lookups(each) for each in gradient.inputs if each.shape == gradient.shape]
    return [*chain(*terms)] if len(terms) == 2 and all(terms) else []


def _rows(gradient: Node, lookups: list[Node]) -> _Rows:
    """Return the rows of a gradient, with the sums of the dense one in the same order."""
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

    return _Rows(index, gather(compact(gradient), first))


def _updated(rule: Rule, old: Any, rows: _Rows, slots: Slots) -> tuple[Any, Slots]:
    """Return a parameter and its slots, of which some rows are updated."""
    taken = {
        name: gather(each, rows.index) if each.shape == old.shape else each
        for name, each in slots.items()
    }
    new, new_slots = rule(gather(old, rows.index), rows.gradient, taken)

    def stored(old: Any, new: Any, is_rows: bool) -> Any:
        return scatter(old, new.astype(old.dtype), rows.index) if is_rows else new

    return stored(old, new, True), {
        name: stored(slots[name], each, slots[name].shape == old.shape)
        for name, each in new_slots.items()
    }
