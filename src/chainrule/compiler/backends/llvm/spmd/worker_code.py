"""The native functions of the pool of `threads`: what a caller and a worker do.

::

    void prepare(ptr control, i64)
    void run(ptr control, ptr program, ptr block, i64 threads)
    void work(ptr control, i64 thread)
"""

from collections.abc import Sequence
from typing import Any

from chainrule.compiler.backends.calling_convention import (
    CONDITION,
    JOB_BLOCK,
    JOB_CORE,
    JOB_GENERATION,
    JOB_PROGRAM,
    JOB_THREADS,
    MUTEX,
)
from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.object_code import compile_module
from chainrule.compiler.backends.llvm.spmd.affinity import write_current_core, write_step_aside
from chainrule.compiler.backends.llvm.spmd.barrier import barrier_function, write_watch
from chainrule.compiler.backends.llvm.target import host_target

__all__ = ["pool_code", "program_type"]

Value = Any

# How long a worker watches for the next job before it sleeps, some 100 microseconds: waking a core
# that sleeps takes 20 or more, so programs called in a row find their workers awake.
LINGERING_LOOKS = 300


def program_type() -> ir.FunctionType:
    """Return the type of a program."""
    return ir.FunctionType(ir.VoidType(), [emit.POINTER, emit.INDEX, emit.INDEX, emit.POINTER])


def pool_code() -> bytes:
    """Compile the functions of a pool."""
    target = host_target()
    module = ir.Module()
    module.triple = target.triple
    _write_prepare(module)
    _write_run(module)
    _write_work(module)
    return compile_module(str(module), target)


def _field(builder: Any, control: Value, offset: int) -> Value:
    return builder.gep(control, [emit.index(offset)], source_etype=ir.IntType(8))


def _call_system(builder: Any, name: str, *arguments: Value) -> None:
    emit.call(builder, name, arguments, ir.IntType(32))


def _start_function(module: Any, name: str, arguments: Sequence[ir.Type]) -> tuple[Any, Any]:
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), name)
    return function, ir.IRBuilder(function.append_basic_block("entry"))


def _write_prepare(module: Any) -> None:
    """Write ``void prepare(ptr control, i64)``: make the system's objects."""
    function, builder = _start_function(module, "chainrule.prepare", [emit.POINTER, emit.INDEX])
    control, nothing = function.args[0], ir.Constant(emit.POINTER, None)
    _call_system(builder, "pthread_mutex_init", _field(builder, control, MUTEX), nothing)
    _call_system(builder, "pthread_cond_init", _field(builder, control, CONDITION), nothing)
    builder.ret_void()


def _write_run(module: Any) -> None:
    """Write ``void run(ptr control, ptr program, ptr block, i64 threads)``: the caller's part."""
    kinds = [emit.POINTER, program_type().as_pointer(), emit.POINTER, emit.INDEX]
    function, builder = _start_function(module, "chainrule.run", kinds)
    control, program, block, threads = function.args
    mutex, condition = (_field(builder, control, offset) for offset in (MUTEX, CONDITION))
    nothing = ir.Constant(program.type, None)
    leaving = builder.icmp_unsigned("==", program, nothing)
    alone = builder.icmp_unsigned("==", threads, emit.index(1))
    with builder.if_then(builder.or_(leaving, builder.icmp_signed(">", threads, emit.index(1)))):
        _call_system(builder, "pthread_mutex_lock", mutex)
        core = write_current_core(builder)
        fields = (
            (JOB_PROGRAM, program),
            (JOB_BLOCK, block),
            (JOB_THREADS, threads),
            (JOB_CORE, core),
        )
        for offset, value in fields:
            builder.store(value, _field(builder, control, offset))
        generation = _field(builder, control, JOB_GENERATION)
        builder.atomic_rmw("add", generation, emit.index(1), "release")
        _call_system(builder, "pthread_cond_broadcast", condition)
        _call_system(builder, "pthread_mutex_unlock", mutex)
    with builder.if_then(builder.not_(leaving)):
        builder.call(program, [block, emit.index(0), threads, control])
        with builder.if_then(builder.not_(alone)):
            builder.call(barrier_function(module), [control, threads])
    builder.ret_void()


def _write_work(module: Any) -> None:
    """Write ``void work(ptr control, i64 thread)``: a worker's life."""
    function, builder = _start_function(module, "chainrule.work", [emit.POINTER, emit.INDEX])
    control, thread = function.args
    mutex, condition = (_field(builder, control, offset) for offset in (MUTEX, CONDITION))
    before = builder.block
    idle, asleep, awake, working, leave = (
        function.append_basic_block(name)
        for name in ("idle", "asleep", "awake", "working", "leave")
    )
    check = function.append_basic_block("check")
    builder.branch(idle)
    builder.position_at_end(idle)
    seen = builder.phi(emit.INDEX, "seen")
    seen.add_incoming(emit.index(0), before)
    write_watch(builder, _field(builder, control, JOB_GENERATION), seen, LINGERING_LOOKS)
    _call_system(builder, "pthread_mutex_lock", mutex)
    builder.branch(check)
    builder.position_at_end(check)
    generation = builder.load_atomic(
        _field(builder, control, JOB_GENERATION), "acquire", 8, typ=emit.INDEX
    )
    builder.cbranch(builder.icmp_unsigned("==", generation, seen), asleep, awake)
    builder.position_at_end(asleep)
    _call_system(builder, "pthread_cond_wait", condition, mutex)
    builder.branch(check)
    builder.position_at_end(awake)
    program = builder.load(_field(builder, control, JOB_PROGRAM), typ=program_type().as_pointer())
    block = builder.load(_field(builder, control, JOB_BLOCK), typ=emit.POINTER)
    threads = builder.load(_field(builder, control, JOB_THREADS), typ=emit.INDEX)
    core = builder.load(_field(builder, control, JOB_CORE), typ=ir.IntType(32))
    _call_system(builder, "pthread_mutex_unlock", mutex)
    nothing = ir.Constant(program.type, None)
    builder.cbranch(builder.icmp_unsigned("==", program, nothing), leave, working)
    builder.position_at_end(working)
    with builder.if_then(builder.icmp_signed("<", thread, threads)):
        write_step_aside(builder, core)
        builder.call(program, [block, thread, threads, control])
        builder.call(barrier_function(module), [control, threads])
    seen.add_incoming(generation, builder.block)
    builder.branch(idle)
    builder.position_at_end(leave)
    builder.ret_void()
