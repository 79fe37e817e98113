"""Scalar replacement: buffers that one nest stores and loads are held in registers.

::

    for i<50 vector i:                      for i<50 vector i:
      y[i] = exp(x[i])               ->       (y[i]) = exp(x[i])         # in a register
      z[i] = multiply(y[i], y[i])             z[i] = multiply(y[i], y[i])

Legal for an arena buffer without aliases that a single nest touches, if every load reads what the
same iteration stored before, at an index that no rolled loop of the statement varies. A reduction
over an axis of the nest is complete only after the nest, so its target stays in memory.

Pays in every case: no stores, no loads, no memory (decision 0011). A contraction's target is
promoted only if its kernel can store the result of the epilogue instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import (
    InnerLoops,
    gathered_axis,
    inner_loops,
    kernel_output,
    leaves_of,
    loads_of,
    loops_of,
)
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Buffer, Call, Loop, Nest, Statement, Step

__all__ = ["promote_to_registers"]


@dataclass
class _Uses:
    """The nests that touch a buffer, and loops whose condition does, by identity; its views."""

    nests: set[int] = field(default_factory=set[int])
    views: set[Buffer] = field(default_factory=set[Buffer])


def promote_to_registers(steps: Sequence[Step], layout: Layout) -> tuple[Step, ...]:
    """Mark the buffers of each nest that need no memory."""
    uses: defaultdict[Buffer, _Uses] = defaultdict(_Uses)
    for loop in loops_of(steps):
        if loop.condition is not None:
            uses[loop.condition.element.buffer.root].nests.add(id(loop))
    for nest in leaves_of(steps):
        for buffer, _, _ in accesses(nest):
            use = uses[buffer.root]
            use.nests.add(id(nest))
            use.views.add(buffer)

    def promoted(step: Step) -> Step:
        if isinstance(step, Call):
            return step
        if isinstance(step, Loop):
            return replace(step, steps=tuple(map(promoted, step.steps)))
        return _promote_in_nest(step, uses, layout)

    return tuple(map(promoted, steps))


def _promote_in_nest(nest: Nest, uses: dict[Buffer, _Uses], layout: Layout) -> Nest:
    written = {buffer for buffer, _, is_write in accesses(nest) if is_write}
    candidates = {
        buffer
        for buffer in written
        if buffer.kind == "arena"
        and uses[buffer].nests == {id(nest)}
        and uses[buffer].views == {buffer}
    }
    registers = frozenset(candidates & _loaded_where_stored(nest, candidates))
    result = replace(nest, registers=registers)
    if nest.contraction is not None and not _fits_kernel(result, layout):
        result = replace(result, registers=registers - {nest.contraction.target})
    return result


def _fits_kernel(nest: Nest, layout: Layout) -> bool:
    """Whether the kernel can store a target of the epilogue in place of the contraction's own."""
    assert nest.contraction is not None
    out = kernel_output(nest)
    return out is not None and (out in layout.column_major) == (
        nest.contraction.target in layout.column_major
    )


def _loaded_where_stored(nest: Nest, buffers: set[Buffer]) -> set[Buffer]:
    """Return the buffers of which every load finds its element in a register."""
    promotable = set(buffers)
    written: set[Buffer] = set()
    if nest.contraction is not None:
        written.add(nest.contraction.target)
    for statement in nest.statements:
        loops = inner_loops(statement, nest)
        promotable -= _loaded_from_memory(statement, loops, written)
        is_partial = any(axis in nest.axes for axis in statement.over)
        in_order = statement.is_scatter or statement.reduction == "prefix_sum"
        if not loops.is_unrolled or is_partial or in_order:
            promotable.discard(statement.target)
        written.add(statement.target)
    return promotable


def _loaded_from_memory(
    statement: Statement, loops: InnerLoops, written: set[Buffer]
) -> set[Buffer]:
    """Return the buffers that a statement can only load from memory, given those just written."""
    rolled = {
        *(() if loops.is_unrolled else loops.axes),
        *(() if loops.is_over_unrolled else loops.over),
    }
    buffers: set[Buffer] = set()
    for load in loads_of(statement.value):
        varies = any(
            axis in rolled for i in load.index if isinstance(i, Affine) for axis, _ in i.terms
        )
        is_gather = not load.is_affine and gathered_axis(load) is None
        if varies or is_gather or load.buffer not in written:
            buffers.add(load.buffer)
    for index in statement.index:
        if not isinstance(index, Affine):
            buffers.update(load.buffer for load in loads_of(index))
    return buffers
