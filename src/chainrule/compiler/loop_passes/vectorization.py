"""What a statement runs over: which axes become loops around it, and along which the lanes lie."""

from __future__ import annotations

import numpy as np

from chainrule.compiler.loop_ir.expressions import axes_of, cost, loads_of
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Axis, Statement

__all__ = ["choose_loop_order"]

TINY = 64
"""Statements of at most this many turns are written out, with no loop at all."""
SMALL = 16
"""Axes shorter than this are never the ones a nest runs over, if there is a longer one."""
LANES = 16


def choose_loop_order(
    item: Statement, layout: Layout
) -> tuple[tuple[Axis, ...], Axis | None, bool]:
    """Choose what a statement runs over."""
    parallel, over = axes_of(item), list(item.over)
    turns = int(np.prod([axis.extent for axis in (*parallel, *over)], dtype=np.int64))
    if item.reduction in ("prefix_sum", "scatter_add"):
        last = parallel[-1] if parallel and item.reduction == "scatter_add" else None
        vector_axis = last if last is not None and last.extent >= SMALL else None
        # A fold adds up apart at each point of its other axes; what is looked up may meet anywhere.
        if item.reduction == "scatter_add" and all(
            isinstance(place, Affine) for place in item.index
        ):
            outer = tuple(axis for axis in parallel if axis is not vector_axis)
            return (*outer, vector_axis) if vector_axis else outer, vector_axis, False
        return (), vector_axis, False
    if turns <= TINY and all(axis.extent < SMALL for axis in (*parallel, *over)):
        return (), None, True
    big = [axis for axis in parallel if axis.extent >= SMALL]
    can_reduce = item.reduction not in ("argmax", "argmin")
    candidates = [*reversed(parallel), *(reversed(over) if can_reduce else ())]
    if not candidates:
        return (), None, False
    vector_axis = min(candidates, key=lambda axis: _work(item, axis, layout, bool(big)))
    if vector_axis in parallel:
        outer = [axis for axis in (big or parallel) if axis is not vector_axis]
        return (*outer, vector_axis), vector_axis, True
    if big:
        return tuple(big), vector_axis, False
    outer = [axis for axis in over if axis is not vector_axis and axis.extent >= SMALL]
    return (*outer, vector_axis), vector_axis, True


def _work(item: Statement, vector_axis: Axis, layout: Layout, has_rows: bool) -> float:
    """Estimate the time for an element if the lanes run along an axis."""
    extent = max(vector_axis.extent, 1)
    filled = extent / (-(-extent // LANES) * LANES)
    places = [(load.buffer, load.index) for load in loads_of(item.value)]
    is_reduced = vector_axis in item.over
    if not is_reduced:
        places.append((item.target, item.index))
    steps = [layout.stride(buffer, index, vector_axis) for buffer, index in places]
    work = 1 + cost(item.value) + sum(1 if step in (0, 1) else 8 for step in steps)
    across = 8 * LANES / extent if is_reduced and has_rows else 0
    return (work + across) / filled
