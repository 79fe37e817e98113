"""Carries of scalar loops in registers, in programs for one thread.

A scalar loop has no loops of nests inside: a Newton iteration, a recurrence, an integrator of a few
equations with its small linear systems. From one iteration to the next its carries would go through
memory, which takes longer than its arithmetic. Buffers that only such loops and nests without loops
touch, at constant indices, are stack slots, which LLVM promotes to registers. It spills what does
not fit, and copies from one carry to another vanish. Results are stored at the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.compiler.backends.llvm.small_systems import is_inlined
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import inner_loops, leaves_of, loops_of
from chainrule.compiler.loop_ir.loops import Affine, Buffer, Call, Loop, Nest, Step

__all__ = ["buffers_in_registers"]

MAX_ELEMENTS = 512
"""Of all buffers together, which bounds what LLVM has to allocate."""


def buffers_in_registers(steps: Sequence[Step]) -> tuple[Buffer, ...]:
    """Return the carries of scalar loops that need no memory while these run."""
    candidates: dict[Buffer, None] = {}
    for loop in loops_of(steps):
        if _is_scalar_loop(loop):
            written = (b for b, _, is_write in accesses(loop) if is_write)
            candidates |= dict.fromkeys(b for b in written if b.kind in ("arena", "output"))
    if not candidates:
        return ()
    others = {
        buffer.root
        for leaf, is_scalar in [(leaf, _is_scalar(leaf)) for leaf in leaves_of(steps)]
        for buffer, index, _ in accesses(leaf)
        if buffer.base is not None or not is_scalar or not _is_constant(index)
    }
    chosen = [buffer for buffer in candidates if buffer not in others]
    return tuple(chosen) if sum(each.size for each in chosen) <= MAX_ELEMENTS else ()


def _is_scalar_loop(loop: Loop) -> bool:
    return not loop.is_parallel and all(map(_is_scalar, leaves_of(loop.steps)))


def _is_scalar(leaf: Nest | Call) -> bool:
    """Whether a nest runs once, its statements unrolled; or a call becomes such code."""
    if isinstance(leaf, Call):
        return is_inlined(leaf.routine)
    if leaf.contraction is not None or leaf.axes:
        return False
    loops = [inner_loops(each, leaf) for each in leaf.statements]
    return all(each.is_unrolled and (each.is_over_unrolled or not each.over) for each in loops)


def _is_constant(index: Sequence[object]) -> bool:
    """Whether an index is of one element in all iterations of the loops around its nest."""
    return all(
        isinstance(i, Affine) and not any(axis.is_loop_index for axis, _ in i.terms) for i in index
    )
