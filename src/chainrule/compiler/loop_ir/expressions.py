"""Questions about loops: what an expression loads, which axes a statement runs over by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
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
    "axes_in",
    "axes_of",
    "cost",
    "gathered_axis",
    "loads_of",
    "nests_of",
    "stored_by_kernel",
    "unrolled_axes",
]  # fmt: skip

CHEAP = 2
"""An expression of at most this cost is computed again rather than stored."""
FUNCTIONS = (
    "exp", "log", "expm1", "log1p", "tanh", "sin", "cos", "arctan2", "logaddexp", "sigmoid", "erf",
)  # fmt: skip
FUNCTION_COST = 20
_COSTS = dict.fromkeys(FUNCTIONS, FUNCTION_COST) | {
    "divide": 4, "sqrt": 4, "floor_divide": 8, "remainder": 8, "power": 40,
}  # fmt: skip

FEW = 16
"""Of so few elements one is chosen in registers."""
UNROLLED = 8
"""Turns of a statement's own axes that are written out inside of a nest's loops."""
UNROLLED_ALONE = 64
"""Turns that are written out where there are no loops."""


def loads_of(value: Expression) -> Iterator[Load]:
    """Yield every load of an expression once, those inside of positions included."""
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
    """Return which one index of a load is looked up, among a few elements; None for other loads."""
    places = [i for i, each in enumerate(load.index) if not isinstance(each, Affine)]
    if len(places) != 1 or load.buffer.shape[places[0]] > FEW:
        return None
    return places[0]


def unrolled_axes(statement: Statement, nest: Nest) -> tuple[list[Axis], list[Axis], bool, bool]:
    """Return the axes a statement runs over by itself, and whether each kind is written out."""
    parallel = [axis for axis in axes_of(statement) if axis not in nest.axes]
    over = [axis for axis in statement.over if axis not in nest.axes]
    limit = UNROLLED if nest.axes else UNROLLED_ALONE
    turns = int(np.prod([axis.extent for axis in parallel], dtype=np.int64))
    all_turns = turns * int(np.prod([axis.extent for axis in over], dtype=np.int64))
    is_special = statement.reduction in ("prefix_sum", "scatter_add")
    has_lane = nest.vector_axis is not None and nest.vector_axis in over
    return (
        parallel,
        over,
        turns <= limit and not is_special,
        all_turns <= 2 * limit and not is_special and not has_lane,
    )


def axes_of(statement: Statement) -> list[Axis]:
    """List the axes of a statement's target, each once, in their order; reduced ones not."""
    found: dict[Axis, None] = {}
    for place in statement.index:
        own = (a for a in axes_in(place) if a not in statement.over and not a.is_loop_index)
        found |= dict.fromkeys(own)
    return list(found)


def axes_in(value: Affine | Expression) -> Iterator[Axis]:
    """Yield the axes on which an expression or a sum of axes depends, from left to right."""
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


def nests_of(steps: Iterable[Step]) -> Iterator[Nest]:
    """Yield the nests of a program from first to last, those inside of loops included."""
    for step in steps:
        if isinstance(step, Loop):
            yield from nests_of(step.steps)
        else:
            yield step


def stored_by_kernel(nest: Nest) -> Buffer | None:
    """Return the buffer that a contraction's kernel itself fills; all else its epilogue stores.

    It is the contraction's target or, where that stays in registers, the target of the last
    statement that fits; None where none fits.
    """
    assert nest.contraction is not None
    contraction = nest.contraction
    if contraction.target not in nest.registers:
        return contraction.target
    own = set(contraction.axes)
    for each in reversed(nest.statements):
        is_plain = all(
            isinstance(place, Affine)
            and not place.constant
            and all(a in own or a.is_loop_index for a, _ in place.terms)
            for place in each.index
        )
        fits = each.target.dtype == contraction.target.dtype and each.target not in nest.registers
        if fits and is_plain and each.index == contraction.index:
            return each.target
    return None


def cost(value: Any) -> int:
    """Estimate the work of an expression in simple operations; what it shares counts once."""
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
