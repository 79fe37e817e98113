"""Rules of the loop language for one contraction: indices, dtypes, bounds.

Every rule yields its violations: a sentence with ``{}`` for parts of the program, and these parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from chainrule.compiler.loop_ir.loops import Affine, Axis, Contraction
from chainrule.compiler.verify.index_rules import Fault, axis_faults, index_faults, target_faults

__all__ = ["contraction_faults"]


def contraction_faults(contraction: Contraction, loop_axes: Collection[Axis]) -> Iterator[Fault]:
    """Yield the violations of a contraction."""
    axes, depth = contraction.axes, contraction.depth
    yield from axis_faults((*axes, *depth))
    yield from target_faults(contraction.target)
    operands = (
        (contraction.left.buffer, contraction.left.index),
        (contraction.right.buffer, contraction.right.index),
    )
    scope = {*axes, *depth, *loop_axes}
    for buffer, index in operands:
        yield from index_faults(buffer, index, scope, contraction.bounds)
        if not all(isinstance(i, Affine) for i in index):
            yield "a contraction gathers from {}", buffer
    for buffer, _ in (*operands, (contraction.target, contraction.index)):
        if buffer.dtype != contraction.target.dtype or buffer.dtype.kind != "f":
            yield "a contraction has one floating dtype, and {} has {}", buffer, buffer.dtype
    yield from index_faults(contraction.target, contraction.index, {*axes, *loop_axes})
    yield from _result_faults(contraction)
    if contraction.target.root in (contraction.left.buffer.root, contraction.right.buffer.root):
        yield "a contraction reads its target {}", contraction.target
    yield from _bound_faults(contraction)


def _bound_faults(contraction: Contraction) -> Iterator[Fault]:
    """A bound limits one depth axis, by its sum with one axis of the result."""
    bounded: list[Axis] = []
    for index in (bound.index for bound in contraction.bounds):
        rows = [c for axis, c in index.terms if axis in contraction.axes]
        depth = [(axis, c) for axis, c in index.terms if axis in contraction.depth]
        if rows != [1] or len(depth) != 1 or len(index.terms) != 2 or depth[0][1] < 1:
            yield "bound {} is not an axis of the result plus a positive multiple of depth", index
        bounded += [axis for axis, _ in depth]
    if len(set(bounded)) < len(bounded):
        yield ("a depth axis has two bounds",)


def _result_faults(contraction: Contraction) -> Iterator[Fault]:
    """Each index of the result has one axis at most; each depth axis occurs in an operand."""
    for index in contraction.index:
        if len(index.terms) > 1:
            yield "index {} of {} has more than one axis", index, contraction.target
    read = {
        axis
        for index in (*contraction.left.index, *contraction.right.index)
        if isinstance(index, Affine)
        for axis, _ in index.terms
    }
    for axis in contraction.depth:
        if axis not in read:
            yield "depth axis {} occurs in no operand", axis
