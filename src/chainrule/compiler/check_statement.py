"""Rules of the loop language for one statement or product: places, kinds of numbers, reductions.

Every rule yields what breaks it: a sentence with ``{}`` for parts of the program, and these parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    Expression,
    Load,
    Number,
    Position,
    Product,
    Statement,
)
from chainrule.compiler.query import axes_of, loads_of

__all__ = ["Fault", "product_faults", "statement_faults"]

Fault = tuple[Any, ...]
"""A sentence, then the parts of the program that fill its ``{}``."""

Index = Sequence[Affine | Expression]

_REDUCTIONS = ("sum", "dot", "max", "min", "argmax", "argmin", "running", "scatter")
_KINDS = ("input", "output", "constant", "arena", "local", "alias")
_TRUTHS = (
    "less", "less_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_not",
)  # fmt: skip
_WHOLE, _TRUTH = np.dtype("int64"), np.dtype(bool)


def statement_faults(statement: Statement, turns: Collection[Axis]) -> Iterator[Fault]:
    """Find what breaks the rules of statements.

    Parameters
    ----------
    statement : Statement
        The statement.
    turns : collection of Axis
        The axes of the repeats around it.

    Yields
    ------
    Fault
        One for each broken rule.
    """
    own, over = axes_of(statement), statement.over
    scope = {*own, *over, *turns}
    yield from _axis_faults((*own, *over))
    yield from _target_faults(statement.target)
    yield from _place_faults(statement.target, statement.index, scope)
    yield from _expression_faults(statement.value, scope)
    yield from _reduction_faults(statement)
    yield from _overlap_faults(statement, own)
    yield from _own_read_faults(statement)


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
    yield from _axis_faults((*axes, *depth))
    yield from _target_faults(product.target)
    operands = (
        (product.left.buffer, product.left.index),
        (product.right.buffer, product.right.index),
    )
    scope = {*axes, *depth, *turns}
    for buffer, index in operands:
        yield from _place_faults(buffer, index, scope)
        if not all(isinstance(place, Affine) for place in index):
            yield "a product looks up no positions, as in {}", buffer
    for buffer, _ in (*operands, (product.target, product.index)):
        if buffer.dtype != product.target.dtype or buffer.dtype.kind != "f":
            yield "a product is of floats of one kind, and {} holds {}", buffer, buffer.dtype
    yield from _place_faults(product.target, product.index, {*axes, *turns})
    yield from _result_faults(product)
    if product.target.root in (product.left.buffer.root, product.right.buffer.root):
        yield "a product reads {}, which it writes", product.target


def _axis_faults(axes: Sequence[Axis]) -> Iterator[Fault]:
    """Axes are distinct, have a length, and are not the turns of a repeat."""
    for number, axis in enumerate(axes):
        if axis in axes[:number]:
            yield "axis {} is run over twice", axis
        if axis.is_turn:
            yield "axis {} counts the turns of a repeat; nothing else runs over it", axis
        if axis.extent < 0:
            yield "axis {} has length {}", axis, axis.extent


def _target_faults(target: Buffer) -> Iterator[Fault]:
    if target.root.kind not in ("arena", "local", "output"):
        yield "{} is {} memory, to which programs do not write", target, target.root.kind


def _buffer_faults(buffer: Buffer) -> Iterator[Fault]:
    """Aliases show all bytes of one buffer, and constants alone have a value."""
    base, value = buffer.base, buffer.value
    if buffer.kind not in _KINDS:
        yield "{} is of kind {}, which the grammar does not have", buffer, buffer.kind
    if (buffer.kind == "alias") != (base is not None):
        yield "{} is of kind {}: an alias, and only that, shows a buffer", buffer, buffer.kind
    elif base is not None:
        if base.base is not None:
            yield "{} is an alias of an alias", buffer
        if (base.size, base.dtype) != (buffer.size, buffer.dtype):
            yield (
                "{} is an alias of {}, which has {} numbers of type {} and not {} of type {}",
                *(buffer, base, base.size, base.dtype, buffer.size, buffer.dtype),
            )
    if (buffer.kind == "constant") != (value is not None):
        yield "{} is of kind {}: a constant, and only that, has a value", buffer, buffer.kind
    elif value is not None and (value.shape, value.dtype) != (buffer.shape, buffer.dtype):
        yield "{} and its value differ in shape or kind of number", buffer


def _place_faults(buffer: Buffer, index: Index, scope: Collection[Axis]) -> Iterator[Fault]:
    """Indices are as many as the buffer has axes, of axes that are defined, and within bounds."""
    yield from _buffer_faults(buffer)
    if len(index) != len(buffer.shape):
        yield "{} has {} axes and {} indices", buffer, len(buffer.shape), len(index)
        return
    is_run = all(axis.extent for axis in scope)
    for place, length in zip(index, buffer.shape, strict=True):
        if not isinstance(place, Affine):
            if place.dtype != _WHOLE:
                yield "a position in {} is {}, not int64", buffer, place.dtype
            continue
        yield from _affine_faults(place, scope)
        least, most = _range_of(place)
        if is_run and not 0 <= least <= most < length:
            yield (
                "index {} runs from {} to {}, outside of an axis of {} with {} entries",
                *(place, least, most, buffer, length),
            )


def _affine_faults(index: Affine, scope: Collection[Axis]) -> Iterator[Fault]:
    for axis, _ in index.terms:
        if axis not in scope:
            yield "axis {} is not defined here", axis
    serials = [axis.serial for axis, _ in index.terms]
    if serials != sorted(set(serials)) or not all(c for _, c in index.terms):
        yield "the terms of index {} are not in the order of their axes, each once", index


def _range_of(index: Affine) -> tuple[int, int]:
    ends = [(0, c * (axis.extent - 1)) for axis, c in index.terms]
    return index.constant + sum(map(min, ends)), index.constant + sum(map(max, ends))


def _expression_faults(value: Expression, scope: Collection[Axis]) -> Iterator[Fault]:
    """Every part of an expression is of a kind of number that its operation takes."""
    seen: set[int] = set()
    pending: list[Expression] = [value]
    while pending:
        each = pending.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        match each:
            case Number(number, dtype):
                if np.asarray(number).dtype != dtype:
                    yield "the number {} is not of type {}", each, dtype
            case Position(index, dtype):
                yield from _affine_faults(index, scope)
                if dtype.kind not in "iu":
                    yield "a position is a whole number, not {}", dtype
            case Load(buffer, index):
                yield from _place_faults(buffer, index, scope)
                pending += [i for i in index if not isinstance(i, Affine)]
            case Apply(_, operands, _):
                yield from _operation_faults(each)
                pending += operands


def _operation_faults(apply: Apply) -> Iterator[Fault]:
    """Operands are of one kind; so is the result, unless it is a truth or converted."""
    name, kinds = apply.operation, [each.dtype for each in apply.operands]
    if name == "cast":
        if len(kinds) != 1:
            yield "a cast takes one operand, not {}", len(kinds)
        return
    if name == "select":
        kinds = kinds[1:]
    if len({*kinds}) != 1:
        yield "{} takes operands of one kind, not {}", name, " and ".join(map(str, kinds))
        return
    wanted = _TRUTH if name in _TRUTHS else kinds[0]
    if apply.dtype != wanted:
        yield "{} of {} gives {}, not {}", name, kinds[0], wanted, apply.dtype


def _reduction_faults(statement: Statement) -> Iterator[Fault]:
    """What is reduced over is gone from the place, except where every step leaves something."""
    reduction, target, value = statement.reduction, statement.target, statement.value
    if reduction and reduction not in _REDUCTIONS:
        yield "there is no reduction called {}", reduction
    if bool(reduction) != bool(statement.over) and reduction != "scatter":
        yield ("a statement reduces over axes exactly if it names a reduction",)
    is_position = reduction in ("argmax", "argmin")
    if is_position and len(statement.over) != 1:
        yield "{} runs over one axis, not {}", reduction, len(statement.over)
    if reduction == "dot" and not (isinstance(value, Apply) and value.operation == "multiply"):
        yield "dot sums products, and {} is none", value
    wanted = _WHOLE if is_position else value.dtype
    if target.dtype != wanted:
        yield "{} holds {} and is given {}", target, target.dtype, wanted
    places = [each for each in statement.index if isinstance(each, Affine)]
    if len(places) < len(statement.index) and reduction != "scatter":
        yield ("only scatter looks up where it stores",)
    used = {axis for place in places for axis, _ in place.terms}
    for axis in statement.over:
        if reduction == "running" and axis not in used:
            yield "running stores along the axes it runs over, and {} is none of the place", axis
        if reduction not in ("running", "scatter", "") and axis in used:
            yield "axis {} is reduced over, and still in the place", axis


def _overlap_faults(statement: Statement, own: Sequence[Axis]) -> Iterator[Fault]:
    """Two points never write the same place, so they may run in any order."""
    is_run = all(axis.extent for axis in own)
    is_whole = len(statement.index) == len(statement.target.shape)
    if statement.reduction == "scatter" or not is_run or not is_whole:
        return
    flat, step = Affine(), 1
    pairs = zip(reversed(statement.index), reversed(statement.target.shape), strict=True)
    for place, length in pairs:
        if isinstance(place, Affine):
            flat, step = flat + place.scaled(step), step * length
    reach = 0
    steps = [(abs(flat.coefficient(axis)), axis) for axis in own]
    for distance, axis in sorted(steps, key=lambda each: each[0]):
        if axis.extent > 1 and distance <= reach:
            yield "two points along axis {} write the same place", axis
        reach += distance * (axis.extent - 1)


def _own_read_faults(statement: Statement) -> Iterator[Fault]:
    """What is written is read at the very place only; not at all where the order counts."""
    in_order = statement.reduction in ("argmax", "argmin", "running", "scatter")
    for value in (statement.value, *(i for i in statement.index if not isinstance(i, Affine))):
        for load in loads_of(value):
            is_same = load.buffer is statement.target and load.index == statement.index
            if load.buffer.root is statement.target.root and (in_order or not is_same):
                yield "{} is read at another place than the one that is written", statement.target


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
