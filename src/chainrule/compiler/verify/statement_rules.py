"""Rules of the loop language for one statement: indices, dtypes, reductions.

Every rule yields its violations: a sentence with ``{}`` for parts of the program, and these parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from chainrule.compiler.analysis.dependence import are_disjoint
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
    index_faults,
    target_faults,
)

__all__ = ["statement_faults"]

_REDUCTIONS = ("sum", "dot", "max", "min", "argmax", "argmin", "prefix_sum",
               "scatter", "scatter_add")  # fmt: skip
_PREDICATES = (
    "less", "less_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_not",
)  # fmt: skip
_INDEX_DTYPE, _BOOL = np.dtype("int64"), np.dtype(bool)


def statement_faults(statement: Statement, loop_axes: Collection[Axis]) -> Iterator[Fault]:
    """Yield the violations of a statement."""
    own, over = axes_of(statement), statement.over
    scope = {*own, *over, *loop_axes}
    yield from axis_faults((*own, *over))
    yield from target_faults(statement.target)
    yield from index_faults(statement.target, statement.index, scope)
    yield from _expression_faults(statement.value, scope)
    yield from _reduction_faults(statement)
    yield from _overlap_faults(statement, own)
    yield from _own_read_faults(statement)


def _expression_faults(value: Expression, scope: Collection[Axis]) -> Iterator[Fault]:
    """Every operand of an expression has a dtype that the operation takes."""
    seen: set[int] = set()
    pending: list[Expression] = [value]
    while pending:
        each = pending.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        match each:
            case Literal(literal, dtype):
                if np.asarray(literal).dtype != dtype:
                    yield "the literal {} is not {}", each, dtype
            case IndexValue(index, dtype):
                yield from affine_faults(index, scope)
                if dtype.kind not in "iu":
                    yield "an index value is an integer, not {}", dtype
            case Load(buffer, index):
                yield from index_faults(buffer, index, scope)
                pending += [i for i in index if not isinstance(i, Affine)]
            case Apply(_, operands, _):
                yield from _operation_faults(each)
                pending += operands


def _operation_faults(apply: Apply) -> Iterator[Fault]:
    """Operands have one dtype; so has the result, except of predicates and casts."""
    name, dtypes = apply.operation, [each.dtype for each in apply.operands]
    if name == "cast":
        if len(dtypes) != 1:
            yield "a cast takes one operand, not {}", len(dtypes)
        return
    if name == "select":
        dtypes = dtypes[1:]
    if len({*dtypes}) != 1:
        yield "{} takes operands of one dtype, not {}", name, " and ".join(map(str, dtypes))
        return
    expected = _BOOL if name in _PREDICATES else dtypes[0]
    if apply.dtype != expected:
        yield "{} of {} gives {}, not {}", name, dtypes[0], expected, apply.dtype


def _reduction_faults(statement: Statement) -> Iterator[Fault]:
    """Reduced axes do not index the target, except where every partial result is stored."""
    reduction, target, value = statement.reduction, statement.target, statement.value
    if reduction and reduction not in _REDUCTIONS:
        yield "unknown reduction {}", reduction
    if bool(reduction) != bool(statement.over) and not statement.is_scatter:
        yield ("a statement has reduced axes if and only if it has a reduction",)
    is_arg = reduction in ("argmax", "argmin")
    if is_arg and len(statement.over) != 1:
        yield "{} reduces one axis, not {}", reduction, len(statement.over)
    if reduction == "dot" and not (isinstance(value, Apply) and value.operation == "multiply"):
        yield "dot reduces a product, not {}", value
    expected = _INDEX_DTYPE if is_arg else value.dtype
    if target.dtype != expected:
        yield "{} is {} and is assigned {}", target, target.dtype, expected
    affine = [each for each in statement.index if isinstance(each, Affine)]
    if len(affine) < len(statement.index) and not statement.is_scatter:
        yield ("only a scatter stores at an index that is an expression",)
    used = {axis for index in affine for axis, _ in index.terms}
    for axis in statement.over:
        if reduction == "prefix_sum" and axis not in used:
            yield "prefix_sum stores along its axes, and {} does not index the target", axis
        if reduction not in ("prefix_sum", "scatter", "scatter_add", "") and axis in used:
            yield "axis {} is reduced and indexes the target", axis


def _overlap_faults(statement: Statement, own: Sequence[Axis]) -> Iterator[Fault]:
    """No two iterations write the same element, so they may run in any order."""
    is_run = all(axis.extent for axis in own)
    is_whole = len(statement.index) == len(statement.target.shape)
    if statement.is_scatter or not is_run or not is_whole:
        return
    flat, step = Affine(), 1
    pairs = zip(reversed(statement.index), reversed(statement.target.shape), strict=True)
    for index, length in pairs:
        if isinstance(index, Affine):
            flat, step = flat + index.scaled(step), step * length
    extent = 0
    strides = [(abs(flat.coefficient(axis)), axis) for axis in own]
    for stride, axis in sorted(strides, key=lambda each: each[0]):
        if axis.extent > 1 and stride <= extent:
            yield "two iterations of axis {} write the same element", axis
        extent += stride * (axis.extent - 1)


def _own_read_faults(statement: Statement) -> Iterator[Fault]:
    """A target is read where it is written, or apart from that; not at all if the order counts."""
    for value in (statement.value, *(i for i in statement.index if not isinstance(i, Affine))):
        for load in loads_of(value):
            is_same = load.buffer is statement.target and (
                load.index == statement.index or are_disjoint(load.index, statement.index)
            )
            if load.buffer.root is statement.target.root and (statement.is_ordered or not is_same):
                yield "{} is read at another index than the one that is written", statement.target
