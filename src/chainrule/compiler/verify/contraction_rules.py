"""Rules of the loop language for one contraction: places, kinds of numbers, bounds.

Every rule yields what breaks it: a sentence with ``{}`` for parts of the program, and these parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from chainrule.compiler.loop_ir.loops import Affine, Axis, Contraction
from chainrule.compiler.verify.index_rules import Fault, axis_faults, place_faults, target_faults

__all__ = ["contraction_faults"]


def contraction_faults(contraction: Contraction, loop_axes: Collection[Axis]) -> Iterator[Fault]:
    """Find what breaks the rules of contractions."""
    axes, depth = contraction.axes, contraction.depth
    yield from axis_faults((*axes, *depth))
    yield from target_faults(contraction.target)
    operands = (
        (contraction.left.buffer, contraction.left.index),
        (contraction.right.buffer, contraction.right.index),
    )
    scope = {*axes, *depth, *loop_axes}
    for buffer, index in operands:
        yield from place_faults(buffer, index, scope, contraction.bounds)
        if not all(isinstance(place, Affine) for place in index):
            yield "a contraction looks up no positions, as in {}", buffer
    for buffer, _ in (*operands, (contraction.target, contraction.index)):
        if buffer.dtype != contraction.target.dtype or buffer.dtype.kind != "f":
            yield "a contraction is of floats of one kind, and {} holds {}", buffer, buffer.dtype
    yield from place_faults(contraction.target, contraction.index, {*axes, *loop_axes})
    yield from _result_faults(contraction)
    if contraction.target.root in (contraction.left.buffer.root, contraction.right.buffer.root):
        yield "a contraction reads {}, which it writes", contraction.target
    yield from _bound_faults(contraction)


def _bound_faults(contraction: Contraction) -> Iterator[Fault]:
    """A bound is for one axis that is summed over, and depends on one of the result's."""
    entries: list[Axis] = []
    for place in (bound.index for bound in contraction.bounds):
        rows = [c for axis, c in place.terms if axis in contraction.axes]
        steps = [(axis, c) for axis, c in place.terms if axis in contraction.depth]
        if rows != [1] or len(steps) != 1 or len(place.terms) != 2 or steps[0][1] < 1:
            yield "bound {} is not of an axis of the result and an upward one of the sum", place
        entries += [axis for axis, _ in steps]
    if len(set(entries)) < len(entries):
        yield ("an axis that is summed over has two bounds",)


def _result_faults(contraction: Contraction) -> Iterator[Fault]:
    """The result of a contraction has one axis to a place; what is summed over is in an operand."""
    for place in contraction.index:
        if len(place.terms) > 1:
            yield "index {} of {} has more than one axis", place, contraction.target
    read = {
        axis
        for place in (*contraction.left.index, *contraction.right.index)
        if isinstance(place, Affine)
        for axis, _ in place.terms
    }
    for axis in contraction.depth:
        if axis not in read:
            yield "axis {} is summed over and stands in no operand of a product", axis
