"""Rules of the loop language for one statement: places, kinds of numbers, reductions.

Every rule yields what breaks it: a sentence with ``{}`` for parts of the program, and these parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from chainrule.compiler.loop_ir.expressions import axes_of, loads_of
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Expression,
    IndexValue,
    Literal,
    Load,
    Statement,
)
from chainrule.compiler.verify.index_rules import (
    Fault,
    affine_faults,
    axis_faults,
    place_faults,
    target_faults,
)

__all__ = ["statement_faults"]

_REDUCTIONS = ("sum", "dot", "max", "min", "argmax", "argmin", "prefix_sum", "scatter_add")
_TRUTHS = (
    "less", "less_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_not",
)  # fmt: skip
_WHOLE, _TRUTH = np.dtype("int64"), np.dtype(bool)


def statement_faults(statement: Statement, loop_axes: Collection[Axis]) -> Iterator[Fault]:
    """Find what breaks the rules of statements."""
    own, over = axes_of(statement), statement.over
    scope = {*own, *over, *loop_axes}
    yield from axis_faults((*own, *over))
    yield from target_faults(statement.target)
    yield from place_faults(statement.target, statement.index, scope)
    yield from _expression_faults(statement.value, scope)
    yield from _reduction_faults(statement)
    yield from _overlap_faults(statement, own)
    yield from _own_read_faults(statement)


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
            case Literal(number, dtype):
                if np.asarray(number).dtype != dtype:
                    yield "the number {} is not of type {}", each, dtype
            case IndexValue(index, dtype):
                yield from affine_faults(index, scope)
                if dtype.kind not in "iu":
                    yield "a position is a whole number, not {}", dtype
            case Load(buffer, index):
                yield from place_faults(buffer, index, scope)
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
    if bool(reduction) != bool(statement.over) and reduction != "scatter_add":
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
    if len(places) < len(statement.index) and reduction != "scatter_add":
        yield ("only scatter looks up where it stores",)
    used = {axis for place in places for axis, _ in place.terms}
    for axis in statement.over:
        if reduction == "prefix_sum" and axis not in used:
            yield "running stores along the axes it runs over, and {} is none of the place", axis
        if reduction not in ("prefix_sum", "scatter_add", "") and axis in used:
            yield "axis {} is reduced over, and still in the place", axis


def _overlap_faults(statement: Statement, own: Sequence[Axis]) -> Iterator[Fault]:
    """Two points never write the same place, so they may run in any order."""
    is_run = all(axis.extent for axis in own)
    is_whole = len(statement.index) == len(statement.target.shape)
    if statement.reduction == "scatter_add" or not is_run or not is_whole:
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
    in_order = statement.reduction in ("argmax", "argmin", "prefix_sum", "scatter_add")
    for value in (statement.value, *(i for i in statement.index if not isinstance(i, Affine))):
        for load in loads_of(value):
            is_same = load.buffer is statement.target and load.index == statement.index
            if load.buffer.root is statement.target.root and (in_order or not is_same):
                yield "{} is read at another place than the one that is written", statement.target
