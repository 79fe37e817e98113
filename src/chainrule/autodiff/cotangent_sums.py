"""Sums that derivatives ask for, in the form that costs least to compute.

`joined` adds up the cotangents of one value: those of its slices lie side by side, so they are put
side by side. `summed_over_time` adds up what the steps of a loop contribute to what they share: a
sum of products over the steps is one product of everything the steps have noted down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chainrule.graph.node import Node, constant
from chainrule.ops.numpy_api.products import LETTERS
from chainrule.ops.primitives import elementwise, movement
from chainrule.ops.primitives.broadcasting import broadcast_to, reduce_to
from chainrule.ops.primitives.contraction import contract, split_spec

__all__ = ["Finish", "joined", "summed_over_time"]

Finish = Callable[[dict[int, Node]], Node]
"""From the rows that the steps noted down, by the serial number of the node noted, to the sum."""


def joined(cotangents: Sequence[Node]) -> Node:
    """Return the sum of cotangents; slices of one array are put together without any addition."""
    axis = _cut_axis(cotangents)
    if axis is None:
        total, *rest = cotangents
        for each in rest:
            total = total + each
        return total
    slices = [each for each in cotangents if each.primitive is movement.pad_into]
    others = [each for each in cotangents if each.primitive is not movement.pad_into]
    whole = _side_by_side(slices, axis)
    return joined([*others, whole]) if others else whole


def _cut_axis(cotangents: Sequence[Node]) -> int | None:
    """The axis along which some cotangents are those of slices that do not overlap."""
    slices = [each for each in cotangents if each.primitive is movement.pad_into]
    if len(slices) < 2:
        return None
    shape = slices[0].shape
    whole = [(0, length, 1) for length in shape]
    cut = {
        axis for each in slices for axis, s in enumerate(each.params["slices"]) if s != whole[axis]
    }
    if len(cut) != 1:
        return None
    (axis,) = cut
    end = 0
    for first, count, step in sorted(each.params["slices"][axis] for each in slices):
        if step != 1 or first < end:
            return None
        end = first + count
    return axis


def _side_by_side(slices: Sequence[Node], axis: int) -> Node:
    """Put placed arrays together along an axis, with zeros where there is a gap."""
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


def summed_over_time(term: Node, varies: set[int], noted: dict[int, Node]) -> Finish | None:
    """Find how to sum a value of each step from what the steps note down.

    The law is Σₜ aₜ bₜ = [a₁ a₂ …] [b₁ b₂ …]ᵀ: many small products become a large one, and no step
    waits for a sum that grows.
    """
    if term.primitive is elementwise.add:
        own: dict[int, Node] = {}
        first, second = (summed_over_time(each, varies, own) for each in term.inputs)
        if first is None or second is None:
            return None
        noted |= own
        return lambda rows: first(rows) + second(rows)
    if term.primitive in (movement.transpose, movement.reshape):
        primitive, params = term.primitive, term.params
        inner = summed_over_time(term.inputs[0], varies, noted)
        return None if inner is None else lambda rows: primitive(inner(rows), **params)
    if not all(each.serial in varies for each in term.inputs):
        return None
    if term.primitive is contract:
        noted |= {each.serial: each for each in term.inputs}
        return lambda rows: _contracted(term, rows)
    if term.primitive is not None and term.primitive.name == "reduce_to":
        (source,) = term.inputs
        noted[source.serial] = source
        return lambda rows: reduce_to(rows[source.serial], term.shape)
    return None


def _contracted(term: Node, rows: dict[int, Node]) -> Node:
    left, right, result = split_spec(term.params["spec"])
    time = next(letter for letter in LETTERS if letter not in left + right)
    a, b = (rows[each.serial] for each in term.inputs)
    return contract(a, b, spec=f"{time}{left},{time}{right}->{result}")
