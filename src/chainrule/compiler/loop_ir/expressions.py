"""Queries of the loop IR: loads, axes and nests; the cost model of expressions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    Call,
    Expression,
    IndexValue,
    Load,
    Loop,
    Nest,
    Statement,
    Step,
)

__all__ = [
    "CHEAP",
    "FUNCTIONS",
    "FUNCTION_COST",
    "InnerLoops",
    "axes_in",
    "axes_of",
    "cost",
    "gathered_axis",
    "has_condition",
    "inner_loops",
    "kernel_output",
    "leaves_of",
    "loads_of",
    "loops_of",
    "nests_of",
]  # fmt: skip

CHEAP = 2
"""The most an expression costs that is recomputed rather than stored: a gather."""
FUNCTIONS = (
    "exp", "log", "expm1", "log1p", "tanh", "sin", "cos", "arctan2", "logaddexp", "sigmoid", "erf",
)  # fmt: skip
"""Functions computed by polynomials, of some twenty instructions."""
FUNCTION_COST = 20
_COSTS = dict.fromkeys(FUNCTIONS, FUNCTION_COST) | {
    "divide": 4, "sqrt": 4, "floor_divide": 8, "remainder": 8, "power": 40,
}  # fmt: skip

MAX_SELECTED = 16
"""A gather from at most this many elements, all in registers, is a chain of selects."""
MAX_UNROLLED = 8
"""Trip count up to which a statement's inner loops are unrolled inside the loops of a nest."""
MAX_UNROLLED_ALONE = 64
"""The same where the nest has no loops."""


def loads_of(value: Expression) -> Iterator[Load]:
    """Yield every load of an expression once, those in gathered indices included."""
    seen: set[int] = set()
    pending = [value]
    while pending:
        each = pending.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, Load):
            yield each
            pending.extend(i for i in each.index if not isinstance(i, Affine))
        elif isinstance(each, Apply):
            pending.extend(each.operands)


def gathered_axis(load: Load) -> int | None:
    """Return the only axis along which a load gathers, if it is short; None for other loads."""
    gathered = [i for i, each in enumerate(load.index) if not isinstance(each, Affine)]
    if len(gathered) != 1 or load.buffer.shape[gathered[0]] > MAX_SELECTED:
        return None
    return gathered[0]


class InnerLoops(NamedTuple):
    """The loops of a statement inside its nest: over axes of its target, then reduced axes."""

    axes: list[Axis]
    over: list[Axis]
    is_unrolled: bool  # the loops over `axes`
    is_over_unrolled: bool  # those over `over`


def inner_loops(statement: Statement, nest: Nest) -> InnerLoops:
    """Return the loops over a statement's axes that are not the nest's; short ones are unrolled."""
    axes = [axis for axis in axes_of(statement) if axis not in nest.axes]
    over = [axis for axis in statement.over if axis not in nest.axes]
    limit = MAX_UNROLLED if nest.axes else MAX_UNROLLED_ALONE
    trips = math.prod(axis.extent for axis in axes)
    all_trips = trips * math.prod(axis.extent for axis in over)
    is_special = statement.is_scatter or statement.reduction == "prefix_sum"
    is_vectorized = nest.vector_axis is not None and nest.vector_axis in over
    return InnerLoops(
        axes,
        over,
        is_unrolled=trips <= limit and not is_special,
        is_over_unrolled=all_trips <= 2 * limit and not is_special and not is_vectorized,
    )


def axes_of(statement: Statement) -> list[Axis]:
    """List the axes that a statement's target is indexed by, without reduced ones and loops'."""
    axes: dict[Axis, None] = {}
    for index in statement.index:
        targeted = (a for a in axes_in(index) if a not in statement.over and not a.is_loop_index)
        axes |= dict.fromkeys(targeted)
    return list(axes)


def axes_in(value: Affine | Expression) -> Iterator[Axis]:
    """Yield the axes that an index or expression depends on, from left to right."""
    pending: list[Affine | Expression] = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, Affine):
            yield from (axis for axis, _ in each.terms)
        elif isinstance(each, Load):
            pending.extend(reversed(each.index))
        elif isinstance(each, Apply):
            pending.extend(reversed(each.operands))
        elif isinstance(each, IndexValue):
            pending.append(each.index)


def loops_of(steps: Iterable[Step]) -> Iterator[Loop]:
    """Yield the loops of a program in order, each before those inside it."""
    for step in steps:
        if isinstance(step, Loop):
            yield step
            yield from loops_of(step.steps)


def leaves_of(steps: Iterable[Step]) -> Iterator[Nest | Call]:
    """Yield the nests and calls of a program in order, those inside loops included."""
    for step in steps:
        if isinstance(step, Loop):
            yield from leaves_of(step.steps)
        else:
            yield step


def nests_of(steps: Iterable[Step]) -> Iterator[Nest]:
    """Yield the nests of a program in order, those inside loops included."""
    return (each for each in leaves_of(steps) if isinstance(each, Nest))


def has_condition(step: Step) -> bool:
    """Whether a step is a loop with a condition, or contains one."""
    if not isinstance(step, Loop):
        return False
    return step.condition is not None or any(map(has_condition, step.steps))


def kernel_output(nest: Nest) -> Buffer | None:
    """Return the buffer that a contraction's kernel stores tiles in; its epilogue stores all else.

    It is the contraction's target or, where that stays in registers, the target of the last
    statement that stores one element of the same type for each of the contraction's; else None.
    """
    assert nest.contraction is not None
    contraction = nest.contraction
    if contraction.target not in nest.registers:
        return contraction.target
    axes = set(contraction.axes)
    for statement in reversed(nest.statements):
        is_plain = all(
            isinstance(i, Affine)
            and not i.constant
            and all(axis in axes or axis.is_loop_index for axis, _ in i.terms)
            for i in statement.index
        )
        target = statement.target
        is_stored = target.dtype == contraction.target.dtype and target not in nest.registers
        if is_stored and is_plain and statement.index == contraction.index:
            return target
    return None


def cost(value: Any) -> int:
    """Estimate an expression in additions; a shared subexpression counts once."""
    seen: set[int] = set()
    pending, total = [value], 0
    while pending:
        each = pending.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, Apply):
            total += _COSTS.get(each.operation, 1)
            pending.extend(each.operands)
        elif isinstance(each, Load) and not each.is_affine:
            total += CHEAP
            pending.extend(i for i in each.index if not isinstance(i, Affine))
    return total
