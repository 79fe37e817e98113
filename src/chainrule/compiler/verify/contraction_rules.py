"""Rules of the loop language for one product: places, kinds of numbers, bounds.

Every rule yields what breaks it: a sentence with ``{}`` for parts of the program, and these parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from chainrule.compiler.loop_ir.loops import Affine, Axis, Product
from chainrule.compiler.verify.index_rules import Fault, axis_faults, place_faults, target_faults

__all__ = ["product_faults"]


def product_faults(product: Product, turns: Collection[Axis]) -> Iterator[Fault]:
    """Find what breaks the rules of products.

    Parameters
    ----------
    product : Product
        The product.
    turns : collection of Axis
        The axes of the repeats around it.

    Yields
    ------
    Fault
        One for each broken rule.
    """
    axes, depth = product.axes, product.depth
    yield from axis_faults((*axes, *depth))
    yield from target_faults(product.target)
    operands = (
        (product.left.buffer, product.left.index),
        (product.right.buffer, product.right.index),
    )
    scope = {*axes, *depth, *turns}
    for buffer, index in operands:
        yield from place_faults(buffer, index, scope, product.bounds)
        if not all(isinstance(place, Affine) for place in index):
            yield "a product looks up no positions, as in {}", buffer
    for buffer, _ in (*operands, (product.target, product.index)):
        if buffer.dtype != product.target.dtype or buffer.dtype.kind != "f":
            yield "a product is of floats of one kind, and {} holds {}", buffer, buffer.dtype
    yield from place_faults(product.target, product.index, {*axes, *turns})
    yield from _result_faults(product)
    if product.target.root in (product.left.buffer.root, product.right.buffer.root):
        yield "a product reads {}, which it writes", product.target
    yield from _bound_faults(product)


def _bound_faults(product: Product) -> Iterator[Fault]:
    """A bound is for one axis that is summed over, and depends on one of the result's."""
    entries: list[Axis] = []
    for place in (bound.place for bound in product.bounds):
        rows = [c for axis, c in place.terms if axis in product.axes]
        steps = [(axis, c) for axis, c in place.terms if axis in product.depth]
        if rows != [1] or len(steps) != 1 or len(place.terms) != 2 or steps[0][1] < 1:
            yield "bound {} is not of an axis of the result and an upward one of the sum", place
        entries += [axis for axis, _ in steps]
    if len(set(entries)) < len(entries):
        yield ("an axis that is summed over has two bounds",)


def _result_faults(product: Product) -> Iterator[Fault]:
    """The result of a product has one axis to a place; what is summed over is in an operand."""
    for place in product.index:
        if len(place.terms) > 1:
            yield "index {} of {} has more than one axis", place, product.target
    read = {
        axis
        for place in (*product.left.index, *product.right.index)
        if isinstance(place, Affine)
        for axis, _ in place.terms
    }
    for axis in product.depth:
        if axis not in read:
            yield "axis {} is summed over and stands in no operand of a product", axis
