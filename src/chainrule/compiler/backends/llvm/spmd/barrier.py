"""A sense-reversing barrier, whose sense is a generation counter.

The last thread to arrive resets the arrivals and advances the generation; the others spin on it.
They spin for some 25 microseconds, longer than a wait in a balanced program, and then yield the
core between polls: under oversubscription the thread that is late may be waiting for this core.

References
----------
Mellor-Crummey & Scott (1991), "Algorithms for scalable synchronization on shared-memory
multiprocessors", section 3.1.
"""

import sys

from chainrule.compiler.backends.calling_convention import BARRIER_GENERATION
from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.registers import bits_of

__all__ = ["barrier_function", "emit_spin_wait"]

NAME = "chainrule.barrier"
COUNT = ir.IntType(32)
COUNT_BYTES = 4
# Polls before the core is yielded, some 50 ns each. A thread that gets the core runs for some
# milliseconds, a hundred steps of a small network, so the waits of a balanced program must end
# before. The more threads wait, the likelier is the late one to need this very core: the polls are
# divided among them.
BARRIER_SPINS = 1000
WORKER_SPINS = 50
YIELD = "SwitchToThread" if sys.platform == "win32" else "sched_yield"


def barrier_function(module: ir.Module) -> ir.Function:
    """Return the module's function ``void (ptr barrier, i64 threads)``, emitted on first use.

    Stores before the barrier happen before loads behind it, in all threads.
    """
    if NAME in module.functions:
        return module.functions[NAME]
    signature = ir.FunctionType(ir.VoidType(), [emit.POINTER, emit.INDEX])
    function = ir.Function(module, signature, NAME)
    function.linkage = "internal"
    function.attributes.add("noinline")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    arrivals, threads = function.args
    generation = builder.gep(arrivals, [emit.index(BARRIER_GENERATION)], source_etype=ir.IntType(8))
    # Loaded before arriving: afterwards the last thread may advance it at any moment.
    current = builder.load_atomic(generation, "acquire", COUNT_BYTES, typ=COUNT)
    arrived = builder.atomic_rmw("add", arrivals, ir.Constant(COUNT, 1), "acq_rel")
    last = builder.sub(builder.trunc(threads, COUNT), ir.Constant(COUNT, 1))
    with builder.if_then(builder.icmp_unsigned("==", arrived, last)):
        builder.store_atomic(ir.Constant(COUNT, 0), arrivals, "monotonic", COUNT_BYTES)
        # The release publishes the reset and, with the acquires on arrival, all threads' stores.
        following = builder.add(current, ir.Constant(COUNT, 1))
        builder.store_atomic(following, generation, "release", COUNT_BYTES)
        builder.ret_void()
    emit_spin_wait(builder, generation, current, None, threads)
    builder.ret_void()
    return function


def emit_spin_wait(
    builder: ir.IRBuilder,
    pointer: ir.Value,
    current: ir.Value,
    max_polls: int | None,
    threads: ir.Value | None = None,
) -> None:
    """Emit a loop that polls a counter until it differs from `current`, or `max_polls` times.

    With `threads` it spins as in a barrier, else as an idle worker.
    """
    preheader, size = builder.block, bits_of(current) // 8
    poll, backoff, pause, leave, done = (
        builder.append_basic_block(name) for name in ("poll", "backoff", "pause", "yield", "done")
    )
    builder.branch(poll)
    builder.position_at_end(poll)
    polls = builder.phi(emit.INDEX)
    following = builder.add(polls, emit.index(1))
    value = builder.load_atomic(pointer, "acquire", size, typ=current.type)
    waiting = builder.icmp_unsigned("==", value, current)
    if max_polls is not None:
        is_early = builder.icmp_unsigned("<", polls, emit.index(max_polls))
        waiting = builder.and_(waiting, is_early)
    builder.cbranch(waiting, backoff, done)
    builder.position_at_end(backoff)
    if threads is None:
        is_spinning = builder.icmp_unsigned("<", polls, emit.index(WORKER_SPINS))
    else:
        all_polls = builder.mul(polls, threads)
        is_spinning = builder.icmp_unsigned("<", all_polls, emit.index(BARRIER_SPINS))
    builder.cbranch(is_spinning, pause, leave)
    builder.position_at_end(pause)
    _emit_pause(builder)
    builder.branch(poll)
    builder.position_at_end(leave)
    emit.call(builder, YIELD, [], ir.IntType(32))
    builder.branch(poll)
    polls.add_incoming(emit.index(0), preheader)
    for block in (pause, leave):
        polls.add_incoming(following, block)
    builder.position_at_end(done)


def _emit_pause(builder: ir.IRBuilder) -> None:
    """Emit the processor's spin-loop hint, where it has one."""
    architecture = builder.module.triple.partition("-")[0]
    if architecture in ("x86_64", "i686"):
        emit.call(builder, "llvm.x86.sse2.pause", [], ir.VoidType())
    elif architecture in ("aarch64", "arm64"):
        emit.call(builder, "llvm.aarch64.hint", [ir.Constant(COUNT, 1)], ir.VoidType())
