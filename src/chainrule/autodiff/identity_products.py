"""Products with an identity: where a seed is first contracted, its identity selects columns.

For ``contract(A, ẋ)`` the tangents along all elements of x are A itself, transposed; where ẋ is a
slice of the seed, its other elements have zero rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.graph.node import Node, ancestors
from chainrule.ops.primitives.contraction import contract, split_spec
from chainrule.ops.primitives.movement import pad_into, strided_slice, transpose

__all__ = ["identity_products"]


def identity_products(results: Sequence[Node], seed: Node, mask: Node) -> list[tuple[Node, Node]]:
    """List contractions of the seed, and their values for all rows of an identity as the seed.

    The other factor depends on neither the seed nor its mask.
    """
    if seed.ndim != 1:
        return []
    slices = {seed.serial: (0, seed.size, 1)}
    found: list[tuple[Node, Node]] = []
    varied = {seed.serial, mask.serial}
    for node in ancestors(results, lambda each: each.serial <= mask.serial):
        if any(each.serial in varied for each in node.inputs):
            varied.add(node.serial)
        if node.primitive is strided_slice and node.inputs[0] is seed:
            slices[node.serial] = node.params["slices"][0]
        elif node.primitive is contract:
            is_seed = [each.serial in slices for each in node.inputs]
            are_fixed = [each.serial not in varied for each in node.inputs]
            value = None
            if is_seed.count(True) == are_fixed.count(True) == 1:
                position = is_seed.index(True)
                part = slices[node.inputs[position].serial]
                value = _product(node, position, part, seed.size)
            if value is not None:
                found.append((node, value))
    return found


def _product(node: Node, position: int, part: tuple[int, int, int], size: int) -> Any:
    """The columns of the other factor, along a new first axis; None where it has no such axis."""
    *letters, result = split_spec(node.params["spec"])
    own, other = letters[position], letters[1 - position]
    if own in result:
        return None
    factor = node.inputs[1 - position]
    columns = transpose(factor, axes=tuple(other.index(each) for each in own + result))
    if part == (0, size, 1):
        return columns
    whole = tuple((0, length, 1) for length in node.shape)
    return pad_into(columns, slices=(part, *whole), shape=(size, *node.shape))
