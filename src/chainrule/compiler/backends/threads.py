"""One program, all threads: native workers that run the same function side by side.

    void program(ptr arena, i64 thread, i64 threads, ptr barrier)

Workers are Python threads that sit in one native call for ever, so they need no interpreter lock.
Between jobs they linger, then sleep in a condition variable. Starting a job, running the caller's
own share and waiting for the others is one native call too: Python handles signals only between its
own instructions, so Ctrl-C can never come while some threads are in a program and others are not.
"""

import _thread
import atexit
import ctypes
import os
import sys
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

import llvmlite.ir as ir

from chainrule.compiler.backends import emit
from chainrule.compiler.backends.barrier import (
    BARRIER_BYTES,
    barrier_function,
    write_watch,
)
from chainrule.compiler.backends.crowding import Allowance
from chainrule.compiler.backends.object_cache import cached_object
from chainrule.compiler.backends.placement import write_current_core, write_step_aside
from chainrule.compiler.backends.target import Library, compile_module, host_target, load_object

__all__ = ["program_type", "run_program"]

Value = Any

# The control block: the barrier first, then the job, then the system's own objects, for which the
# largest known sizes are 64 (mutex, macOS) and 48 bytes (condition variable).
GENERATION, PROGRAM, ARENA, THREADS, CORE = (BARRIER_BYTES + 8 * i for i in range(5))
MUTEX, CONDITION, CONTROL_BYTES = 192, 320, 448
ALIGNMENT = 64

# How long a worker watches for the next job before it sleeps, some 100 microseconds: waking a core
# that sleeps takes 20 or more, so programs called in a row find their workers awake.
LINGERING_LOOKS = 300

RUN_TYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
WORK_TYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)


def program_type() -> ir.FunctionType:
    """Return the type of a program.

    Returns
    -------
    llvmlite.ir.FunctionType
        ``void (ptr arena, i64 thread, i64 threads, ptr barrier)``.
    """
    return ir.FunctionType(ir.VoidType(), [emit.POINTER, emit.INDEX, emit.INDEX, emit.POINTER])


def run_program(program: int, arena: int, threads: int, is_limit: bool = False) -> None:
    """Run a program on some threads; return when all have finished.

    Parameters
    ----------
    program : int
        Address of a function of `program_type`; its library must be held by the caller.
    arena : int
        Address handed to each thread.
    threads : int
        How many, the calling thread among them, at least 1. More than cores works, slowly.
    is_limit : bool
        Whether fewer may run it while other processes hold cores.
    """
    if sys.platform == "win32":
        threads = 1  # the workers sleep in POSIX threads' objects
    _pool().run(program, arena, threads, is_limit)


class _Pool:
    """The workers of one process, as many as any program has asked for so far."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._library = _native_library()
        self._run = RUN_TYPE(self._library.address("chainrule.run"))
        self._work = WORK_TYPE(self._library.address("chainrule.work"))
        self._memory = ctypes.create_string_buffer(CONTROL_BYTES + ALIGNMENT)
        begin = ctypes.addressof(self._memory)
        self._control = begin + -begin % ALIGNMENT
        WORK_TYPE(self._library.address("chainrule.prepare"))(self._control, 0)
        self._workers: list[threading.Thread] = []
        self._busy = threading.Lock()
        self._growth = threading.Lock()
        self._allowance = Allowance()

    def run(self, program: int, arena: int, threads: int, is_limit: bool) -> None:
        """Run one program; another thread's program waits its turn."""
        with self._busy:
            started = self._allowance.start()
            if is_limit:
                threads = self._allowance.threads(threads, started[0])
            if len(self._workers) < threads - 1:
                # By a thread of its own: an interrupt, which the main thread alone gets, must not
                # come between a worker's start and its place in the list, or two share a number.
                # Plain locks only: within Thread.start an interrupt becomes a RuntimeError.
                done = _thread.allocate_lock()
                done.acquire()
                _thread.start_new_thread(self._grow, (threads - 1, done))
                done.acquire()
                # Where the system gave fewer threads, fewer do the work, to the same bits.
                threads = min(threads, 1 + len(self._workers))
            self._run(self._control, program, arena, threads)
            self._allowance.stop(threads, started)

    def stop(self) -> None:
        """Let the workers leave native code before its memory is given back."""
        if os.getpid() != self._process:
            return  # a forked child inherits this call at exit, but neither workers nor free locks
        with self._busy, self._growth:
            # A job without a program, in which the workers take no part, tells them to leave.
            self._run(self._control, None, None, 1)
            for worker in self._workers:
                worker.join()
            self._workers.clear()

    def _grow(self, count: int, done: Any) -> None:
        try:
            with self._growth:
                while len(self._workers) < count:
                    self._add_worker()
        finally:
            done.release()

    def _add_worker(self) -> None:
        index = len(self._workers) + 1
        worker = threading.Thread(
            target=self._work, args=(self._control, index), name=f"chainrule-{index}", daemon=True
        )
        worker.start()
        self._workers.append(worker)


_creation = threading.Lock()
_pools: dict[int, _Pool] = {}


def _pool() -> _Pool:
    """Return this process's pool; a forked child has none of its parent's threads."""
    process = os.getpid()
    pool = _pools.get(process)
    if pool is None:
        with _creation:
            pool = _pools.get(process)
            if pool is None:
                pool = _pools[process] = _Pool()
                atexit.register(pool.stop)
    return pool


def _forget_creation() -> None:
    """Replace a lock that another thread of the parent may have held while it forked."""
    global _creation  # noqa: PLW0603 - there is nothing else that a child could put right
    _creation = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_creation)


@cache
def _native_library() -> Library:
    target = host_target()
    module = ir.Module()
    module.triple = target.triple
    _write_prepare(module)
    _write_run(module)
    _write_work(module)
    code = cached_object(str(module), target, compile_module)
    return load_object(code, ("chainrule.prepare", "chainrule.run", "chainrule.work"))


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
    """Write ``void run(ptr control, ptr program, ptr arena, i64 threads)``: the caller's part."""
    kinds = [emit.POINTER, program_type().as_pointer(), emit.POINTER, emit.INDEX]
    function, builder = _start_function(module, "chainrule.run", kinds)
    control, program, arena, threads = function.args
    mutex, condition = (_field(builder, control, offset) for offset in (MUTEX, CONDITION))
    nothing = ir.Constant(program.type, None)
    leaving = builder.icmp_unsigned("==", program, nothing)
    alone = builder.icmp_unsigned("==", threads, emit.index(1))
    with builder.if_then(builder.or_(leaving, builder.icmp_signed(">", threads, emit.index(1)))):
        _call_system(builder, "pthread_mutex_lock", mutex)
        core = write_current_core(builder)
        fields = (PROGRAM, program), (ARENA, arena), (THREADS, threads), (CORE, core)
        for offset, value in fields:
            builder.store(value, _field(builder, control, offset))
        generation = _field(builder, control, GENERATION)
        builder.atomic_rmw("add", generation, emit.index(1), "release")
        _call_system(builder, "pthread_cond_broadcast", condition)
        _call_system(builder, "pthread_mutex_unlock", mutex)
    with builder.if_then(builder.not_(leaving)):
        builder.call(program, [arena, emit.index(0), threads, control])
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
    write_watch(builder, _field(builder, control, GENERATION), seen, LINGERING_LOOKS)
    _call_system(builder, "pthread_mutex_lock", mutex)
    builder.branch(check)
    builder.position_at_end(check)
    generation = builder.load_atomic(
        _field(builder, control, GENERATION), "acquire", 8, typ=emit.INDEX
    )
    builder.cbranch(builder.icmp_unsigned("==", generation, seen), asleep, awake)
    builder.position_at_end(asleep)
    _call_system(builder, "pthread_cond_wait", condition, mutex)
    builder.branch(check)
    builder.position_at_end(awake)
    program = builder.load(_field(builder, control, PROGRAM), typ=program_type().as_pointer())
    arena = builder.load(_field(builder, control, ARENA), typ=emit.POINTER)
    threads = builder.load(_field(builder, control, THREADS), typ=emit.INDEX)
    core = builder.load(_field(builder, control, CORE), typ=ir.IntType(32))
    _call_system(builder, "pthread_mutex_unlock", mutex)
    nothing = ir.Constant(program.type, None)
    builder.cbranch(builder.icmp_unsigned("==", program, nothing), leave, working)
    builder.position_at_end(working)
    with builder.if_then(builder.icmp_signed("<", thread, threads)):
        write_step_aside(builder, core)
        builder.call(program, [arena, thread, threads, control])
        builder.call(barrier_function(module), [control, threads])
    seen.add_incoming(generation, builder.block)
    builder.branch(idle)
    builder.position_at_end(leave)
    builder.ret_void()
