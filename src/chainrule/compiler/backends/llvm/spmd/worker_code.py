"""Native code of the thread pool: the caller's dispatch of a job and the workers' loop.

::

    void prepare(ptr control, i64)
    void run(ptr control, ptr program, ptr block, i64 threads)
    void work(ptr control, i64 thread)
"""

from collections.abc import Sequence

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
from chainrule.compiler.backends.llvm.spmd.affinity import emit_current_core, emit_migration
from chainrule.compiler.backends.llvm.spmd.barrier import barrier_function, emit_spin_wait
from chainrule.compiler.backends.llvm.target import host_target

__all__ = ["pool_code", "program_type"]

# Polls for the next job before a worker sleeps, some 100 microseconds: waking a sleeping core takes
# 20 or more, so the workers are awake for programs that are called one after the other.
MAX_POLLS = 300


def program_type() -> ir.FunctionType:
    """Return the type of a program's entry point."""
    return ir.FunctionType(ir.VoidType(), [emit.POINTER, emit.INDEX, emit.INDEX, emit.POINTER])


def pool_code() -> bytes:
    """Compile the functions of the thread pool."""
    target = host_target()
    module = ir.Module()
    module.triple = target.triple
    _emit_prepare(module)
    _emit_run(module)
    _emit_work(module)
    return compile_module(str(module), target)


def _field(builder: ir.IRBuilder, control: ir.Value, offset: int) -> ir.Value:
    """Return the address of a field of the control block."""
    return builder.gep(control, [emit.index(offset)], source_etype=ir.IntType(8))


def _call_system(builder: ir.IRBuilder, name: str, *arguments: ir.Value) -> None:
    emit.call(builder, name, arguments, ir.IntType(32))


def _start_function(
    module: ir.Module, name: str, arguments: Sequence[ir.Type]
) -> tuple[ir.Function, ir.IRBuilder]:
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), name)
    return function, ir.IRBuilder(function.append_basic_block("entry"))


def _emit_prepare(module: ir.Module) -> None:
    """Emit ``void prepare(ptr control, i64)``: initialise mutex and condition variable."""
    function, builder = _start_function(module, "chainrule.prepare", [emit.POINTER, emit.INDEX])
    control, null = function.args[0], ir.Constant(emit.POINTER, None)
    _call_system(builder, "pthread_mutex_init", _field(builder, control, MUTEX), null)
    _call_system(builder, "pthread_cond_init", _field(builder, control, CONDITION), null)
    builder.ret_void()


def _emit_run(module: ir.Module) -> None:
    """Emit ``void run(ptr control, ptr program, ptr block, i64 threads)``, the caller's side.

    It publishes the job, runs the program as thread 0 and waits for the workers. A null program
    ends the workers.
    """
    parameters = [emit.POINTER, program_type().as_pointer(), emit.POINTER, emit.INDEX]
    function, builder = _start_function(module, "chainrule.run", parameters)
    control, program, block, threads = function.args
    mutex, condition = (_field(builder, control, offset) for offset in (MUTEX, CONDITION))
    null = ir.Constant(program.type, None)
    is_exit = builder.icmp_unsigned("==", program, null)
    is_single = builder.icmp_unsigned("==", threads, emit.index(1))
    with builder.if_then(builder.or_(is_exit, builder.icmp_signed(">", threads, emit.index(1)))):
        _call_system(builder, "pthread_mutex_lock", mutex)
        core = emit_current_core(builder)
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
    with builder.if_then(builder.not_(is_exit)):
        builder.call(program, [block, emit.index(0), threads, control])
        with builder.if_then(builder.not_(is_single)):
            builder.call(barrier_function(module), [control, threads])
    builder.ret_void()


def _emit_work(module: ir.Module) -> None:
    """Emit ``void work(ptr control, i64 thread)``, a worker's loop.

    A worker polls the job generation, then sleeps on the condition variable; it runs a job that
    has work for its thread number and returns on a null program.
    """
    function, builder = _start_function(module, "chainrule.work", [emit.POINTER, emit.INDEX])
    control, thread = function.args
    mutex, condition = (_field(builder, control, offset) for offset in (MUTEX, CONDITION))
    entry = builder.block
    idle, asleep, awake, working, leave = (
        function.append_basic_block(name)
        for name in ("idle", "asleep", "awake", "working", "leave")
    )
    check = function.append_basic_block("check")
    builder.branch(idle)
    builder.position_at_end(idle)
    seen = builder.phi(emit.INDEX, "seen")
    seen.add_incoming(emit.index(0), entry)
    emit_spin_wait(builder, _field(builder, control, JOB_GENERATION), seen, MAX_POLLS)
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
    null = ir.Constant(program.type, None)
    builder.cbranch(builder.icmp_unsigned("==", program, null), leave, working)
    builder.position_at_end(working)
    with builder.if_then(builder.icmp_signed("<", thread, threads)):
        emit_migration(builder, core)
        builder.call(program, [block, thread, threads, control])
        builder.call(barrier_function(module), [control, threads])
    seen.add_incoming(generation, builder.block)
    builder.branch(idle)
    builder.position_at_end(leave)
    builder.ret_void()
