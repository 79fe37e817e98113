"""CPU affinity: a worker that wakes on its caller's core migrates to another one.

The scheduler places a woken thread near its waker, on some machines on the very same core, and
balances the load only after tens of milliseconds: a program of a few milliseconds would run on one
core.
"""

import sys

from chainrule.compiler.backends.llvm import emit, ir

__all__ = ["emit_current_core", "emit_migration"]

CORE = ir.IntType(32)
WORD = ir.IntType(64)
WORD_BITS = 64
MASK_WORDS = 16
"""Of ``cpu_set_t``: 1,024 cores. On machines with more, threads stay on the others."""
HAS_AFFINITY = sys.platform == "linux"


def emit_current_core(builder: ir.IRBuilder) -> ir.Value:
    """Emit the number of the core that this thread runs on; -1 where the system has no query."""
    if not HAS_AFFINITY:
        return ir.Constant(CORE, -1)
    return emit.call(builder, "sched_getcpu", [], CORE)


def emit_migration(builder: ir.IRBuilder, core: ir.Value) -> None:
    """Emit the migration of this thread to another core if it runs on the given one.

    Its affinity mask loses the core for a moment only: afterwards the thread may run wherever it
    could before. A thread that is bound to this one core stays.
    """
    if not HAS_AFFINITY:
        return
    limit = ir.Constant(CORE, MASK_WORDS * WORD_BITS)
    same = builder.icmp_signed("==", emit_current_core(builder), core)
    with builder.if_then(builder.and_(same, builder.icmp_unsigned("<", core, limit))):
        mask = _zeroed_mask(builder)
        size = emit.index(MASK_WORDS * WORD_BITS // 8)
        this_thread = ir.Constant(CORE, 0)
        # If the query fails, the mask stays empty, which the system refuses to set.
        emit.call(builder, "sched_getaffinity", [this_thread, size, mask], CORE)
        number = builder.zext(core, WORD)
        position = builder.lshr(number, ir.Constant(WORD, 6))
        pointer = builder.gep(mask, [position], source_etype=WORD)
        word = builder.load(pointer, typ=WORD)
        bit = builder.shl(ir.Constant(WORD, 1), builder.and_(number, ir.Constant(WORD, 63)))
        builder.store(builder.and_(word, builder.not_(bit)), pointer)
        emit.call(builder, "sched_setaffinity", [this_thread, size, mask], CORE)
        builder.store(word, pointer)
        emit.call(builder, "sched_setaffinity", [this_thread, size, mask], CORE)


def _zeroed_mask(builder: ir.IRBuilder) -> ir.Value:
    with builder.goto_entry_block():
        mask = builder.alloca(ir.ArrayType(WORD, MASK_WORDS))
    for number in range(MASK_WORDS):
        pointer = builder.gep(mask, [emit.index(number)], source_etype=WORD)
        builder.store(ir.Constant(WORD, 0), pointer)
    return mask
