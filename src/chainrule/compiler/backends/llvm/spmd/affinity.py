"""Where threads stand: a worker that wakes on its caller's core steps aside.

A system wakes a thread near the one that wakes it, on some machines on the very same core, and
leaves both there for tens of milliseconds. A program of a few milliseconds then runs on one core.
"""

import sys
from typing import Any

from chainrule.compiler.backends.llvm import emit, ir

__all__ = ["write_current_core", "write_step_aside"]

Value = Any

CORE = ir.IntType(32)
WORD = ir.IntType(64)
WORD_BITS = 64
MASK_WORDS = 16
"""A mask of 1,024 cores is what Linux's own library knows; with more of them, nobody moves."""
HAS_MASKS = sys.platform == "linux"


def write_current_core(builder: Any) -> Value:
    """Write the number of the core this thread runs on; -1 where the system does not tell."""
    if not HAS_MASKS:
        return ir.Constant(CORE, -1)
    return emit.call(builder, "sched_getcpu", [], CORE)


def write_step_aside(builder: Any, taken: Value) -> None:
    """Write the move of this thread to another core if it runs on one that is taken.

    The thread stays free to run wherever it could before: it is forbidden the core for a moment
    only. Where it may run on no other, it stays.
    """
    if not HAS_MASKS:
        return
    within = ir.Constant(CORE, MASK_WORDS * WORD_BITS)
    same = builder.icmp_signed("==", write_current_core(builder), taken)
    with builder.if_then(builder.and_(same, builder.icmp_unsigned("<", taken, within))):
        mask = _mask(builder)
        size = emit.index(MASK_WORDS * WORD_BITS // 8)
        self = ir.Constant(CORE, 0)
        # What cannot be asked leaves zeros, and the system refuses to set those.
        emit.call(builder, "sched_getaffinity", [self, size, mask], CORE)
        number = builder.zext(taken, WORD)
        place = builder.lshr(number, ir.Constant(WORD, 6))
        word = builder.gep(mask, [place], source_etype=WORD)
        before = builder.load(word, typ=WORD)
        bit = builder.shl(ir.Constant(WORD, 1), builder.and_(number, ir.Constant(WORD, 63)))
        builder.store(builder.and_(before, builder.not_(bit)), word)
        emit.call(builder, "sched_setaffinity", [self, size, mask], CORE)
        builder.store(before, word)
        emit.call(builder, "sched_setaffinity", [self, size, mask], CORE)


def _mask(builder: Any) -> Value:
    """Make a place on the stack for a mask of cores, all of them off."""
    kind = ir.ArrayType(WORD, MASK_WORDS)
    with builder.goto_entry_block():
        mask = builder.alloca(kind)
    for number in range(MASK_WORDS):
        word = builder.gep(mask, [emit.index(number)], source_etype=WORD)
        builder.store(ir.Constant(WORD, 0), word)
    return mask
