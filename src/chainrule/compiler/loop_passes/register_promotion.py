"""Scalar replacement: buffers that one nest writes and reads are held in registers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import (
    gathered_axis,
    loads_of,
    stored_by_kernel,
    unrolled_axes,
)
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Buffer,
    Loop,
    Nest,
    Step,
)

__all__ = ["promote_to_registers"]


def promote_to_registers(steps: Sequence[Step], layout: Layout) -> tuple[Step, ...]:
    """Find the buffers that stay in registers: computed and read by one nest, point by point."""
    owners: dict[Buffer, set[int]] = {}
    shapes: dict[Buffer, set[Buffer]] = {}

    def survey(each: Step) -> None:
        if isinstance(each, Loop):
            for inner in each.steps:
                survey(inner)
            return
        for buffer, _, _ in accesses(each):
            owners.setdefault(buffer.root, set()).add(id(each))
            shapes.setdefault(buffer.root, set()).add(buffer)

    def rebuilt(each: Step) -> Step:
        if isinstance(each, Loop):
            return Loop(each.axis, each.backwards, tuple(map(rebuilt, each.steps)))
        own = {buffer for buffer, _, is_write in accesses(each) if is_write}
        private = {
            buffer
            for buffer in own
            if buffer.kind == "arena"
            and owners[buffer] == {id(each)}
            and shapes[buffer] == {buffer}
        }
        kept = frozenset(private & _point_by_point(each, private))
        made = Nest(each.axes, each.vector_axis, each.statements, each.contraction, kept)
        if each.contraction is not None and not _fits_kernel(made, layout):
            made = replace(made, registers=kept - {each.contraction.target})
        return made

    for step in steps:
        survey(step)
    return tuple(map(rebuilt, steps))


def _fits_kernel(nest: Nest, layout: Layout) -> bool:
    """Whether a kernel can fill what its epilogue makes, instead of the contraction itself."""
    assert nest.contraction is not None
    out = stored_by_kernel(nest)
    return out is not None and (out in layout.by_columns) == (
        nest.contraction.target in layout.by_columns
    )


def _point_by_point(nest: Nest, buffers: set[Buffer]) -> set[Buffer]:
    """Those of some buffers whose every element can be handed on in a register."""
    good = set(buffers)
    written: set[Buffer] = set()
    if nest.contraction is not None:
        written.add(nest.contraction.target)
    for each in nest.statements:
        parallel, over, is_parallel, is_over = unrolled_axes(each, nest)
        rolled = {*(() if is_parallel else parallel), *(() if is_over else over)}
        for load in loads_of(each.value):
            moves = any(
                axis in rolled for i in load.index if isinstance(i, Affine) for axis, _ in i.terms
            )
            is_far = not load.is_affine and gathered_axis(load) is None
            if moves or is_far or load.buffer not in written:
                good.discard(load.buffer)
        for place in each.index:
            for load in () if isinstance(place, Affine) else loads_of(place):
                good.discard(load.buffer)
        crosses = any(axis in nest.axes for axis in each.over)
        if not is_parallel or crosses or each.reduction in ("prefix_sum", "scatter_add"):
            good.discard(each.target)
        written.add(each.target)
    return good
