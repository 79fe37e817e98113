"""Where the threads of a program wait for one another.

A sense-reversing barrier: the last thread to arrive turns the generation on, the others watch it.
They watch for some 25 microseconds without leaving the core, as the others are nearly there in a
balanced program; then they give the core away between looks, because where another process holds a
core, the thread waited for may be waiting for this one.

References
----------
Mellor-Crummey & Scott (1991), "Algorithms for scalable synchronization on shared-memory
multiprocessors", section 3.1.
"""

import sys
from typing import Any

from chainrule.compiler.backends.calling_convention import BARRIER_GENERATION
from chainrule.compiler.backends.llvm import emit, ir

__all__ = ["barrier_function", "write_watch"]

Value = Any

NAME = "chainrule.barrier"
COUNT = ir.IntType(32)
# Looks before the core is given away, some 50 ns each. Whoever is given it keeps it for some
# milliseconds, a hundred steps of a small network, so the waits of a balanced program must end
# before. The more threads there are, the likelier is one of them to wait for this very core, where
# each look delays it: they share these looks.
PATIENT_LOOKS = 1000
IDLE_LOOKS = 50
YIELD = "SwitchToThread" if sys.platform == "win32" else "sched_yield"


def barrier_function(module: Any) -> Any:
    """Return the module's function ``void (ptr barrier, i64 threads)``, writing it on first use.

    What threads wrote before the barrier, all threads see behind it.
    """
    if NAME in module.functions:
        return module.functions[NAME]
    kind = ir.FunctionType(ir.VoidType(), [emit.POINTER, emit.INDEX])
    function = ir.Function(module, kind, NAME)
    function.linkage = "internal"
    function.attributes.add("noinline")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    arrivals, threads = function.args
    generation = builder.gep(arrivals, [emit.index(BARRIER_GENERATION)], source_etype=ir.IntType(8))
    # Read before arriving: afterwards the last thread may turn it on at any moment.
    current = builder.load_atomic(generation, "acquire", 4, typ=COUNT)
    before = builder.atomic_rmw("add", arrivals, ir.Constant(COUNT, 1), "acq_rel")
    last = builder.sub(builder.trunc(threads, COUNT), ir.Constant(COUNT, 1))
    with builder.if_then(builder.icmp_unsigned("==", before, last)):
        # Exchanges, as llvmlite's atomic store still asks for a pointer that knows its type.
        builder.atomic_rmw("xchg", arrivals, ir.Constant(COUNT, 0), "monotonic")
        following = builder.add(current, ir.Constant(COUNT, 1))
        builder.atomic_rmw("xchg", generation, following, "release")
        builder.ret_void()
    write_watch(builder, generation, current, None, threads)
    builder.ret_void()
    return function


def write_watch(
    builder: Any,
    pointer: Value,
    current: Value,
    looks_allowed: int | None,
    threads: Value | None = None,
) -> None:
    """Write a loop that looks at a counter until it is no longer the current one."""
    kind, before = current.type, builder.block
    look, wait, stay, leave, done = (
        builder.append_basic_block(name) for name in ("look", "wait", "stay", "leave", "seen")
    )
    builder.branch(look)
    builder.position_at_end(look)
    looks = builder.phi(emit.INDEX)
    more = builder.add(looks, emit.index(1))
    waiting = builder.icmp_unsigned(
        "==", builder.load_atomic(pointer, "acquire", kind.width // 8, typ=kind), current
    )
    if looks_allowed is not None:
        early = builder.icmp_unsigned("<", looks, emit.index(looks_allowed))
        waiting = builder.and_(waiting, early)
    builder.cbranch(waiting, wait, done)
    builder.position_at_end(wait)
    if threads is None:
        patient = builder.icmp_unsigned("<", looks, emit.index(IDLE_LOOKS))
    else:
        shared = builder.mul(looks, threads)
        patient = builder.icmp_unsigned("<", shared, emit.index(PATIENT_LOOKS))
    builder.cbranch(patient, stay, leave)
    builder.position_at_end(stay)
    _pause(builder)
    builder.branch(look)
    builder.position_at_end(leave)
    emit.call(builder, YIELD, [], ir.IntType(32))
    builder.branch(look)
    looks.add_incoming(emit.index(0), before)
    for block in (stay, leave):
        looks.add_incoming(more, block)
    builder.position_at_end(done)


def _pause(builder: Any) -> None:
    """Tell the processor that this thread is waiting, where it can be told."""
    architecture = builder.module.triple.partition("-")[0]
    if architecture in ("x86_64", "i686"):
        emit.call(builder, "llvm.x86.sse2.pause", [], ir.VoidType())
    elif architecture in ("aarch64", "arm64"):
        emit.call(builder, "llvm.aarch64.hint", [ir.Constant(COUNT, 1)], ir.VoidType())
