"""Vectorization: the loop order of one statement and the axis along which its vectors run.

::

    y[i, j] = exp(x[i, j])  for i<64 j<100   ->   for i<64 j<100 vector j:
    s[i] = sum j<10: x[i, j]  for i<64       ->   for i<64 vector i:       # x column-major

Legal: a statement's own axes run in any order, and a sum, maximum or minimum may be reduced across
the lanes of a vector. ``argmax`` and ``argmin`` are not vectorized along the reduced axis, and
``prefix_sum`` and scatters keep their order: only a scatter at affine indices gets loops.

Statements of few iterations are unrolled completely, unless the program would be long by that: code
generation takes time in proportion to the instructions. Reductions are unrolled even then, so that
the order of their sums does not depend on the rest of the program.

Pays where accesses are contiguous, vectors full, and no horizontal reduction is needed at the end;
`_time_per_element` estimates that (decision 0011).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from chainrule.compiler.loop_ir.expressions import axes_of, cost, loads_of
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Axis, Item, Statement

__all__ = ["are_unrolled", "choose_loop_order"]

UNROLLED_TRIPS = 64
"""Statements of at most this many iterations are unrolled completely, without a loop."""
MAX_UNROLLED_OPERATIONS = 2048
"""Operations of all iterations that are unrolled, at most: LLVM takes some 70 µs for each."""
SHORT = 16
"""Axes shorter than this are not among a nest's, if there is a longer one."""
LANES = 16
"""Lanes of a vector, as the estimate assumes; code generation chooses by dtype."""


def are_unrolled(items: Iterable[Item]) -> bool:
    """Whether the elementwise statements of few iterations among some items are unrolled."""
    total = 0
    for item in items:
        if isinstance(item, Statement) and not item.reduction:
            axes = axes_of(item)
            if _is_short(axes) and (trips := _trip_count(axes)) > 1:
                total += trips * (1 + cost(item.value))
    return total <= MAX_UNROLLED_OPERATIONS


def choose_loop_order(
    statement: Statement, layout: Layout, is_unrolled: bool = True
) -> tuple[tuple[Axis, ...], Axis | None, bool]:
    """Return the axes of a statement's nest, its vector axis, and whether others may join it.

    `is_unrolled` is that of `are_unrolled`.
    """
    parallel, over = axes_of(statement), list(statement.over)
    if statement.is_scatter or statement.reduction == "prefix_sum":
        return *_ordered_loops(statement, parallel), False
    may_unroll = is_unrolled or bool(statement.reduction) or _trip_count(parallel) <= 1
    if may_unroll and _is_short([*parallel, *over]):
        return (), None, True
    long = [axis for axis in parallel if axis.extent >= SHORT]
    can_reduce = statement.reduction not in ("argmax", "argmin")
    candidates = [*reversed(parallel), *(reversed(over) if can_reduce else ())]
    if not candidates:
        return (), None, False
    vector_axis = min(
        candidates, key=lambda axis: _time_per_element(statement, axis, layout, bool(long))
    )
    if vector_axis in parallel:
        outer = [axis for axis in (long or parallel) if axis is not vector_axis]
        return (*outer, vector_axis), vector_axis, True
    if long:
        return tuple(long), vector_axis, False
    outer = [axis for axis in over if axis is not vector_axis and axis.extent >= SHORT]
    return (*outer, vector_axis), vector_axis, True


def _is_short(axes: Sequence[Axis]) -> bool:
    return _trip_count(axes) <= UNROLLED_TRIPS and all(axis.extent < SHORT for axis in axes)


def _trip_count(axes: Sequence[Axis]) -> int:
    return math.prod(axis.extent for axis in axes)


def _ordered_loops(
    statement: Statement, parallel: list[Axis]
) -> tuple[tuple[Axis, ...], Axis | None]:
    """Loops of a statement whose iterations run in order, except along independent axes."""
    is_scatter = statement.is_scatter
    last = parallel[-1] if parallel and is_scatter else None
    vector_axis = last if last is not None and last.extent >= SHORT else None
    # A fold accumulates independently at each point of its other axes; gather indices may alias.
    if is_scatter and all(isinstance(each, Affine) for each in statement.index):
        outer = tuple(axis for axis in parallel if axis is not vector_axis)
        return ((*outer, vector_axis) if vector_axis else outer), vector_axis
    return (), vector_axis


def _time_per_element(
    statement: Statement, vector_axis: Axis, layout: Layout, has_outer: bool
) -> float:
    """Estimate the operations for an element if vectors run along an axis."""
    extent = max(vector_axis.extent, 1)
    utilization = extent / (-(-extent // LANES) * LANES)
    references = [(load.buffer, load.index) for load in loads_of(statement.value)]
    is_reduced = vector_axis in statement.over
    if not is_reduced:
        references.append((statement.target, statement.index))
    strides = [layout.stride(buffer, index, vector_axis) for buffer, index in references]
    work = 1 + cost(statement.value) + sum(1 if step in (0, 1) else 8 for step in strides)
    horizontal = 8 * LANES / extent if is_reduced and has_outer else 0
    return (work + horizontal) / utilization
