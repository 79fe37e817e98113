"""Accumulation of cotangents, in the form that is cheapest to compute.

`accumulate` adds the contributions to the cotangent of one value; those of disjoint slices of it
are concatenated, not added, and those of slices are added in place to what is updated anyway.
`sum_over_time` moves the sum over the steps of a scan, for a value that all steps share, out of the
loop: Σₜ aₜ bₜᵀ is one contraction of the stacked a and b.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence

import numpy as np

from chainrule.graph.node import Node, constant
from chainrule.ops.numpy_api.products import LETTERS
from chainrule.ops.primitives import elementwise, movement
from chainrule.ops.primitives.array_update import scatter, update_slice
from chainrule.ops.primitives.broadcasting import broadcast_to, reduce_to
from chainrule.ops.primitives.contraction import contract, split_spec
from chainrule.ops.primitives.movement import strided_slice

__all__ = ["DeferredSum", "accumulate", "sum_over_time"]

_UPDATES = (update_slice, scatter)

DeferredSum = Callable[[dict[int, Node]], Node]
"""From the residuals stacked over time, by the serial of the node of one step, to the sum."""


def accumulate(
    cotangents: Sequence[Node], combine: Callable[[Node, Node], Node] = operator.add
) -> Node:
    """Return the sum of contributions; those of disjoint slices are concatenated first."""
    slices = [each for each in cotangents if each.primitive is movement.pad_into]
    others = [each for each in cotangents if each.primitive is not movement.pad_into]
    if slices and any(each.primitive in _UPDATES for each in others):
        add_to_slice = functools.partial(_combine_with_slice, combine)
        return functools.reduce(add_to_slice, slices, accumulate(others, combine))
    axis = _disjoint_axis(cotangents)
    if axis is None:
        return functools.reduce(combine, cotangents)
    whole = _concatenated(slices, axis)
    return accumulate([*others, whole], combine) if others else whole


def _combine_with_slice(combine: Callable[[Node, Node], Node], total: Node, padded: Node) -> Node:
    """Add to a slice of a cotangent that is updated in place, which leaves the rest untouched."""
    (part,), slices = padded.inputs, padded.params["slices"]
    return update_slice(total, combine(strided_slice(total, slices=slices), part), slices=slices)


def _disjoint_axis(cotangents: Sequence[Node]) -> int | None:
    """The axis along which contributions are those of disjoint slices, if there are any."""
    slices = [each for each in cotangents if each.primitive is movement.pad_into]
    if len(slices) < 2:
        return None
    shape = slices[0].shape
    whole = [(0, length, 1) for length in shape]
    axes = {
        axis for each in slices for axis, s in enumerate(each.params["slices"]) if s != whole[axis]
    }
    if len(axes) != 1:
        return None
    (axis,) = axes
    end = 0
    for first, count, step in sorted(each.params["slices"][axis] for each in slices):
        if step != 1 or first < end:
            return None
        end = first + count
    return axis


def _concatenated(slices: Sequence[Node], axis: int) -> Node:
    """Concatenate disjoint slices along an axis, with zeros in the gaps between them."""
    shape, parts, end = slices[0].shape, list[Node](), 0

    def fill(until: int) -> None:
        if until > end:
            gap = (*shape[:axis], until - end, *shape[axis + 1 :])
            parts.append(broadcast_to(constant(np.zeros((), slices[0].dtype)), gap))

    for each in sorted(slices, key=lambda each: each.params["slices"][axis]):
        first, count, _ = each.params["slices"][axis]
        fill(first)
        parts.append(each.inputs[0])
        end = first + count
    fill(shape[axis])
    return movement.concatenate(*parts, axis=axis)


def sum_over_time(term: Node, varying: set[int], residuals: dict[int, Node]) -> DeferredSum | None:
    """Return how to sum `term` over the steps after the loop; None if only the loop can sum it.

    The law is Σₜ aₜ bₜᵀ = [a₁ a₂ …] [b₁ b₂ …]ᵀ: many small products become one large one, without
    an accumulator carried from step to step. The nodes to stack are added to `residuals`.
    """
    if term.primitive is elementwise.add:
        nested: dict[int, Node] = {}
        first, second = (sum_over_time(each, varying, nested) for each in term.inputs)
        if first is None or second is None:
            return None
        residuals |= nested
        return lambda stacks: first(stacks) + second(stacks)
    if term.primitive in (movement.transpose, movement.reshape):
        primitive, params = term.primitive, term.params
        inner = sum_over_time(term.inputs[0], varying, residuals)
        return None if inner is None else lambda stacks: primitive(inner(stacks), **params)
    if not all(each.serial in varying for each in term.inputs):
        return None
    if term.primitive is contract:
        residuals |= {each.serial: each for each in term.inputs}
        return lambda stacks: _contract_over_time(term, stacks)
    if term.primitive is not None and term.primitive.name == "reduce_to":
        (source,) = term.inputs
        residuals[source.serial] = source
        return lambda stacks: reduce_to(stacks[source.serial], term.shape)
    return None


def _contract_over_time(term: Node, stacks: dict[int, Node]) -> Node:
    """Apply the contraction `term` to the stacked operands, summing over time too."""
    left, right, result = split_spec(term.params["spec"])
    time = next(letter for letter in LETTERS if letter not in left + right)
    a, b = (stacks[each.serial] for each in term.inputs)
    return contract(a, b, spec=f"{time}{left},{time}{right}->{result}")
